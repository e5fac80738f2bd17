"""What the charts of the Shift page draw and say."""

import numpy as np
import pandas as pd
import pytest

from analysis.attribution.attribution import Attribution, Part
from analysis.attribution.by_group import ByGroup, GroupAttribution
from analysis.attribution.overlap import Overlap
from analysis.attribution.quantity import Quantity
from analysis.causes.graph import Graph, parse_graph
from analysis.causes.suggested_graph import Moved, SuggestedEdge, Suggestion
from analysis.charts import attribution_groups, causal_graph, components, suggestion
from analysis.charts import attribution_groups_words as group_words
from analysis.charts import dial as dial_charts
from analysis.charts import quantity_words as words
from analysis.charts import shift as charts
from analysis.charts.theme import DARK, LIGHT
from analysis.estimates import Estimate, Estimates
from analysis.planted.dial import Dial
from analysis.planted.planting import Plant

SIDES = ("year 1994", "year 1995")
UNKNOWN = Estimate(np.nan, np.nan, np.nan, 40)


def split(parts, *, quantity=None, change=None, found=True, warnings=()):
    quantity = quantity or Quantity("accuracy")
    total = sum(p.value for p in parts if not np.isnan(p.value))
    return Attribution(
        metric=quantity.metric,
        source=Estimate(0.80, 0.78, 0.82, 1000),
        target=Estimate(0.70, 0.68, 0.72, 900),
        change=change or Estimate(-0.1, -0.13, -0.07, 1900),
        parts=tuple(parts),
        residual=-0.1 - total,
        effective_sample_size={},
        warnings=warnings,
        quantity=quantity,
        residual_low=-0.02,
        residual_high=0.02,
        overlap={"P(X)": Overlap(1000, 412, 0.01, 0.02, 0.13, 0.61, 0.97)},
        is_shift_found=found,
        bootstrap=200,
    )


WHO = Part("P(X)", -0.07, -0.10, -0.04, 0.001)
WHAT = Part("P(Y|X)", -0.03, -0.06, 0.01, 0.3)


def texts(figure):
    return " ".join(a.text or "" for a in figure.layout.annotations)


def test_bars_start_where_the_one_before_ended():
    figure = charts.waterfall(split([WHAT, WHO]))
    bars = [t for t in figure.data if t.type == "bar"]
    assert [b.base[0] for b in bars] == pytest.approx([0.8, 0.73])
    assert [b.y[0] for b in bars] == pytest.approx([-0.07, -0.03])
    assert bars[0].marker.color == LIGHT.up  # surely worse
    assert bars[1].marker.color == LIGHT.ghost  # could be chance
    assert figure.layout.xaxis.ticktext[0] == "Source"
    assert figure.layout.xaxis.ticktext[-1] == "Target"


def test_what_is_not_accounted_for_is_hatched_and_left_out_where_it_is_nothing():
    rest = Part("P(age)", -0.06, -0.10, -0.04, 0.001)
    figure = charts.waterfall(split([rest]))
    last = [t for t in figure.data if t.type == "bar"][-1]
    assert last.marker.pattern.shape == "/"
    assert last.y[0] == pytest.approx(-0.04)
    assert "Not accounted" not in charts.waterfall(split([WHAT, WHO])).to_json()


def test_a_part_that_several_looks_make_unsure_is_grey():
    part = Part("P(X)", -0.07, -0.10, -0.04, 0.2)
    (bar, *_) = (t for t in charts.waterfall(split([part])).data if t.type == "bar")
    assert bar.marker.color == LIGHT.ghost


def test_a_refused_part_is_shown_as_not_known_with_its_reason():
    refused = Part("P(Y|X)", np.nan, np.nan, np.nan, np.nan, "No row <is> alike.")
    record = split([WHO, refused])
    figure = charts.waterfall(record)
    assert "not known" in texts(figure)
    hovers = [t.hovertemplate for t in figure.data if t.hovertemplate]
    assert any("No row &lt;is&gt; alike." in h for h in hovers)
    bars = [t for t in figure.data if t.type == "bar"]
    assert bars[-1].y[0] == pytest.approx(-0.03)  # what nobody accounts for
    assert "not known" in charts.alt(record)
    table = charts.table(record).set_index("component")
    assert table.loc["P(Y|X)", "note"] == "No row <is> alike."


def test_everything_refused_is_said_and_drawn():
    refused = [Part(c, *[np.nan] * 4, "No overlap.") for c in ("P(X)", "P(Y|X)")]
    record = split(refused, warnings=("No overlap.",))
    assert "No part of it can be told" in charts.finding(record, SIDES)
    assert charts.waterfall(record, DARK).data


