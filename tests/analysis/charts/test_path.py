"""The figure of a path: what stands still, what moves, what is said, what is not."""

import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.charts import marks as marks_charts
from analysis.charts import path as charts
from analysis.charts import path_columns, theme
from analysis.charts.path_cells import (
    HEADS,
    MAX_GROUPS,
    MOST_WASTE,
    cells_of,
    round_ends,
)
from analysis.charts.path_words import Standing, alarm, paragraphs
from analysis.frame import Grouping
from analysis.marks import BY_LOT, DEFERRED, marked
from analysis.paths.measuring import measured, side
from analysis.paths.record import Path, Point
from analysis.verdict import Alarm

AT = Standing(0.4, "true_positive_rate", dial="tolerance")


def build(make_evaluation, rng, names=("a", "b"), raised=1, marks=None, n=1_200):
    y, codes = rng.integers(0, 2, n), rng.integers(0, len(names), n)
    scores = np.clip(0.4 + 0.2 * y + rng.normal(0, 0.2, n), 0.01, 0.99)

    def shown(strength):
        moved = np.clip(scores + strength * (codes == raised), 0, 1)
        made = make_evaluation(y, moved, codes % 2)
        return replace(made, groups={"group": Grouping(codes, tuple(names))})

    before, by = shown(0.0), ("group",)
    found = {} if marks is None else {marks: np.abs(scores - 0.5) < 0.1}
    points = []
    for strength in (0.0, 0.2, 0.4):
        both = side(before, shown(strength), by, found)
        points.append(Point(strength, both, both))
    now = measured(before, by, {})
    return Path(by, before.grouping(by).names, now, now, tuple(points))


@pytest.fixture
def path(make_evaluation, rng):
    return build(make_evaluation, rng)


def axes(figure):
    layout = json.loads(figure.to_json())["layout"]
    kept = ("range", "domain", "tickvals", "ticktext")
    return {
        name: {k: axis.get(k) for k in kept}
        for name, axis in layout.items()
        if name.startswith(("xaxis", "yaxis"))
    }


def test_axes_and_height_stand_still_while_the_strength_moves(path):
    figures = [
        charts.panels(path, replace(AT, strength=p.strength), "Fix")
        for p in path.points
    ]
    assert axes(figures[0]) == axes(figures[1]) == axes(figures[2])
    assert len({f.layout.height for f in figures}) == 1
    assert figures[0].to_json() != figures[2].to_json()


def test_every_interval_lies_within_its_axis(path):
    for p in path.points:
        cells = cells_of(path, replace(AT, strength=p.strength))
        for name, column in cells.now.items():
            low, high = cells.spans[name]
            ends = [e for e in (*column.low, *column.high) if np.isfinite(e)]
            assert low <= min(ends)
            assert max(ends) <= high


def test_the_strength_is_marked_on_the_path_and_the_model_before_is_hollow(path):
    figure = charts.panels(path, AT, "Fix")
    hollow, solid = (
        next(t for t in figure.data if t.marker.symbol == symbol)
        for symbol in ("circle-open", "circle")
    )
    assert hollow.xaxis == solid.xaxis
    last = path.points[-1].fitted.measured
    assert solid.x[0] == last.gaps["true_positive_rate"].value
    assert solid.y[0] == last.columns["accuracy"].value[0]
    assert hollow.x[0] == path.fitted.gaps["true_positive_rate"].value


def test_a_strength_between_two_is_the_nearest(path):
    near = charts.panels(path, replace(AT, strength=0.39), "Fix")
    at = charts.panels(path, AT, "Fix")
    assert [t.x for t in near.data] == [t.x for t in at.data]


def test_groups_keep_their_colours(path):
    figure = charts.panels(path, AT, "Fix", theme.DARK)
    colored = next(
        t for t in figure.data if t.xaxis == "x2" and t.customdata is not None
    )
    assert list(colored.marker.color) == [
        theme.DARK.mark,
        theme.group_color(0, theme.DARK),
        theme.group_color(1, theme.DARK),
    ]


def test_it_says_who_gains_and_how_many_change(path):
    said = " ".join(paragraphs(path, AT))
    moved = path.points[-1].unseen.moved
    changed = moved.newly_right[0] + moved.newly_wrong[0]
    assert moved.gained["true_positive_rate"] == ("b",)
    assert "Who surely gains in ‘found’ there: b (+" in said
    assert "surely pays" not in said
    assert f"{changed:,.0f} of these 1,200 people" in said
    assert "On the 1,200 calibration people it is fitted on" in said
    assert "On 1,200 validation people it is not fitted on" in said


