"""Encouraging loss: being right by a wide lead keeps paying off."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from models.method import Method
from models.remedies.base import Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import setting

if TYPE_CHECKING:
    from torch import Tensor

    from models.method import Loss


@dataclass(frozen=True)
class EncouragingLoss(InLoop):
    """Minimise -log p + log(1 - p), with a straight tail beyond p = 0.75.

    The bonus log(1 - p) keeps the gradient of well-classified rows alive. As it has no
    lower bound, the conservative bonus goes on along its tangent from `tail_from`. The
    loss can be negative. The strength, a factor on the bonus, is ours.

    References
    ----------
    Zhao, Yang, Sun, Ren & Sun (2022), Well-classified Examples are Underestimated in
    Classification with Deep Neural Networks, AAAI, equations 5 and 6; the tangent as
    in the authors' code.
    """

    title: ClassVar[str] = "Reward certainty (encouraging loss)"
    mends: ClassVar[str] = (
        "small leads, as plain training stops caring about easy people"
    )
    costs: ClassVar[str] = "scores that are overconfident until they are calibrated"
    source: ClassVar[str] = "Zhao et al. (2022), AAAI"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    name: ClassVar[str] = "encouraging"
    slot: ClassVar[Slot] = "loss"

    strength: float = setting(
        1.0,
        0.0,
        2.0,
        "How much certainty is rewarded; 0 is plain training, 1 the paper's loss.",
        is_dial=True,
    )
    tail_from: float = setting(
        0.75, 0.1, 0.99, "Probability from which the reward grows evenly."
    )

    def method(self) -> Method:
        """Return the loss as the training loop takes it."""
        return Encouraging(self.strength, self.tail_from)


class Encouraging(Method):
    """Takes cross-entropy's place."""

    def __init__(self, strength: float, tail_from: float) -> None:
        self.strength, self.tail_from = strength, tail_from

    def loss(self) -> Loss:
        """Return cross-entropy with the bonus."""
        return self._loss

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        from models.losses import row_losses

        losses = row_losses(logits, labels)
        return losses + self.strength * bonus((-losses).exp(), self.tail_from)


def bonus(p: Tensor, tail_from: float) -> Tensor:
    """Return log(1 - p), and its tangent at `tail_from` where p is above it, [m]."""
    tail = math.log1p(-tail_from) - (p - tail_from) / (1 - tail_from)
    # Clamped, so that the branch not taken has a finite slope at p = 1.
    curve = (-p.clamp(max=tail_from)).log1p()
    return curve.where(p <= tail_from, tail)
