"""Train twice: those whom a first, short training gets wrong count more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from models.method import Method
from models.remedies.base import Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import setting

if TYPE_CHECKING:
    from torch import Tensor

    from models.rows import Rows
    from models.train import Training


@dataclass(frozen=True)
class TrainTwice(InLoop):
    """Train plainly for T epochs, then anew with its mistakes weighing lambda.

    The paper draws the mistakes lambda times as often; we weigh them, with weights that
    average 1, which is the same in expectation at the same number of steps. The first
    training has the recipe's optimiser, where the paper may choose another.

    References
    ----------
    Liu et al. (2021), Just Train Twice: Improving Group Robustness without Training
    Group Information, ICML, algorithm 1.
    """

    title: ClassVar[str] = "Learn from first mistakes (just train twice)"
    mends: ClassVar[str] = "groups left behind by a shortcut, without naming them"
    costs: ClassVar[str] = "accuracy overall, most of all where labels are noisy"
    source: ClassVar[str] = "Liu et al. (2021), ICML"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    name: ClassVar[str] = "train_twice"
    slot: ClassVar[Slot] = "risk"
    slowness: ClassVar[float] = 1.2

    lambda_up: float = setting(
        5.0,
        1.0,
        100.0,
        "How often as much a mistake of the first training counts; 1 as much as all.",
        is_dial=True,
        label="Weight of first mistakes (lambda)",
    )
    first_epochs: int = setting(3, 1, 100, "Epochs of the first training.")

    def method(self) -> Method:
        """Return what takes part in the loop."""
        return Mistakes(self.lambda_up, self.first_epochs)


class Mistakes(Method):
    """Weighs rows by whether the first training got them wrong."""

    def __init__(self, lambda_up: float, first_epochs: int) -> None:
        self.lambda_up, self.first_epochs = lambda_up, first_epochs
        self.is_wrong: Tensor  # uint8[n]
        self.factors: Tensor  # float[n]

    def begin(self, training: Training) -> None:
        """Train a first time, and note whom that gets wrong."""
        import torch

        from models.train import logits_of

        first = training.rehearsed(self.first_epochs)
        decisions = logits_of(first, training.train).argmax(1)
        self.is_wrong = (decisions != training.train.labels).to(torch.uint8)
        self._weigh(training)

    def _weigh(self, training: Training) -> None:
        wrong = self.is_wrong.double().cpu()
        weights = training.train.weights
        share = wrong.mean()
        if weights is not None:
            share = wrong @ weights.double().cpu() / weights.double().cpu().sum()
        mean = 1 + (self.lambda_up - 1) * share
        factors = (1 + (self.lambda_up - 1) * wrong) / mean
        self.factors = factors.float().to(training.device)

    def weighed(self, batch: Rows, losses: Tensor, logits: Tensor) -> Tensor:
        """Return losses [b] with those of first mistakes scaled up."""
        return losses if batch.index is None else losses * self.factors[batch.index]

    def state(self) -> dict[str, Tensor]:
        """Return the first training's mistakes."""
        return {"is_wrong": self.is_wrong}

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Take up the mistakes; the first training is not repeated."""
        self.is_wrong = state["is_wrong"].to(training.device)
        self._weigh(training)

    def said(self) -> dict[str, float | list[float] | str]:
        """Return the share of rows that count more."""
        return {"mistakes": float(self.is_wrong.double().mean())}