def test_finding_names_both_sides_the_change_and_the_largest_part():
    said = charts.finding(split([WHAT, WHO]), SIDES).replace("\u00a0", " ")
    assert said.startswith(
        "Decided right went from 80.0 % at year 1994 (n = 1,000) to 70.0 % at year "
        "1995 (n = 900), a change of −10.0 points [−13.0, −7.0]."
    )
    assert "The largest part is who comes, P(X): −7.0 points [−10.0, −4.0]." in said


def test_identical_tables_find_no_shift():
    none = [Part("P(X)", 0.001, -0.02, 0.02, 0.9), Part("P(Y|X)", 0, -0.02, 0.02, 1)]
    record = split(none, change=Estimate(0.0, -0.02, 0.02, 1900), found=False)
    assert charts.finding(record, SIDES).startswith("No shift found:")


def test_parts_that_cancel_are_said_although_nothing_changed():
    parts = [Part("P(X)", -0.05, -0.07, -0.03, 0.01)]
    parts.append(Part("P(Y|X)", 0.05, 0.03, 0.07, 0.01))
    record = split(parts, change=Estimate(0.0, -0.02, 0.02, 1900))
    said = charts.finding(record, SIDES)
    assert "did not change more than chance" in said
    assert "make up for one another: who comes" in said


def test_a_change_that_is_undefined_is_said_to_be():
    record = split([WHO], change=UNKNOWN, found=None)
    assert "undefined on one side" in charts.finding(record, SIDES)


def test_the_table_says_how_far_each_part_can_be_trusted():
    table = charts.table(split([WHO, WHAT])).set_index("component")
    assert table.loc["P(X)", "rows that carry the weights"] == 412
    assert table.loc["P(X)", "target rows like none at the source"] == 0.13
    assert table.loc["not accounted for", "low"] == -0.02
    assert np.isnan(table.loc["P(Y|X)", "share of weight cut"])


@pytest.mark.parametrize(
    ("quantity", "title", "unit"),
    [
        (Quantity("accuracy"), "Decided right", "percent"),
        (Quantity("accuracy", "sex", "F"), "Decided right, F", "percent"),
        (Quantity("accuracy", "sex", "F", "M"), "Decided right, F less M", "points"),
        (
            Quantity("accuracy", "sex,race"),
            "Decided right, largest gap between groups of sex and race",
            "points",
        ),
        (Quantity("brier_score", "sex", "F", "M"), None, "change"),
    ],
)
def test_a_quantity_is_called_by_whom_it_is_of(quantity, title, unit):
    assert title is None or words.title(quantity) == title
    assert words.level_unit(quantity) == unit


def test_a_gap_that_widens_is_worse_and_a_signed_difference_is_neither():
    gap, signed = Quantity("accuracy", "sex"), Quantity("accuracy", "sex", "F", "M")
    assert words.color(gap, 0.1, LIGHT) == LIGHT.up
    assert words.color(Quantity("accuracy"), 0.1, LIGHT) == LIGHT.down
    assert "widened" in words.colors(gap)
    assert "went up" in words.colors(signed)


@pytest.mark.parametrize(
    ("component", "said"),
    [
        ("P(X)", "Who comes, P(X)"),
        ("P(age)", "age"),
        ("P(age|sex)", "age given sex"),
        ("P(Y|sex,age)", "The label given sex and age"),
        ("P(X1|a,b,Y)", "X1 given 3 others"),
        ("P(age|Y)", "age given the label"),
        ("odd", "odd"),
    ],
)
def test_components_have_plain_words(component, said):
    assert components.words(component) == said


def test_thirteen_mechanisms_have_a_column_each():
    parts = [Part(f"P(x{i})", -0.01, -0.02, 0.0, 0.5) for i in range(13)]
    figure = charts.waterfall(split(parts))
    assert len(figure.layout.xaxis.ticktext) == 16  # with both ends and the rest


def group(name, n, change, parts):
    if change is None:
        return GroupAttribution(name, n, n, None, "Only 9 rows.", False)
    found = split(
        [Part(c, v, v - 0.02, v + 0.02, 0.01) for c, v in parts.items()],
        change=Estimate(change, change - 0.03, change + 0.03, 2 * n),
    )
    return GroupAttribution(name, n, n, found, "", True)


