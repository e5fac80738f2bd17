"""The ways to mend beside one fix: what to try first, and a chain."""

import json

import numpy as np
import pytest

from analysis.datasets.load import load
from analysis.datasets.tasks import task_named
from models.chain_file import chain_of, to_json
from models.recipe import Recipe, Stage
from models.remedies.chain import completed, runs_of
from models.store import Store
from pages.ui import jobs
from pages.ui.mending import composing

FIRST, CHAIN = "What to try first", "A chain of fixes"


class Queue:
    """Takes orders and carries none out."""

    def __init__(self, home):
        self.store, self.sent = Store(home), []

    def submit(self, recipe):
        recipe = completed(recipe)
        self.sent.append(recipe)
        task = task_named(recipe.task)
        return self.store.ledger.submit(recipe, task, load(task).digest, "nobody")


@pytest.fixture
def queue(loaded_home, monkeypatch):
    made = Queue(loaded_home[0])
    monkeypatch.setattr(jobs, "queue", lambda: made)
    return made


@pytest.fixture
def opened(open_page, loaded_home):
    """Open a tab on the run that is not mended yet."""

    def at_tab(tab, **query):
        query = {"data": "german", "run": loaded_home[1][:12], **query}
        at = open_page("remedies", **query)
        at.session_state["remedies.tabs"] = tab
        at.run()
        assert not at.exception, [e.value for e in at.exception]
        return at

    return at_tab


def press(at, key):
    next(b for b in at.button if b.key == key).click().run()
    assert not at.exception, [e.value for e in at.exception]
    return at


def labels(at):
    return [b.label for b in at.button]


def biased(loaded_home, finish):
    """Return a finished run that misses one sex far more often."""
    store, task = Store(loaded_home[0]), task_named("german")
    dataset = load(task)
    run = finish(store, dataset, Recipe("german", restart=3), np.random.default_rng(0))
    sex, y = dataset.frame.groups["sex"], dataset.frame.y_true
    logit = np.where(y == 1, np.where(sex.codes == 0, -1.0, 1.0), -1.0)
    from models.artefacts import scores_bytes

    logits = np.column_stack([np.zeros(len(y)), logit])
    content = scores_bytes(dataset.frame.row_ids, logits)
    name = store.files.put(content, "parquet")
    with store.ledger._database.connection() as c:
        query = "UPDATE runs SET artefacts = ? WHERE id = ?"
        c.execute(query, (json.dumps({"scores": name}), run))
    return run


def test_the_list_says_what_was_found_why_what_it_costs_and_needs(
    opened, loaded_home, finish, said
):
    at = opened(FIRST, run=biased(loaded_home, finish)[:12])
    text = said(at)
    assert "1. Equal opportunity by thresholds, for groups of sex" in text
    assert "are missed more often than" in text
    assert "It moves each group’s threshold" in text
    assert "Hardt, Price & Srebro (2016)" in text
    assert "Costs some accuracy" in text
    assert "Needs two classes, group at prediction." in text
    assert "tables of ours: accuracy" in text
    primary = [b.label for b in at.button if b.proto.type == "primary"]
    assert primary == ["Run the first 3 side by side"]


def test_one_click_sends_the_first_three(opened, loaded_home, finish, queue):
    run = biased(loaded_home, finish)
    at = press(opened(FIRST, run=run[:12]), "remedies.first")
    assert queue.sent[0].stages[-1].remedy == "equal_opportunity"
    assert len(queue.sent) == 3
    assert len({r.stages[-1].remedy for r in queue.sent}) == 3
    assert all(r.stages[:-1] == () for r in queue.sent)  # beside each other
    assert not at.exception


def test_what_has_finished_is_held_against_the_model_before(
    opened, loaded_home, finish, said
):
    run = biased(loaded_home, finish)
    store, dataset = Store(loaded_home[0]), load(task_named("german"))
    at = opened(FIRST, run=run[:12])
    recipe = completed(
        store.run(run).recipe.with_stage(
            Stage("equal_opportunity", {"attribute": "sex"})
        )
    )
    finish(store, dataset, recipe, np.random.default_rng(1))
    at.run()
    assert not at.exception
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert "Fairness against accuracy" in figure["layout"]["title"]["text"]
    assert "validation rows" in said(at)
    assert "stays unseen until you compare" in said(at)
    assert "Compare before and after" in labels(at)


