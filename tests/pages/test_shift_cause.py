"""The tab Cause and effect, and the split above the tabs."""

import json

import pytest

from analysis.causes.graph import parse_graph


def titles(at):
    specs = [json.loads(c.proto.spec) for c in at.get("plotly_chart")]
    return [s["layout"]["title"]["text"] for s in specs]


def press(at, key):
    at.button(key=key).click().run()
    assert not at.exception, [e.value for e in at.exception]


def start_from(at, title):
    at.selectbox(key="shift.cause.start").set_value(title).run()
    assert not at.exception, [e.value for e in at.exception]


def draft(at):
    """Return the graph as edited, from the text that gives it elsewhere."""
    at.segmented_control(key="shift.edit.kind").set_value("As text").run()
    text = at.text_area(key="shift.edit.text").value
    at.segmented_control(key="shift.edit.kind").set_value("Arrows").run()
    return parse_graph(text)


@pytest.fixture
def small(shift_tab):
    """Return the tab with a small graph in the editor."""

    def go(text="age->housing,housing->Y", **asked):
        at = shift_tab("cause", **asked)
        write(at, text)
        return at

    return go


def write(at, text):
    at.segmented_control(key="shift.edit.kind").set_value("As text").run()
    at.text_area(key="shift.edit.text").set_value(text)
    press(at, "shift.edit.text.read")
    at.segmented_control(key="shift.edit.kind").set_value("Arrows").run()


def test_a_graph_is_drawn_without_any_set_up(shift_tab, said):
    at = shift_tab("cause")
    assert "mechanisms" in titles(at)[0]
    assert all(c.proto.alt for c in at.get("plotly_chart"))
    assert "The change is split over" in said(at)
    assert "Use the graph to split" in said(at)


def test_an_arrow_is_added_turned_and_dropped_and_each_edit_undone(small):
    at = small()
    at.selectbox(key="shift.edit.cause").set_value("age").run()
    at.selectbox(key="shift.edit.effect").set_value("Y").run()
    press(at, "shift.edit.add")
    assert ("age", "Y") in draft(at).edges
    at.selectbox(key="shift.edit.edge").set_value(("age", "housing")).run()
    press(at, "shift.edit.reverse")
    assert ("housing", "age") in draft(at).edges
    press(at, "shift.edit.drop")
    assert ("housing", "age") not in draft(at).edges
    press(at, "shift.cause.undo")
    press(at, "shift.cause.undo")
    assert set(draft(at).edges) == {("age", "housing"), ("housing", "Y"), ("age", "Y")}


def test_a_circle_is_refused_in_words_and_the_graph_stays(small, said):
    at = small("age->housing,housing->Y,age->Y")
    at.selectbox(key="shift.edit.edge").set_value(("age", "Y")).run()
    press(at, "shift.edit.reverse")
    assert "form a cycle" in said(at)
    assert "The graph stays as it was" in said(at)
    assert ("age", "Y") in draft(at).edges
    at.run()
    assert "form a cycle" not in said(at)


def test_nodes_are_merged_taken_apart_left_out_and_brought_back(small):
    at = small("age->Y,housing->Y,job->Y")
    at.segmented_control(key="shift.edit.kind").set_value("Nodes").run()
    at.multiselect(key="shift.edit.merge_names").set_value(["age", "job"]).run()
    press(at, "shift.edit.merge")
    assert {n.columns for n in draft(at).nodes} >= {("age", "job")}
    at.segmented_control(key="shift.edit.kind").set_value("Nodes").run()
    at.selectbox(key="shift.edit.apart_column").set_value("Every column").run()
    press(at, "shift.edit.apart")
    assert ("age", "job") in draft(at).edges
    at.segmented_control(key="shift.edit.kind").set_value("Nodes").run()
    at.selectbox(key="shift.edit.out_name").set_value("housing").run()
    press(at, "shift.edit.out")
    assert "housing" not in {n.name for n in draft(at).nodes}
    at.segmented_control(key="shift.edit.kind").set_value("Nodes").run()
    at.selectbox(key="shift.edit.back_name").set_value("housing").run()
    press(at, "shift.edit.back")
    at.segmented_control(key="shift.edit.kind").set_value("As text").run()
    assert "housing" in at.text_area(key="shift.edit.text").value


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("height->Y", "'height' is not a column here"),
        ("age->housing", "The graph has no label"),
        ("age->", "write edges as"),
    ],
)
def test_a_text_that_is_no_graph_here_is_refused(small, said, text, advice):
    at = small()
    at.segmented_control(key="shift.edit.kind").set_value("As text").run()
    at.text_area(key="shift.edit.text").set_value(text)
    press(at, "shift.edit.text.read")
    assert advice in said(at)


