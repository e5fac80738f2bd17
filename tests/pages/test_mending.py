"""Remedies: the choice, the form, what comes of a fix, several strengths."""

import json
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analysis.datasets.load import load
from analysis.datasets.tasks import task_named
from analysis.errors import SettingError
from models.artefacts import scores_bytes
from models.owners import Owner
from models.recipe import Recipe
from models.remedies import REMEDIES
from models.remedies.chain import stage
from models.remedies.settings import settings_of
from models.run import Event
from models.store import Store
from pages.ui import jobs, live
from pages.ui.controls import LIST_WIDTH, short_name
from pages.ui.forms import Offer, needs_words, ordered, problem, step_of, words
from pages.ui.mending import curves
from pages.ui.mending.choice import families
from pages.ui.messages import curly


class Queue:
    """Takes orders and carries none out."""

    def __init__(self, home):
        self.store, self.sent, self.cancelled = Store(home), [], []

    def submit(self, recipe):
        self.sent.append(recipe)
        task = task_named(recipe.task)
        return self.store.ledger.submit(recipe, task, load(task).digest, "nobody")

    def submit_sweep(self, recipes):
        return [self.submit(recipe) for recipe in recipes]

    def cancel(self, run_id):
        self.cancelled.append(run_id)


@pytest.fixture
def queue(loaded_home, monkeypatch):
    made = Queue(loaded_home[0])
    monkeypatch.setattr(jobs, "queue", lambda: made)
    return made


def figures(at):
    return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]


def titles(at):
    return [f["layout"]["title"]["text"].split("<br>")[0] for f in figures(at)]


def labels(at):
    return [b.label for b in at.button]


def open_remedy(open_page, name, **query):
    return open_page("remedies", data="german", remedy=name, **query)


def test_the_address_opens_a_remedy_in_its_family(open_page, loaded_home):
    at = open_remedy(open_page, "temperature")
    assert at.get_by_key("remedies.family").value == REMEDIES["temperature"].family
    assert at.get_by_key("remedies.name").value == "temperature"


def test_an_address_of_no_remedy_opens_one_that_fits(open_page, loaded_home):
    at = open_remedy(open_page, "<script>")
    assert at.get_by_key("remedies.name").value == "reweighing"
    assert at.query_params["remedy"] in ("reweighing", ["reweighing"])


def test_another_family_opens_its_first_remedy(open_page, loaded_home):
    at = open_page("remedies", data="german")
    at.get_by_key("remedies.family").set_value("Scores").run()
    assert at.get_by_key("remedies.name").value == families()["Scores"][0]
    assert not at.exception


def test_answers_stay_while_another_remedy_is_looked_at(open_page, loaded_home):
    at = open_remedy(open_page, "reweighing")
    at.slider[0].set_value(0.35).run()
    at.get_by_key("remedies.family").set_value("Scores").run()
    assert not at.slider
    at.get_by_key("remedies.family").set_value("Weights and sampling").run()
    at.get_by_key("remedies.name").set_value("reweighing").run()
    assert at.slider[0].value == 0.35


def test_a_remedy_says_what_it_mends_and_whence_it_comes(open_page, loaded_home, said):
    text = said(open_remedy(open_page, "reweighing"))
    assert "Mends labels that depend on the group" in text
    assert "Kamiran & Calders (2012)" in text
    assert "the training itself as long as this model’s." in text


def test_start_adds_the_remedy_with_what_the_form_says(open_page, loaded_home, queue):
    at = open_remedy(open_page, "reweighing")
    at.get_by_key("remedies.reweighing.german.attribute.sex").set_value(["age"])
    at.slider[0].set_value(0.35).run()
    at.get_by_key("remedies.start").click().run()
    assert not at.exception
    expected = stage("reweighing", attribute="age", strength=0.35)
    assert [recipe.stages for recipe in queue.sent] == [(expected,)]


def test_a_form_without_what_it_needs_says_so(open_page, loaded_home, queue):
    at = open_remedy(open_page, "reweighing")
    at.multiselect[0].set_value([]).run()
    assert "Choose at least one attribute" in at.warning[0].value
    assert at.get_by_key("remedies.start").disabled
    assert at.get_by_key("remedies.sweep").disabled


def test_several_strengths_are_sent_together(open_page, loaded_home, queue):
    at = open_remedy(open_page, "reweighing")
    at.slider[0].set_value(0.35).run()
    at.get_by_key("remedies.sweep").click().run()
    assert not at.exception
    values = [recipe.stages[0].settings["strength"] for recipe in queue.sent]
    assert values == [0.0, 0.2, 0.35, 0.6, 0.8, 1.0]
    watched = Store(loaded_home[0]).run(at.session_state["job"])
    assert watched.recipe.stages[0].settings["strength"] == 0.35