def test_a_rate_that_is_harm_has_somebody_who_pays(path):
    said = " ".join(paragraphs(path, replace(AT, metric="false_positive_rate")))
    assert "Who surely pays in ‘wrongly flagged’ there: b (+" in said


def test_what_chance_could_do_is_nobodys_gain(path):
    said = " ".join(paragraphs(path, replace(AT, strength=0.0)))
    assert "Nobody surely gains or pays in ‘found’ there" in said
    assert "0 of these 1,200 people (0.0\u00a0%) are decided otherwise" in said


def test_of_many_who_gain_the_others_are_counted(path):
    side_ = path.points[-1].unseen
    more = replace(side_.moved, gained={"true_positive_rate": ("b", "a", "b", "a")})
    point = replace(path.points[-1], unseen=replace(side_, moved=more))
    said = " ".join(paragraphs(replace(path, points=(point,)), AT))
    assert "and 2 more" in said


@pytest.mark.parametrize(
    ("mark", "heads"),
    [
        (None, ()),
        (BY_LOT, ("Decided<br>by lot",)),
        (DEFERRED, ("Right,<br>by itself", "Handed to<br>a person")),
    ],
)
def test_only_columns_that_apply_are_drawn(make_evaluation, rng, mark, heads):
    found = build(make_evaluation, rng, marks=mark)
    figure = charts.panels(found, AT, "Fix")
    drawn = {a.text for a in figure.layout.annotations}
    special = {HEADS[BY_LOT], HEADS[DEFERRED], HEADS["accuracy_alone"]}
    assert drawn & special == set(heads)


def test_nobody_by_lot_at_any_strength_is_no_column(path):
    first = path.points[0]
    columns = dict(first.fitted.measured.columns)
    columns[BY_LOT] = replace(columns["accuracy"], value=(0.0, 0.0, 0.0))
    now = replace(first.fitted.measured, columns=columns)
    point = replace(first, fitted=replace(first.fitted, measured=now))
    assert BY_LOT not in cells_of(replace(path, points=(point,)), AT).spans


def test_of_many_groups_the_largest_are_drawn_and_it_is_said(make_evaluation, rng):
    names = tuple(f"group {i}" for i in range(40))
    found = build(make_evaluation, rng, names=names, n=4_000)
    figure = charts.panels(found, AT, "Fix")
    title = figure.layout.title.text.replace("<br>", " ")
    assert f"Of 40 groups the {MAX_GROUPS} largest are drawn" in title
    assert len(figure.layout.yaxis2.ticktext) == MAX_GROUPS + 1
    assert sum(len(t.x) for t in figure.data) < 2_000
    assert len(set(charts.table(found)["group"])) == 41


def test_names_of_strangers_stay_text(make_evaluation, rng):
    found = build(make_evaluation, rng, names=("<b>a</b>", "$x^2$"))
    text = charts.panels(found, AT, "Fix <i>").to_json()
    content = json.loads(text)
    shown = json.dumps([content["layout"]["title"], content["layout"]["annotations"]])
    assert "<i>" not in shown
    assert "$x^2$" not in shown
    assert "&lt;b&gt;a" in json.dumps(content["layout"]["yaxis2"]["ticktext"])


def test_the_text_alternative_says_all_that_is_written(path):
    said = charts.alt(path, AT, "Fix")
    assert said.startswith("Fix: tolerance 0.4.")
    for words in paragraphs(path, AT):
        assert words in said


def test_the_table_has_every_strength_group_and_side(path):
    table = charts.table(path)
    row = table[
        (table["strength"] == 0.4)
        & (table["rows"] == "validation, not fitted on")
        & (table["group"] == "b")
        & (table["measure"] == "selection_rate")
    ].iloc[0]
    column = path.points[-1].unseen.measured.columns["selection_rate"]
    assert row["after"] == column.value[2]
    assert row["before"] == path.unseen.columns["selection_rate"].value[2]
    assert len(table) == 2 * 3 * 3 * 6


def test_a_single_point_can_be_drawn_while_others_are_sought(path):
    figure = charts.panels(replace(path, points=path.points[:1]), AT, "Fix")
    assert "tolerance 0.4" in figure.layout.title.text