def test_the_graph_in_use_is_split_by_and_stands_in_the_address(small, said, answering):
    at = small()
    press(at, "shift.cause.use")
    name, asked = answering.asked[-1]
    assert (name, asked["way"]) == ("attribution", "mechanisms")
    assert parse_graph(asked["graph"]) == parse_graph("age->housing,housing->Y")
    assert at.query_params["shift.graph"] == "age->housing,housing->Y"
    assert any("from source to target" in title for title in titles(at))
    assert "The change, split over the mechanisms in use" in said(at)
    assert at.button(key="shift.cause.use").disabled


def test_a_suggestion_is_marked_as_one_and_says_what_it_rests_on(
    shift_tab, said, answering
):
    at = shift_tab("cause")
    start_from(at, "suggested")
    assert [name for name, _ in answering.asked] == ["suggested_graph"]
    assert "not a proof" in titles(at)[0]
    assert "Two nodes are linked if no test" in said(at)
    edges = draft(at).edges
    at.run()
    assert draft(at).edges == edges  # an edit would stay as well


def test_an_order_of_ones_own_becomes_the_graph(shift_tab, said):
    at = shift_tab("cause")
    start_from(at, "order")
    at.text_area(key="shift.cause.order").set_value("age, job\nhousing").run()
    press(at, "shift.cause.order.take")
    assert draft(at).edges == (
        ("age+job", "housing"),
        ("age+job", "Y"),
        ("housing", "Y"),
    )
    at.text_area(key="shift.cause.order").set_value("height").run()
    press(at, "shift.cause.order.take")
    assert "'height' is not a column here" in said(at)


def test_each_start_can_be_chosen(shift_tab):
    at = shift_tab("cause")
    for name in ("groups_first", "label_first", "label_last"):
        start_from(at, name)
        assert "mechanisms" in titles(at)[0]


def test_an_address_with_a_graph_of_other_columns_is_passed_over(shift_tab, said):
    at = shift_tab("cause", **{"shift.graph": "height->Y"})
    assert "Use the graph to split" in said(at)
    at = shift_tab("cause", **{"shift.graph": "a->b->c"})
    assert "Use the graph to split" in said(at)


def test_the_split_above_the_tabs_answers_before_it_is_asked(
    shift_tab, said, answering
):
    at = shift_tab("split")
    assert answering.asked[0][1]["way"] == "covariates"
    assert "from source to target" in titles(at)[0]
    assert "at sex male" in said(at)


@pytest.mark.parametrize("way", ["mechanisms", "order"])
def test_the_split_can_be_by_mechanisms_or_features_in_order(shift_tab, answering, way):
    at = shift_tab("split")
    at.selectbox(key="shift.split.way").set_value(way).run()
    assert not at.exception, [e.value for e in at.exception]
    assert answering.asked[-1][1]["graph"]


def test_the_split_can_be_of_a_group_a_difference_or_the_gap(shift_tab, answering):
    at = shift_tab("split")
    for whom in ("group", "against", "gap"):
        at.selectbox(key="shift.split.whom").set_value(whom).run()
        assert not at.exception, [e.value for e in at.exception]
        asked = answering.asked[-1][1]
        assert asked["attribute"] == "age"
        assert bool(asked["group"]) == (whom != "gap")
        assert bool(asked["against"]) == (whom == "against")
        assert bool(asked["among"]) == (whom == "gap")


def test_without_labels_there_is_no_split(shift_tab, answering):
    at = shift_tab("split", labels="no")
    assert not at.get("plotly_chart")
    assert not answering.asked
