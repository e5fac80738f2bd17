"""Performance on rows without labels: for everyone, by group and over time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from analysis.arrays import Ints
from analysis.density.threads import one_thread
from analysis.estimates import UNDEFINED, Estimate
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.label_free.case import (
    OWN_WEIGHTS,
    Case,
    Wanted,
    case_of,
    is_enough,
    measured,
    some_of,
    weighed,
)
from analysis.label_free.drift import drift
from analysis.label_free.energy import energies_of
from analysis.label_free.lights import (
    calibrated_light,
    drift_light,
    overlap_light,
    refusal,
)
from analysis.label_free.part import Calibrated, calibrated, estimated
from analysis.label_free.records import Guess, LabelFree, Part
from analysis.label_free.thin import support, why_thin
from analysis.metrics.kinds import Metric
from analysis.metrics.registry import metric_named
from analysis.privacy.withheld import published
from analysis.progress import Tick, part_of, silent
from analysis.shifts.domain import Domain, Unlabelled

CHUNK_ROWS = 20
"""Reference rows per target row of a period or group that weights are fitted on."""

PERIOD = "period"


def estimates(
    reference: Domain,
    target: Domain | Unlabelled,
    wanted: Wanted,
    tick: Tick = silent,
) -> LabelFree:
    """Estimate metrics on a target without its labels.

    Reference rows are weighted to look like the target, probabilities are calibrated
    anew on them, and the target's expected table of labels and decisions is summed
    from these (M-CBPE). It is right if P(Y|X) is as at the reference.

    Parameters
    ----------
    reference : Domain
        Labelled rows that no model was trained on.
    target : Domain or Unlabelled
        Labels of a Domain are only read for the realised values.
    wanted : Wanted
    tick : Tick

    Raises
    ------
    OverlapError
        The reference lacks rows or a label; the target is empty.
    SettingError
        No metric is asked for.

    References
    ----------
    Białek, Kuberski, Perrakis & Bifet (2024), Estimating Model Performance Under
    Covariate Shift Without Labels. There trees estimate the ratio and calibrate, on
    chunks of a thousand or more rows, without intervals; here the ratio is a ridge
    logistic regression on features and score, the calibrator isotonic on either side
    of the decision, as their noise is then known in closed form.
    """
    with one_thread():
        return _estimates(reference, target, wanted, tick)


def _estimates(
    reference: Domain, target: Domain | Unlabelled, wanted: Wanted, tick: Tick
) -> LabelFree:
    case, left_out = case_of(reference, target, wanted, part_of(tick, 0.0, 0.4))
    why = refusal(case.weighing)
    own = measured(case.reference.evaluation, case.metrics)
    everyone = np.arange(len(case.target))
    overall, fit = _part(case, ("", ()), everyone, own, why)
    names = [metric.name for metric in case.metrics]
    sure = [m for m in case.metrics if not why and not overall.metrics[m.name].why_not]
    drifts = {m.name: drift(fit, m) for m in sure}
    tick(0.45, "reading energies")
    tabled = case.reference.evaluation, case.reference.columns
    scored = case.target.evaluation
    energies = energies_of(case.metrics, tabled, scored, own, wanted.seed)
    first = [drift_light(drifts[n], _title(n)) for n in names[:1] if n in drifts]
    return LabelFree(
        overall=overall,
        groups=tuple(_groups(case, part_of(tick, 0.5, 0.8), why)),
        chunks=tuple(_chunks(case, part_of(tick, 0.8, 1.0))),
        lights=(
            calibrated_light(case.reference.evaluation),
            overlap_light(
                case.weighing,
                len(case.reference),
                support(case.reference.evaluation, case.weighing).reasons,
            ),
            *first,
        ),
        drift=drifts,
        energy=energies,
        left_out=left_out,
        drawn=len(case.reference),
        has_labels=case.labelled is not None,
    )


def _groups(case: Case, tick: Tick, why: str) -> Iterator[Part]:
    for i, attributes in enumerate(case.wanted.crossings):
        here = case.reference.evaluation.grouping(attributes)
        there = case.target.evaluation.grouping(attributes)
        hidden = _hidden(_sides(case), attributes, case.wanted.k)
        for g, name in enumerate(there.names):
            share = (i + g / len(there.names)) / len(case.wanted.crossings)
            tick(share, f"estimating for {name}")
            rows = np.flatnonzero(there.codes == g)
            if not len(rows):
                continue
            if name in hidden:
                yield _withheld(name, attributes, case.metrics)
                continue
            members = _members(here, name)
            yield _subset(case, (name, attributes), (members, rows), why)


def _sides(case: Case) -> list[Evaluation]:
    """Return everything whose groups are shown, the target's sides last."""
    return [case.reference.evaluation, *_target_sides(case)]


def _target_sides(case: Case) -> list[Evaluation]:
    labelled = [] if case.labelled is None else [case.labelled]
    return [case.target.evaluation, *labelled]


def _hidden(
    sides: Sequence[Evaluation], attributes: tuple[str, ...], k: int
) -> set[str]:
    """Return the names of groups that are withheld on any side."""
    found: set[str] = set()
    if k < 2:
        return found
    for side in sides:
        hidden = published(side, [attributes], k).of(attributes)
        names = side.grouping(attributes).names
        found |= {name for name, is_it in zip(names, hidden, strict=True) if is_it}
    return found


def _members(grouping: Grouping, name: str) -> Ints:
    if name not in grouping.names:
        return np.zeros(0, np.int64)
    return np.flatnonzero(grouping.codes == grouping.names.index(name))