@pytest.fixture
def boosted(loaded_home, finish):
    """A finished run of boosted trees, which no remedy inside a network can mend."""
    store, data = Store(loaded_home[0]), load(task_named("german"))
    recipe = Recipe(task="german", architecture="boosting")
    return finish(store, data, recipe, np.random.default_rng(3))


def test_a_remedy_that_does_not_fit_is_listed_with_the_reason_and_cannot_start(
    open_page, boosted, said
):
    name = next(n for n, r in REMEDIES.items() if "a network" in r.needs)
    at = open_remedy(open_page, name, run=boosted)
    assert at.get_by_key("remedies.start").disabled
    assert "boosted trees" in at.warning[0].value
    assert "Train a network" in at.warning[0].value
    listed = at.get_by_key("remedies.name").options
    assert any("Not for this run" in title for title in listed)
    fits = open_remedy(open_page, "reweighing", run=boosted)
    assert not fits.get_by_key("remedies.start").disabled


def test_a_cohort_in_the_sidebar_aims_the_remedy_and_says_whom_it_reaches(
    open_page, loaded_home, queue, said
):
    at = open_remedy(open_page, "reweighing", cohort="age >= 40")
    aim = next(t for t in at.text_input if t.label == "Only these people")
    assert aim.value == "age >= 40"
    assert "training rows" in said(at)
    at.get_by_key("remedies.start").click().run()
    assert queue.sent[0].stages[0].settings["cohort"] == "age >= 40"


@pytest.mark.parametrize(
    ("rule", "k", "words"),
    [
        ("age over 40", "0", "cannot be read"),
        ("age >= 400", "0", "No training row matches"),
        ("age >= 74", "20", "Reaches fewer than 20 of"),
        ("age < 74", "20", "Reaches all but fewer than 20 of"),
    ],
)
def test_a_rule_says_why_it_cannot_be_used_or_hides_small_numbers(
    rule, k, words, open_page, loaded_home, said
):
    at = open_remedy(open_page, "reweighing", k=k)
    aim = next(t for t in at.text_input if t.label == "Only these people")
    aim.set_value(rule).run()
    warned = " ".join(w.value for w in at.warning).replace("\\", "")
    assert words in f"{said(at)} {warned}"
    assert at.get_by_key("remedies.start").disabled == bool(at.warning)
    assert not at.exception


def test_before_anything_is_started_the_model_before_is_shown(
    open_page, loaded_home, said
):
    at = open_page("remedies", data="german")
    assert len(figures(at)) == 1
    assert "This is the model before" in said(at)
    assert at.get_by_key("remedies.start").proto.type == "primary"


def test_a_finished_fix_has_a_verdict_and_the_way_to_compare(
    open_page, loaded_home, said
):
    _, _, second = loaded_home
    at = open_page("remedies", data="german", job=second)
    text = said(at)
    assert "Over everyone: accuracy" in text
    assert "On the calibration rows" in text
    primary = [b.label for b in at.button if b.proto.type == "primary"]
    assert primary == ["Compare before and after"]


def test_a_fix_of_scores_is_judged_where_it_was_not_fitted(
    open_page, loaded_home, finish, said
):
    home, _, _ = loaded_home
    recipe = Recipe(task="german").with_stage(stage("temperature"))
    data, rng = load(task_named("german")), np.random.default_rng(3)
    run = finish(Store(home), data, recipe, rng, {"temperature": 1.5})
    text = said(open_page("remedies", data="german", job=run))
    assert "Squared error of the score" in text
    assert "On the validation rows" in text
    assert "Temperature for everyone: 1.50" in text


@pytest.fixture
def alike(loaded_home):
    """A finished fix that decides everyone alike."""
    store, data = Store(loaded_home[0]), load(task_named("german"))
    recipe = Recipe(task="german").with_stage(stage("reweighing", attribute="age"))
    run = store.ledger.submit(recipe, data.task, data.digest, "test")
    store.ledger.start(run, "test", "cpu")
    logits = np.tile([0.0, 3.0], (len(data.frame), 1))
    name = store.files.put(scores_bytes(data.frame.row_ids, logits), "parquet")
    store.ledger.finish(run, "test", {"scores": name}, seconds=1.0, best_epoch=1)
    return run


def test_a_model_that_decides_everyone_alike_raises_the_alarm(open_page, alike):
    at = open_page("remedies", data="german", job=alike)
    assert "decides everyone alike, as" in at.warning[0].value
    assert not at.exception


