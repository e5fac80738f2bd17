"""Fixes side by side: which helps most in what it was made for, and what each did."""

import numpy as np

from analysis.charts.shortlist import answer_words, table
from analysis.compare import paired


def sides(make_evaluation, found_after):
    """Return 400 people of two groups before and after; all are positive.

    Before, 50 % of a and 80 % of b are found; after, as many as are given.
    """
    codes = np.repeat([0, 1], 200)

    def found(shares):
        parts = [np.arange(200) < share * 200 for share in shares]
        return make_evaluation(
            np.ones(400, int), np.where(np.concatenate(parts), 0.9, 0.1), codes
        )

    metrics = ("false_negative_rate", "accuracy")
    return paired(found((0.5, 0.8)), found(found_after), ("group",), metrics)


def test_the_fix_that_helps_without_harm_is_named_first(make_evaluation):
    tried = {
        "up": ("false_negative_rate", sides(make_evaluation, (0.75, 0.8))),
        "down": ("false_negative_rate", sides(make_evaluation, (0.5, 0.5))),
    }
    said = answer_words(tried)
    assert said.startswith("Up: the gap in \u2018missed\u2019 by group goes from")
    assert "from 30\u00a0%" in said
    assert "no group is surely worse off in it" in said


def test_levelling_down_is_called_by_its_harm(make_evaluation):
    tried = {"mix": ("false_negative_rate", sides(make_evaluation, (0.65, 0.65)))}
    assert "but b are surely worse off in it" in answer_words(tried)


def test_no_fix_that_narrows_its_gap_is_said_so(make_evaluation):
    tried = {"none": ("false_negative_rate", sides(make_evaluation, (0.4, 0.9)))}
    assert answer_words(tried).startswith("None of these narrows")


def test_the_table_has_each_fix_by_its_own_measure(make_evaluation):
    record = sides(make_evaluation, (0.75, 0.8))
    (row,) = table({"up": ("false_negative_rate", record)}).to_dict("records")
    assert row["Made for"] == "gap: missed"
    assert row["Before"].startswith("30\u00a0%")
    assert row["After"].startswith("5\u00a0%")
    assert (row["Better"], row["Worse"]) == ("a", "none")


def test_more_selected_people_are_not_called_worse_off(make_evaluation):
    """A selection rate is neither good nor bad."""
    codes = np.repeat([0, 1], 200)

    def selected(shares):
        parts = [np.arange(200) < share * 200 for share in shares]
        scores = np.where(np.concatenate(parts), 0.9, 0.1)
        return make_evaluation(np.arange(400) % 2, scores, codes)

    metrics = ("selection_rate", "accuracy")
    sides = selected((0.2, 0.7)), selected((0.45, 0.5))
    record = paired(*sides, ("group",), metrics)
    said = answer_words({"parity": ("selection_rate", record)})
    assert said.endswith("it falls for b and rises for a.")
    assert "worse" not in said
    (row,) = table({"parity": ("selection_rate", record)}).to_dict("records")
    assert (row["Better"], row["Worse"]) == ("lower: b", "higher: a")
