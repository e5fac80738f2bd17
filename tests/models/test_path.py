"""A path of strengths: each point is what accepting it would give, on either rows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from analysis.compare import flips
from analysis.errors import DataError, SettingError
from analysis.evaluation import Threshold
from analysis.frame import AuditFrame
from analysis.subgroups.disaggregate import disaggregate
from models.artefacts import scores_bytes
from models.as_json import to_json
from models.evaluations import evaluation, rows_fitted, splits_of
from models.execute import execute
from models.execute_inquiry import execute_inquiry
from models.inquiries import answered, opened_for, record_of
from models.inquiries.path import Asked
from models.inquiry import Inquiry, Scope
from models.owners import Owner
from models.probabilities import scores_of_logits
from models.recipe import Recipe
from models.remedies import REMEDIES
from models.remedies.calibration_rows import logits_of_scores
from models.remedies.chain import completed, runs_of, stage
from models.remedies.settings import attribute_setting, setting
from models.scorer import Scorer, stored_scorer

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
REFUSED = 0.75


@dataclass(frozen=True)
class Raise:
    """Add a share of one unit to the margin of each group's lowest-scored half."""

    title: ClassVar[str] = "Raise"
    name: ClassVar[str] = "raise"
    mends: ClassVar[str] = "nothing"
    costs: ClassVar[str] = "nothing"
    source: ClassVar[str] = "Nobody (2026)"
    needs: ClassVar[tuple[str, ...]] = ("two classes",)
    kind: ClassVar[str] = "posthoc"
    family: ClassVar[str] = "Thresholds"
    layer: ClassVar[str] = "decisions"
    slowness: ClassVar[float] = 0.0
    seen: ClassVar[list[frozenset[int]]] = []
    refuses: ClassVar[bool] = False

    attribute: str = attribute_setting("Whose.", is_required=True)
    strength: float = setting(0.5, 0.0, 1.0, "How much.", is_dial=True)

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> "Raised":
        if self.refuses and self.strength == REFUSED:
            raise DataError("Not to be had. Choose another.")
        Raise.seen.append(frozenset(calibration.row_ids.tolist()))
        logits = logits_of_scores(scorer.score(calibration))
        middle = float(np.median(logits[:, 1] - logits[:, 0]))
        found = {"method": self.name, "below": middle, "by": self.strength}
        return Raised(scorer, found)

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> "Raised":
        return Raised(scorer, parameters)

    @classmethod
    def notes(cls, parameters, hidden=None):
        return ("Raised.",)


@dataclass(frozen=True)
class Raised:
    base: Scorer
    found: Mapping[str, Any]

    def score(self, frame):
        logits = logits_of_scores(self.base.score(frame)).copy()
        is_low = logits[:, 1] - logits[:, 0] < self.found["below"]
        logits[:, 1] += is_low * self.found["by"]
        return scores_of_logits(logits)

    def marks(self, frame):
        return {"by_lot": frame.row_ids % 5 == 0}

    def parameters(self):
        return dict(self.found)


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setitem(REMEDIES, "raise", Raise)
    monkeypatch.setattr(Raise, "seen", [])


@pytest.fixture
def run(store, dataset, rng):
    """A finished run on the planted people, made without training."""
    recipe = Recipe(task="people", device="cpu")
    return _finished(store, dataset, recipe, rng)


def _finished(store, dataset, recipe, rng):
    name = store.ledger.submit(recipe, dataset.task, dataset.digest, "test")
    store.ledger.start(name, "test", "cpu")
    frame = dataset.frame
    margin = 1.5 * frame.y_true - 1 + rng.normal(size=len(frame))
    logits = np.column_stack([np.zeros(len(frame)), margin])
    scores = store.files.put(scores_bytes(frame.row_ids, logits), "parquet")
    store.ledger.finish(name, "test", {"scores": scores}, seconds=1.0, best_epoch=1)
    return store.run(name)


def asked(run, dataset, settings=None, **scope):
    given = {"cohort": "", "positive": "", "rule": Threshold(), **scope}
    given["other_rule"] = given["rule"]
    settings = {"attribute": "group"} if settings is None else settings
    question = to_json(Asked("raise", settings, STRENGTHS, "group"))
    scope = Scope(run=run.id, **given)
    return Inquiry("path", dataset.task, dataset.digest, scope, question)


def path_of(store, inquiry, keep=None):
    ticks = []
    found = answered(
        "path",
        opened_for(store, inquiry),
        inquiry.asked,
        lambda share, doing: ticks.append(share),
        keep,
    )
    assert ticks[-1] == 1.0
    return record_of("path", found)


def accepted(store, run, strength):
    """Return the run that accepting a strength makes."""
    settings = {"attribute": "group", "strength": strength}
    return carried_out(store, run, stage("raise", **settings))


def carried_out(store, run, added):
    """Return a run with one more stage, every step of its chain carried out."""
    owner = Owner(store.owners)
    for part in runs_of(completed(run.recipe.with_stage(added))):
        name = store.ledger.submit(part, run.task, run.data_digest, owner.token)
        if not store.run(name).is_finished:
            execute(store, name, owner.token, lambda: False)
    return store.run(name)