@pytest.fixture
def by_group():
    return ByGroup(
        "accuracy",
        "sex",
        ("P(X)", "P(Y|X)"),
        (
            group("Women", 300, -0.10, {"P(X)": -0.09, "P(Y|X)": -0.01}),
            group("Men <b>", 400, -0.02, {"P(X)": -0.01, "P(Y|X)": -0.01}),
            group("Few", 9, None, {}),
        ),
        (("Women", "P(X)"),),
        {"Women": {"P(X)": 0.003}},
    )


def test_groups_stand_in_rows_and_parts_in_panels_on_one_axis(by_group):
    figure = attribution_groups.panels(by_group)
    ranges = {tuple(figure.layout[a].range) for a in ("xaxis", "xaxis2", "xaxis3")}
    assert len(ranges) == 1
    dots = [t for t in figure.data if t.mode == "markers"]
    assert len(dots) == 6
    colors = {(t.customdata[0][0], t.xaxis): t.marker.color for t in dots}
    assert colors["Women", "x2"] == LIGHT.up
    assert colors["Women", "x3"] == LIGHT.ghost
    assert ("Men &lt;b&gt;", "x2") in colors
    assert texts(figure).count("not known") == 3


def test_the_sentence_names_the_groups_that_are_sure(by_group):
    said = group_words.finding(by_group).replace("\u00a0", " ")
    assert "Women through who comes, P(X), −9.0 points [−11.0, −7.0]" in said
    assert "(n = 300 and 300)" in said
    table = group_words.table(by_group)
    assert table.loc[table["group"] == "Few", "note"].tolist() == ["Only 9 rows."]


def test_groups_that_must_not_be_shown_leave_no_trace(by_group):
    left = group_words.only(by_group, ("Men <b>",))
    text = str(attribution_groups.panels(left).to_dict()) + str(left)
    text += group_words.finding(left) + group_words.alt(left)
    assert "Women" not in text
    assert "in no group of sex" in group_words.finding(left)
    none = group_words.only(by_group, ())
    assert "No group of sex has enough people" in group_words.finding(none)


def test_of_many_groups_the_largest_are_drawn_and_all_are_in_the_table():
    groups = tuple(group(f"g{i}", 50 + i, -0.01, {"P(X)": -0.01}) for i in range(20))
    record = ByGroup("accuracy", "state", ("P(X)",), groups)
    figure = attribution_groups.panels(record)
    assert len(figure.layout.yaxis.ticktext) == 12
    assert "the 12 largest of 20 groups" in figure.layout.title.text
    assert group_words.table(record)["group"].nunique() == 20


def test_causes_stand_left_of_their_effects():
    graph = parse_graph("g->x,x->Y,g->Y,{a,b}->Y")
    figure = causal_graph.figure(graph)
    boxes = [s for s in figure.layout.shapes if s.type == "rect"]
    assert len(boxes) == len(graph.nodes)
    lines = [t for t in figure.data if t.mode == "lines"]
    assert all(line.x[0] < line.x[-1] for line in lines)
    (marks,) = (t for t in figure.data if t.name == "edges")
    assert [row[0] for row in marks.customdata] == list(range(len(graph.edges)))


@pytest.mark.parametrize("nodes", [1, 2, 5, 12])
def test_boxes_never_overlap(nodes):
    names = [f"n{i}" for i in range(nodes - 1)] + ["Y"]
    edges = [f"{a}->{b}" for i, a in enumerate(names) for b in names[i + 1 :]]
    graph = parse_graph(",".join(edges)) if edges else Graph(parse_graph("Y->a").nodes)
    figure = causal_graph.figure(graph)
    boxes = [s for s in figure.layout.shapes if s.type == "rect"]
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart_x = a.x0 >= b.x1 or b.x0 >= a.x1
            assert apart_x or a.y0 >= b.y1 or b.y0 >= a.y1
    assert sum(len(t.x) for t in figure.data) <= 2000


def test_long_names_break_where_they_may_and_bundles_are_spelt_out():
    graph = parse_graph("marital_status->Y,{hours_per_week,capital_gain}->Y")
    drawn = texts(causal_graph.figure(graph))
    assert "hours_per_<br>" not in drawn
    assert "hours_per_week+<br>capital_gain" in drawn
    named = parse_graph("wealth={a,b}->Y")
    assert causal_graph.bundles(named) == "wealth is a, b."
    assert causal_graph.bundles(graph) == ""


