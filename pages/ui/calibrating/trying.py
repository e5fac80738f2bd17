"""Calibrators tried out by the worker: asked for once, followed, then read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.calibration.guard import Guard, guard
from analysis.errors import StoreError
from analysis.evaluation import Evaluation, Threshold
from models.recipe import Stage
from models.remedies import REMEDIES
from models.remedies.chain import stage
from models.remedies.settings import settings_of
from models.scorer import StoredScorer
from models.sides import HALF
from models.trial import Trial
from models.trials import TrialState
from pages.ui import cache, jobs, state
from pages.ui.calibrating.rows import Rows

POLL_SECONDS = 0.7


@dataclass(frozen=True)
class Candidate:
    """A calibrator as it is tried here: its name, what it is called, and its trial."""

    name: str
    title: str
    trial: Trial


def candidates(rows: Rows, settings: Mapping[str, object]) -> list[Candidate]:
    """Return every calibrator that these settings make sense for.

    Parameters
    ----------
    rows : Rows
    settings : mapping
        Of all of them alike, such as the groups to fit by; a calibrator that has no
        such setting is left out.
    """
    names = [
        name
        for name, remedy in REMEDIES.items()
        if remedy.kind == "posthoc" and _serves(rows, name, settings)
    ]
    return [
        Candidate(name, _title(name), _trial(rows, stage(name, **settings)))
        for name in names
    ]


def _serves(rows: Rows, name: str, settings: Mapping[str, object]) -> bool:
    remedy, known = REMEDIES[name], settings_of(REMEDIES[name])
    if remedy.family != "Scores" or "target data" in remedy.needs:
        return False
    if set(settings) - {s.name for s in known}:
        return False
    if not state.view().is_trained and hasattr(remedy, "looks_for"):
        return False  # it asks for the model itself, and there is only a score
    return "two classes" not in remedy.needs or len(rows.shown.classes) == 2


def _title(name: str) -> str:
    return REMEDIES[name].title.split(" (")[0]


def _trial(rows: Rows, chosen: Stage) -> Trial:
    view = state.view()
    run = cache.store().find(view.run).id if view.is_trained else ""
    return Trial(rows.data.task, rows.data.digest, run, chosen, rows.is_ranked)


def ensure(asked: Sequence[Candidate]) -> None:
    """Ask the worker for what has not been carried out.

    What waits is asked for again, in case its server died; what failed or was stopped
    is left to the reader.
    """
    known = zip(asked, states(asked), strict=True)
    new = [c.trial for c, now in known if now.state in (None, "queued")]
    if new:
        jobs.queue().try_out(new)


def again(asked: Sequence[Candidate]) -> None:
    """Ask anew for what failed."""
    jobs.queue().try_out([c.trial for c in asked])


def stop(asked: Sequence[Candidate]) -> None:
    """Leave out what has not begun."""
    jobs.queue().drop({c.trial.key for c in asked})


def states(asked: Sequence[Candidate]) -> list[TrialState]:
    """Return where each trial stands, in their order."""
    trials = cache.store().trials
    return [trials.state(c.trial.key) for c in asked]


def seconds(asked: Candidate) -> float:
    """Return how long fitting and scoring took."""
    return cache.store().trials.state(asked.trial.key).seconds


def is_done(asked: Candidate) -> bool:
    """Whether a trial has been carried out."""
    return cache.store().trials.state(asked.trial.key).state == "done"


def after(rows: Evaluation, asked: Candidate) -> Evaluation:
    """Return rows under the scores that a finished trial gave them.

    Probabilities that were fitted to ranks are decided from one half: the raw score's
    own threshold means nothing on their scale.
    """
    if asked.trial.is_ranked:
        rows = rows.decided_by(Threshold(HALF))
    return _after(rows, asked.trial.key, str(cache.store().home))


def guarded(rows: Rows, asked: Candidate) -> Guard:
    """Return what a finished trial did on the rows to try things on."""
    return _guard(rows.report, after(rows.report, asked), rows.by, state.view().k)


@cache.shared(64)
def _after(rows: Evaluation, key: str, home: str) -> Evaluation:
    stored = cache.store().trial_scores(key)
    if stored is None:
        raise StoreError(
            "The scores of this calibrator are gone from the run store. Reload the "
            "page, and it is fitted again."
        )
    return replace(rows, scores=StoredScorer(stored).scores_of(rows.row_ids))


@cache.shared(64)
def _guard(
    before: Evaluation, changed: Evaluation, by: tuple[str, ...], k: int
) -> Guard:
    return guard(before, changed, by, k)
