"""Guard rails of a change of scores: whether it helps on rows it was not fitted on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from analysis.changes import Pair
from analysis.compare import HARM_LEVEL, Flips, PairedComparison, flips, paired
from analysis.errors import DataError
from analysis.estimates import Estimate
from analysis.evaluation import Evaluation
from analysis.frame import everyone
from analysis.holm import holm
from analysis.metrics.registry import metric_named

LOSSES = ("log_loss", "brier_score")
"""What a true score makes smallest; a lower one is better."""

RATES = (
    "selection_rate",
    "false_positive_rate",
    "false_negative_rate",
    "precision",
    "accuracy",
)
"""What moves where decisions do."""

IDENTICAL = 1e-9
"""A change of no score by more than this is none: rounding moves scores as far."""

Advice = Literal["nothing", "worse", "harms", "unsure", "helps"]


@dataclass(frozen=True, eq=False)
class Guard:
    """What a change of scores did on the same rows.

    Parameters
    ----------
    losses : PairedComparison
        Log loss and Brier score, before and after, by group.
    rates : PairedComparison
        The rates of decisions alike; a family of comparisons of its own.
    flips : Flips
        Decisions that changed.
    largest_move : float
        Largest change of any probability; NaN without rows.
    reordered : int
        Rows whose class with the highest score became another one.
    p_value : float
        Of no change in log loss; adjusted for its family by `among`.
    """

    losses: PairedComparison
    rates: PairedComparison
    flips: Flips
    largest_move: float
    reordered: int
    p_value: float

    @property
    def order_kept(self) -> bool:
        """Whether everybody's likeliest class stayed the same."""
        return self.reordered == 0

    @property
    def is_identity(self) -> bool:
        """Whether nothing was changed: a fit that silently did nothing looks so."""
        return self.largest_move <= IDENTICAL

    @property
    def harmed(self) -> tuple[str, ...]:
        """Groups whose log loss or Brier score surely got worse."""
        return tuple(dict.fromkeys(name for name, _ in self.losses.harmed))

    @property
    def log_loss(self) -> Estimate:
        """Change in log loss over everyone, in nats."""
        return self.losses.overall["log_loss"]

    @property
    def brier_score(self) -> Estimate:
        """Change in the Brier score over everyone."""
        return self.losses.overall["brier_score"]

    @property
    def advice(self) -> Advice:
        """What is to be said of it.

        'nothing': it changes no score. 'worse': log loss rose, or the Brier score
        surely did. 'harms': it may help on the whole, and a group is surely worse off.
        'unsure': log loss fell by no more than chance would make it. 'helps': it
        surely fell, and nobody is surely worse off.
        """
        if self.is_identity:
            return "nothing"
        if not self.log_loss.value <= 0 or self.brier_score.low > 0:
            return "worse"
        if self.harmed:
            return "harms"
        is_sure = self.log_loss.high < 0 and self.p_value < HARM_LEVEL
        return "helps" if is_sure else "unsure"

    @property
    def is_recommended(self) -> bool:
        """Whether it helps and harms nobody, as far as these rows can tell."""
        return self.advice == "helps"


def guard(
    before: Evaluation, after: Evaluation, attributes: tuple[str, ...], k: int = 0
) -> Guard:
    """Hold changed scores against those before, on rows that were not fitted on.

    Groups of fewer than k people are withheld; a group is harmed when its paired change
    is for the worse with a q-value below `compare.HARM_LEVEL` over all groups and both
    losses.

    Raises
    ------
    DataError
        The two evaluations are not of the same rows; or small groups are hidden, and
        the scores of so few change that the change over everyone would tell of them.
    NeedsProbabilitiesError
        One of them is on a scale of its own.
    """
    losses = paired(before, after, attributes, LOSSES, k)  # refuses other rows
    moved = np.abs(after.scores.values - before.scores.values)
    if 0 < int((moved > IDENTICAL).any(axis=1).sum()) < k:
        raise DataError(
            f"The scores of fewer than {k:,} people change, so what it did would tell "
            "of single people. Change the scores of more, or lower the smallest group "
            "shown."
        )
    first, last = (e.scores.values.argmax(axis=1) for e in (before, after))
    return Guard(
        losses=losses,
        rates=paired(before, after, attributes, RATES, k),
        flips=flips(before, after, attributes, k),
        largest_move=float(moved.max()) if len(moved) else float("nan"),
        reordered=int((first != last).sum()),
        p_value=_p_value(before, after),
    )


def among(tried: Mapping[str, Guard]) -> dict[str, Guard]:
    """Return fixes tried on the same rows, each judged as one of the whole family.

    The best of many looks kinder than it is: by Holm's method the chance that any is
    said to help when none does stays at `HARM_LEVEL`.
    """
    adjusted = holm(np.array([found.p_value for found in tried.values()]))
    return {
        name: replace(found, p_value=float(p))
        for (name, found), p in zip(tried.items(), adjusted, strict=True)
    }


def _p_value(before: Evaluation, after: Evaluation) -> float:
    """Return the two-sided p-value of no change in log loss over everyone."""
    pair = Pair(before, after, everyone(len(before)))
    return float(pair.change(metric_named("log_loss"))[1][0])
