"""Panels of the Subgroups page, each drawn by itself under a small script."""

import json
import shlex

import pytest
from streamlit.testing.v1 import AppTest

import cli
from analysis.cohorts import parse
from analysis.datasets.load import load
from analysis.datasets.tasks import task_named
from analysis.matching import matches

PANELS = ("quality", "smooth", "similar", "suggested", "presets")


def script():
    import streamlit as st

    from pages.ui import cache, state
    from pages.ui.messages import audit_errors
    from pages.ui.panels import presets, quality, similar, smooth, suggested

    asked = st.query_params
    state.settle([asked["data"]])
    by = tuple(asked.get_all("group"))
    group = {k: v for k, _, v in (g.partition("=") for g in asked.get_all("value"))}
    metric = asked.get("measure", "error_rate")
    data = cache.dataset(state.view().data)
    shown = cache.evaluation(state.view())
    with audit_errors():
        if asked["panel"] == "quality":
            quality.draw(data)
        if asked["panel"] == "smooth":
            smooth.draw(shown, data, metric)
        if asked["panel"] == "similar":
            similar.draw(shown, data, group, by, metric)
        if asked["panel"] == "suggested":
            suggested.draw(shown, data, metric)
        if asked["panel"] == "presets":
            presets.draw(shown, data)
    st.text(state.view().cohort)


@pytest.fixture
def drawn(loaded_home):
    def opened(panel, data="german", **asked):
        at = AppTest.from_function(script, default_timeout=60)
        run = {"run": loaded_home[1]} if data == "german" else {"run": "score"}
        for key, value in (run | {"data": data, "panel": panel} | asked).items():
            at.query_params[key] = value
        at.run()
        assert not at.exception, [e.value for e in at.exception]
        return at

    return opened


def figure(at):
    return json.loads(at.get("plotly_chart")[0].proto.spec)


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_says_something_and_offers_its_numbers(panel, drawn):
    at = drawn(panel, group=["sex"])
    assert not at.warning
    assert len(at.markdown[0].value) > 30
    assert [e.label for e in at.expander] == ["Numbers"]


def run(snippet, capsys):
    """Run what a reader copies, as they would; return what a command prints."""
    if snippet.startswith("python cli.py "):
        assert cli.main(shlex.split(snippet)[2:]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)
    exec(compile(snippet, "copied", "exec"), {})
    return {}


@pytest.mark.parametrize("asked", [{}, {"cohort": "sex = female", "threshold": "0.4"}])
@pytest.mark.parametrize(
    ("panel", "gives"),
    [
        ("quality", "quality"),
        ("smooth", "along"),
        ("similar", ""),
        ("suggested", "suggested"),
        ("presets", "preset"),
    ],
)
def test_the_code_under_numbers_runs_as_it_stands(panel, gives, asked, drawn, capsys):
    at = drawn(panel, group=["age"], **asked)
    key = "presets.fifths" if panel == "presets" else panel
    at.session_state[f"subgroups.{key}.numbers"] = True
    at.run()
    answer = run(at.get("code")[0].value, capsys)
    assert not gives or answer[gives]


@pytest.mark.parametrize("panel", PANELS)
def test_nothing_that_counts_people_is_shown_while_small_groups_are_hidden(
    panel, drawn, said
):
    at = drawn(panel, k="10")
    assert "Not shown while small groups are hidden" in said(at)
    assert not at.dataframe
    assert not at.get("plotly_chart")


def test_quality_says_what_it_compared_and_what_it_passes_over(drawn, said):
    text = said(drawn("quality"))
    assert "All 1,000 borrowers of the table" in text
    assert "5 points in label rate" in text


def test_the_curve_follows_the_column_and_the_window(drawn, said):
    at = drawn("smooth", data="planted", measure="false_negative_rate")
    assert at.selectbox[0].options[0] == "age"
    narrow = figure(at)
    at.select_slider[0].set_value(0.5).run()
    assert "50 % of rows" in figure(at)["layout"]["title"]["text"].replace("\xa0", " ")
    assert figure(at)["data"][-1]["x"] != narrow["data"][-1]["x"]
    at.selectbox[0].select("income").run()
    assert "over income" in figure(at)["layout"]["title"]["text"]
    assert "Missed" in said(at)


def test_similar_groups_of_a_given_one_and_of_a_chosen_one(drawn, said):
    at = drawn("similar", data="planted", group=["sex", "region"])
    table = at.dataframe[0].value
    assert table["Group"][0] == " · ".join(at.selectbox[0].value)
    assert table["Difference"][0] == ""
    given = drawn(
        "similar",
        data="planted",
        value=["sex=Female", "region=north"],
        measure="auroc",
    )
    assert not given.selectbox
    assert given.dataframe[0].value["Group"][0] == "Female · north"
    assert "nearest to" in said(given)


def test_without_a_group_similar_says_what_to_do(drawn, said):
    assert "Choose an attribute" in said(drawn("similar"))


def test_a_suggested_group_becomes_the_cohort_exactly(drawn):
    at = drawn("suggested", data="planted", measure="false_positive_rate")
    rule = at.selectbox[0].value
    n = at.dataframe[0].value["Matching"][0]
    at.button[0].click().run()
    assert at.text[0].value == rule
    data = load(task_named("planted"))
    found = matches(parse(rule), data.table, data.frame.groups).sum()
    assert n == f"{found:,}"


def test_the_law_asks_for_three_tables_and_finds_sex_and_race(drawn, said):
    at = drawn("presets", data="compas")
    at.segmented_control[0].set_value("New York City Local Law 144").run()
    assert [s.value for s in at.selectbox[:2]] == ["sex", "race"]
    assert [len(d.value.columns) for d in at.dataframe] == [6, 6, 6]
    at.selectbox[2].select("scoring").run()
    assert "median score of all defendants" in said(at)
    assert at.dataframe[1].value.columns[2] == "Above the median"
    assert not at.exception


def test_an_attribute_that_is_no_race_is_not_taken_for_one(drawn, said):
    at = drawn("presets", data="german")
    at.segmented_control[0].set_value("New York City Local Law 144").run()
    assert [s.value for s in at.selectbox[:2]] == ["sex", None]
    assert "Say above which attribute of this table is which" in said(at)
    assert not at.dataframe
    at.selectbox[1].select("age").run()
    assert len(at.dataframe) == 3


def test_the_favourable_decision_can_be_the_negative_one(drawn, said):
    at = drawn("presets", data="compas")
    assert "here: taken for defendants who" in said(at)
    first = at.dataframe[0].value
    at.segmented_control[1].set_value("negative").run()
    assert "are decided negative" in said(at)
    turned = at.dataframe[0].value
    assert turned.columns[2] == "Decided negative"
    whole = [int(first["Defendants"][0].replace(",", ""))]
    parts = [first["Selected"][0], turned["Decided negative"][0]]
    assert [sum(int(p.replace(",", "")) for p in parts)] == whole


def test_four_fifths_follow_the_attributes_chosen(drawn, said):
    at = drawn("presets", data="compas")
    assert "four fifths" in said(at)
    first = at.dataframe[0].value
    at.get("button_group")[1].set_value(["sex"]).run()
    assert at.dataframe[0].value["Category"].tolist() == ["Female", "Male"]
    assert not at.dataframe[0].value.equals(first)