def _withheld(
    name: str, attributes: tuple[str, ...], metrics: Sequence[Metric]
) -> Part:
    nan = float("nan")
    nothing = Estimate(nan, nan, nan, nan)
    guesses = {m.name: Guess(nothing, nan, nothing, nothing) for m in metrics}
    return Part(name, attributes, nan, nan, guesses, "Withheld: too few people.")


def _subset(
    case: Case,
    named: tuple[str, tuple[str, ...]],
    rows: tuple[Ints, Ints],
    why: str,
) -> Part:
    """Estimate for a group, from its own reference rows if there are enough."""
    members, there = rows
    e = case.reference.evaluation
    own = measured(e.take(members), case.metrics) if len(members) else {}
    part = case.weighing.take(members)
    positive = e.is_positive[members]
    if why or not is_enough(part.weights, positive):
        borrowed = (
            f"{len(members):,} reference rows are too few for a calibrator of its own; "
            "everyone's rows are used, weighted to look like the group."
        )
        everyone = case if why else _weighted_to(case, there)
        lent = replace(everyone, members=support(e.take(members), part))
        why = why or refusal(lent.weighing)
        return _part(lent, named, there, own, why, borrowed)[0]
    group = replace(case, reference=case.reference.take(members), weighing=part)
    seen = np.intersect1d(there, case.drawn)
    if min(len(members), len(seen)) >= OWN_WEIGHTS:
        ratio = weighed(group.reference, case.target, seen, case.wanted.seed)
        group = replace(group, weighing=ratio)
        return _part(group, named, there, own, refusal(ratio))[0]
    said = "weights are everyone's, the calibrator its own"
    return _part(replace(group, model=case.weighing), named, there, own, "", said)[0]


def _chunks(case: Case, tick: Tick) -> Iterator[Part]:
    """Estimate each period of the target from the reference weighted to it."""
    times = case.target.times
    if times is None:
        return
    present = [t for t in range(len(times.names)) if (times.codes == t).any()]
    if len(present) < 2:
        return
    own = measured(case.reference.evaluation, case.metrics)
    hidden = _hidden_chunks(case, times)
    for i, t in enumerate(present):
        tick(i / len(present), f"estimating for {times.names[t]}")
        rows = np.flatnonzero(times.codes == t)
        if times.names[t] in hidden:
            yield _withheld(times.names[t], (), case.metrics)
            continue
        chunk = _weighted_to(case, rows)
        why = refusal(chunk.weighing)
        yield _part(chunk, (times.names[t], ()), rows, own, why)[0]


def _weighted_to(case: Case, rows: Ints) -> Case:
    """Return the case with all reference rows weighted to some target rows."""
    rng = np.random.default_rng(case.wanted.seed)
    most = max(CHUNK_ROWS * len(rows), OWN_WEIGHTS)
    kept = case.reference.take(some_of(len(case.reference), most, rng))
    ratio = weighed(kept, case.target, rows, case.wanted.seed)
    return replace(case, reference=kept, weighing=ratio)


def _hidden_chunks(case: Case, times: Grouping) -> set[str]:
    """Return the names of periods withheld, with those that would give them away."""
    by_time = {PERIOD: times}
    sides = [replace(side, groups=by_time) for side in _target_sides(case)]
    return _hidden(sides, (PERIOD,), case.wanted.k)


def _part(
    case: Case,
    named: tuple[str, tuple[str, ...]],
    rows: Ints,
    own: dict[str, Estimate],
    why: str,
    note: str = "",
) -> tuple[Part, Calibrated]:
    """Estimate for some target rows, or say why not."""
    target = case.target.evaluation.take(rows)
    weighed = case.weighing
    fit = calibrated(case.reference.evaluation, target, weighed, case.model or weighed)
    wanted = case.wanted
    if why:
        note, found = why, {}
    else:
        found = estimated(fit, case.metrics, wanted.bootstrap, wanted.seed)
    thin = _thin(case, fit, found)
    found = {name: both for name, both in found.items() if name not in thin}
    real: dict[str, Estimate] = {}
    if case.labelled is not None:
        real = measured(case.labelled.take(rows), case.metrics)
    nothing = Estimate(np.nan, np.nan, np.nan, float(len(rows))), np.nan
    guesses = {
        m.name: Guess(
            *found.get(m.name, nothing),
            own.get(m.name, UNDEFINED),
            real.get(m.name, UNDEFINED),
            thin.get(m.name, why),
        )
        for m in case.metrics
    }
    note = " ".join([note, *_refused(thin)]).strip()
    return Part(*named, float(len(rows)), weighed.rows, guesses, note), fit


def _thin(
    case: Case, fit: Calibrated, found: Mapping[str, tuple[Estimate, float]]
) -> dict[str, str]:
    """Return the metrics found that too few rows stand behind, and why."""
    held = support(case.reference.evaluation, case.weighing)
    if case.members is not None:
        held = held.at_most(case.members)
    known = [m for m in case.metrics if m.name in found]
    reasons = {m.name: why_thin(m, fit, held, found[m.name][0]) for m in known}
    return {name: reason for name, reason in reasons.items() if reason}


def _refused(thin: Mapping[str, str]) -> list[str]:
    """Say which metrics are refused, one sentence per reason."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in thin.items():
        by_reason.setdefault(reason, []).append(_title(name))
    return [f"Not estimated: {', '.join(m)}. {why}" for why, m in by_reason.items()]


def _title(name: str) -> str:
    return metric_named(name).title.split(" (")[0]
