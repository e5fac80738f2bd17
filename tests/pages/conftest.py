"""A store with two finished runs on German credit, made without training."""

import json
from contextlib import suppress

import numpy as np
import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from analysis.counts import count
from analysis.datasets.load import load
from analysis.datasets.splits import split
from analysis.datasets.tasks import task_named
from analysis.errors import AuditError
from models.artefacts import scores_bytes
from models.execute_inquiry import execute_inquiry
from models.jobs import JobQueue
from models.recipe import Recipe
from models.remedies.chain import stage
from models.store import Store, open_store

FRAME = "../../pages/ui/frame.py"
EPOCHS = 3


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("FAULTLINE_HOME", str(tmp_path / "home"))
    config.set_option("client.showErrorDetails", "full")


@pytest.fixture(autouse=True)
def _answered_at_once(monkeypatch):
    """Carry inquiries out in this process, as soon as a page asks."""

    def ask(self, inquiry):
        store = open_store()
        if store.inquiries.submit(inquiry, "test"):
            with suppress(AuditError):  # its state says why
                execute_inquiry(store, inquiry.key)

    monkeypatch.setattr(JobQueue, "ask", ask)


@pytest.fixture
def empty_home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def loaded_home(tmp_path):
    """Return a home with a run and its reweighed successor."""
    home = tmp_path / "home"
    store, task = Store(home), task_named("german")
    dataset = load(task)
    recipe = Recipe(task="german")
    rng = np.random.default_rng(7)
    first = _finished(store, dataset, recipe, rng)
    reweighed = recipe.with_stage(stage("reweighing", attribute="sex"))
    second = _finished(store, dataset, reweighed, rng)
    return home, first, second


def _finished(store, dataset, recipe, rng, fitted=None):
    run = store.ledger.submit(recipe, dataset.task, dataset.digest, "test")
    store.ledger.start(run, "test", "cpu")
    frame = dataset.frame
    logit = frame.y_true * 1.2 - 1 + rng.normal(size=len(frame))
    rows = split(dataset, recipe.split, recipe.seed).rows["validation"]
    part = frame.take(rows)
    for epoch in range(1, EPOCHS + 1):
        decided = (logit[rows] * epoch / EPOCHS > 0.3).astype(int)
        counts = {
            name: count(part.y_true, decided, g, part.weights).to_json()
            for name, g in part.groups.items()
        }
        payload = {
            "epoch": epoch,
            "epochs": EPOCHS,
            "seconds": 0.1 * epoch,
            "seconds_left": 0.0,
            "train_loss": 0.7 / epoch,
            "validation_loss": 0.7 / epoch + 0.05,
            "validation_auroc": 0.7,
            "counts": counts,
        }
        json.dumps(payload)
        store.ledger.report(run, "test", "epoch", payload)
    if fitted is not None:
        store.ledger.report(run, "test", "fitted", {"parameters": fitted})
    logits = np.column_stack([np.zeros(len(frame)), logit])
    name = store.files.put(scores_bytes(frame.row_ids, logits), "parquet")
    store.ledger.finish(run, "test", {"scores": name}, seconds=1.0, best_epoch=EPOCHS)
    return run


@pytest.fixture
def finish():
    """Return what makes a finished run without training."""
    return _finished


@pytest.fixture
def open_page():
    """Start the app at the frame, go to a page, and return what it shows."""

    def opened(page, **query):
        at = AppTest.from_file(FRAME, default_timeout=60)
        for key, value in query.items():
            at.query_params[key] = value
        at.run()
        if page != "subgroups":
            at.switch_page(f"../{page}.py").run()
        assert not at.exception, [e.value for e in at.exception]
        return at

    return opened


@pytest.fixture
def said():
    """Return everything a page says, as one text without escapes and joiners."""

    def text(at):
        parts = [*at.title, *at.markdown, *at.caption, *at.subheader, *at.warning]
        whole = "\n".join(str(p.value) for p in parts).replace("\\", "")
        return whole.replace("\u00a0", " ").replace("\u2060", "")

    return text


class Answering:
    """A queue that answers inquiries at once, in this process, and remembers them."""

    def __init__(self):
        self.asked = []

    def ask(self, inquiry):
        store = open_store()
        if store.inquiries.submit(inquiry, "test"):
            self.asked.append((inquiry.name, dict(inquiry.asked)))
            with suppress(AuditError):  # its state says why
                execute_inquiry(store, inquiry.key)

    def attend(self, key):
        """Nothing waits here."""

    def stop_asking(self, key):
        open_store().inquiries.fail(key, "cancelled", "Stopped.")


@pytest.fixture
def answering(monkeypatch):
    """Return what answers inquiries at once."""
    queue = Answering()
    monkeypatch.setattr("pages.ui.jobs.queue", lambda: queue)
    return queue


def _tab():
    from importlib import import_module

    import streamlit as st

    from analysis.shifts.domain import without_labels
    from analysis.shifts.sides import Sides
    from pages.ui import cache, sides, state
    from pages.ui.messages import audit_errors
    from pages.ui.shifting.setting import of_sides

    asked = st.query_params
    state.settle([asked["data"]])
    data = cache.dataset(asked["data"])
    without = tuple(asked.get_all("without"))  # what follows from the sides
    chosen = Sides(asked["by"], (asked["source"],), (asked["target"],), without=without)
    with audit_errors():
        both = sides.both(state.view(), data, chosen)
        if asked.get("labels") == "no":
            both = both[0], without_labels(both[1])
        setting = of_sides(both, data, chosen, asked.get("metric", "accuracy"))
        import_module(f"pages.ui.shifting.{asked['tab']}").draw(setting)
    state.publish()


@pytest.fixture
def shift_tab(loaded_home, answering):
    """Draw one tab of the Shift page by itself; inquiries are answered at once."""

    def go(tab, data="german", **asked):
        at = AppTest.from_function(_tab, default_timeout=120)
        first = {"by": "sex", "source": "male", "target": "female"}
        if data == "german":
            first |= {"run": loaded_home[1], "without": ["personal_status_sex"]}
        for key, value in ({"run": "score"} | first | asked).items():
            at.query_params[key] = value
        at.query_params["data"], at.query_params["tab"] = data, tab
        at.run()
        assert not at.exception, [e.value for e in at.exception]
        return at

    return go