def stopped(home, state, reason):
    store, data = Store(home), load(task_named("german"))
    recipe = Recipe(task="german").with_stage(stage("reweighing", attribute="age"))
    run = store.ledger.submit(recipe, data.task, data.digest, "test")
    store.ledger.start(run, "test", "cpu")
    store.ledger.end(run, state, reason)
    return run


def test_a_fix_that_failed_says_why_and_can_go_on(open_page, loaded_home, said):
    run = stopped(loaded_home[0], "failed", "The loss is not a number at epoch 2.")
    at = open_page("remedies", data="german", job=run)
    assert "not a number at epoch 2" in said(at)
    assert "Resume" in labels(at)
    assert "Compare before and after" not in labels(at)


@pytest.fixture
def sweep(loaded_home, finish):
    """Three strengths that are done, and one that was cancelled."""
    store, data = Store(loaded_home[0]), load(task_named("german"))
    rng, runs = np.random.default_rng(5), {}
    for strength in (0.2, 0.6, 1.0):
        fix = stage("reweighing", attribute="age", strength=strength)
        runs[strength] = finish(store, data, Recipe(task="german").with_stage(fix), rng)
    fix = stage("reweighing", attribute="age", strength=0.8)
    recipe = Recipe(task="german").with_stage(fix)
    run = store.ledger.submit(recipe, data.task, data.digest, "test")
    store.ledger.start(run, "test", "cpu")
    store.ledger.end(run, "cancelled", "Cancelled.")
    return runs


def test_a_sweep_fills_the_frontier_and_keeps_what_is_done(
    open_page, loaded_home, sweep, said
):
    at = open_page("remedies", data="german", job=sweep[0.6], sweep="1")
    assert "3 of 4 strengths done" in at.get("progress")[0].proto.text
    assert "Fairness against accuracy" in titles(at)[0]
    text = json.dumps(figures(at)[0])
    for name in ("before", "0.2", "0.6"):
        assert f'"{name}"' in text
    assert "Take this strength" in labels(at)
    assert "Resume the rest" in labels(at)


def test_the_slider_moves_among_the_strengths_that_are_done(
    open_page, loaded_home, sweep, queue, said
):
    at = open_page("remedies", data="german", job=sweep[0.6], sweep="1")
    slider = next(s for s in at.select_slider if s.label == "Strength")
    assert slider.options == ["0.2", "0.6", "1"]
    assert slider.value == "0.6"
    before = figures(at)[1]
    slider.set_value("1").run()
    after = figures(at)[1]
    assert before["data"] != after["data"]
    assert before["layout"]["xaxis"]["range"] == after["layout"]["xaxis"]["range"]
    assert not queue.sent
    at.get_by_key("remedies.result").click().run()
    assert at.sidebar.selectbox[1].value == sweep[1.0]
    assert at.title[0].value.startswith("What did the fix do")


def test_the_worst_group_can_stand_for_fairness(open_page, loaded_home, sweep):
    at = open_page("remedies", data="german", job=sweep[0.6], sweep="1")
    assert "Largest gap" in figures(at)[0]["layout"]["xaxis"]["title"]["text"]
    at.get_by_key("remedies.against").set_value("worst").run()
    assert "Worst group" in figures(at)[0]["layout"]["xaxis"]["title"]["text"]


def test_a_sweep_under_way_shows_what_runs_and_can_be_stopped(
    open_page, loaded_home, sweep, queue
):
    home, _, _ = loaded_home
    store = Store(home)
    owner = Owner(store.owners).token
    fix = stage("reweighing", attribute="age", strength=0.4)
    recipe = Recipe(task="german").with_stage(fix)
    data = load(task_named("german"))
    run = store.ledger.submit(recipe, data.task, data.digest, owner)
    at = open_page("remedies", data="german", job=run, sweep="1")
    assert "3 of 5 strengths done" in at.get("progress")[0].proto.text
    at.get_by_key("remedies.cancel").click().run()
    assert queue.cancelled == [run]


def test_small_groups_stay_hidden_at_every_strength(
    open_page, loaded_home, sweep, said
):
    at = open_page("remedies", data="german", job=sweep[0.6], sweep="1", k="15")
    assert not at.exception
    said_alts = " ".join(c.proto.alt for c in at.get("plotly_chart"))
    assert "withheld for privacy" in said_alts


