"""A fix whose strengths are dragged: worked out once, moved at once, accepted."""

import json
from dataclasses import replace
from functools import wraps

import numpy as np
import pytest

from analysis.datasets.load import load
from analysis.datasets.tasks import task_named
from analysis.errors import DataError
from analysis.paths.record import Refused
from analysis.verdict import Alarm
from models.artefacts import scores_bytes
from models.inquiries import answered, opened_for
from models.inquiries import path as inquiry
from models.jobs import JobQueue
from models.recipe import Recipe
from models.remedies import REMEDIES
from models.remedies.chain import stage
from models.remedies.settings import dial_of
from models.store import Store
from pages.ui import jobs
from pages.ui.mending import path as panel

FIX = "abstain"


@pytest.fixture
def submitted(monkeypatch):
    """Recipes that were sent; none is carried out."""
    sent = []

    def submit(self, recipe):
        sent.append(recipe)
        task = task_named(recipe.task)
        return Store(self._store.home).ledger.submit(
            recipe, task, load(task).digest, "nobody"
        )

    monkeypatch.setattr(JobQueue, "submit", submit)
    return sent


def open_fix(open_page, **query):
    return open_page("remedies", data="german", remedy=FIX, **query)


def figure(at):
    return json.loads(at.get("plotly_chart")[0].proto.spec)


def slider(at):
    return next(s for s in at.select_slider if s.label == label())


def stand(at, place):
    """Put the slider on one of its strengths, and run the whole page.

    A drag runs the figure alone, and the page's tree of a test then holds nothing else.
    """
    chosen = slider(at).options[place]
    at.session_state[slider(at).key] = chosen
    at.run()
    return chosen


def label():
    return dial_of(REMEDIES[FIX]).name.capitalize()


def labels(at):
    return [b.label for b in at.button]


def test_strengths_are_worked_out_unasked_and_drawn(open_page, loaded_home, said):
    at = open_fix(open_page)
    assert float(slider(at).value) == dial_of(REMEDIES[FIX]).default
    title = figure(at)["layout"]["title"]["text"]
    assert f"coverage {slider(at).value}" in title
    words = " ".join(a["text"] for a in figure(at)["layout"]["annotations"])
    assert "calibration" in words
    assert "it is not fitted on" in words.replace("<br>", " ")
    assert "not seen" not in words.replace("<br>", " ")
    assert "Start" not in labels(at)
    primary = [b.label for b in at.button if b.proto.type == "primary"]
    assert primary == ["Accept this coverage"]
    assert "Source:" in said(at)


def test_the_form_has_the_other_settings_and_no_dial(open_page, loaded_home):
    at = open_fix(open_page)
    keys = [w.key for w in (*at.multiselect, *at.slider, *at.selectbox) if w.key]
    assert any(key.startswith(f"remedies.{FIX}.german.") for key in keys)
    dial = dial_of(REMEDIES[FIX]).name
    assert f"remedies.{FIX}.german.{dial}" not in keys


def test_dragging_moves_the_figure_and_asks_nothing(
    open_page, loaded_home, monkeypatch
):
    at = open_fix(open_page)
    before = figure(at)
    monkeypatch.setattr(inquiry, "answer", lambda *_: pytest.fail("worked out anew"))
    monkeypatch.setattr(jobs, "queue", lambda: pytest.fail("asked the worker"))
    slider(at).set_value(slider(at).options[2]).run()
    assert not at.exception
    after = figure(at)
    assert after["data"] != before["data"]
    for name in ("xaxis", "yaxis", "xaxis2", "yaxis2"):
        assert after["layout"][name] == before["layout"][name]


def test_accepting_submits_the_strength_the_slider_stands_at(
    open_page, loaded_home, submitted
):
    at = open_fix(open_page)
    chosen = stand(at, 3)
    at.get_by_key("remedies.path.accept").click().run()
    assert not at.exception
    (recipe,) = submitted
    last = recipe.stages[-1]
    dial = dial_of(REMEDIES[FIX]).name
    assert last.remedy == FIX
    assert f"{last.settings[dial]:.3g}" == str(chosen)
    assert at.get("progress")  # it is watched beside the strengths
    assert [b for b in at.button if b.label == "Accept this coverage"]


def test_the_rows_it_has_not_seen_can_be_drawn(open_page, loaded_home):
    at = open_fix(open_page)
    assert "calibration rows" in figure(at)["layout"]["title"]["text"]
    at.get_by_key("remedies.path.rows").set_value(False).run()
    assert "validation rows" in figure(at)["layout"]["title"]["text"]