def test_every_point_is_what_accepting_it_gives(store, dataset, run):
    path = path_of(store, asked(run, dataset))
    assert [p.strength for p in path.points] == list(STRENGTHS)
    made = accepted(store, run, 0.75)
    for split, is_fitted in (("calibration", True), ("validation", False)):
        before = evaluation(store, run, dataset, split)
        after = evaluation(store, made, dataset, split)
        side = path.at(0.75).on(fitted=is_fitted)
        rate = side.measured.columns["selection_rate"]
        assert rate.value[0] == pytest.approx(
            np.average(after.decisions, weights=after.weights)
        )
        turned = flips(before, after, ("group",))
        assert side.moved.newly_right[1:] == tuple(turned.newly_right)
        first = path.before(fitted=is_fitted).columns["selection_rate"].value[0]
        assert first == pytest.approx(
            np.average(before.decisions, weights=before.weights)
        )


def test_at_no_strength_nobody_is_decided_otherwise(store, dataset, run):
    point = path_of(store, asked(run, dataset)).at(0.0)
    for side in (point.fitted, point.unseen):
        assert set(side.moved.otherwise.value) == {0.0}


def test_it_is_fitted_on_calibration_rows_and_test_rows_stay_alone(store, dataset, run):
    path_of(store, asked(run, dataset))
    rows = splits_of(run, dataset).rows["calibration"]
    assert set(Raise.seen) == {frozenset(dataset.frame.row_ids[rows].tolist())}


def test_a_step_of_a_chain_is_fitted_on_a_part_of_its_own(store, dataset, run):
    second = carried_out(store, run, stage("temperature"))
    path = path_of(store, asked(second, dataset))
    made = accepted(store, second, 0.5)
    part = frozenset(dataset.frame.row_ids[rows_fitted(made, dataset)].tolist())
    assert set(Raise.seen) == {part}
    rows = splits_of(run, dataset).rows["calibration"]
    assert len(part) == pytest.approx(len(rows) / 2, abs=1)
    after = evaluation(store, made, dataset, "validation")
    rate = path.at(0.5).unseen.measured.columns["selection_rate"].value[0]
    assert rate == pytest.approx(np.average(after.decisions, weights=after.weights))
    before = evaluation(store, store.run(made.base), dataset, "validation")
    mean = path.unseen.columns["expected_calibration_error"].value[0]
    errors = disaggregate(before, (), ("expected_calibration_error",)).overall
    assert mean == pytest.approx(errors["expected_calibration_error"].value)


def test_marks_are_shares_of_the_rows_and_of_the_cohort(store, dataset, run):
    path = path_of(store, asked(run, dataset, cohort="group = a"))
    rows = splits_of(run, dataset).rows["validation"]
    frame = dataset.frame.take(rows)
    by = frame.groups["group"]
    inside = by.codes == by.names.index("a")
    weights, marks = frame.weights[inside], frame.row_ids[inside] % 5 == 0
    share = path.points[0].unseen.measured.columns["by_lot"]
    assert share.value[0] == pytest.approx(np.average(marks, weights=weights))
    assert share.n[0] == inside.sum()


def test_the_marks_of_an_accepted_strength_are_kept_with_its_scores(
    store, dataset, run
):
    made = accepted(store, run, 0.5)
    shown = evaluation(store, made, dataset, "test")
    marks = stored_scorer(store, made).marks_of(shown.row_ids)
    assert marks["by_lot"].tolist() == (shown.row_ids % 5 == 0).tolist()
    assert stored_scorer(store, run).marks_of(shown.row_ids) == {}


def test_points_are_kept_as_they_come_the_ends_first(store, dataset, run):
    kept = []
    path_of(store, asked(run, dataset), lambda so_far: kept.append(so_far))
    strengths = [[p["strength"] for p in so_far["points"]] for so_far in kept]
    assert strengths[:3] == [[0.0], [0.0, 1.0], [0.0, 0.5, 1.0]]
    assert len(kept) == len(STRENGTHS)


def test_what_is_kept_can_be_read_while_the_rest_is_sought(store, dataset, run):
    inquiry = asked(run, dataset)
    store.inquiries.submit(inquiry, "owner")
    store.inquiries.start(inquiry.key)
    seen = []

    def keep(so_far):
        store.inquiries.keep(inquiry.key, so_far)
        found = record_of("path", store.inquiries.answer(inquiry.key))
        seen.append(len(found.points))

    path_of(store, inquiry, keep)
    assert seen == [1, 2, 3, 4, 5]


def test_a_strength_that_cannot_be_is_said_and_the_others_go_on(
    store, dataset, run, monkeypatch
):
    monkeypatch.setattr(Raise, "refuses", True)
    path = path_of(store, asked(run, dataset))
    assert [p.strength for p in path.points] == [0.0, 0.25, 0.5, 1.0]
    (refused,) = path.refused
    assert (refused.strength, refused.reason) == (
        0.75,
        "Not to be had. Choose another.",
    )


def test_where_no_strength_can_be_the_reason_is_the_answers(store, dataset, run):
    inquiry = asked(run, dataset)
    only = replace(inquiry, asked=dict(inquiry.asked) | {"strengths": [REFUSED]})
    Raise.refuses = True
    try:
        store.inquiries.submit(only, "owner")
        with pytest.raises(DataError, match="Choose another"):
            execute_inquiry(store, only.key)
    finally:
        Raise.refuses = False
    state = store.inquiries.state(only.key)
    assert (state.state, state.reason) == ("failed", "Not to be had. Choose another.")


@pytest.mark.parametrize(
    ("remedy", "advice"),
    [("temperature", "Start it as it is"), ("reweighing", "Try several strengths")],
)
def test_a_remedy_without_a_path_is_refused(store, dataset, run, remedy, advice):
    inquiry = asked(
        run, dataset, {"attribute": "group"} if remedy != "temperature" else {}
    )
    other = replace(inquiry, asked=dict(inquiry.asked) | {"remedy": remedy})
    with pytest.raises(SettingError, match=advice):
        path_of(store, other)
