"""The risk that thresholds turn out to have, and what they cost, by group."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, Ints, frozen
from analysis.conformal.control import Control
from analysis.conformal.promise import SURE, above_level, kept_promise
from analysis.conformal.scores import nonconformity
from analysis.conformal.sets import positions_in
from analysis.estimates import Estimate, Estimates
from analysis.evaluation import Evaluation
from analysis.frame import Grouping, everyone
from analysis.intervals import (
    largest_gap,
    q_values,
    range_quantile,
    share_interval,
)
from analysis.shares import gap_of, means, shares


@dataclass(frozen=True, eq=False)
class Held:
    """What became of a risk in some groups, each array [g].

    Parameters
    ----------
    names : tuple of str, length g
    risk : Estimates
        n counts the people it is a share of.
    load : Estimates
        What it costs: share flagged, or mean number of classes in a set.
    people : float[g]
    is_open : bool[g]
        Whether all is flagged, or all classes are in, for want of rows.
    kept_low, kept_high : float[g]
        Range (95 %) of the risk that a level held on average would show with these
        rows; NaN for a risk held with probability, or not held.
    is_over : bool[g]
        Whether the risk is surely above its level, with a q-value below 0.05 over these
        groups: beyond that range, or, where there is no range, above the level itself.
    """

    names: tuple[str, ...]
    risk: Estimates
    load: Estimates
    people: Floats
    is_open: Bools
    kept_low: Floats
    kept_high: Floats
    is_over: Bools

    def __post_init__(self) -> None:
        for name in ("people", "kept_low", "kept_high"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        for name in ("is_open", "is_over"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.bool_))


@dataclass(frozen=True, eq=False)
class RiskReport:
    """A control on rows that it was not fitted on.

    Parameters
    ----------
    control : Control
    attributes : tuple of str
    overall, by_group : Held
    gap : Estimate
        Largest gap of the risk between two groups, its interval for all pairs at once.
    """

    control: Control
    attributes: tuple[str, ...]
    overall: Held
    by_group: Held
    gap: Estimate


def realised(
    evaluation: Evaluation, control: Control, attributes: tuple[str, ...]
) -> RiskReport:
    """Return the risk on other rows than those fitted on, overall and by group.

    Where no threshold could be promised nobody is decided about: those rows are left
    out, and a group of such rows alone is NaN.
    """
    outcome = _outcome(evaluation, control)
    grouping = evaluation.grouping(attributes)
    by_group, effective = _held(evaluation, control, outcome, grouping)
    overall, _ = _held(evaluation, control, outcome, everyone(len(evaluation)))
    return RiskReport(
        control=control,
        attributes=attributes,
        overall=overall,
        by_group=by_group,
        gap=_gap(by_group.risk, effective, control.dial.risk),
    )


def realised_overall(evaluation: Evaluation, control: Control) -> Held:
    """Return the risk of everyone alone, as `realised` has it."""
    outcome = _outcome(evaluation, control)
    return _held(evaluation, control, outcome, everyone(len(evaluation)))[0]


@dataclass(frozen=True, eq=False)
class _Outcome:
    """What happens to each row; `cell` is where its threshold stands in the control."""

    counts: Bools
    lost: Bools
    load: Floats
    decided: Bools
    is_open: Bools
    cell: Ints


def _open_end(control: Control) -> float:
    """Return the threshold of a group that was not fitted: all in, or all flagged."""
    if control.risk.guarantee == "probability":
        return np.nan
    return np.inf if control.risk.is_of_sets else -np.inf


def _outcome(evaluation: Evaluation, control: Control) -> _Outcome:
    cell = positions_in(control.names, evaluation.grouping(control.dial.attributes))
    own = np.append(control.thresholds, _open_end(control))[cell]  # [n]
    decided, is_open = ~np.isnan(own), np.isinf(own)
    if control.risk.is_of_sets:
        badness = nonconformity(evaluation, "lac")
        sets = badness <= own[:, None]
        missed = ~sets[np.arange(len(sets)), evaluation.y_true]
        size = sets.sum(axis=1).astype(np.float64)
        return _Outcome(decided, missed, size, decided, is_open, cell)
    flagged = evaluation.score >= own
    wanted = evaluation.is_positive
    if control.dial.risk == "false_negatives":
        counts = wanted & decided
    else:
        counts = (wanted | flagged) & decided
    lost = counts & (flagged != wanted)
    load = flagged.astype(np.float64)
    return _Outcome(counts, lost, load, decided, is_open, cell)


def _held(
    evaluation: Evaluation, control: Control, outcome: _Outcome, grouping: Grouping
) -> tuple[Held, Floats]:
    w = evaluation.weights
    lost, effective = shares(outcome.lost, w, grouping, outcome.counts)
    risk = _one_minus_f1(lost) if control.dial.risk == "f1" else lost
    decided, g = w * outcome.decided, len(grouping.names)
    if control.risk.is_of_sets:
        top = float(len(evaluation.classes))
        load = means(outcome.load, decided, grouping, (0.0, top))
    else:
        load, _ = shares(outcome.load > 0, w, grouping, outcome.decided)
    people = np.bincount(grouping.codes, minlength=g).astype(np.float64)
    opened = np.bincount(grouping.codes, outcome.is_open, g)
    low, high, is_over = _kept(control, outcome, grouping, lost, effective)
    held = Held(
        names=grouping.names,
        risk=risk,
        load=load,
        people=people,
        is_open=(opened == people) & (people > 0),
        kept_low=low,
        kept_high=high,
        is_over=is_over,
    )
    return held, effective


def _kept(
    control: Control,
    outcome: _Outcome,
    grouping: Grouping,
    lost: Estimates,
    effective: Floats,
) -> tuple[Floats, Floats, Bools]:
    """Return the range of a risk that is held, and which groups are surely over it.

    The threshold rests on rows as well, so that a risk may pass its level for want of
    rows to fit on; see `kept_promise`.
    """
    alpha, g = control.dial.alpha, len(grouping.names)
    if control.risk.guarantee == "probability":
        nothing = np.full(g, np.nan)
        limit = 2 * alpha / (1 + alpha)  # of the share lost, for 1 - F1 of alpha
        return nothing, nothing, _surely(above_level(lost.value, effective, limit))
    cells = np.append(control.effective, 0.0)
    own = [np.unique(outcome.cell[grouping.codes == c]) for c in range(g)]
    fitted = [cells[c[0]] if len(c) == 1 else cells.sum() for c in own]
    low, high, p = kept_promise(1 - lost.value, effective, np.array(fitted), alpha)
    return 1 - high, 1 - low, _surely(p)


def _surely(p_values: Floats) -> Bools:
    """Return which of a family of groups are surely over; NaN is not."""
    is_sure: Bools = np.nan_to_num(q_values(p_values), nan=1.0) < SURE
    return is_sure


def _one_minus_f1(lost: Estimates) -> Estimates:
    """Return 1 - F1 from the share lost of all who are flagged or should be.

    It rises with that share, so that its limits follow from the share's.
    """
    value, low, high = (s / (2 - s) for s in (lost.value, lost.low, lost.high))
    return Estimates(value, low, high, lost.n)


def _gap(risk: Estimates, effective: Floats, name: str) -> Estimate:
    nobody = np.zeros(len(risk), dtype=bool)
    if name != "f1":
        return gap_of(risk, effective, nobody)
    lost = 2 * risk.value / (1 + risk.value)
    z = range_quantile(int((~np.isnan(lost)).sum()))
    low, high = share_interval(lost, effective, z)
    return largest_gap(risk.value, low / (2 - low), high / (2 - high), risk.n)
