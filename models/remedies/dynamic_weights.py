"""Dynamic weights: rows weigh by their present loss, anew in every batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from analysis.errors import RunError
from models.method import Method
from models.remedies.base import Family, Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import (
    attribute_setting,
    choice_setting,
    cohort_setting,
    setting,
)
from models.remedies.weighing import inside_of

if TYPE_CHECKING:
    from torch import Tensor

    from models.rows import Rows
    from models.train import Training

LINEAR, QUADRATIC, EXTREMES = "not the easy", "the middle", "the extremes"
SHAPES = (LINEAR, QUADRATIC, EXTREMES)

LEAST_SPREAD = 1e-6
"""Of the losses in a batch, in nats; below it they count as equal."""


@dataclass(frozen=True)
class DynamicWeights(InLoop):
    """Weigh the rows of each batch by a function of their loss in it.

    With h the loss scaled to [-1, 1] over the batch, a row weighs exp(s f(h)) over the
    mean of these. f is min(h + 1, 1) for 'not the easy' (LinUpper), 1 - h^2 for 'the
    middle' (Quadratic), |h| for 'the extremes'. The paper's r is 1 / s, its Delta 1.

    References
    ----------
    Sow et al. (2025), Dynamic Loss-Based Sample Reweighting for Improved Large Language
    Model Pretraining, ICLR, section 4. There r falls in the course of training; here it
    stays. Row weights count in the mean, and are not part of the loss that is scaled.
    """

    title: ClassVar[str] = "Weigh rows by their loss while training (dynamic weights)"
    mends: ClassVar[str] = "time spent on easy rows, or outliers that lead astray"
    costs: ClassVar[str] = (
        "calibration, as the loss is no longer that of the whole table"
    )
    source: ClassVar[str] = "Sow et al. (2025), ICLR"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    family: ClassVar[Family] = "Weights and sampling"
    slowness: ClassVar[float] = 1.1
    name: ClassVar[str] = "dynamic_weights"
    slot: ClassVar[Slot] = "risk"

    shape: str = choice_setting(
        LINEAR,
        SHAPES,
        "Which rows count: all but the easy, the middle or the extremes.",
    )
    strength: float = setting(
        1.0,
        0.0,
        10.0,
        "0 weighs all rows alike; rows then differ by up to e to this power.",
        is_dial=True,
    )
    attribute: str = attribute_setting(
        "Groups whose mean weight is shown while training; they change nothing.",
        is_required=False,
    )
    cohort: str = cohort_setting()

    def method(self) -> Method:
        """Return the weigher."""
        return Weigher(self)


class Weigher(Method):
    """Multiplies the losses of a batch by weights that average 1."""

    def __init__(self, settings: DynamicWeights) -> None:
        self.settings = settings

    def begin(self, training: Training) -> None:
        """Find the rows in reach, and the groups to report on."""
        import torch

        if training.frames is None:
            raise RunError("This remedy needs the groups of the training rows.")
        inside = inside_of(training.frames.train, self.settings.cohort)
        self.inside = torch.tensor(inside, device=training.device)
        self.draws = training.recipe.draws
        self.codes: Tensor | None = None
        self.names: tuple[str, ...] = ()
        if self.settings.attribute:
            self.codes, self.names = training.codes(self.settings.attribute)
        self.sums = torch.zeros(2, len(self.names), device=training.device)

    def order(self, training: Training, order: Tensor) -> Tensor:
        """Leave the order; a new epoch's weights are counted from here."""
        self.sums.zero_()
        return order

    def weighed(self, batch: Rows, losses: Tensor, logits: Tensor) -> Tensor:
        """Return losses times weights; rows out of reach keep theirs."""
        if batch.index is None:
            return losses
        own = None if self.draws else batch.weights
        plain = losses if own is None else losses / own.clamp(min=1e-12)
        factors = self.factors(plain.detach(), own, self.inside[batch.index])
        self._count(batch.index, factors)
        return losses * factors

    def factors(self, losses: Tensor, weights: Tensor | None, inside: Tensor) -> Tensor:
        """Return each row's factor, averaging 1 over the rows in reach, float[b].

        Parameters
        ----------
        losses : Tensor, float[b]
            Without row weights, in nats.
        weights : Tensor, float[b], or None
            Row weights, which count in the average.
        inside : Tensor, bool[b]
            The rows in reach.
        """
        import torch

        if not inside.any():
            return torch.ones_like(losses)
        reached = losses[inside]
        low, high = reached.min(), reached.max()
        h = (2 * reached - low - high) / (high - low).clamp(min=LEAST_SPREAD)
        scores = self.settings.strength * _SHAPES[self.settings.shape](h)
        raised = torch.exp(scores - scores.max())
        mass = torch.ones_like(raised) if weights is None else weights[inside]
        mean = (mass * raised).sum() / mass.sum().clamp(min=1e-12)
        factors = torch.ones_like(losses)
        factors[inside] = raised / mean.clamp(min=1e-12)
        return factors

    def _count(self, index: Tensor, factors: Tensor) -> None:
        if self.codes is not None:
            codes = self.codes[index]
            self.sums[0].index_add_(0, codes, factors)
            self.sums[1].index_add_(0, codes, factors.new_ones(len(codes)))

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Find rows and groups again; weights follow from each batch alone."""
        self.begin(training)

    def said(self) -> dict[str, float | list[float] | str]:
        """Return each group's mean weight over the epoch."""
        means = (self.sums[0] / self.sums[1].clamp(min=1)).tolist()
        return dict(zip(self.names, means, strict=True))


def _not_easy(h: Tensor) -> Tensor:
    return (h + 1).clamp(max=1)


def _middle(h: Tensor) -> Tensor:
    return 1 - h**2


def _extremes(h: Tensor) -> Tensor:
    return h.abs()


_SHAPES = {LINEAR: _not_easy, QUADRATIC: _middle, EXTREMES: _extremes}