def test_marks_are_said_with_the_accuracy_of_those_decided_alone(make_evaluation):
    shown = make_evaluation([0, 1] * 30, [0.2, 0.8] * 30, [0, 1] * 30)
    found = marked(shown, np.arange(60) < 15, ("group",))
    said = marks_charts.words(found, DEFERRED)
    assert "Handed to a person: 25" in said
    assert "Of the 45 decided alone, 100" in said
    assert "decided alone" not in marks_charts.words(found, BY_LOT)
    assert "too few people" in marks_charts.words(None, BY_LOT)
    figure = marks_charts.chart(found, BY_LOT)
    assert figure.layout.title.text.startswith("<b>Decided by lot")
    assert "Everyone 25" in marks_charts.alt(found, BY_LOT)
    table = marks_charts.table(found, DEFERRED)
    assert table["handed to a person"].tolist()[0] == 0.25
    assert table["others"].tolist() == [45, 22, 23]


@pytest.mark.parametrize(
    ("held", "ends"),
    [
        ((0.0, 1.0), (0.0, 1.0)),
        ((0.0, 0.145), (0.0, 0.15)),
        ((0.73, 1.0), (0.7, 1.0)),
        ((0.831, 0.846), (0.83, 0.846)),
        ((0.137, 0.1408), (0.137, 0.141)),
    ],
)
def test_ends_of_an_axis_are_round_numbers_around_what_it_holds(held, ends):
    assert round_ends(*held) == ends


@given(st.floats(0, 1), st.floats(0.01, 1))
def test_ends_of_an_axis_hold_it_and_waste_little(low, span):
    first, last = round_ends(low, low + span)
    assert first <= low + 1e-9
    assert last >= low + span - 1e-9
    assert last - first <= MOST_WASTE * span + 1e-9


def test_ticks_stand_at_the_ends_and_their_labels_within_the_panel(path):
    figure = charts.panels(path, AT, "Fix")
    spans = cells_of(path, AT).spans
    for i, (name, (low, high)) in enumerate(spans.items()):
        axis = figure.layout[f"xaxis{i + 2}"]
        assert tuple(axis.tickvals) == (low, high)
        assert axis.range[0] < low < high < axis.range[1]
        assert not axis.showticklabels
        labels = [a for a in figure.layout.annotations if a.xref == f"x{i + 2}"]
        assert [(a.x, a.xanchor) for a in labels] == [(low, "left"), (high, "right")]
        assert not labels[0].text.endswith("%")
        assert labels[1].text.endswith("%") == (name != "expected_calibration_error")


@pytest.mark.parametrize("columns", range(1, 10))
def test_panels_of_any_number_lie_within_the_figure(path, columns):
    figure, cells = go.Figure(), cells_of(path, AT)
    spans = dict.fromkeys(list(HEADS)[:columns], (0.0, 1.0))
    path_columns.draw(figure, replace(cells, spans=spans), 0.5, theme.LIGHT)
    assert figure.layout[f"xaxis{columns + 1}"].domain[1] == pytest.approx(1.0)


def test_the_pair_that_a_gap_lies_between_is_named_with_its_people(path):
    column = path.points[-1].unseen.measured.columns["true_positive_rate"]
    n = f"n = {column.n[1]:,.0f} and {column.n[2]:,.0f}"
    assert f", a against b, {n} (before" in paragraphs(path, AT)[1]
    flagged = replace(AT, metric="false_positive_rate")
    assert ", b against a, n = " in paragraphs(path, flagged)[0]


def test_no_pair_is_named_where_there_is_no_gap(path):
    side_ = path.points[-1].unseen
    columns = dict(side_.measured.columns)
    for value in ((0.5, 0.5, 0.5), (0.5, np.nan, 0.5)):
        same = replace(columns["true_positive_rate"], value=value)
        now = replace(side_.measured, columns=columns | {"true_positive_rate": same})
        point = replace(path.points[-1], unseen=replace(side_, measured=now))
        said = paragraphs(replace(path, points=(point,)), AT)[1]
        assert "against" not in said


def test_an_alarm_is_said_first_and_in_bold(path):
    assert not any("Alarm" in words for words in paragraphs(path, AT))
    assert "<b>" not in charts.panels(path, AT, "Fix").layout.annotations[0].text
    side_ = replace(path.points[-1].unseen, alarms=(Alarm("<no>", ("b",)),))
    found = replace(
        path, points=(*path.points[:2], replace(path.points[-1], unseen=side_))
    )
    assert paragraphs(found, AT)[0].startswith("Alarm: within b this model decides")
    assert paragraphs(found, AT)[0].endswith("(On the validation people.)")
    assert alarm(found, replace(AT, strength=0.2)) == ""
    text = charts.panels(found, AT, "Fix").layout.annotations[0].text
    assert text.startswith("<b>Alarm: within b")
    assert "<no>" not in text
    assert "Alarm: within b" in charts.alt(found, AT, "Fix")
