"""The answer of the Calibration page, and its tabs of measures and of every group."""

import json

import pytest
from streamlit.testing.v1 import AppTest


def script():
    import streamlit as st

    from analysis.calibration.ranks import ranked
    from pages.ui import cache, needs, state
    from pages.ui.calibrating import curve, intersections, measures, together
    from pages.ui.calibrating.rows import Rows
    from pages.ui.messages import audit_errors

    state.settle([st.query_params["data"]])
    by = tuple(st.query_params.get_all("group"))
    view = state.view()
    shown, data = cache.evaluation(view), cache.dataset(view.data)
    part = st.query_params["part"]
    is_ranked = "ranked" in st.query_params
    shown = ranked(shown) if is_ranked else shown
    rows = Rows(shown, data, by, shown, shown, "rows", is_ranked)
    with audit_errors():
        if part == "curve":
            ask, beside = curve.asked(is_ranked=is_ranked), together.crossings(shown)
            curve.draw(shown, data, by, beside, ask)
        if part == "hidden":
            beside = together.crossings(shown)
            needs.say_hidden(shown, beside)
            st.text(needs.is_all_hidden(shown, by, beside))
        if part == "measures":
            measures.draw(rows)
        if part == "map":
            intersections.draw(rows)


@pytest.fixture
def drawn(loaded_home):
    def opened(part, data="german", group=("sex",), **asked):
        at = AppTest.from_function(script, default_timeout=60)
        run = {"run": loaded_home[1]} if data == "german" else {"run": "score"}
        query = run | {"data": data, "part": part, "group": list(group)} | asked
        for key, value in query.items():
            at.query_params[key] = value
        at.run()
        assert not at.exception, [e.value for e in at.exception]
        return at

    return opened


def figures(at):
    return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]


def titles(at):
    return [f["layout"]["title"]["text"].replace("\u00a0", " ") for f in figures(at)]