def test_the_chosen_edge_is_marked_and_open_ones_are_dashed():
    graph = parse_graph("a->b,b->Y")
    figure = causal_graph.figure(
        graph, chosen=("a", "b"), open_edges=[("b", "Y")], is_suggestion=True
    )
    first, second = (t for t in figure.data if t.mode == "lines")
    assert first.line.color == LIGHT.accent
    assert (first.line.dash, second.line.dash) == ("solid", "dash")
    assert "not a proof" in figure.layout.title.text


def test_strange_names_stay_text_in_the_graph():
    graph = parse_graph('"<b>x</b>"->Y,{"$a$",c}->Y')
    drawn = texts(causal_graph.figure(graph))
    assert "<b>x" not in drawn
    assert "&lt;b&gt;x" in drawn
    assert "<b>" in causal_graph.alt(graph)  # plain text needs no escape
    assert causal_graph.table(graph)["columns"].tolist() == ["<b>x</b>", "$a$, c", "Y"]


def test_a_suggestion_says_what_moved_and_what_stays_open():
    found = Suggestion(
        parse_graph("a->b,b->Y"),
        (
            SuggestedEdge("a", "b", 1e-5, "default"),
            SuggestedEdge("b", "Y", 1e-9, "sides"),
        ),
        (Moved("Y", 1e-4),),
        2000,
        5000,
        0.01,
    )
    said = suggestion.words(found)
    assert "whatever else is known: the label." in said
    assert "1 of 2 directions are not determined" in said
    assert "not a proof" in said
    assert "2,000 of 5,000 rows" in suggestion.notes(found)
    assert suggestion.open_edges(found) == (("a", "b"),)
    assert len(suggestion.table(found)) == 3


def curve(values):
    v = np.array(values, dtype=float)
    return Estimates(v, v - 0.02, v + 0.02, np.full(len(v), 500.0))


@pytest.fixture
def planted():
    return Dial(
        Plant("group", "sex", "Women"),
        "error_rate",
        ("sex",),
        ("Women", "Men <i>"),
        np.array([0.0, 0.05, 0.1]),
        curve([0.20, 0.21, 0.22]),
        (curve([0.3, 0.3, np.nan]), curve([0.1, 0.1, 0.1])),
        np.array([500.0, 450.0, 380.0]),
        500,
        "rows",
    )


def test_curves_end_where_too_few_rows_carry_them(planted):
    figure = dial_charts.curves(planted, 0.05)
    lines = {t.name: t for t in figure.data if t.mode == "lines+markers"}
    assert len(lines["Women"].x) == 2
    assert len(lines["Everyone"].x) == 3
    assert "Men &lt;i&gt;" in lines
    said = dial_charts.finding(planted, 0.1).replace("\u00a0", " ")
    assert "to 22 % [20, 24] if Women gets commoner, at a strength of 10 %" in said
    assert "leave 380" in said
    assert "The curves end at 10 %" in said


def test_the_dial_at_zero_says_how_things_are(planted):
    assert "as things are" in dial_charts.finding(planted, 0.0)
    assert dial_charts.place_of(planted, 0.6) == 2
    assert len(dial_charts.table(planted)) == 9
    assert "Everyone" in dial_charts.alt(planted)


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (Plant("label", is_up=False), "the positive label gets rarer"),
        (Plant("outcome", "sex", "F", is_up=False), "labels of F turn negative"),
        (Plant("feature", "age"), "age rises"),
        (Plant("feature", "job", "clerk", is_up=False), "job clerk gets rarer"),
    ],
)
def test_a_plant_is_said_in_words(plant, said):
    assert dial_charts.planted_words(plant) == said


def test_numbers_of_a_split_are_a_table_with_one_row_per_part():
    table = charts.table(split([WHO, WHAT]))
    assert isinstance(table, pd.DataFrame)
    assert table["component"].tolist() == [
        "source",
        "P(X)",
        "P(Y|X)",
        "not accounted for",
        "target",
        "change",
    ]


def test_a_sure_interval_beside_a_family_that_is_not_sure_is_said_as_it_is():
    record = split([Part("P(X)", -0.1, -0.13, 0.01, 0.2)], found=False)
    said = charts.finding(record, SIDES)
    assert "No shift found" not in said
    assert "beyond chance once all are considered" in said


def test_refused_parts_are_not_called_chance():
    nan = np.nan
    parts = [Part("P(X)", nan, nan, nan, nan, "No overlap."), Part("P(Y|X)", 0, -1, 1)]
    said = charts.finding(split(parts, found=False), SIDES)
    assert "No shift found" not in said
