"""The table of subgroups in words, and the strips of dots beside it."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.charts import group_table as printing
from analysis.charts import strip
from analysis.charts.swarm import limits_of
from analysis.frame import Grouping
from analysis.subgroups.listing import listing
from analysis.subgroups.tabulate import Options, group_table

METRICS = ["false_positive_rate", "selection_rate", "accuracy"]


@pytest.fixture
def table(make_evaluation, rng):
    def made(reference=None, weights=None, n=400):
        y = rng.integers(0, 2, n)
        scores = np.clip(0.3 * y + 0.7 * rng.uniform(size=n), 0, 1)
        groups = {
            "sex": Grouping(rng.integers(0, 2, n), ("men", "women")),
            "race": Grouping(rng.integers(0, 3, n), ("a", "b", "c")),
        }
        shown = replace(make_evaluation(y, scores, weights=weights), groups=groups)
        options = Options(reference)
        return group_table(shown, listing(shown, ["sex", "race"], 2), METRICS, options)

    return made


def printed(found, view):
    rows = np.arange(len(found))
    return printing.printed_rows(found, METRICS, rows, 0.05, view)


def test_each_view_has_its_columns_and_the_same_values(table):
    found = table()
    gaps, power = (printed(found, view) for view in printing.VIEWS)
    assert list(gaps.columns) == [
        *("Subgroup", "n", "Wrongly flagged", "Difference", "q", "Pulled"),
        *("Positive", "Right"),
    ]
    assert list(power.columns) == [
        *("Subgroup", "n", "Wrongly flagged", "Difference", "Visible from", "Needs")
    ]
    assert gaps["Wrongly flagged"].tolist() == power["Wrongly flagged"].tolist()
    column = found.columns[METRICS[0]]
    n = [int(text.split(" (")[0]) for text in gaps["n"]]
    assert n == column.own.n.astype(int).tolist()


def test_n_and_effective_n_are_of_the_same_rows(table, rng):
    found = table(weights=rng.lognormal(size=400))
    shown, column = printed(found, printing.GAPS), found.columns[METRICS[0]]
    effective = [int(text) for text in shown["Effective n"]]
    assert effective == np.round(column.effective).astype(int).tolist()
    assert (column.effective <= column.own.n).all()
    assert (column.effective < found.effective_n).all()


def test_a_chosen_reference_is_named_as_what_each_subgroup_has_of_it(table):
    found = table(reference={"sex": "men", "race": "a"})
    assert printing.compared_with(found) == (
        "the reference group of the same attributes (men, a)"
    )
    names = dict(zip(found.names, range(len(found)), strict=True))
    assert printing.compared_group(found, names["women"]) == "men"
    assert printing.compared_group(found, names["women · b"]) == "men · a"
    assert printing.compared_with(table()) == "everyone else"


def test_a_strip_stays_within_what_its_metric_can_be(table):
    column = table(n=60).columns["false_positive_rate"]
    at_ends = replace(column.own, value=np.linspace(0, 1, len(column.own)))
    column = replace(column, sides=replace(column.sides, own=at_ends))
    assert limits_of(column, np.arange(11)) == pytest.approx([-0.06, 1.06])
    assert limits_of(column, np.arange(11), (0.0, 1.0))[0] >= 0
    assert limits_of(column, np.arange(11), (0.0, 1.0))[1] <= 1


def test_kept_dots_keep_their_names_inside_and_never_fade(table):
    found = table()
    worst = int(np.argmax(found.columns[METRICS[0]].own.value))
    best = int(np.argmin(found.columns[METRICS[0]].own.value))
    names = [found.names[worst], found.names[best]]
    drawn = [
        trace
        for trace in strip.strip(found, METRICS, picked=names).data
        if trace.text and trace.xaxis == "x"
    ]
    sides = {trace.text[0]: trace.textposition.split()[1] for trace in drawn}
    assert sides == {names[0]: "left", names[1]: "right"}
    for trace in drawn:
        assert trace.unselected.marker.opacity == trace.selected.marker.opacity == 1
