"""The tabs What to do and Add a source, and the second table, under small scripts."""

import json
import shlex
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import cli
from analysis.datasets.load import load
from analysis.datasets.tasks import task_named
from analysis.datasets.upload import save_table
from models.jobs import JobQueue
from models.store import open_store
from models.training import train_now

METRIC = "error_rate"


def script():
    import streamlit as st

    from pages.ui import cache, needs, sides, state
    from pages.ui.messages import audit_errors
    from pages.ui.shifting import decide, sources
    from pages.ui.shifting.setting import of_sides

    asked = st.query_params
    state.settle([asked["data"]])
    state.match_run([*asked.get_all("run")] or ["none"])
    with audit_errors():
        data = needs.evaluation()[1]
        source, target = asked.get_all("source"), asked.get_all("target")
        chosen = sides.Sides(
            asked.get("column", ""),
            tuple(source),
            tuple(target),
            asked.get("table", ""),
        )
        both = sides.both(state.view(), data, chosen)
        setting = of_sides(both, data, chosen, asked["metric"])
        draw = sources.draw if asked.get("tab") == "sources" else decide.draw
        draw(setting)
    st.text(repr(cache.store().home))


@pytest.fixture(autouse=True)
def _trained_at_once(monkeypatch):
    """Train in this process, as soon as a page asks."""

    def submit(self, recipe, dataset=None):
        return train_now(open_store(), recipe).id

    monkeypatch.setattr(JobQueue, "submit", submit)


@pytest.fixture
def base(tmp_path):
    """A model of the planted people, trained on a table of 20,000 of them."""
    store = open_store()
    from models.recipe import Recipe

    return train_now(store, Recipe(task="planted", epochs=3, device="cpu"))


def opened(run, **asked):
    at = AppTest.from_function(script, default_timeout=180)
    names = load(task_named("planted")).frame.groups["region"].names
    given = {
        "data": "planted",
        "run": run,
        "column": "region",
        "source": list(names[:-1]),
        "target": [names[-1]],
        "metric": METRIC,
    }
    for key, value in (given | asked).items():
        at.query_params[key] = value
    return at.run()


def said(at):
    shown = [*at.markdown, *at.caption, *at.subheader]
    return " ".join(m.value.replace("\\", "") for m in shown)


def buttons(at):
    return [b.label.replace("\\", "") for b in at.button]


def first_remedy(at):
    """Return the button of a remedy that trains, the first of those offered."""
    offered = [b for b in at.button if b.key and b.key.startswith("shift.try.")]
    return offered[0]


def test_causes_are_ranked_with_their_reason_and_each_can_be_tried(base):
    at = opened(base.id)
    assert not at.exception
    words = said(at)
    if "not worse" in words:
        pytest.fail("the planted north should fare worse; choose another metric")
    assert "Nothing has been tried yet" in words
    assert "1. " in words
    assert any(label.startswith("Try the first") for label in buttons(at))


def test_a_remedy_that_was_tried_says_what_it_won_back(base):
    at = opened(base.id)
    chosen = first_remedy(at)
    title = chosen.label
    chosen.click()
    at.run()
    assert not at.exception
    words = said(at)
    assert "On test rows" in words
    assert "won" in words or "win back" in words
    again = next(b for b in at.button if b.label == title)
    assert again.disabled
    assert "Compare it by group" in buttons(at)


def test_the_command_below_the_chart_gives_the_same_numbers(base, capsys):
    at = opened(base.id)
    first_remedy(at).click()
    at.run()
    at.session_state["shift.recovered.numbers"] = True
    at.run()
    (command,) = [c.value for c in at.code if "recovery" in c.value]
    assert cli.main(shlex.split(command)[2:]) == 0
    printed = capsys.readouterr().out
    (found,) = json.loads(printed)["runs"].values()
    table = at.dataframe[-1].value if at.dataframe else None
    assert table is not None
    assert found["gain"]["value"] == pytest.approx(float(table["gain"].iloc[0]))


def test_a_score_alone_gets_reasons_but_no_buttons(loaded_home):
    at = opened("score")
    assert not at.exception
    assert "Try the first" not in " ".join(buttons(at))
    assert "A score alone cannot be mended here" in said(at) or "not worse" in said(at)


def test_a_measure_without_a_better_side_is_explained(base):
    at = opened(base.id, metric="selection_rate")
    assert "no better side" in said(at) + " ".join(h.value for h in at.subheader)


def test_several_values_as_the_target_are_explained(base):
    names = load(task_named("planted")).frame.groups["region"].names
    at = opened(base.id, source=[names[0]], target=list(names[1:]))
    assert not at.exception
    assert "Choose one value" in said(at) or "not worse" in said(at)


def test_every_source_among_the_training_rows_is_valued(base):
    at = opened(base.id, tab="sources")
    assert not at.exception
    words = said(at)
    assert "stand-in" in words
    assert "Train with and without" in [s.label for s in at.selectbox]


def test_training_without_a_source_shows_the_target_before_and_after(base):
    at = opened(base.id, tab="sources")
    next(b for b in at.button if b.label.startswith("Train without")).click()
    at.run()
    assert not at.exception
    assert "Before: without the source" in said(at)


def second(name, *, labelled, n=1500):
    """Keep a part of the planted table as a table of its own."""
    data = load(task_named("planted"))
    rng = np.random.default_rng(1)
    table = data.table.iloc[np.sort(rng.choice(len(data.table), n, replace=False))]
    table = table.reset_index(drop=True)
    if not labelled:
        table = table.drop(columns=data.task.label)
    store = open_store()
    digest = save_table(table, store.tables)
    task = replace(
        data.task, name=name, title=name, table=digest, is_unlabelled=not labelled
    )
    store.notes.save_task(task)
    return task


def test_a_target_without_labels_says_that_nothing_can_be_won_back(loaded_home):
    second("new", labelled=False)
    at = AppTest.from_file("../../pages/ui/frame.py", default_timeout=120)
    at.query_params["data"] = "planted"
    at.query_params["run"] = "score"
    at.query_params["shift.by"] = "A second table"
    at.run()
    at.switch_page("../shift.py").run()
    assert not at.exception
    text = said(at)
    assert "no labels" in text


def test_an_unlabelled_target_is_no_data_set_of_its_own(loaded_home):
    second("new", labelled=False)
    second("other", labelled=True)
    at = AppTest.from_file("../../pages/ui/frame.py", default_timeout=120).run()
    names = next(s for s in at.selectbox if s.label == "Data set").options
    assert "new" not in names
    assert any("other" in n for n in names)
