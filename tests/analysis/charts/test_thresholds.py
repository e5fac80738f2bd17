"""The explorer's chart carries the curve's numbers, escapes names and says itself."""

import json

import numpy as np
import pytest

from analysis.charts import theme, thresholds
from analysis.costs import Costs
from analysis.counts import Counts
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.frame import Grouping
from analysis.thresholds.curves import threshold_curves
from analysis.thresholds.outcomes import change, outcomes

HOSTILE = "<script>alert(1)</script>"
METRIC = "true_positive_rate"


@pytest.fixture
def curves(rng):
    def made(names=(HOSTILE, "$y$", "empty"), n=300):
        y_true = rng.binomial(1, 0.4, n)
        return threshold_curves(
            Evaluation(
                "model",
                y_true,
                binary_probabilities(
                    np.clip(0.4 * y_true + rng.uniform(0, 0.6, n), 0, 1)
                ),
                ("no", "yes"),
                {"group": Grouping(rng.integers(0, max(len(names) - 1, 1), n), names)},
                np.ones(n),
                np.arange(n),
            ),
            ("group",),
        )

    return made


def drawn(found, at, metric=METRIC, points=61):
    curve = found.metric_curve(metric, found.grid(points))
    now = outcomes(found.counts_at(at), at, Costs(), metric)
    return curve, now, thresholds.curves(curve, now, ink=theme.LIGHT)


def test_each_line_is_the_curve_and_each_dot_the_threshold_chosen(curves):
    found = curves()
    curve, now, chart = drawn(found, np.array([0.3, 0.6, 0.5]))
    lines = [t for t in chart.data if t.mode == "lines" and t.name]
    dots = [t for t in chart.data if t.mode == "markers"]
    assert len(lines) == len(dots) == 2, "an empty group has neither"
    for g, (line, dot) in enumerate(zip(lines, dots, strict=True)):
        assert np.array_equal(line.y, curve.value[g])
        assert line.line.shape == "linear"
        assert (dot.x[0], dot.y[0]) == (
            now.thresholds[g],
            now.by_group[METRIC].value[g],
        )
    vertical = [s.x0 for s in chart.layout.shapes]
    assert vertical == [0.3, 0.6]


def test_few_thresholds_are_stepped(curves):
    _, _, chart = drawn(curves(), np.array([0.3, 0.6, 0.5]), points=20)
    assert {t.line.shape for t in chart.data if t.mode == "lines"} == {"vh"}


@pytest.mark.parametrize(
    ("threshold", "text"),
    [
        (0.5, "0.500"),
        (5, "5"),
        (-1.25, "−1.250"),
        (12_345.6, "12,346"),
        (0.0, "0"),
        (4e-5, "4e−05"),
    ],
)
def test_thresholds_are_printed_to_the_digits_that_matter(threshold, text):
    assert thresholds.threshold_words(threshold) == text


def test_a_line_steps_where_the_decisions_change(curves):
    found = curves(("a", "b"))
    curve, _, _ = drawn(found, np.array([0.5, 0.5]), points=2000)
    i = int(np.flatnonzero(np.diff(curve.value[0]))[3])
    # between two neighbouring scores the value is that of the upper one
    middle = curve.thresholds[i : i + 2].mean()
    between = found.metric_curve(METRIC, np.array([middle])).value[0, 0]
    assert between == curve.value[0, i + 1] != curve.value[0, i]


def test_names_from_the_table_stay_text(curves):
    _, now, chart = drawn(curves(), np.array([0.3, 0.6, 0.5]))
    spec = json.dumps(chart.to_plotly_json(), default=list)
    assert "<script" not in spec
    assert "$y" not in spec
    assert thresholds.table(now)["group"].tolist()[1] == HOSTILE


def test_labels_stand_a_line_apart_within_the_frame(curves):
    names = tuple(f"group {i}" for i in range(9))
    _, _, chart = drawn(curves(names), np.full(9, -0.5))  # all at the same height
    heights = sorted(a.y for a in chart.layout.annotations)
    apart = np.diff(heights) * thresholds.HEIGHT
    assert len(heights) == 8
    assert apart.min() >= thresholds.LABEL_PIXELS - 1e-6
    assert heights[-1] <= 1


def test_many_groups_stay_under_two_thousand_marks_and_say_so(curves):
    names = tuple(f"group {i}" for i in range(40))
    _, now, chart = drawn(curves(names, n=4000), np.full(40, 0.5))
    assert sum(len(t.x) for t in chart.data) <= 2000
    assert "the 8 largest of 39 groups" in chart.layout.title.text
    assert len(thresholds.shown_groups(now)) == 8


def test_the_text_alternative_says_thresholds_and_values(curves):
    curve, now, _ = drawn(curves(), np.array([0.3, 0.6, 0.5]))
    said = thresholds.alt(curve, now)
    assert "Found (true positive rate) over the threshold by group" in said
    assert "from 0.300" in said
    assert "from 0.600" in said
    assert "empty" not in said


def test_the_printed_table_has_everyone_first_and_a_dash_for_no_value(curves):
    _, now, _ = drawn(curves(), np.array([0.3, 0.6, 0.5]))
    shown = thresholds.printed(now)
    assert list(shown["Group"]) == ["Overall", HOSTILE, "$y$", "empty"]
    assert list(shown["Threshold"]) == ["", "0.300", "0.600", "0.500"]
    assert shown["Found"].tolist()[-1] == "–"
    assert "%" in shown["Found"][1]
    assert "[" in shown["Cost per person"][1]


def test_without_rows_there_is_an_empty_frame(curves):
    found = curves(("a",), n=0)
    curve, now, chart = drawn(found, np.array([0.5]))
    assert not chart.data
    assert "nobody" in thresholds.alt(curve, now)


def counts(*tables):
    n = np.array(tables, dtype=float)
    return Counts(("women", "men"), n, n, n)


def test_a_change_is_told_in_people_and_for_whom():
    before = counts([[4, 1], [2, 3]], [[5, 1], [1, 1]])
    after = counts([[2, 3], [1, 4]], [[6, 0], [1, 1]])
    assert thresholds.change_words(change(before, after), "people") == (
        "Against the rule in force 2 more people of 18 are decided positive (found: "
        "1 more, wrongly flagged: 1 more). Changed most: women (3 more), men (1 fewer)."
    )


def test_no_change_is_said_as_such():
    same = counts([[4, 1], [2, 3]], [[5, 1], [1, 1]])
    said = thresholds.change_words(change(same, same), "borrowers")
    assert "nothing changes" in said
    assert "borrowers" in said