def test_a_table_without_groups_can_be_mended_and_watched(
    loaded_home, finish, open_page, said
):
    home, _, _ = loaded_home
    store = Store(home)
    german = task_named("german")
    plain = replace(german, name="plain", title="Plain", sensitive=(), cut_points={})
    store.notes.save_task(plain)
    data = load(plain)
    rng = np.random.default_rng(1)
    base = finish(store, data, Recipe(task="plain"), rng)
    at = open_page("remedies", data="plain", run=base)
    assert not at.exception
    assert "Nothing is training yet" in said(at)
    assert not at.get_by_key("remedies.start").disabled  # a remedy that fits is shown
    fix = Recipe(task="plain").with_stage(stage("temperature"))
    run = finish(store, data, fix, rng, {"temperature": 1.5})
    at = open_page("remedies", data="plain", run=base, job=run)
    assert not at.exception
    assert "Over everyone: accuracy" in said(at)


def forms_script():
    import streamlit as st

    from models.remedies import REMEDIES
    from pages.ui import forms

    offer = forms.Offer(
        attributes=("sex", "age"),
        aim="age",
        classes=("good", "bad"),
        positive="",
        features=("age", "credit_amount"),
        tables={"other": "Another table"},
        cohort="age >= 40",
        reach=lambda rule: f"reaches {rule}",
    )
    for name, remedy in REMEDIES.items():
        st.json({name: forms.settings(remedy, f"remedies.{name}", offer)})


def test_the_form_of_every_remedy_builds_with_defaults_that_its_stage_accepts():
    at = AppTest.from_function(forms_script, default_timeout=60).run()
    assert not at.exception, [e.value for e in at.exception]
    filled = {}
    for block in at.json:
        filled |= json.loads(block.value)
    assert set(filled) == set(REMEDIES)
    for name, settings in filled.items():
        assert list(settings) == [s.name for s in settings_of(REMEDIES[name])]
        needy = [s for s in settings_of(REMEDIES[name]) if s.default is None]
        if all(settings[s.name] for s in needy if s.kind in ("feature", "runs")):
            made = stage(name, **settings)
            plain = {s.name: s.default for s in settings_of(REMEDIES[name])}
            aims = ("attribute", "cohort", "feature", "table")
            for s in settings_of(REMEDIES[name]):
                if s.kind not in aims:
                    assert made.settings[s.name] == plain[s.name], (name, s.name)


@pytest.mark.parametrize("name", REMEDIES)
def test_every_setting_has_one_place_in_its_form(name):
    first, folded = ordered(REMEDIES[name])
    assert sorted(s.name for s in (*first, *folded)) == sorted(
        s.name for s in settings_of(REMEDIES[name])
    )
    assert not any(s.default is None or s.is_dial for s in folded)


@pytest.mark.parametrize(
    ("low", "high", "default", "step"),
    [
        (0.0, 1.0, 1.0, 0.05),
        (0.0, 5.0, 2.0, 0.25),
        (0.0, 1.0, 0.3, 0.05),
        (-1.0, 1.0, 0.0, 0.1),
        (0.0, 1000.0, 0.0, 0.0),  # by hand: a slider of tens is of no use
        (1e-6, 1.0, 4e-3, 0.0),
    ],
)
def test_a_slider_has_round_steps_that_reach_the_default(low, high, default, step):
    assert step_of(low, high, default) == step


def test_labels_are_words():
    assert words("min_rows") == "Minimum rows"
    assert words("attribute") == "Groups of"


def test_methods_are_heard_in_words_and_lists_may_be_of_groups():
    epochs = [{"methods": {"_GroupDro": {"weights": [0.25, 0.75], "step_size": 0.01}}}]
    (said,) = curves.method_words(epochs, is_private=False)
    assert said == "Group Dro: weights 0.25 / 0.75, step size 0.01."
    (said,) = curves.method_words(epochs, is_private=True)
    assert "0.25" not in said
    assert "0.01" in said
    assert curves.method_words([], is_private=False) == []


def test_a_run_alone_offers_the_other_strengths(open_page, loaded_home, sweep):
    at = open_page("remedies", data="german", job=sweep[0.6])
    assert "Compare before and after" in labels(at)
    at.get_by_key("remedies.all").click().run()
    assert "Take this strength" in labels(at)
    assert at.query_params["sweep"] in ("1", ["1"])


def test_a_run_started_beside_a_sweep_says_that_the_sweep_goes_on(
    open_page, loaded_home, sweep
):
    store = Store(loaded_home[0])
    fix = stage("reweighing", attribute="age", strength=0.4)
    recipe, data = Recipe(task="german").with_stage(fix), load(task_named("german"))
    owner = Owner(store.owners).token
    store.ledger.submit(recipe, data.task, data.digest, owner)
    at = open_page("remedies", data="german", job=sweep[0.6])
    bars = [bar.proto.text for bar in at.get("progress")]
    assert "A sweep of 4 other strengths is still running" in bars[0]
    assert "Compare before and after" in labels(at)


