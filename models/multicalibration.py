"""Multicalibration: patch the scores of whoever is most off, until nobody is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.holm import holm
from models.cohort_sets import CohortSet
from models.departures import Labelled, binned_error, departures
from models.probabilities import log_softmax

FOLDS = 5

FOLD_SEED = 20_180_710
"""Of the order in which rows are dealt to folds."""


@dataclass(frozen=True)
class Patching:
    """How patches are fitted, and when to stop.

    Parameters
    ----------
    fit : function of logits, labels and weights
        Returns parameters; two classes have rows.
    applied : function of parameters and logits
        Returns logits.
    level : float
        Chance of patching anybody if nobody is off.
    rounds : int
        Patches to try at most.
    """

    fit: Callable[[Floats, Ints, Floats], dict[str, Any]]
    applied: Callable[[Mapping[str, Any], Floats], Floats]
    level: float
    rounds: int


@dataclass(frozen=True, eq=False)
class _Attempt:
    """A patch on trial: what each row gets from a fit without its fold.

    Parameters
    ----------
    logits : float64[m, k]
    gain : float
        Log loss before minus after, in nats per row.
    """

    logits: Floats
    gain: float


def multicalibrated(
    patching: Patching, start: Labelled, sets: Sequence[tuple[CohortSet, Bools]]
) -> dict[str, Any]:
    """Return patches in order, what was tried, and why it ended, as JSON types.

    Each round asks of every set whether labels depart from scores, over bins of the
    score and one class against the rest: sum over bins b of

        (sum_b w (y - p))^2 / sum_b w^2 p (1 - p)

    is chi-squared where scores are right. The set with the smallest p-value is fitted
    anew on top of its scores. The fit is kept only if it lowers the log loss of rows
    that it has not seen (five folds); otherwise the set waits until scores of its rows
    change. It ends when no set is off beyond chance (Holm's method over all sets),
    when all that are off have been tried, or when the rounds are used up.

    Parameters
    ----------
    patching : Patching
    start : Labelled
        With the scores that everyone has so far.
    sets : sequence of CohortSet and bool[n]

    Returns
    -------
    dict
        `patches`, each with its set and its fit; `history`, each with cohort, n,
        p_value, the calibration error of its rows before and after (after: of rows
        not fitted on; both include the noise of n rows), gain in nats per row, and
        whether it was accepted; `stopped`, one sentence.

    References
    ----------
    Hébert-Johnson, Kim, Reingold & Rothblum (2018), Multicalibration: Calibration for
    the (Computationally-Identifiable) Masses, ICML, algorithm 1; Kim, Ghorbani & Zou
    (2019), Multiaccuracy: Black-Box Post-Processing for Fairness in Classification,
    AIES, algorithm 1. They move the scores of one set and bin by a constant until no
    set is off by more than a tolerance. We refit a calibrator on the set, which mends
    all its bins at once, take significance for the tolerance, so that it suits sets of
    any size, and ask for a gain on rows not fitted on. Neither guarantee of theirs
    carries over; what is left undone is in the history.
    """
    members = [np.flatnonzero(inside) for _, inside in sets]
    current, spent = start, np.zeros(len(sets), dtype=bool)
    patches, history = list[dict[str, Any]](), list[dict[str, Any]]()
    p_values = departures(current, members)
    while True:
        is_off = holm(p_values) <= patching.level
        open_ = np.flatnonzero(is_off & ~spent)
        if not len(open_) or len(history) >= patching.rounds:
            break
        s = int(open_[np.argmin(p_values[open_])])
        people, rows = sets[s][0], members[s]
        part = current.take(rows)
        tried = _attempt(patching, part)
        history.append(_told(people, float(p_values[s]), part, tried))
        spent[s] = True
        if tried is not None and tried.gain > 0:
            fit = patching.fit(part.logits, part.labels, part.weights)
            patches.append({**people.to_json(), "fit": fit})
            current = _with_rows(current, rows, patching.applied(fit, part.logits))
            spent &= ~_touched(members, rows, len(start.labels))
            p_values = departures(current, members)
            spent[s] = True
    stopped = _reason(is_off, len(history) >= patching.rounds and len(open_) > 0)
    return {"patches": patches, "history": history, "stopped": stopped}


def _attempt(patching: Patching, part: Labelled) -> _Attempt | None:
    """Return a patch's cross-fitted logits; None where a fold leaves one class."""
    folds = _folds(part.labels)
    logits = np.empty_like(part.logits)
    for fold in range(FOLDS):
        learnt, out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        seen = part.take(learnt)
        if len(np.unique(seen.labels)) < 2:
            return None
        fit = patching.fit(seen.logits, seen.labels, seen.weights)
        logits[out] = patching.applied(fit, part.logits[out])
    before, after = (_log_loss(x, part) for x in (part.logits, logits))
    return _Attempt(logits, before - after)


def _folds(labels: Ints) -> Ints:
    """Deal rows to folds, each class evenly, int[m]."""
    shuffled = np.random.default_rng(FOLD_SEED).permutation(len(labels))
    dealt = shuffled[np.argsort(labels[shuffled], kind="stable")]
    folds = np.empty(len(labels), np.int64)
    folds[dealt] = np.arange(len(labels)) % FOLDS
    return folds


def _log_loss(logits: Floats, part: Labelled) -> float:
    """Return the weighted mean log loss, in nats per row."""
    of_label = log_softmax(logits)[np.arange(len(part.labels)), part.labels]
    return float(-np.average(of_label, weights=part.weights))


def _told(
    people: CohortSet, p_value: float, part: Labelled, tried: _Attempt | None
) -> dict[str, Any]:
    """Return one line of the history; None where nothing could be tried."""
    after = None if tried is None else Labelled(tried.logits, part.labels, part.weights)
    return {
        "cohort": str(people),
        "n": len(part.labels),
        "p_value": p_value,
        "error_before": binned_error(part),
        "error_after": None if after is None else binned_error(after),
        "gain": None if tried is None else tried.gain,
        "accepted": tried is not None and tried.gain > 0,
    }


def _with_rows(current: Labelled, rows: Ints, logits: Floats) -> Labelled:
    changed = current.logits.copy()
    changed[rows] = logits
    return Labelled(changed, current.labels, current.weights)


def _touched(members: Sequence[Ints], rows: Ints, n: int) -> Bools:
    """Return which sets share a row with these, bool[s]."""
    is_changed = np.zeros(n, dtype=bool)
    is_changed[rows] = True
    return np.array([is_changed[m].any() for m in members], dtype=bool)


def _reason(is_off: Bools, is_out_of_rounds: bool) -> str:
    """Say why it ended."""
    off, every = int(is_off.sum()), len(is_off)
    if not every:
        return "Stopped: no group or cohort has the calibration rows to be judged."
    if not off:
        return (
            f"Stopped: none of {every:,} groups, cohorts and intersections is off "
            "beyond chance."
        )
    still = f"{off:,} of {every:,} groups, cohorts and intersections still off"
    if is_out_of_rounds:
        return f"Stopped: the rounds are used up, with {still} beyond chance."
    return (
        f"Stopped with {still} beyond chance: each has its patch already, or none that "
        "lowers the log loss of rows it was not fitted on."
    )
