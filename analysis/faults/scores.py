"""Scores that do not come true, for everyone or for one group more than by chance."""

import math

from analysis.calibration.furthest import surely_off
from analysis.calibration.reliability import GroupReliability, reliability_by_group
from analysis.evaluation import Evaluation
from analysis.faults.fault import Fault

SMALLEST = 0.01
"""Mean distances, noise taken off, under a point are not worth a fix."""


def scores_off(evaluation: Evaluation, k: int = 0) -> tuple[Fault, ...]:
    """Return whose scores are surely off: of each attribute the worst, and everyone's.

    Parameters
    ----------
    evaluation : Evaluation
        Raw scores promise nothing, so nothing is found in them.
    k : int
        Groups of fewer people are neither compared nor named.
    """
    if not evaluation.is_probability:
        return ()
    crossings = tuple((name,) for name in evaluation.groups)
    by_attribute = {
        name: reliability_by_group(evaluation, (name,), k=k, beside=crossings)
        for name in evaluation.groups
    }
    every = [(name, r) for name, rows in by_attribute.items() for r in rows]
    whole = reliability_by_group(evaluation, ())
    every += [("", r) for r in whole]
    off = surely_off([r for _, r in every])
    sure = [one for one, is_off in zip(every, off, strict=True) if is_off]
    worst = dict[str, GroupReliability]()
    for name, r in sure:
        far = r.error.debiased
        if far >= SMALLEST and far > _debiased(worst.get(name)):
            worst[name] = r
    return tuple(_fault(name, r) for name, r in worst.items())


def _debiased(r: GroupReliability | None) -> float:
    return -math.inf if r is None else r.error.debiased


def _fault(attribute: str, r: GroupReliability) -> Fault:
    error = r.error
    whose = f"for {r.name}" if attribute else "over everyone"
    sentence = (
        f"Scores are {100 * error.value.value:.1f} points from what happens {whose}, "
        f"where chance alone would give {100 * error.null_low:.1f} to "
        f"{100 * error.null_high:.1f} (n = {error.value.n:,.0f})."
    )
    return Fault(
        "scores_by_group" if attribute else "scores",
        attribute,
        r.name if attribute else "",
        sentence,
        error.debiased,
        is_sure=True,
    )
