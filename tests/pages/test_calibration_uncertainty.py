"""Tabs of the Calibration page on uncertainty, each drawn under a small script."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analysis.datasets.roles import Roles
from analysis.datasets.upload import read_table, save_table, task_from_roles
from models.store import Store


def script():
    import streamlit as st

    from pages.ui import cache, state
    from pages.ui.calibrating import defer, risk, sets
    from pages.ui.calibrating.rows import probabilities, rows_of
    from pages.ui.messages import audit_errors

    tabs = {"sets": sets, "risk": risk, "defer": defer}
    state.settle([st.query_params["data"]])
    by = tuple(st.query_params.get_all("group"))
    shown = cache.evaluation(state.view())
    data = cache.dataset(state.view().data)
    is_ranked = "calibration.ranks" in st.query_params
    if is_ranked:
        shown, _ = probabilities(shown)
    with audit_errors():
        rows = rows_of(shown, data, by, is_ranked=is_ranked)
        tabs[st.query_params["tab"]].draw(rows)


@pytest.fixture
def drawn(loaded_home):
    def opened(tab, data="german", group=("sex",), **asked):
        at = AppTest.from_function(script, default_timeout=60)
        run = {"run": loaded_home[1]} if data == "german" else {"run": "score"}
        query = run | {"data": data, "tab": tab, "group": list(group)} | asked
        for key, value in query.items():
            at.query_params[key] = value
        at.run()
        assert not at.exception, [e.value for e in at.exception]
        return at

    return opened


def moved(at, key, value):
    next(w for w in (*at.slider, *at.selectbox, *at.toggle) if w.key == key).set_value(
        value
    )
    at.run()
    assert not at.exception, [e.value for e in at.exception]
    return at


def spec(at, chart=0):
    return json.loads(at.get("plotly_chart")[chart].proto.spec)


TABS = ("sets", "risk", "defer")
RANKS = {"calibration.ranks": "true"}


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_says_its_finding_with_an_interval_and_n(tab, drawn, said):
    at = drawn(tab)
    first = at.markdown[0].value.replace("\\", "")
    assert "[" in first
    assert "n = " in first
    assert "120 validation rows" in said(at)
    assert [e.label for e in at.expander] == ["Numbers"]


@pytest.mark.parametrize("tab", TABS)
def test_single_people_are_not_shown_while_small_groups_are_hidden(tab, drawn, said):
    at = drawn(tab, k="10")
    assert not at.get("plotly_chart")
    assert not at.dataframe
    assert not at.slider
    assert "single people" in said(at)


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_can_turn_to_the_test_rows(tab, drawn, said):
    at = drawn(tab)
    assert "test rows" not in said(at)
    moved(at, f"calibration.{tab}.test", True)
    assert "200 test rows" in said(at)


@pytest.mark.parametrize("tab", TABS)
def test_a_tab_works_without_attributes(tab, drawn):
    at = drawn(tab, group=())
    assert at.markdown[0].value


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("asked", [{}, {"cohort": "sex = male"}])
def test_the_code_under_numbers_runs_as_it_stands(tab, asked, drawn):
    at = drawn(tab, **asked)
    at.session_state[f"calibration.{tab}.numbers"] = True
    at.run()
    exec(compile(at.get("code")[0].value, "copied", "exec"), {})


@pytest.mark.parametrize("tab", TABS)
def test_a_raw_score_is_told_what_it_lacks(tab, drawn, said):
    at = drawn(tab, data="compas", group=["race"])
    assert len(at.warning) == 1
    assert "calibrate the scores first" in said(at)


def test_a_level_of_one_in_a_hundred_needs_more_rows_than_a_group_has(drawn, said):
    at = drawn("sets")
    moved(at, "calibration.sets.condition", "group")
    moved(at, "calibration.sets.alpha", 0.01)
    assert "this level needs 99" in said(at)
    assert "Too few rows to fit on: female" in said(at)


@pytest.mark.parametrize("tab", TABS)
def test_three_classes_on_two_halves_of_a_score(tab, drawn, said):
    at = drawn(tab, data="planted_multiclass", group=["region"])
    assert "a random half" in said(at)
    assert not at.toggle or {t.key for t in at.toggle} == {"calibration.risk.by_group"}
    at.session_state[f"calibration.{tab}.numbers"] = True
    at.run()
    exec(compile(at.get("code")[0].value, "copied", "exec"), {})


@pytest.mark.parametrize("score", ["aps", "aps_randomised"])
@pytest.mark.parametrize("condition", ["everyone", "class", "group"])
def test_every_kind_of_set_is_drawn(score, condition, drawn):
    at = drawn("sets")
    moved(at, "calibration.sets.score", score)
    moved(at, "calibration.sets.condition", condition)
    assert list(at.dataframe[0].value["Group"]) == ["Everyone", "female", "male"]
    assert len(at.dataframe[1].value) == 2
    assert "If kept" in at.dataframe[0].value


def test_a_looser_level_flags_fewer(drawn):
    at = drawn("risk")
    moved(at, "calibration.risk.risk", "false_negatives")
    strict = at.dataframe[0].value["Flagged"][0]
    moved(at, "calibration.risk.alpha", 0.4)
    assert _number(at.dataframe[0].value["Flagged"][0]) < _number(strict)


def _number(printed):
    return float(printed.split("\u00a0")[0])


def test_f1_out_of_reach_is_said_plainly(drawn, said):
    at = drawn("risk")
    moved(at, "calibration.risk.risk", "f1")
    moved(at, "calibration.risk.alpha", 0.05)
    assert "No threshold can be promised" in said(at)
    assert "another kind of promise" in said(at)
    assert "calibration.risk.weights" not in {s.key for s in at.selectbox}


def test_each_group_can_have_a_threshold_of_its_own(drawn, said):
    at = drawn("risk")
    moved(at, "calibration.risk.by_group", True)
    assert "female: flagged from a score of" in said(at)


@pytest.mark.parametrize("name", ["similarity", "density_ratio"])
def test_weights_are_shown_beside_none(name, drawn, said):
    at = drawn("risk")
    moved(at, "calibration.risk.weights", name)
    assert "Risk, not weighted" in at.dataframe[0].value
    title = spec(at)["layout"]["title"]["text"].replace("<br>", " ")
    assert "hollow: the same without weights" in title
    assert "of equal weight" in said(at)
    at.session_state["calibration.risk.numbers"] = True
    at.run()
    exec(compile(at.get("code")[0].value, "copied", "exec"), {})


def test_distance_to_the_centroid_says_what_the_paper_would_defer(drawn, said):
    at = drawn("defer")
    moved(at, "calibration.defer.doubt", "distance")
    assert "The paper's cut" in said(at)
    assert "Centroids are fitted on 120 other rows" in said(at)


def test_nobody_deferred_is_everyone_accepted(drawn):
    at = drawn("defer")
    moved(at, "calibration.defer.share", 0.0)
    table = at.dataframe[0].value
    assert list(table["Group"]) == ["Everyone", "female", "male"]
    assert set(table["Deferred"].str.split("\u00a0").str[0]) == {"0.0"}


@pytest.fixture
def scored(loaded_home):
    """Return the name of a table with a score and a year, after which it fits worse."""
    rng = np.random.default_rng(3)
    n = 900
    year, p = rng.integers(2018, 2023, n), rng.uniform(size=n)
    table = pd.DataFrame(
        {
            "y": rng.binomial(1, np.where(year >= 2021, p**2, p)),
            "p": p,
            "year": year,
            "x": rng.normal(size=n) + year,
            "team": rng.choice(["red", "blue"], n),
        }
    )
    table = read_table(table.to_csv(index=False).encode(), "mine.csv").table
    roles = Roles(
        label="y",
        positive="1",
        features=("x", "team"),
        sensitive=("team",),
        score=("p",),
        time="year",
    )
    store = Store(loaded_home[0])
    task = task_from_roles(roles, table, "scored", "")
    store.notes.save_task(replace(task, table=save_table(table, store.tables)))
    return "scored"


def test_a_change_of_time_is_counted_on_either_side(drawn, scored, said):
    at = drawn("risk", data=scored, group=["team"])
    moved(at, "calibration.risk.risk", "false_negatives")
    moved(at, "calibration.risk.change", "2021")
    assert "before the change and" in said(at)
    moved(at, "calibration.risk.weights", "recency")
    assert "Weighted:" in said(at)
    at.session_state["calibration.risk.numbers"] = True
    at.run()
    exec(compile(at.get("code")[0].value, "copied", "exec"), {})


def test_a_change_with_nobody_before_it_is_said(drawn, scored, said):
    at = drawn("risk", data=scored, group=["team"], cohort="year >= 2021")
    moved(at, "calibration.risk.change", "2021")
    assert "No row stands on one side of 2021" in said(at)


@pytest.mark.parametrize("tab", TABS)
def test_ranks_are_named_where_they_stand_in(tab, drawn, said):
    at = drawn(tab, data="compas", group=["race"], **RANKS)
    words = said(at)
    assert "anks stand in for probabilities" in words or "from a rank of" in words
    assert "Defendants" in at.dataframe[0].value


def test_a_share_that_ties_prevent_is_said_above_the_chart(drawn, scored, said):
    at = drawn("defer", data=scored, group=["team"])
    assert "cannot be deferred" not in said(at)
    at = drawn("defer", data="compas", group=["race"], **RANKS)
    moved(at, "calibration.defer.share", 0.35)
    assert "The nearest that leaves ties together defers" in said(at)
