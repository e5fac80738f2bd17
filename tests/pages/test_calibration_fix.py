"""The tabs Fix and Price in error rates, drawn by themselves under a small script."""

import base64
import json
import re
import shlex
from contextlib import suppress

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import cli
from analysis.calibration.guard import guard
from analysis.calibration.reliability import reliability_by_group
from analysis.charts import calibrators as words
from analysis.charts import parity as charts
from analysis.errors import AuditError
from analysis.evaluation import Evaluation, binary_probabilities
from models.execute_trial import execute_trial
from models.store import open_store


def script():
    import streamlit as st

    from pages.ui import cache, state
    from pages.ui.calibrating import fix, parity
    from pages.ui.calibrating.rows import probabilities, rows_of
    from pages.ui.messages import audit_errors

    state.settle([st.query_params["data"]])
    by = tuple(st.query_params.get_all("group"))
    data = cache.dataset(state.view().data)
    with audit_errors():
        shown, is_ranked = probabilities(cache.evaluation(state.view()))
        rows = rows_of(shown, data, by, is_ranked=is_ranked)
        draw = parity.draw if st.query_params.get("tab") == "parity" else fix.draw
        draw(rows)
    st.text(repr(state.view()))


class Here:
    """A queue that carries trials out at once, in this process."""

    def __init__(self, *, is_stuck=False):
        self.tried, self.is_stuck, self.submitted = [], is_stuck, []

    def try_out(self, trials):
        store = open_store()
        for trial in trials:
            if store.trials.submit(trial, "test"):
                self.tried.append(trial)
                if not self.is_stuck:
                    with suppress(AuditError):  # its state says why
                        execute_trial(store, trial.key)

    def drop(self, keys):
        for key in keys:
            open_store().trials.cancel(key)

    def submit(self, recipe, dataset=None):
        self.submitted.append(recipe)
        owner = "test"
        task = open_store().task(recipe.task)
        from analysis.datasets.load import load

        return open_store().submit(recipe, task, load(task).digest, owner)


@pytest.fixture
def here(monkeypatch):
    queue = Here()
    monkeypatch.setattr("pages.ui.jobs.queue", lambda: queue)
    return queue


@pytest.fixture
def opened(loaded_home, here):
    def go(data="german", group=("sex",), **asked):
        at = AppTest.from_function(script, default_timeout=120)
        run = {"run": loaded_home[1]} if data == "german" else {"run": "score"}
        for key, value in (run | {"data": data, "group": list(group)} | asked).items():
            at.query_params[key] = value
        at.run()
        assert not at.exception, [e.value for e in at.exception]
        return at

    return go


def titles(at):
    specs = [json.loads(c.proto.spec) for c in at.get("plotly_chart")]
    return [s["layout"]["title"]["text"] for s in specs]


def choose(at, name):
    box = next(s for s in at.selectbox if s.label == "Calibrator")
    box.set_value(name).run()
    assert not at.exception, [e.value for e in at.exception]


def test_every_calibrator_is_tried_and_ranked_by_what_it_does(opened, here, said):
    at = opened()
    table = at.dataframe[0].value
    assert {"Temperature scaling", "Platt scaling", "Isotonic regression"} <= set(
        table["Calibrator"]
    )
    assert len(here.tried) == len(table) + 1  # one asks for the model itself
    assert "Correctness-aware" in said(at)
    order = ["helps", "no sure gain", "harms a group", "no better", "surely worse"]
    places = [order.index(v) for v in table["Verdict"] if v in order[:3]]
    assert places == sorted(places)
    assert "validation rows" in said(at)
    assert all(c.proto.alt for c in at.get("plotly_chart"))
    assert "What each calibrator does" in titles(at)[0]


def test_a_second_visit_tries_nothing_again(opened, here):
    opened()
    tried = len(here.tried)
    opened()
    failed = len(here.tried) - tried
    assert failed == 0


def test_one_calibrator_is_shown_with_what_was_fitted_and_whom_it_moves(opened, said):
    at = opened()
    choose(at, "Temperature scaling")
    assert re.search(r"Temperature for everyone: \d\.\d\d", said(at))
    assert "No decision changes" in said(at)
    assert "Everybody’s likeliest class stays the same" in said(at)
    assert "overlap by" in said(at)
    choose(at, "Isotonic regression")
    assert "decided otherwise" in said(at) or "No decision changes" in said(at)
    assert "overlap by" not in said(at)