def test_a_drag_stays_where_it_is_while_other_rows_are_drawn(open_page, loaded_home):
    at = open_fix(open_page)
    chosen = stand(at, 1)
    at.get_by_key("remedies.path.rows").set_value(False).run()
    assert f"coverage {chosen}" in figure(at)["layout"]["title"]["text"]


def test_while_groups_hide_nothing_is_dragged_and_start_is_there(
    open_page, loaded_home, said
):
    at = open_fix(open_page, k="15")
    assert "strengths cannot be dragged" in said(at)
    assert "Start" in labels(at)
    assert not [s for s in at.select_slider if s.label == label()]
    assert not Store(loaded_home[0]).inquiries.state("x").is_active


def test_a_large_table_is_worked_on_when_asked(
    open_page, loaded_home, monkeypatch, said
):
    monkeypatch.setattr(panel, "QUICK_ROWS", 10)
    at = open_fix(open_page)
    assert "20 strengths are worked out" in said(at)
    assert not at.select_slider
    at.get_by_key("remedies.path.begin").click().run()
    assert slider(at).value
    assert not at.exception


def test_a_path_that_cannot_be_says_why_and_can_be_asked_again(
    open_page, loaded_home, monkeypatch, said
):
    def refuse(*_):
        raise DataError("All calibration rows are alike. Choose another run.")

    monkeypatch.setattr(inquiry, "answer", refuse)
    at = open_fix(open_page)
    assert "All calibration rows are alike" in said(at)
    assert "Ask again" in labels(at)
    assert not at.exception


def test_a_path_under_way_is_drawn_as_it_fills(open_page, loaded_home, monkeypatch):
    monkeypatch.setattr(JobQueue, "attend", lambda *_: None)

    def begin(self, asked):
        """Answer three strengths, and stay at it."""
        store = Store(loaded_home[0])
        if not store.inquiries.submit(asked, "test"):
            return
        monkeypatch.setattr("models.inquiry_rows.is_alive", lambda *_: True)
        store.inquiries.start(asked.key)

        def keep(so_far):
            if len(so_far["points"]) <= 3:
                store.inquiries.keep(asked.key, so_far)

        answered("path", opened_for(store, asked), asked.asked, lambda *_: None, keep)
        store.inquiries.report(asked.key, 0.2, "3 of 21 strengths", 1.0)

    monkeypatch.setattr(JobQueue, "ask", begin)
    at = open_fix(open_page)
    assert "3 of 21 strengths" in at.get("progress")[0].proto.text
    assert "Stop" in labels(at)
    path = [t for t in figure(at)["data"] if t.get("xaxis", "x") == "x"]
    assert max(len(t["x"]) for t in path) == 3
    assert not at.select_slider


def test_names_of_strangers_are_text_in_the_reasons(
    open_page, loaded_home, monkeypatch
):
    real = inquiry.answer

    @wraps(real)
    def some(*given):
        reason = "Group '<b>x</b>' has no rows. Choose others."
        return replace(
            real(*given), refused=(Refused(0.2, reason), Refused(0.4, reason))
        )

    monkeypatch.setattr(inquiry, "answer", some)
    at = open_fix(open_page)
    (warning,) = at.warning
    assert "Not for coverage 0\\.2 to 0\\.4" in warning.value
    assert "\\<b\\>" in warning.value


@pytest.fixture
def deferring(loaded_home):
    """A finished run that hands every fifth person over."""
    store, data = Store(loaded_home[0]), load(task_named("german"))
    recipe = Recipe(task="german").with_stage(stage(FIX))
    run = store.ledger.submit(recipe, data.task, data.digest, "test")
    store.ledger.start(run, "test", "cpu")
    frame, rng = data.frame, np.random.default_rng(3)
    logit = frame.y_true * 1.2 - 1 + rng.normal(size=len(frame))
    logits = np.column_stack([np.zeros(len(frame)), logit])
    marks = {"deferred": frame.row_ids % 5 == 0}
    name = store.files.put(scores_bytes(frame.row_ids, logits, marks), "parquet")
    store.ledger.finish(run, "test", {"scores": name}, seconds=1.0, best_epoch=0)
    return run


def charts(at):
    return [json.loads(c.proto.spec) for c in at.get("plotly_chart")]


def test_compare_shows_whom_a_run_hands_over(open_page, deferring, said):
    at = open_page("compare", data="german", run=deferring)
    titles = [c["layout"]["title"]["text"] for c in charts(at)]
    assert any("Handed to a person" in title for title in titles)
    assert "decided alone" in said(at)


