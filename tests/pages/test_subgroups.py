"""The Subgroups page under its own script: dots, tray, table, settings and tabs."""

import json

import pytest

from analysis.metrics.registry import METRICS, metric_named
from models.store import Store

PANELS = (
    *("Guide", "Fairness", "Thresholds", "Like with like", "Along a number"),
    *("Similar", "Suggested", "Audit tables", "Data quality"),
)


@pytest.fixture
def page(loaded_home, open_page):
    return open_page("subgroups", data="german")


def strip(at):
    charts = [json.loads(c.proto.spec) for c in at.get("plotly_chart")]
    return next(
        c for c in charts if "dot is a subgroup" in c["layout"]["title"]["text"]
    )


def dots(at):
    return [t for t in strip(at)["data"] if t["mode"].startswith("markers")]


def table_with(at, column):
    return next(d.value for d in at.dataframe if column in d.value.columns)


def listed(at):
    return table_with(at, "Subgroup")


def click(at, position):
    selection = {"points": [{"customdata": [position, ""]}], "point_indices": [0]}
    at.session_state["subgroups.clicked"] = selection["points"][0]["customdata"][0]
    return at.run()


def test_every_subgroup_with_people_is_a_dot_on_each_measure(page):
    table = listed(page)
    assert list(table.columns[:2]) == ["Subgroup", "n"]
    by_strip = {}
    for trace in dots(page):
        by_strip.setdefault(trace["xaxis"], 0)
        by_strip[trace["xaxis"]] += len(trace["x"])
    assert len(by_strip) == 3
    assert len(set(by_strip.values())) == 1


def test_a_clicked_dot_is_set_beside_others_and_kept_as_a_cohort(page, loaded_home):
    at = click(page, 0)
    assert not at.exception
    (name,) = at.session_state["subgroups.tray"]
    beside = table_with(at, "Everyone")
    assert name in beside.columns
    assert any(name in (t.get("text") or []) for t in dots(at))
    kept = [str(c) for c in Store(loaded_home[0]).notes.cohorts("german")]
    assert len(kept) == 1

    at.button(key="subgroups.tray.follow.0").click().run()
    assert at.text_input(key="sidebar.cohort").value == kept[0]
    at.switch_page("../calibration.py").run()
    captions = " ".join(c.value for c in at.caption).replace("\\", "")
    assert f"where {kept[0]}" in captions


def test_the_oldest_of_five_subgroups_makes_room(page):
    at = page
    for position in range(5):
        at = click(at, position)
    kept = at.session_state["subgroups.tray"]
    assert len(kept) == 4
    assert any("the oldest, went" in t.value for t in at.toast)
    at.button(key="subgroups.tray.drop.2").click().run()
    assert len(at.session_state["subgroups.tray"]) == 3


def test_a_subgroup_added_by_name_is_shown_but_is_no_cohort(page, loaded_home):
    field = page.selectbox(key="subgroups.tray.add")
    at = field.select(field.options[1]).run()
    (name,) = at.session_state["subgroups.tray"]
    assert name in table_with(at, "Everyone").columns
    assert at.selectbox(key="subgroups.tray.add").value is None
    assert name not in at.selectbox(key="subgroups.tray.add").options
    assert not Store(loaded_home[0]).notes.cohorts("german")


def test_a_subgroup_that_is_followed_leaves_the_tray_and_nobody_is_listed(page):
    at = click(page, 0)
    at.button(key="subgroups.tray.follow.0").click().run()
    assert not at.exception
    assert "Everyone" not in {c for d in at.dataframe for c in d.value.columns}
    assert "0" not in set(listed(at)["n"])
    at.text_input(key="subgroups.list.search").set_value("e").run()
    assert "0 (few)" not in set(listed(at)["n"])


def test_words_of_a_name_are_found_in_any_order(page):
    page.text_input(key="subgroups.list.search").set_value("25-39 female").run()
    assert listed(page)["Subgroup"].tolist() == ["female · 25-39"]


def test_a_subgroup_is_found_by_a_part_of_its_name(page):
    page.text_input(key="subgroups.list.search").set_value("FEMALE").run()
    found = listed(page)
    assert len(found)
    assert found["Subgroup"].str.contains("female").all()
    page.text_input(key="subgroups.list.search").set_value("nobody at all").run()
    assert any("No subgroup has" in c.value for c in page.caption)


def test_the_order_of_the_table_follows_the_reader(page):
    page.selectbox(key="subgroups.list.order").select("Most people first").run()
    assert listed(page)["Subgroup"].iloc[0] == "male"
    page.selectbox(key="subgroups.list.order").select("By name").run()
    names = list(listed(page)["Subgroup"])
    assert names[:2] == ["female", "male"]


def test_a_reference_group_is_compared_with_nothing(page):
    page.selectbox(key="subgroups.compared").select("The largest group of each").run()
    page.selectbox(key="subgroups.list.order").select("By name").run()
    table = listed(page).set_index("Subgroup")
    assert table.loc["male", "Difference"] == "–"
    assert table.loc["female", "Difference"] != "–"


def test_depth_one_lists_single_attributes_only(page):
    page.segmented_control(key="subgroups.depth").set_value(1).run()
    assert not listed(page)["Subgroup"].str.contains("·").any()


@pytest.mark.parametrize("panel", PANELS)
def test_each_tab_answers_without_a_warning(page, panel):
    page.session_state["subgroups.tabs"] = panel
    at = page.run()
    assert not at.exception, [e.value for e in at.exception]
    assert not at.warning, [w.value for w in at.warning]


def test_no_number_of_a_hidden_group_is_listed(loaded_home, open_page):
    at = open_page("subgroups", data="german", k="60")
    at.selectbox(key="subgroups.list.order").select("By name").run()
    table = listed(at)
    hidden = table[table["n"] == "withheld"]
    assert len(hidden)
    assert (hidden.drop(columns=["Subgroup", "n"]) == "").all(axis=None)


def test_costs_are_edited_where_the_expected_cost_is_in_view(page):
    page.selectbox(key="subgroups.metric").select("expected_cost").run()
    page.number_input(key="subgroups.cost.2").set_value(5.0).run()
    assert not page.exception
    assert "a miss 5" in " ".join(m.value for m in page.markdown)


def test_every_metric_says_who_is_harmed_and_when_not_to_use_it():
    for name in METRICS:
        spec = metric_named(name)
        assert len(spec.question) > 20
        assert len(spec.harmed) > 20
        assert len(spec.avoid) > 20