PARTS = ("curve", "measures", "map")
CHARTS = {"curve": 1, "measures": 2, "map": 1}
KEYS = {
    "curve": ("calibration.chart",),
    "measures": ("calibration.measures", "calibration.against"),
    "map": ("calibration.map",),
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_says_its_finding_and_offers_its_numbers(part, drawn):
    at = drawn(part)
    assert not at.warning
    assert len(at.markdown[0].value) > 30
    assert len(figures(at)) == CHARTS[part]
    assert [e.label for e in at.expander] == ["Numbers"] * CHARTS[part]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("asked", [{}, {"cohort": "sex = female", "k": "10"}])
def test_the_code_under_numbers_runs_as_it_stands(part, asked, drawn):
    at = drawn(part, group=["age"], **asked)
    for key in KEYS[part]:
        at.session_state[f"{key}.numbers"] = True
    at.run()
    assert len(at.get("code")) == CHARTS[part]
    for copied in at.get("code"):
        exec(compile(copied.value, "copied", "exec"), {})


@pytest.mark.parametrize("part", ["curve", "measures"])
def test_without_attributes_everyone_is_shown(part, drawn):
    at = drawn(part, group=())
    assert len(figures(at)) == CHARTS[part]


@pytest.mark.parametrize("part", PARTS)
def test_three_classes(part, drawn):
    at = drawn(part, data="planted_multiclass", group=["region"])
    assert len(figures(at)) == CHARTS[part]
    if part == "measures":
        titles = at.dataframe[0].value["Measure"].tolist()
        assert "Mean distance over classes (classwise)" in titles


@pytest.mark.parametrize("part", PARTS)
def test_a_raw_score_is_told_what_it_lacks(part, drawn, said):
    at = drawn(part, data="compas", group=["race"])
    assert "calibrate the scores first" in said(at)
    assert not figures(at)


def test_the_curve_can_be_of_equal_mass_or_smooth(drawn):
    at = drawn("curve", data="planted", group=["age"])
    ways = at.get("button_group")[0]
    usual = figures(at)[0]["data"]
    ways.set_value("mass").run()
    assert figures(at)[0]["data"] != usual
    at.get("button_group")[0].set_value("smooth").run()
    assert "smoothed over the score" in titles(at)[0]
    at.session_state["calibration.chart.numbers"] = True
    at.run()
    copied = at.get("code")[0].value
    assert "smooth_reliability" in copied
    exec(compile(copied, "copied", "exec"), {})


def test_more_bins_are_drawn_finer_and_looked_at_together(drawn, said):
    at = drawn("curve", data="planted", group=["age"])
    assert "Of the 40 bins shown" in said(at)
    at.slider[0].set_value(20).run()
    assert "Of the 80 bins shown" in said(at)


def test_the_planted_score_is_said_to_promise_too_much_to_somebody(drawn):
    at = drawn("curve", data="planted", group=["age"])
    first = at.markdown[0].value.replace("\\", "").replace("\u00a0", " ")
    assert "come true" in first
    assert "where they promise" in first


def test_no_smooth_curve_follows_single_people(drawn, said):
    at = drawn("curve", data="planted", group=["age"], k="10")
    assert "Smooth" not in at.get("button_group")[0].options
    assert "fewer than 10 people are joined" in said(at)


def test_a_measure_is_chosen_and_drawn_by_group(drawn):
    at = drawn("measures", data="planted", group=["age"])
    assert "Smooth distance" in titles(at)[0]
    at.get_by_key("calibration.measures.one").set_value("slope").run()
    assert "Calibration slope" in titles(at)[0]
    assert not at.exception
    before = figures(at)[1]
    at.get("button_group")[0].set_value("mass").run()
    assert figures(at)[1] != before
    assert "equal mass" in titles(at)[1]


def test_the_map_goes_as_deep_as_asked(drawn, said):
    at = drawn("map", data="planted")
    assert "Of 42 groups" in said(at)
    at.get("button_group")[0].set_value(1).run()
    assert "Of 10 groups" in said(at)
    at.get("button_group")[0].set_value(3).run()
    assert "Of 74 groups" in said(at)


@pytest.mark.parametrize(
    ("part", "counted"), [("curve", "count"), ("measures", "people"), ("map", "people")]
)
def test_small_groups_have_no_number_on_any_part(part, counted, drawn):
    at = drawn(part, group=["age"], k="20")
    for key in KEYS[part]:
        at.session_state[f"{key}.numbers"] = True
    at.run()
    folded = at.dataframe[-1].value
    withheld = folded[folded[counted].isna()]
    assert len(withheld)
    assert len(withheld) < len(folded)
    told = {"group", "from", "to", "bins", "kind"}
    assert withheld.drop(columns=told & set(folded.columns)).isna().all(axis=None)


def test_all_parts_hide_the_same_groups(drawn):
    hidden = []
    for part in PARTS:
        at = drawn(part, data="planted", group=["sex", "region"], k="800")
        for key in KEYS[part]:
            at.session_state[f"{key}.numbers"] = True
        at.run()
        folded = at.dataframe[-1].value
        counted = "count" if part == "curve" else "people"
        crossed = folded[folded["group"].str.contains(" · (?:north|south|east|west)$")]
        rows = crossed[crossed["group"].str.match("Male|Female")]
        hidden.append(set(rows["group"][rows[counted].isna()]))
    assert hidden[0]
    assert hidden[0] == hidden[1] == hidden[2]


@pytest.mark.parametrize("part", PARTS)
def test_the_code_of_ranks_runs_as_it_stands(part, drawn):
    at = drawn(part, data="compas", group=("race",), ranked="yes")
    for key in KEYS[part]:
        at.session_state[f"{key}.numbers"] = True
    at.run()
    assert not at.exception
    copied = [c.value for c in at.get("code")]
    assert len(copied) == len(KEYS[part])
    for code in copied:
        assert "shown = ranked(shown)" in code
        exec(compile(code, "copied", "exec"), {})


def test_another_group_can_stand_beside_everyone(drawn):
    at = drawn("measures", data="planted", group=["age"])
    box = at.get_by_key("calibration.measures.beside")
    assert list(at.dataframe[0].value.columns)[-1] == box.value
    other = box.options[-1]
    box.set_value(other).run()
    assert list(at.dataframe[0].value.columns)[-1] == other


def test_every_group_withheld_is_an_empty_state_with_its_reason(drawn, said):
    at = drawn("map", k="100000")
    assert not figures(at)
    assert "No group can be shown" in said(at)
    assert "lower the smallest group shown" in said(at)


@pytest.mark.parametrize("part", ["measures", "map"])
def test_ranks_are_no_fault_of_the_score(part, drawn, said):
    at = drawn(part, data="compas", group=["race"], ranked="yes")
    assert "not a fault of the score" in said(at)
    if part == "map":
        assert "defendants or more" in said(at)
        assert "promise" not in said(at) + str(titles(at))


def tab_script():
    import streamlit as st

    from pages.ui import cache, state
    from pages.ui.calibrating import tabs
    from pages.ui.calibrating.rows import rows_of

    state.settle([st.query_params["data"]])
    view = state.view()
    shown, data = cache.evaluation(view), cache.dataset(view.data)
    rows = rows_of(shown, data, ("sex",))
    first = st.query_params["tab"]
    tabs.TABS = {first: tabs.TABS[first]}
    tabs.draw(rows)


@pytest.mark.parametrize("tab", ["Measures", "Every group", "Fix", "Risk control"])
def test_a_cohort_without_calibration_rows_keeps_the_tabs_of_shown_rows(
    tab, loaded_home, said
):
    from pages.ui.calibrating import tabs

    kept = tabs.TABS
    at = AppTest.from_function(tab_script, default_timeout=60)
    query = {"data": "german", "run": loaded_home[1], "cohort": "age >= 67", "tab": tab}
    for key, value in query.items():
        at.query_params[key] = value
    try:
        at.run()
    finally:
        tabs.TABS = kept
    assert not at.exception, [e.value for e in at.exception]
    assert not at.warning
    is_kept = tab in tabs.OF_SHOWN_ROWS
    assert ("calibration rows" in said(at)) != is_kept


@pytest.mark.parametrize(("k", "all_of_them"), [("", False), ("10", False), ("999", 1)])
def test_why_groups_are_hidden_is_said(k, all_of_them, drawn, said):
    at = drawn("hidden", group=["age"], **({"k": k} if k else {}))
    assert at.text[0].value == str(bool(all_of_them))
    assert ("A group is withheld when" in said(at)) == bool(k)
    assert ("No group can be shown" in said(at)) == bool(all_of_them)
