import json

import pytest

from analysis.datasets.load import load
from analysis.datasets.tasks import task_named
from models.owners import Owner
from models.recipe import Recipe
from models.store import Store

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
    "subgroups": 2,
    "calibration": 3,
    "shift": 2,
    "remedies": 1,
    "compare": 2,
}


def submit_another(home):
    """Queue a run with this process as its owner, as another page would have."""
    store, task = Store(home), task_named("german")
    recipe = Recipe(task="german", architecture="logistic")
    owner = Owner(store.owners).token
    return store.submit(recipe, task, load(task).digest, owner)


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


@pytest.mark.parametrize(
    ("page", "words"),
    [("remedies", "cannot be retrained"), ("compare", "nothing to be compared with")],
)
def test_a_score_column_is_told_what_the_page_needs(page, words, open_page, said):
    at = open_page(page, data="planted")
    assert words in said(at)
    assert at.button("needs.train").label == "Train a model"


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


def sidebar(at):
    """What the four lines of the sidebar hold."""
    boxes, lines = at.sidebar.selectbox, at.sidebar.text_input
    return [
        boxes[0].value,
        boxes[1].value,
        lines[0].value,
        at.sidebar.number_input[0].value,
    ]


def test_a_button_that_switches_pages_takes_everything_in_view_along(
    open_page, loaded_home
):
    _, _, second = loaded_home
    at = open_page("subgroups", data="german", run=second[:12])
    at.sidebar.text_input[0].set_value("age >= 30")
    at.sidebar.number_input[0].set_value(0.4).run()
    at.get_by_key("subgroups.fix").click().run()
    assert not at.exception
    assert sidebar(at) == ["german", second, "age >= 30", 0.4]


def test_without_a_run_the_way_to_the_model_keeps_the_data_set(open_page):
    at = open_page("subgroups", data="german")
    at.button("needs.train").click().run()
    assert at.title[0].value == PAGES["model"]
    assert at.sidebar.selectbox[0].value == "german"


def test_the_result_can_be_compared_after_another_remedy_was_looked_at(
    open_page, loaded_home
):
    _, _, second = loaded_home
    at = open_page("remedies", data="german", job=second)
    at.get_by_key("remedies.family").set_value("Scores").run()
    at.get_by_key("remedies.result").click().run()
    assert not at.exception
    assert at.title[0].value == PAGES["compare"]
    assert sidebar(at)[:2] == ["german", second]


def test_the_address_holds_the_whole_view_from_the_first_run_on(open_page, loaded_home):
    _, first, _ = loaded_home
    at = open_page("subgroups", data="german", cohort="age >= 30", threshold="0.4")
    assert sidebar(at) == ["german", first, "age >= 30", 0.4]
    shown = {key: at.query_params[key] for key in ("data", "run", "cohort")}
    assert [v[0] if isinstance(v, list) else v for v in shown.values()] == [
        "german",
        first[:12],
        "age >= 30",
    ]


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ({"data": "nowhere"}, "data set"),
        ({"data": "german", "run": "ffffffffffff"}, "run"),
    ],
)
def test_an_address_of_something_that_is_not_here_says_so(
    query, what, open_page, loaded_home, said
):
    at = open_page("data", **query)
    assert f"The address names a {what} that is not here" in said(at)


def test_controls_follow_the_finding_until_they_are_touched(open_page, loaded_home):
    at = open_page("subgroups", data="planted")
    followed = at.get_by_key("subgroups.by").value
    at.sidebar.selectbox[0].set_value("german").run()
    assert at.get_by_key("subgroups.by").value != followed
    at.get_by_key("subgroups.metric").set_value("accuracy").run()
    at.get_by_key("subgroups.by").set_value(["age"]).run()
    at.sidebar.text_input[0].set_value("duration_months >= 12").run()
    assert at.get_by_key("subgroups.by").value == ["age"]
    assert at.get_by_key("subgroups.metric").value == "accuracy"
    at.sidebar.selectbox[0].set_value("planted").run()
    assert at.get_by_key("subgroups.by").value == followed
    assert at.get_by_key("subgroups.metric").value == "accuracy"


@pytest.mark.parametrize(("threshold", "who"), [(1.0, "Nobody"), (0.0, "Everybody")])
def test_a_threshold_that_decides_all_alike_offers_no_fix(
    threshold, who, open_page, loaded_home, said
):
    at = open_page("subgroups", data="german")
    at.sidebar.number_input[0].set_value(threshold).run()
    assert f"{who} is decided positive at this threshold" in said(at)
    assert at.button("subgroups.fix").label == "See the remedies"


def test_the_curves_of_a_finished_run_are_not_called_live(open_page, loaded_home):
    _, _, second = loaded_home
    at = open_page("remedies", data="german", job=second)
    title = figures(at)[0]["layout"]["title"]["text"].replace("<br>", " ")
    assert "live" not in title
    assert "epoch 3, whose model is kept" in title


def test_a_run_that_is_mended_already_says_what_is_added_to(
    open_page, loaded_home, said
):
    _, first, second = loaded_home
    at = open_page("remedies", data="german", run=second[:12])
    assert "adds to the chain: MLP + reweighing (sex)" in said(at)
    at = open_page("remedies", data="german", run=first[:12])
    assert "adds to the chain" not in said(at)


def test_a_run_under_way_is_found_without_an_address(open_page, loaded_home):
    home, _, _ = loaded_home
    run = submit_another(home)
    at = open_page("model", data="german")
    assert "Logistic" in at.get("progress")[0].proto.text
    assert at.session_state["job"] == run


def test_a_watched_run_stays_watched_after_a_reload(open_page, loaded_home):
    _, _, second = loaded_home
    at = open_page("subgroups", data="german", job=second)
    assert at.session_state["job"] == second


def test_training_the_same_recipe_again_says_that_it_was_found(
    open_page, loaded_home, said
):
    at = open_page("model", data="german")
    train = next(b for b in at.button if b.label == "Train")
    train.click().run()
    assert "found, not trained again" in said(at)


def test_a_survey_weight_is_named_with_its_rows(open_page, said):
    at = open_page("data", data="census_income")
    assert "weighted by instance_weight" in said(at)


def test_the_score_among_the_columns_of_a_shift_is_said(open_page, said):
    at = open_page("shift", data="planted")
    assert "a changed scorer reads as changed people" in said(at)
    assert "(n = " in said(at)


def test_the_label_is_told_in_words(open_page, said):
    assert "are people who earn over 50K (column income)" in said(open_page("data"))