def test_compare_of_a_run_without_marks_says_nothing_of_them(open_page, loaded_home):
    at = open_page("compare", data="german", run=loaded_home[2])
    titles = [c["layout"]["title"]["text"] for c in charts(at)]
    assert not any("Handed" in title or "by lot" in title for title in titles)


def test_while_groups_hide_compare_tells_everyones_share_alone(
    open_page, deferring, said
):
    at = open_page("compare", data="german", run=deferring, k="15")
    titles = [c["layout"]["title"]["text"] for c in charts(at)]
    assert not any("Handed to a person" in title for title in titles)
    assert "Handed to a person:" in said(at)


def made(loaded_home, finish, name, **changes):
    """Return a finished run on German credit declared in another way."""
    store = Store(loaded_home[0])
    task = replace(task_named("german"), name=name, title=name.title(), **changes)
    store.notes.save_task(task)
    return finish(store, load(task), Recipe(task=name), np.random.default_rng(1))


def test_without_groups_accuracy_stands_against_the_strength(
    open_page, loaded_home, finish
):
    run = made(loaded_home, finish, "plain", sensitive=(), cut_points={})
    at = open_page("remedies", data="plain", run=run, remedy="logit_factors")
    assert figure(at)["layout"]["xaxis"]["title"]["text"] == "Strength"
    rows = figure(at)["layout"]["yaxis2"]["ticktext"]
    assert rows == ["Everyone"]
    assert not any(box.label == "Measure" for box in at.selectbox)


def test_another_rule_in_force_is_said_where_the_fix_decides_itself(
    open_page, loaded_home, said
):
    at = open_page("remedies", data="german", remedy="equal_opportunity", threshold=0.4)
    assert "from 0.4. This fix sets its own thresholds" in said(at)
    usual = open_page("remedies", data="german", remedy="equal_opportunity")
    assert "sets its own thresholds" not in said(usual)


def test_the_rate_a_fix_holds_together_is_looked_at_first(open_page, loaded_home):
    at = open_page("remedies", data="german", remedy="equal_false_positive_rate")
    box = next(box for box in at.selectbox if box.label == "Measure")
    assert box.value == "false_positive_rate"
    assert "wrongly flagged" in figure(at)["layout"]["xaxis"]["title"]["text"]


def test_a_change_of_the_model_is_worked_out_when_asked(open_page, loaded_home, said):
    at = open_page("remedies", data="german", remedy="weight_aligning")
    assert "21 strengths are worked out" in said(at)
    assert at.get_by_key("remedies.path.begin").proto.type == "primary"


@pytest.mark.parametrize("remedy", ["logit_factors", FIX])
def test_of_three_classes_the_one_in_view_is_followed(open_page, loaded_home, remedy):
    store, data = Store(loaded_home[0]), load(task_named("planted_multiclass"))
    recipe, frame = Recipe(task=data.task.name), data.frame
    run = store.ledger.submit(recipe, data.task, data.digest, "test")
    store.ledger.start(run, "test", "cpu")
    logits = np.eye(3)[frame.y_true] + np.random.default_rng(2).normal(
        size=(len(frame), 3)
    )
    name = store.files.put(scores_bytes(frame.row_ids, logits), "parquet")
    store.ledger.finish(run, "test", {"scores": name}, seconds=1.0, best_epoch=1)
    at = open_page("remedies", data=data.task.name, run=run, remedy=remedy)
    assert len(figure(at)["layout"]["yaxis2"]["ticktext"]) > 2
    assert [b for b in labels(at) if b.startswith("Accept this")]


def alarmed(monkeypatch, *strengths):
    """Let a path hold an alarm at some of its strengths."""
    real = inquiry.answer

    @wraps(real)
    def some(*given):
        path = real(*given)
        points = tuple(
            replace(p, unseen=replace(p.unseen, alarms=(Alarm("bad", ("old",)),)))
            if p.strength in strengths
            else p
            for p in path.points
        )
        return replace(path, points=points)

    monkeypatch.setattr(inquiry, "answer", some)


def test_an_alarm_is_said_while_dragging_and_accepting_is_then_secondary(
    open_page, loaded_home, monkeypatch
):
    alarmed(monkeypatch, 0.1)
    at = open_fix(open_page)
    assert at.get_by_key("remedies.path.accept").proto.type == "primary"
    slider(at).set_value("0.1").run()  # what a drag does
    assert not at.exception
    assert at.get_by_key("remedies.path.accept").proto.type == "secondary"
    words = " ".join(a["text"] for a in figure(at)["layout"]["annotations"])
    assert "Alarm: within old" in words
    slider(at).set_value("0.5").run()
    assert at.get_by_key("remedies.path.accept").proto.type == "primary"