def copied(at, key):
    """Return what stands under Numbers of one chart."""
    at.session_state[f"{key}.numbers"] = True
    at.run()
    assert not at.exception, [e.value for e in at.exception]
    return at.get("code")[0].value


def test_the_command_gives_the_numbers_of_the_chart(opened, capsys):
    at = opened()
    choose(at, "Temperature scaling")
    command = copied(at, "calibration.moves")
    assert cli.main(shlex.split(command)[2:]) == 0
    found = json.loads(capsys.readouterr().out)
    table = at.dataframe[0].value.set_index("Calibrator")
    printed = table.loc["Temperature scaling", "Log loss"].split(" ")[0]
    loss = found["change"]["log_loss"]["value"]
    assert float(printed.replace("−", "-")) == pytest.approx(loss, abs=6e-4)


@pytest.mark.parametrize(
    ("data", "group"), [("german", "sex"), ("planted", "region"), ("compas", "race")]
)
def test_the_code_gives_the_curves_before_and_after(opened, data, group):
    at = opened(data=data, group=(group,))
    if data == "compas":
        at.toggle("calibration.ranks").set_value(True).run()
    choose(at, "Isotonic regression")
    drawn = json.loads(at.get("plotly_chart")[1].proto.spec)["data"]
    lines = [t for t in drawn if t.get("mode") == "lines+markers"]
    names = {}
    exec(compile(copied(at, "calibration.change"), "copied", "exec"), names)
    curves = [
        curve.curve.observed_rate
        for side in ("before", "after")
        for curve in reliability_by_group(getattr(names["found"], side), (group,))
    ]
    wanted = sorted(round(float(r), 6) for c in curves for r in c[~np.isnan(c)])
    got = sorted(
        round(float(r), 6) for t in lines for r in decoded(t["y"]) if r is not None
    )
    assert got == wanted


