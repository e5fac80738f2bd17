"""Squentropy: cross-entropy, and wrong classes drawn to a score of 0."""

from __future__ import annotations

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
class Squentropy(InLoop):
    """Add to -log p the mean of the squared logits of a row's k - 1 wrong classes.

    The paper's loss has strength 1 and no setting at all; the strength, a factor on the
    squares, is ours.

    References
    ----------
    Hui, Belkin & Wright (2023), Cut your Losses with Squentropy, ICML, equation 1.
    """

    title: ClassVar[str] = "Modest scores (squentropy)"
    mends: ClassVar[str] = "overconfident scores, and results that vary with the seed"
    costs: ClassVar[str] = "scores that never come near 0 or 1 on easy tables"
    source: ClassVar[str] = "Hui, Belkin & Wright (2023), ICML"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    name: ClassVar[str] = "squentropy"
    slot: ClassVar[Slot] = "loss"

    strength: float = setting(
        1.0,
        0.0,
        10.0,
        "How much the squares count; 0 is plain training, 1 the paper's loss.",
        is_dial=True,
    )

    def method(self) -> Method:
        """Return the loss as the training loop takes it."""
        return Squares(self.strength)


class Squares(Method):
    """Takes cross-entropy's place."""

    def __init__(self, strength: float) -> None:
        self.strength = strength

    def loss(self) -> Loss:
        """Return cross-entropy plus the squares."""
        return self._loss

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        from models.losses import row_losses

        wrong = logits.scatter(1, labels.unsqueeze(1), 0.0)
        squares = wrong.square().sum(1) / (logits.shape[1] - 1)
        return row_losses(logits, labels) + self.strength * squares
