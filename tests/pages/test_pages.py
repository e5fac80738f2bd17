import json

import pytest

PAGES = {
    "data": "What is in this table, who is in it, and how was it split?",
    "model": "What was trained or loaded, and how well does it do overall?",
    "subgroups": "Who does the model fail?",
    "calibration": "Does a score of 0.7 mean 70 % in every group?",
    "shift": "Performance changed: which part of the distribution moved?",
    "remedies": "Pick a fix, retrain live, watch each group’s curve",
    "compare": "What did the fix do, to whom, at what price?",
}
CHARTS = {
    "data": 1,
    "model": 1,
    "subgroups": 1,
    "calibration": 1,
    "shift": 2,
    "remedies": 0,
    "compare": 2,
}


def figures(at):
    return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_its_question_and_offers_a_way_on_without_any_run(
    page, open_page, said
):
    at = open_page(page, data="german")
    assert at.title[0].value == PAGES[page]
    if page not in ("data", "model"):
        assert [b.label for b in at.button] == ["Train a model"]
        assert "Train" in said(at) or "trained" in said(at)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_answers_once_there_is_a_run(page, open_page, loaded_home):
    at = open_page(page, data="german")
    assert len(figures(at)) == CHARTS[page]
    assert all(c.proto.alt for c in at.get("plotly_chart"))
    assert at.title[0].value == PAGES[page]


@pytest.mark.parametrize("page", ["subgroups", "calibration", "shift"])
def test_a_score_column_needs_no_model(page, open_page):
    at = open_page(page, data="planted")
    assert figures(at), f"{page} shows nothing for a table with a score"


def test_a_raw_score_is_told_why_it_cannot_be_calibrated(open_page, said):
    at = open_page("calibration", data="compas")
    assert "runs from 1 to 10" in said(at)
    assert at.button("needs.train").label == "Train a model"


def test_a_job_on_another_table_is_not_shown_here(open_page, loaded_home):
    _, _, second = loaded_home
    at = open_page("model", data="law_school", job=second)
    assert not at.get("progress")
    assert not at.exception


def test_no_attribute_at_all_shows_everyone(open_page, loaded_home):
    at = open_page("subgroups", data="german")
    at.get_by_key("subgroups.by").set_value([]).run()
    assert not at.exception
    assert figures(at)[0]["layout"]["yaxis"]["ticktext"] == ["Everyone"]


@pytest.mark.parametrize("page", ["remedies", "compare"])
def test_a_score_column_is_told_what_a_remedy_needs(page, open_page, said):
    at = open_page(page, data="planted")
    assert "cannot be retrained" in said(at)
    assert at.button("needs.train").label == "Train a model"


def test_the_sidebar_has_four_lines_in_order(open_page, loaded_home):
    at = open_page("subgroups", data="german")
    labels = [w.label for w in at.sidebar if getattr(w, "label", None)]
    assert labels == ["Data set", "Run", "Cohort", "Decided positive from"]


def test_the_address_restores_data_set_and_run(open_page, loaded_home):
    _, _, second = loaded_home
    at = open_page("subgroups", data="german", run=second[:12])
    assert at.sidebar.selectbox[0].value == "german"
    assert at.sidebar.selectbox[1].value == second


def test_a_cohort_narrows_every_page_and_says_so(open_page, loaded_home, said):
    at = open_page("subgroups", data="german")
    everyone = said(at)
    at.sidebar.text_input[0].set_value("age >= 40").run()
    assert "where age >= 40" in said(at)
    assert "where age" not in everyone


def test_a_cohort_of_nobody_says_what_to_do(open_page, loaded_home):
    at = open_page("subgroups", data="german")
    at.sidebar.text_input[0].set_value("age >= 400").run()
    assert "Widen the rule" in at.warning[0].value.replace("\\", "")
    assert not at.exception


def test_a_rule_that_cannot_be_read_says_how_to_write_one(open_page, loaded_home):
    at = open_page("subgroups", data="german")
    at.sidebar.text_input[0].set_value("age over 40").run()
    assert "Write comparisons joined by &" in at.warning[0].value.replace("\\", "")


def test_the_threshold_moves_the_numbers(open_page, loaded_home):
    at = open_page("subgroups", data="german")
    before = figures(at)
    at.sidebar.number_input[0].set_value(0.9).run()
    assert figures(at) != before
    assert not at.exception


def test_numbers_open_with_the_command_that_reproduces_them(open_page, loaded_home):
    _, first, _ = loaded_home
    at = open_page("subgroups", data="german")
    at.session_state["subgroups.chart.numbers"] = True
    at.run()
    assert f"cli.py audit {first[:12]} --groups" in at.code[0].value
    assert at.dataframe[0].value["group"].iloc[0] == "Overall"


def test_two_attributes_are_crossed(open_page, loaded_home):
    at = open_page("subgroups", data="german")
    at.get_by_key("subgroups.by").set_value(["sex", "age"]).run()
    ticks = figures(at)[0]["layout"]["yaxis"]["ticktext"]
    assert any("·" in name for name in ticks)


def test_compare_puts_the_run_it_came_from_first(open_page, loaded_home):
    _, first, second = loaded_home
    at = open_page("compare", data="german", run=second[:12])
    assert at.get_by_key("compare.base").value == first
    titles = [f["layout"]["title"]["text"] for f in figures(at)]
    assert "before and after" in titles[0]


def test_a_watched_run_shows_a_curve_for_each_group(open_page, loaded_home):
    _, _, second = loaded_home
    at = open_page("remedies", data="german", job=second)
    at.query_params["job"] = second
    at.run()
    assert "reweighing (sex)" in at.get("progress")[0].proto.text.replace("\\", "")
    assert len(figures(at)) == 1
    assert "Compare before and after" in [b.label for b in at.button]