def test_nothing_found_says_where_else_to_look(opened, said, monkeypatch):
    monkeypatch.setattr("pages.ui.mending.suggested._found", lambda *_: ())
    assert "Nothing was found that is larger than chance" in said(opened(FIRST))


def test_groups_that_are_hidden_are_not_named(opened, loaded_home, finish, said):
    run = biased(loaded_home, finish)
    text = said(opened(FIRST, run=run[:12], k="400"))
    assert "are missed more often than" not in text


def test_the_chain_starts_with_weights_scores_and_thresholds(opened, said):
    at = opened(CHAIN)
    chosen = [s.value for s in at.selectbox if s.label.startswith("Fix ")]
    assert chosen == list(composing.USUAL)
    text = said(at)
    assert "2. Isotonic regression learns from part 1 of 2 of the calib" in text
    assert "3. Equal opportunity by thresholds learns from part 2 of 2" in text


def test_running_the_chain_sends_all_of_it_as_one_model(opened, queue):
    at = press(opened(CHAIN), "remedies.chain.run")
    (recipe,) = queue.sent
    assert [s.remedy for s in recipe.stages] == list(composing.USUAL)
    assert not at.exception


def test_an_order_that_cannot_be_says_why_and_is_not_run(opened, said):
    at = press(opened(CHAIN), "remedies.chain.2.up")
    assert "Put 'Isotonic regression' first" in said(at).replace("’", "'").replace(
        "‘", "'"
    )
    assert next(b for b in at.button if b.key == "remedies.chain.run").disabled
    at = press(at, "remedies.chain.2.down")
    assert not next(b for b in at.button if b.key == "remedies.chain.run").disabled


def test_steps_are_added_changed_and_removed(opened, queue):
    at = opened(CHAIN)
    for number in (0, 1):
        at = press(at, f"remedies.chain.{number}.drop")
    at = press(at, "remedies.chain.add")
    added = next(s for s in at.selectbox if s.label == "Fix 2")
    added.set_value("abstain").run()
    press(at, "remedies.chain.run")
    (recipe,) = queue.sent
    assert [s.remedy for s in recipe.stages] == ["equal_opportunity", "abstain"]


def test_a_chain_of_nothing_cannot_be_run(opened):
    at = opened(CHAIN)
    for number in (0, 1, 2):
        at = press(at, f"remedies.chain.{number}.drop")
    assert "remedies.chain.run" not in [b.key for b in at.button]


@pytest.mark.parametrize("content", [b"nothing", b'{"stages": [{"remedy": "x"}]}'])
def test_a_file_that_is_no_chain_is_said_so(opened, said, content):
    at = opened(CHAIN)
    at.session_state[composing.SOURCE] = composing.FROM_FILE
    at.run()
    at.file_uploader[0].set_value(("chain.json", content, "application/json")).run()
    assert not at.exception
    text = said(at)
    assert "saved as a chain" in text or "choose one of" in text


def test_a_chain_file_is_run_with_its_settings(opened, queue):
    stages = (Stage("platt", {"min_rows": 80}), Stage("abstain", {"coverage": 0.8}))
    text = json.dumps(to_json(chain_of(Recipe("german", stages=stages))))
    at = opened(CHAIN)
    at.session_state[composing.SOURCE] = composing.FROM_FILE
    at.run()
    file = ("chain.json", text.encode(), "application/json")
    at.file_uploader[0].set_value(file).run()
    press(at, "remedies.chain.run")
    (recipe,) = queue.sent
    assert recipe.stages[-2].settings["min_rows"] == 80
    assert recipe.stages[-1].settings["coverage"] == 0.8


def test_a_fix_is_held_against_the_model_it_was_added_to(
    open_page, loaded_home, finish, queue, said
):
    """The step before the last of a chain is none that a reader has seen."""
    store, dataset = Store(loaded_home[0]), load(task_named("german"))
    at = open_page("remedies", data="german", run=loaded_home[1][:12])
    at.session_state["remedies.tabs"] = CHAIN
    at.run()
    press(at, "remedies.chain.run")
    (recipe,) = queue.sent
    rng = np.random.default_rng(2)
    for step in runs_of(completed(recipe)):
        finish(store, dataset, step, rng)
    at.run()
    made = [r for r in store.runs("german") if r.recipe == completed(recipe)]
    assert [r.is_finished for r in made] == [True]
    assert made[0].base != loaded_home[1]
    press(at, "remedies.result")
    shown = next(s for s in at.selectbox if s.label == "Compared with")
    assert shown.value == loaded_home[1]
