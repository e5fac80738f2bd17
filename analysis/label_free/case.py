"""Both sides of an estimate without labels, the reference weighted to the target."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from analysis.arrays import Bools, Floats, Ints
from analysis.density.basis import basis
from analysis.errors import OverlapError, SettingError
from analysis.estimates import Estimate
from analysis.evaluation import Evaluation
from analysis.label_free.expected import why_not
from analysis.label_free.thin import Support
from analysis.label_free.weighing import Weighing, weighing
from analysis.metrics.kinds import Metric
from analysis.metrics.registry import metric_named
from analysis.progress import Tick
from analysis.shifts.domain import Domain, Unlabelled, without_labels
from analysis.subgroups.disaggregate import disaggregate

MOST_ROWS = 100_000
"""Rows of either side, drawn at random, that weights are fitted on; every target row
counts in the estimate."""

ENOUGH_ROWS = 200
"""Effective reference rows that a group needs for a calibrator of its own."""

ENOUGH_OF_EITHER = 10
"""Reference rows of either label that it needs, too."""

OWN_WEIGHTS = 2_000
"""Rows on either side from which a group or period has a ratio model of its own."""

SCORE = "log odds of the score"


@dataclass(frozen=True)
class Wanted:
    """What is to be estimated.

    Parameters
    ----------
    metrics : tuple of str
    crossings : tuple of tuple of str
        Attributes whose groups are estimated, each tuple crossed in full.
    bootstrap : int
        Replicates behind the intervals.
    seed : int
    k : int
        Groups of fewer people are withheld.
    """

    metrics: tuple[str, ...]
    crossings: tuple[tuple[str, ...], ...] = ()
    bootstrap: int = 200
    seed: int = 0
    k: int = 0


@dataclass(frozen=True, eq=False)
class Case:
    """Both sides, ready to be estimated from.

    `model` is the ratio model behind the weights where it is not theirs. `members` is
    how many rows a group has that borrows: what a metric leans on must be there in the
    group itself, as everyone's rates need not be its own.
    """

    reference: Domain
    target: Unlabelled
    labelled: Evaluation | None
    wanted: Wanted
    metrics: tuple[Metric, ...]
    weighing: Weighing
    drawn: Ints
    model: Weighing | None = None
    members: Support | None = None


def case_of(
    reference: Domain, target: Domain | Unlabelled, wanted: Wanted, tick: Tick
) -> tuple[Case, dict[str, str]]:
    """Weight the reference to the target; say which metrics cannot be estimated."""
    hidden = without_labels(target) if isinstance(target, Domain) else target
    labelled = target.evaluation if isinstance(target, Domain) else None
    _check(reference, hidden, wanted)
    chosen = [metric_named(name) for name in wanted.metrics]
    reasons = {m.name: why_not(m, hidden.evaluation) for m in chosen}
    left_out = {name: why for name, why in reasons.items() if why}
    metrics = tuple(m for m in chosen if not reasons[m.name])
    rng = np.random.default_rng(wanted.seed)
    kept = reference.take(some_of(len(reference), MOST_ROWS, rng))
    drawn = some_of(len(hidden), MOST_ROWS, rng)
    tick(0.1, "weighing the reference to look like the target")
    found = weighed(kept, hidden, drawn, wanted.seed)
    return Case(kept, hidden, labelled, wanted, metrics, found, drawn), left_out


def _check(reference: Domain, target: Unlabelled, wanted: Wanted) -> None:
    if not wanted.metrics:
        raise SettingError("No metric is asked for; name at least one.")
    if not len(target):
        raise OverlapError("The target has no row. Choose a larger part of the table.")
    positive = reference.evaluation.is_positive
    if not is_enough(reference.evaluation.weights, positive):
        raise OverlapError(
            f"The reference has {len(positive):,} rows, {int(positive.sum()):,} of "
            f"them positive; an estimate without labels needs {ENOUGH_ROWS} of which "
            f"{ENOUGH_OF_EITHER} have either label. Choose a larger reference."
        )


def is_enough(weights: Floats, positive: Bools) -> bool:
    """Return whether weighted reference rows can carry a calibrator of their own."""
    squares = float((weights**2).sum())
    rows = float(weights.sum()) ** 2 / squares if squares > 0 else 0.0
    either = min(int(positive.sum()), int((~positive).sum()))
    return rows >= ENOUGH_ROWS and either >= ENOUGH_OF_EITHER


def some_of(n: int, most: int, rng: np.random.Generator) -> Ints:
    """Return all rows, or as many as allowed at random, int[m]."""
    return np.arange(n) if n <= most else np.sort(rng.choice(n, most, replace=False))


def weighed(reference: Domain, target: Unlabelled, drawn: Ints, seed: int) -> Weighing:
    """Fit the ratio of features and score between reference and target rows."""
    there = target.take(drawn)
    own = reference.evaluation.weights, there.evaluation.weights
    columns = (
        _columns(reference, reference.evaluation),
        _columns(there, there.evaluation),
    )
    share = len(drawn) / len(target)
    return weighing(basis(*columns), own, share=share, seed=seed)


def _columns(side: Domain | Unlabelled, scored: Evaluation) -> pd.DataFrame:
    """Return the columns compared with the score and the groups beside them."""
    score = scored.score
    if scored.is_probability:
        score = special.logit(np.clip(score, 1e-6, 1 - 1e-6))
    return side.columns.assign(**{SCORE: score})


def measured(rows: Evaluation, metrics: Sequence[Metric]) -> dict[str, Estimate]:
    """Return what labels show, with the intervals of every page."""
    return dict(disaggregate(rows, (), [m.name for m in metrics]).overall)
