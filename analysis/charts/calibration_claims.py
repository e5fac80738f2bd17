"""What is sure of the scores of a group, in sentences."""

from collections.abc import Callable, Sequence

from analysis.calibration.claims import Claim
from analysis.calibration.reliability import GroupReliability
from analysis.charts import numbers
from analysis.charts.numbers import NO_BREAK
from analysis.datasets.task import Task
from analysis.frame import MISSING

MOST = 4
"""Claims that are said; the others are counted."""


def sentence(claim: Claim, who: Callable[[str], str]) -> str:
    """Say how often the outcome happens at some scores, and what they promise.

    Plain text, not escaped: group names come from the data.

    Parameters
    ----------
    claim : Claim
    who : callable
        From a group's name to whom the scores were given; see `people_of`.
    """
    promised = numbers.plain(claim.promised, decimals=_decimals(claim))
    return (
        f"Scores of {score_range(claim.low, claim.high)} given to {who(claim.group)} "
        f"come true {numbers.full(claim.rate, decimals=_decimals(claim))} of the time, "
        f"where they promise {promised} (n{NO_BREAK}={NO_BREAK}"
        f"{numbers.count(claim.rate.n)})."
    )


def first(found: Sequence[Claim], who: Callable[[str], str]) -> str:
    """Return the sentence of the largest claim; empty where nothing is sure."""
    return sentence(found[0], who) if found else ""


def others(
    found: Sequence[Claim],
    record: Sequence[GroupReliability],
    who: Callable[[str], str],
) -> str:
    """Say the next claims, of how many bins, and how sure all of them are together."""
    bins = sum(int((r.curve.count > 0).sum()) for r in record if not r.is_hidden)
    if not bins:
        return ""
    if not found:
        return (
            f"In none of the {bins:,} bins shown is the score surely off: with so many "
            "looked at, chance alone would show what is seen."
        )
    said = [sentence(claim, who) for claim in found[1:MOST]]
    which = "one is" if len(found) == 1 else f"{len(found):,} are"
    text = (
        f"Of the {bins:,} bins shown, {which} surely off; the chance of any false one "
        "among them is at most 5 %."
    )
    return f"{' '.join(said)} {text}".strip()


def people_of(attributes: Sequence[str], task: Task) -> Callable[[str], str]:
    """Return what says whom a group's scores were given to.

    A name of one attribute stands before the people, as in 'Female defendants'; a
    crossing, an interval of numbers or nothing recorded stands behind them.
    """

    def said(group: str) -> str:
        if not attributes:
            return f"all {task.rows_are}"
        if group.startswith(MISSING) and len(attributes) == 1:
            return f"{task.rows_are} with {group} {attributes[0]}"
        if len(attributes) == 1 and attributes[0] not in task.cut_points:
            return f"{group} {task.rows_are}"
        of = f"{attributes[0]} " if len(attributes) == 1 else ""
        return f"{task.rows_are} of {of}{group}"

    return said


def score_range(low: float, high: float) -> str:
    """Return the ends of a bin in as few digits as tell them apart, as '0.6–0.7'."""
    for digits in (1, 2, 3):
        texts = [f"{end:.{digits}f}" for end in (low, high)]
        is_exact = max(abs(float(texts[0]) - low), abs(float(texts[1]) - high)) < 1e-9
        if is_exact or (digits > 1 and texts[0] != texts[1]):
            break
    return texts[0] if texts[0] == texts[1] else "–".join(texts)


def _decimals(claim: Claim) -> int:
    """Return the digits of percent that tell promise and interval apart."""
    return 1 if claim.rate.high - claim.rate.low < 0.02 or claim.least < 0.01 else 0
