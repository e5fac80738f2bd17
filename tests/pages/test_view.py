import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.frame import Grouping
from pages.ui.view import (
    View,
    choosable,
    completed,
    fitting,
    from_address,
    tidy,
    to_address,
)

SEX = {"sex": Grouping(np.array([0, 1, 0]), ("Female", "Male"))}
NAMES = st.text(min_size=1)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
CUTS = st.tuples(NAMES, st.lists(st.floats(allow_nan=False)).map(tuple))
RULES = st.sampled_from(["", "age >= 40", '"a b" = "c & d" & age = 25-39'])


def asked(view):
    """A view's address as the browser hands it back: lists of text."""
    return {
        key: [value] if isinstance(value, str) else value
        for key, value in to_address(view).items()
    }


@given(
    st.builds(View, NAMES, st.just("0123456789ab"), RULES, st.none(), CUTS, NAMES)
    | st.builds(View, NAMES, st.just(""), RULES, NUMBERS, k=st.integers(0, 999_999_999))
)
def test_an_address_restores_the_exact_view(view):
    assert from_address(asked(view)) == (view, [])


def test_an_address_worked_by_hand():
    view = View("adult", "0" * 32, "sex = Male", None, ("sex", (0.41, 0.5)), "low", 10)
    assert to_address(view) == {
        "data": "adult",
        "run": "0" * 12,
        "cohort": "sex = Male",
        "thresholds": ["sex", "0.41", "0.5"],
        "class": "low",
        "k": "10",
    }
    assert to_address(View("adult", "none", "", 0.5)) == {
        "data": "adult",
        "threshold": "0.5",
    }


def test_a_threshold_that_is_a_score_is_not_rounded():
    score = 0.1 + 0.2
    assert to_address(View("a", "", "", score))["threshold"] == "0.30000000000000004"


def test_thresholds_by_group_stand_before_a_single_one():
    view, _ = from_address({"threshold": ["0.4"], "thresholds": ["sex", "0.1", "0.2"]})
    assert (view.threshold, view.by_group) == (None, ("sex", (0.1, 0.2)))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"threshold": ["high"]}, "a threshold, 'high', which is no number"),
        ({"threshold": ["nan"]}, "a threshold, 'nan', which is no number"),
        ({"threshold": ["inf"]}, "a threshold, 'inf', which is no number"),
        ({"k": ["-3"]}, "a smallest group, '-3', which is no number of rows"),
        ({"k": ["1" * 5000]}, "which is no number of rows"),
        ({"k": ["²"]}, "which is no number of rows"),
    ],
)
def test_a_part_that_says_nothing_is_left_out_and_named(query, said):
    view, problems = from_address(query)
    assert (view.threshold, view.k) == (None, 0)
    assert len(problems) == 1
    assert said in problems[0]


@given(st.dictionaries(st.sampled_from(["thresholds", "k", "cohort"]), st.lists(NAMES)))
def test_no_address_breaks(query):
    view, _ = from_address(query)
    shown, _ = fitting(view, ("no", "yes"), SEX)
    assert shown.by_group is None or len(shown.by_group[1]) == 2


@pytest.mark.parametrize(
    "by_group",
    [
        ("sex", (0.1,)),
        ("sex", (0.1, 0.2, 0.3)),
        ("sex", (0.1, math.nan)),
        ("race", (0.1, 0.2)),
        ("", ()),
    ],
)
def test_thresholds_that_do_not_fit_are_dropped_with_a_reason(by_group):
    view = View("german", "", "", None, by_group)
    shown, problems = fitting(view, ("good", "bad"), SEX)
    assert shown.by_group is None
    assert len(problems) == 1
    assert "one threshold decides instead. Choose it in the sidebar" in problems[0]


def test_thresholds_that_fit_stay():
    view = View("german", "", "", None, ("sex", (0.1, math.inf)))
    assert fitting(view, ("good", "bad"), SEX) == (view, [])


@pytest.mark.parametrize(
    ("positive", "classes", "kept", "n_said"),
    [
        ("low", ("low", "middle", "high"), "low", 0),
        ("high", ("low", "middle", "high"), "", 0),  # the task's own
        ("none", ("low", "middle", "high"), "", 1),
        ("no", ("no", "yes"), "", 1),
        ("yes", ("no", "yes"), "", 0),
    ],
)
def test_only_a_class_to_choose_stays_in_view(positive, classes, kept, n_said):
    view = View("planted", "", "", None, positive=positive)
    shown, problems = fitting(view, classes, {})
    assert shown.positive == kept
    assert len(problems) == n_said


def test_of_two_classes_none_is_chosen():
    assert choosable(("no", "yes")) == ()
    assert choosable(("low", "middle", "high")) == ("low", "middle")


def test_a_rule_is_written_in_one_way_and_a_broken_one_kept_as_it_is():
    assert tidy(" sex==Female and age>=40 ") == "sex = Female & age >= 40"
    assert tidy(" age over 40 ") == "age over 40"


def test_the_beginning_of_a_run_is_completed_unless_it_fits_several():
    runs = ["abc1", "abd2", "score"]
    assert completed("abc", runs) == "abc1"
    assert completed("score", runs) == "score"
    assert completed("ab", runs) == ""
    assert completed("x", runs) == ""
