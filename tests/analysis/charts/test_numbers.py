import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.charts import numbers
from analysis.estimates import UNDEFINED, Estimate


@pytest.mark.parametrize(
    ("estimate", "unit", "printed"),
    [
        (Estimate(0.58, 0.54, 0.61, 1179), "percent", "58 % [54, 61]"),
        (Estimate(0.0632, 0.059, 0.0676, 9), "percent", "6.3 % [5.9, 6.8]"),
        (Estimate(-0.027, -0.035, -0.019, 9), "points", "−2.7 points [−3.5, −1.9]"),
        (Estimate(0.0, -0.001, 0.001, 9), "points", "0.0 points [−0.1, +0.1]"),
        (Estimate(0.9258, 0.921, 0.93, 9), "number", "0.926 [0.921, 0.930]"),
        (Estimate(0.0031, 0.0022, 0.0041, 9), "change", "+0.0031 [+0.0022, +0.0041]"),
        (UNDEFINED, "percent", "–"),
    ],
)
def test_digits_follow_the_interval(estimate, unit, printed):
    assert numbers.full(estimate, unit).replace("\u00a0", " ") == printed


def printed(text):
    return text.replace("\u00a0", " ")


def test_the_narrowest_interval_decides_for_a_column():
    wide, narrow = Estimate(0.5, 0.4, 0.6, 9), Estimate(0.5, 0.495, 0.505, 9)
    assert numbers.shared_decimals([wide, narrow]) == 1
    assert numbers.shared_decimals([wide, UNDEFINED]) == 0


@pytest.mark.parametrize(
    ("low", "ends"),
    [(0.0003, "[+0.03, +1.8]"), (-0.0003, "[0.0, +1.8]"), (0.0, "[0.0, +1.8]")],
)
def test_an_end_is_not_printed_as_zero_when_the_change_is_sure(low, ends):
    assert numbers.interval(Estimate(0.009, low, 0.018, 9), "points", 1) == ends


def test_counts_have_separators_and_a_dash_for_nothing():
    assert numbers.count(48842.0) == "48,842"
    assert numbers.count(math.nan) == "–"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(4.26, "4.3 s"), (42, "42 s"), (125, "2 min 5 s"), (7200, "2.0 h")],
)
def test_durations_are_said_in_words(seconds, said):
    assert numbers.duration(seconds) == said


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 3))
def test_a_change_beside_its_ends_is_their_difference_as_printed(
    before, after, decimals
):
    """95.74 to 95.25 % reads 95.7 to 95.3, so the change reads −0.4 and not −0.5."""
    change = Estimate(after - before, after - before - 0.1, after - before + 0.1, 90)
    shown = numbers.as_printed(change, before, after, "points", decimals)
    first, second = (
        float(printed(numbers.plain(x, "percent", decimals)).removesuffix(" %"))
        for x in (before, after)
    )
    said = printed(numbers.plain(shown.value, "points", decimals))
    said = said.removesuffix("s").removesuffix(" point").replace("−", "-")
    assert float(said) == pytest.approx(second - first, abs=1e-9)
    assert abs(shown.value - change.value) <= 10**-decimals / 100 + 1e-12
    assert (shown.low, shown.high) == (change.low, change.high)
