"""The charts of Remedies: the frontier, the groups at one strength, the inside."""

import re
from dataclasses import replace

import numpy as np
import pytest

from analysis.charts import frontier as chart
from analysis.charts import inside as lines
from analysis.charts import theme, verdict
from analysis.compare import paired
from analysis.frontier import frontier
from analysis.history import Inside
from analysis.verdict import Alarm
from analysis.verdict import verdict as verdict_of

METRICS = ("false_negative_rate", "accuracy", "selection_rate")
HOSTILE = "<b>$x$</b>"


@pytest.fixture
def models(make_evaluation, rng):
    n = 1200
    y, codes = rng.integers(0, 2, n), rng.integers(0, 3, n)
    right = rng.uniform(size=n)

    def model(*shares):
        wrong = right > np.array(shares)[codes]
        return make_evaluation(y, np.where(wrong, 1 - y, y).astype(float), codes)

    return {
        "before": model(0.9, 0.9, 0.6),
        HOSTILE: model(0.85, 0.85, 0.8),
        "1": model(0.7, 0.7, 0.69),
        "beaten": model(0.7, 0.6, 0.4),
    }


@pytest.fixture
def record(models):
    return frontier(models, ("group",), "error_rate")


def dots(figure):
    """Marks of a figure by the name in their hover text."""
    return {
        t.customdata[0][0]: t
        for t in figure.data
        if t.mode == "markers" and t.customdata
    }


def test_each_model_is_a_dot_with_both_intervals(record):
    figure = chart.curve(record, base="before", chosen="1")
    drawn = dots(figure)
    assert set(drawn) == {theme.safe(name) for name in record.names}
    dot = drawn["before"]
    assert dot.x[0] == record.fairness.value[0]
    assert dot.y[0] == record.price.value[0]
    low = record.price.low[0]
    assert dot.y[0] - dot.error_y.arrayminus[0] == pytest.approx(low)
    assert dot.x[0] + dot.error_x.array[0] == pytest.approx(record.fairness.high[0])


def test_the_line_joins_the_unbeaten_in_order_and_no_other(record):
    line = next(t for t in chart.curve(record).data if t.mode == "lines")
    best = np.sort(record.fairness.value[record.is_best])
    assert list(line.x) == best.tolist()
    assert not record.is_best[record.names.index("beaten")]


def test_the_model_before_is_hollow_and_the_chosen_one_stands_out(record):
    drawn = dots(chart.curve(record, base="before", chosen="1"))
    assert drawn["before"].marker.symbol == "circle-open"
    others = [t.marker.size for name, t in drawn.items() if name not in ("1", "before")]
    assert drawn["1"].marker.size > max(others)


def test_names_that_would_touch_give_way_to_the_more_important(models):
    same = frontier({"a": models["1"], "chosen": models["1"]}, ("group",), "error_rate")
    said = [a.text for a in chart.curve(same, chosen="chosen").layout.annotations]
    assert said == ["chosen"]


def test_a_label_stands_beside_its_dot_away_from_its_own_intervals(record):
    figure = chart.curve(record, base="before", chosen="1")
    names = {a.text: a for a in figure.layout.annotations}
    assert {"before", "1"} <= set(names)
    for name, dot in dots(figure).items():
        if name in names:
            assert names[name].xanchor in ("left", "right")
            assert abs(names[name].yshift) > 10
            assert names[name].x == dot.x[0]


def test_the_model_before_is_a_ring_around_a_dot_at_the_same_place(models):
    same = frontier({"before": models["1"], "0": models["1"]}, ("group",), "error_rate")
    marks = [t for t in chart.curve(same, base="before").data if t.mode == "markers"]
    assert marks[-1].customdata[0][0] == "before"
    assert marks[-1].marker.size > marks[0].marker.size


def test_the_price_is_over_whom_it_is_said_to_be(record, pair):
    figure = chart.curve(record, whom="the cohort")
    assert figure.layout.yaxis.title.text == "Accuracy, the cohort"
    found = verdict_of(pair, "false_negative_rate")
    assert "Over the cohort (a = 1): accuracy" in verdict.words(
        found, pair, "the cohort (a = 1)"
    )


def test_other_losses_are_said_once_for_each_measure(pair):
    found = replace(
        verdict_of(pair, "accuracy"),
        lost_otherwise=(*((g, "precision") for g in "abcd"), ("a", "auroc")),
    )
    said = verdict.words(found, pair)
    assert said.endswith(
        "Surely worse in other measures: flags that are right (a, b, c and 1 more), "
        "ranking (a)."
    )