def test_a_cohort_in_view_is_named_as_the_price_is_and_so_are_all_others(
    open_page, loaded_home, said
):
    _, _, second = loaded_home
    at = open_page("remedies", data="german", job=second, cohort="age >= 40")
    text = said(at).replace("\\", "")
    assert "Over the cohort (age >= 40): accuracy" in text
    assert "For all others: accuracy" in text
    assert "Over everyone" not in text
    hidden = open_page("remedies", data="german", job=second, cohort="age >= 40", k=90)
    assert "For all others" not in said(hidden)


def test_the_need_of_groups_alone_hangs_on_a_choice():
    assert needs_words(REMEDIES["masked_feature"]).count("Needs") == 0
    said = needs_words(REMEDIES["inverse_frequency"])
    assert "Needs label at training. Needs group at training only if" in said
    said = needs_words(REMEDIES["reweighing"])
    assert "Needs label at training, group at training." in said


@pytest.mark.parametrize(
    ("name", "chosen", "words"),
    [
        ("masked_feature", {"feature": ""}, "Choose at least one feature."),
        ("emphasis", {"cohort": " "}, "Say who: a rule such as age >= 40."),
        ("emphasis", {"cohort": "bad"}, "Mend the rule under"),
        ("emphasis", {"cohort": "good"}, ""),
    ],
)
def test_a_form_says_what_it_lacks(name, chosen, words):
    def reach(rule):
        if rule == "bad":
            raise SettingError(rule)
        return ""

    remedy = REMEDIES[name]
    filled = {s.name: s.default or "" for s in settings_of(remedy)} | chosen
    offer = Offer((), "", ("a", "b"), "", (), {}, "", reach)
    assert problem(remedy, filled, offer).startswith(words)
    assert bool(problem(remedy, filled, offer)) == bool(words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("group_dro", "group DRO"),
        ("undersampling", "undersampling"),
        ("road", "ROAD"),
        ("selective_mixup", "SelMix"),
        ("reweighing", "reweighing"),
        ("gone_by_now", "gone by now"),
    ],
)
def test_a_remedy_has_one_short_name(name, words):
    assert short_name(name) == words


def test_a_run_is_listed_with_what_tells_it_apart(open_page, loaded_home, finish):
    recipe = Recipe(task="german").with_stage(
        stage("group_dro", attribute="sex, age", by="group and label")
    )
    data, rng = load(task_named("german")), np.random.default_rng(3)
    run = finish(Store(loaded_home[0]), data, recipe, rng)
    at = open_page("model", data="german", run=run)
    listed = next(o for o in at.sidebar.selectbox[1].options if run[:6] in o)
    assert listed.startswith("MLP + group DRO")
    assert len(listed) <= LIST_WIDTH
    assert "MLP + group DRO (sex, age" in at.get("markdown")[0].value.replace("\\", "")


def test_the_epochs_planned_and_the_rate_found_are_those_told(loaded_home):
    run = Store(loaded_home[0]).run(loaded_home[1])
    assert live.planned(run, []) == run.recipe.epochs
    assert live.planned(run, [{"epochs": 12}]) == 12
    assert live.rate_words([Event(1, "rate", {"rate": 0.01234})]) == (
        "Learning rate found: 0.012."
    )
    assert live.rate_words([]) == ""


def test_quotes_of_the_product_are_curly():
    assert curly("the group's 'Largest weight' of 'x'.") == (
        "the group’s ‘Largest weight’ of ‘x’."
    )


def test_the_form_shows_the_fix_that_is_watched_until_the_reader_turns(
    open_page, loaded_home, finish
):
    home, first, _ = loaded_home
    store, task = Store(home), task_named("german")
    recipe = store.run(first).recipe.with_stage(stage("temperature"))
    kept = finish(store, load(task), recipe, np.random.default_rng(1))
    at = open_page("remedies", data="german", run=first)
    assert at.get_by_key("remedies.name").value == "reweighing"
    at.session_state["job"] = kept
    at.run()
    assert at.get_by_key("remedies.name").value == "temperature"
    assert at.get_by_key("remedies.family").value == REMEDIES["temperature"].family
    at.get_by_key("remedies.family").set_value("Weights and sampling").run()
    chosen = at.get_by_key("remedies.name").value
    assert chosen in families()["Weights and sampling"]
    at.run()
    assert at.get_by_key("remedies.name").value == chosen
