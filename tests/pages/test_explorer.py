"""The threshold explorer, drawn by itself under a small script."""

import json
import shlex

import pytest
from streamlit.testing.v1 import AppTest

import cli
from analysis.thresholds.strategies import STRATEGIES

KEY = "subgroups.strategy"


def script():
    import streamlit as st

    from pages.ui import cache, state
    from pages.ui.messages import audit_errors
    from pages.ui.panels import explorer

    state.settle([st.query_params["data"]])
    by = tuple(st.query_params.get_all("group"))
    metric = st.query_params.get("measure", "true_positive_rate")
    shown = cache.evaluation(state.view())
    with audit_errors():
        explorer.draw(shown, cache.dataset(state.view().data), by, metric)
    st.text(repr(state.view()))


@pytest.fixture
def explored(loaded_home):
    def opened(data="german", group=("sex",), **asked):
        at = AppTest.from_function(script, default_timeout=60)
        run = {"run": loaded_home[1]} if data == "german" else {"run": "score"}
        for key, value in (run | {"data": data, "group": list(group)} | asked).items():
            at.query_params[key] = value
        at.run()
        assert not at.exception, [e.value for e in at.exception]
        return at

    return opened


def figure(at):
    return json.loads(at.get("plotly_chart")[0].proto.spec)


def test_nothing_changes_until_a_threshold_moves(explored, said):
    at = explored()
    assert [s.value for s in at.slider] == [0.5, 0.5]
    assert "in force nothing changes" in said(at)
    assert "calibration rows" in said(at)
    at.slider[0].set_value(0.2).run()
    assert "more borrowers of 120" in said(at)
    assert "Changed most: female" in said(at)
    assert not at.exception


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_strategy_moves_the_sliders_and_says_whom_it_is_wrong_for(
    strategy, explored, said
):
    at = explored()
    at.get("button_group")[0].set_value(strategy).run()
    assert not at.exception, [e.value for e in at.exception]
    assert "Wrong" in said(at)
    table = at.dataframe[0].value
    assert list(table["Group"]) == ["Overall", "female", "male"]
    shown = [float(t) for t in table["Threshold"][1:]]
    assert [s.value for s in at.slider] == pytest.approx(shown, abs=0.006)


def test_dragging_a_slider_leaves_the_strategy(explored):
    at = explored()
    at.get("button_group")[0].set_value("by_group").run()
    kept = at.slider[1].value
    at.slider[0].set_value(0.9).run()
    assert at.get("button_group")[0].value == "custom"
    assert at.slider[1].value == kept


def test_dearer_misses_lower_the_threshold(explored):
    at = explored()
    at.get("button_group")[0].set_value("single").run()
    before = at.slider[0].value
    at.number_input[0].set_value(20.0).run()
    assert at.slider[0].value < before


def test_accepting_hands_each_group_its_threshold(explored):
    at = explored()
    at.slider[0].set_value(0.2).run()
    at.button[0].click().run()
    assert "by_group=('sex', (0.2, 0.5))" in at.text[0].value
    at.slider[0].set_value(0.5).run()
    at.button[0].click().run()
    assert "threshold=0.5, by_group=None" in at.text[0].value


def test_without_an_attribute_there_is_one_threshold_for_everyone(explored):
    at = explored(group=())
    assert len(at.slider) == 1
    at.slider[0].set_value(0.25).run()
    at.button[0].click().run()
    assert "threshold=0.25, by_group=None" in at.text[0].value


def test_a_raw_score_is_explored_on_one_half_and_reported_on_the_other(explored, said):
    at = explored(data="compas", group=("race",))
    assert at.slider[0].max > 10
    assert "a random half" in said(at)
    assert "choose by the other 3,607" in said(at)
    at.get("button_group")[0].set_value("demographic_parity").run()
    assert not at.exception


@pytest.mark.parametrize("strategy", ["custom", "by_group"])
@pytest.mark.parametrize("asked", [{}, {"data": "compas", "cohort": "sex = Male"}])
def test_the_code_under_numbers_runs_as_it_stands(strategy, asked, explored, capsys):
    at = explored(**asked)
    at.get("button_group")[0].set_value(strategy)
    at.session_state["subgroups.thresholds.numbers"] = True
    at.run()
    copied = at.get("code")[0].value
    if copied.startswith("python cli.py "):
        assert cli.main(shlex.split(copied)[2:]) == 0
        assert json.loads(capsys.readouterr().out)["strategies"]
    else:
        exec(compile(copied, "copied", "exec"), {})


def test_whole_scores_are_moved_by_whole_steps(explored):
    at = explored(data="compas", group=("sex",))
    assert (at.slider[0].min, at.slider[0].max, at.slider[0].step) == (1, 11, 1)
    assert at.slider[0].value == 5


def test_a_metric_of_ranking_gives_way_to_one_of_decisions(explored):
    title = figure(explored(measure="auroc"))["layout"]["title"]["text"]
    assert "Found" in title


def test_curves_are_not_shown_while_small_groups_are_hidden(explored, said):
    at = explored(k="10")
    assert not at.get("plotly_chart")
    assert "gives away" in said(at)