def test_the_frontier_says_its_numbers_in_words_and_as_a_table(record):
    said = chart.alt(record)
    assert "before" in said
    assert said.count("beaten by none") == record.is_best.sum()
    table = chart.table(record)
    assert table["accuracy"].tolist() == record.price.value.tolist()


def test_without_any_model_the_frontier_is_an_empty_frame():
    empty = frontier({}, ("group",), "error_rate")
    assert chart.curve(empty).data
    assert "nothing has finished" in chart.alt(empty)


@pytest.fixture
def pair(models):
    return paired(models["before"], models[HOSTILE], ("group",), METRICS)


def test_groups_stand_where_they_were_and_where_they_are(pair):
    figure = verdict.groups_at(pair, "false_negative_rate", (0.0, 0.6))
    moves = [t for t in figure.data if t.mode == "lines"]
    before, after = (
        s.by_group["false_negative_rate"] for s in (pair.before, pair.after)
    )
    expected = [[before.value[g], after.value[g]] for g in reversed(range(3))]
    assert [list(t.x) for t in moves] == expected


def test_the_frame_of_the_groups_does_not_follow_the_strength(models, pair):
    other = paired(models["before"], models["1"], ("group",), METRICS)
    first, second = (
        verdict.groups_at(r, "false_negative_rate", (0.1, 0.5)) for r in (pair, other)
    )
    assert first.layout.xaxis.range == second.layout.xaxis.range


def test_a_withheld_group_has_no_dot_and_no_number(pair):
    hidden = pair.withholding(np.array([False, True, False]))
    figure = verdict.groups_at(hidden, "false_negative_rate", (0.0, 1.0))
    assert len([t for t in figure.data if t.mode == "lines"]) == 2
    assert "withheld" in [a.text for a in figure.layout.annotations]
    said = verdict.groups_alt(hidden, "false_negative_rate")
    assert "b from" not in said
    assert "withheld for privacy" in said


def test_the_verdict_says_gain_loss_and_price_with_intervals(pair):
    said = verdict.words(verdict_of(pair, "false_negative_rate"), pair)
    assert said.startswith("Missed: better for c (from ")
    assert re.search(r"points \[.*\], n = \d+\)", said)
    assert "Over everyone: accuracy" in said


def test_a_verdict_that_is_not_sure_says_so_and_what_was_too_small_to_see(models):
    same = paired(models["before"], models["before"], ("group",), METRICS)
    said = verdict.words(verdict_of(same, "false_negative_rate"), same)
    assert "not sure. No group changed more than chance" in said
    assert re.search(r"changes under \d+.points? are mostly missed", said)
    assert "which may be chance" in said


def test_of_a_rate_that_is_neither_good_nor_bad_the_verdict_takes_no_side(pair):
    said = verdict.words(verdict_of(pair, "selection_rate"), pair)
    assert "better" not in said.split("Over everyone")[0]


def test_an_alarm_names_the_decision_and_a_way_out():
    said = verdict.alarm_words([Alarm("no")], "defendants")
    assert "decides everyone alike, as no" in said
    assert "no defendants apart" in said
    assert "milder setting" in said
    said = verdict.alarm_words([Alarm("yes", ("a", "b", "c", "d"))])
    assert "within a, b, c and 1 more groups" in said
    assert verdict.alarm_words([]) == ""


INSIDE = Inside(
    ("a", HOSTILE, "c"),
    np.array([1.0, 2.0]),
    np.array([[3.0, 1.0, np.nan], [2.0, 2.01, np.nan]]),
    np.array([False, False, True]),
)


def test_each_group_that_is_shown_has_a_line_named_at_its_end():
    figure = lines.lines(INSIDE, "gradients", 10)
    assert [list(t.y) for t in figure.data] == [[3.0, 2.0], [1.0, 2.01]]
    names = [a.text for a in figure.layout.annotations]
    assert names == ["a", theme.safe(HOSTILE)]
    ends = [a.y for a in figure.layout.annotations]
    assert ends[1] - ends[0] > 0.2  # pushed apart
    assert figure.layout.xaxis.range == (0.5, 10.5)


def test_the_inside_says_its_last_values_and_what_is_withheld():
    said = lines.alt(INSIDE, "gradients")
    assert "a 2" in said
    assert "withheld for privacy" in said
    assert "20.0" in lines.alt(
        Inside(("a",), np.ones(1), np.array([[0.2]]), np.zeros(1, bool)), "pruned"
    )
    assert lines.table(INSIDE)["a"].tolist() == [3.0, 2.0]