def decoded(values):
    """Return an array as Plotly sends it."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])
    return values


def test_by_group_and_multicalibrated_are_trials_of_their_own(opened, here, said):
    at = opened()
    scope = at.get("button_group")[0]
    scope.set_value("Each group alone").run()
    assert not at.exception
    assert {t.stage.settings.get("attribute") for t in here.tried} >= {"", "sex"}
    at.get("button_group")[0].set_value("All cohorts at once (multicalibrated)").run()
    assert not at.exception, [e.value for e in at.exception]
    assert any(t.stage.settings.get("scope") == "multicalibrated" for t in here.tried)
    assert "Stopped" in said(at)


def test_while_the_worker_is_at_it_the_page_says_how_far(
    loaded_home, monkeypatch, said
):
    queue = Here(is_stuck=True)
    monkeypatch.setattr("pages.ui.jobs.queue", lambda: queue)
    monkeypatch.setattr("models.trials.is_alive", lambda *_: True)
    at = AppTest.from_function(script, default_timeout=60)
    at.query_params["run"], at.query_params["data"] = loaded_home[1], "german"
    at.query_params["group"] = ["sex"]
    at.run()
    assert at.button("calibration.stop").label == "Stop"
    assert not at.dataframe
    at.button("calibration.stop").click().run()
    assert not at.exception
    assert open_store().trials.state(queue.tried[-1].key).state == "cancelled"
    assert "Stopped before it began" in said(at)
    at.button("calibration.again").click().run()
    assert open_store().trials.state(queue.tried[-1].key).state == "queued"


def test_what_is_kept_becomes_a_model_of_its_own(opened, here):
    at = opened()
    choose(at, "Temperature scaling")
    at.button("calibration.keep").click().run()
    assert here.submitted[-1].stages[-1].remedy == "temperature"


def test_a_score_column_is_tried_on_halves_and_its_scores_can_be_taken_away(
    opened, said
):
    at = opened(data="planted", group=("region",))
    assert "a random half" in said(at)
    assert at.get("download_button")
    assert "Keep it as a model" not in [b.label for b in at.button]


def test_raw_scores_are_ranked_by_consent_and_then_calibrated(opened, said):
    at = opened(data="compas", group=("race",))
    assert "runs from 1 to 10" in said(at)
    assert not at.dataframe
    at.toggle("calibration.ranks").set_value(True).run()
    assert not at.exception, [e.value for e in at.exception]
    assert "Lost: the distances between scores" in said(at)
    assert "helps" in set(at.dataframe[0].value["Verdict"])
    assert "own threshold, 5" in said(at)


def test_small_groups_stay_hidden(opened, said):
    at = opened(group=("sex",), k="60")
    assert "male" not in said(at).replace("female", "")


def test_a_table_without_groups_is_fitted_to_everyone(opened, said):
    at = opened(group=())
    assert not at.exception
    at = opened(group=(), tab="parity")
    assert "There is no group to compare yet" in said(at)


def test_the_price_in_error_rates_is_said_for_scores_before_and_after(opened, said):
    opened()
    at = opened(tab="parity")
    words = said(at)
    assert "base rate" in words.lower()
    assert "Wrong flags as they are" in titles(at)[0]
    table = at.dataframe[0].value
    box = next(s for s in at.selectbox if s.label == "Scores")
    assert "Isotonic regression" in box.options
    box.set_value("Isotonic regression").run()
    assert not at.exception
    after = at.dataframe[0].value
    assert list(table["Base rate"]) == list(after["Base rate"])
    assert list(table["Wrong flags"]) != list(after["Wrong flags"])


@pytest.mark.parametrize("chosen", ["As they are", "Platt scaling"])
@pytest.mark.parametrize("more", [{}, {"threshold": "0.3"}, {"cohort": "age >= 30"}])
def test_the_code_gives_the_rates_of_the_chart(opened, chosen, more):
    opened(**more)
    at = opened(tab="parity", **more)
    next(s for s in at.selectbox if s.label == "Scores").set_value(chosen).run()
    printed = at.dataframe[0].value
    lines = copied(at, "calibration.parity").splitlines()
    names = {}
    exec("\n".join([*lines[:-1], f"record = {lines[-1]}"]), names)
    again = charts.printed(names["record"])
    assert list(again["Wrong flags"]) == list(printed["Wrong flags"])


def test_nothing_is_said_of_them_all_before_all_are_fitted(
    loaded_home, monkeypatch, said
):
    queue = Here()
    monkeypatch.setattr("pages.ui.jobs.queue", lambda: queue)
    monkeypatch.setattr("models.trials.is_alive", lambda *_: True)
    tried, most = queue.try_out, 3

    def some(trials):
        tried(trials[:most])
        for trial in trials[most:]:
            open_store().trials.submit(trial, "test")

    queue.try_out = some
    at = AppTest.from_function(script, default_timeout=60)
    at.query_params["run"], at.query_params["data"] = loaded_home[1], "german"
    at.query_params["group"] = ["sex"]
    at.run()
    assert not at.exception, [e.value for e in at.exception]
    assert "3 of 9 calibrators are fitted so far" in said(at)
    assert "No calibrator" not in said(at)
    assert "One of them, closer" not in said(at)
    monkeypatch.setattr("models.trials.is_alive", lambda *_: False)
    queue.try_out = tried
    at.run()
    assert not at.exception, [e.value for e in at.exception]
    assert "so far" not in said(at)
    best = at.dataframe[0].value["Calibrator"].iloc[0]
    assert next(s for s in at.selectbox if s.label == "Calibrator").value == best


def test_scores_that_are_off_are_said_to_be_off_when_nothing_helps():
    found = words.finding({"Platt scaling": useless()}, "5 rows", ["south", "north"])
    assert "No calibrator was shown to help on 5 rows" in found
    assert "those of south and north are surely off. Try another way to fit" in found
    calm = words.finding({"Platt scaling": useless()}, "5 rows")
    assert "surely off there either" in calm


def useless():
    """Return what a calibrator does that moves scores by nothing to speak of."""
    rng = np.random.default_rng(0)
    p = rng.random(200)
    y = rng.binomial(1, p)
    sides = [
        Evaluation(
            "t",
            y,
            binary_probabilities(q),
            ("no", "yes"),
            {},
            np.ones(200),
            np.arange(200),
        )
        for q in (p, np.clip(p + 0.001, 0, 1))
    ]
    return guard(*sides, ())


def test_the_loss_that_harms_is_the_one_shown_by_group(opened):
    at = opened()
    switch = next(b for b in at.get("button_group") if b.label == "By group")
    switch.set_value("brier_score").run()
    assert not at.exception
    assert any("Brier" in title for title in titles(at))
