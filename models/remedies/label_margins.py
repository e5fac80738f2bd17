"""Label-dependent margins: rare classes are asked for a wider lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from models.method import Method
from models.remedies.base import Needs
from models.remedies.class_balanced import class_weights
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import setting
from models.training_cells import cells_of

if TYPE_CHECKING:
    from torch import Tensor

    from models.method import Loss
    from models.train import Training

DEFERRED_BETA = 0.9999
"""Of the class-balanced weights that come in late, as in the authors' code."""


@dataclass(frozen=True)
class LabelMargins(InLoop):
    """Ask each row of class y for a lead of Delta_y = C / n_y^(1/4) over the others.

    The loss is cross-entropy of s (z - Delta_y e_y). C is set so that the rarest class
    has the chosen margin, as in the authors' code. They let z be cosines, for which a
    scale s of 30 is needed; our logits have no bound, so s is 1 and the margin is in
    logits. With another scale, scores are those of the unscaled logits, and so too
    cautious until they are calibrated.

    References
    ----------
    Cao, Wei, Gaidon, Arechiga & Ma (2019), Learning Imbalanced Datasets with
    Label-Distribution-Aware Margin Loss, NeurIPS, equations 10 to 13 and algorithm 1.
    """

    title: ClassVar[str] = "Wider margins for rare classes (LDAM loss)"
    mends: ClassVar[str] = "rare classes that are learnt by heart and missed afterwards"
    costs: ClassVar[str] = "accuracy on common classes, and scores above their rates"
    source: ClassVar[str] = "Cao et al. (2019), NeurIPS"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    name: ClassVar[str] = "label_margins"
    slot: ClassVar[Slot] = "loss"

    margin: float = setting(
        1.0,
        0.0,
        10.0,
        "Lead that the rarest class is asked for, in logits; 0 asks for none.",
        is_dial=True,
    )
    scale: float = setting(
        1.0, 1.0, 30.0, "Factor on logits in the loss; 1 keeps scores probabilities."
    )
    deferred: float = setting(
        1.0,
        0.0,
        1.0,
        "Share of the epochs after which rare classes also weigh more; 1 is never.",
    )

    def method(self) -> Method:
        """Return the loss as the training loop takes it."""
        return Margins(self)


class Margins(Method):
    """Takes cross-entropy's place."""

    def __init__(self, remedy: LabelMargins) -> None:
        self.remedy = remedy
        self.margins: Tensor | None = None  # [k]
        self.factors: Tensor | None = None  # [k]
        self.is_late = False

    def begin(self, training: Training) -> None:
        """Count the classes among the training rows."""
        counts = cells_of(training).masses
        self.margins = margins_of(counts, self.remedy.margin).to(training.device)
        self.factors = class_weights(counts, DEFERRED_BETA).to(training.device)

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Count again; the rows are the same."""
        self.begin(training)

    def order(self, training: Training, order: Tensor) -> Tensor:
        """Note whether the late epochs have come; leave the rows as they are."""
        done = training.progress.epoch / training.recipe.epochs
        self.is_late = done >= self.remedy.deferred
        return order

    def loss(self) -> Loss:
        """Return cross-entropy with margins."""
        return self._loss

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        from models.losses import row_losses

        if self.margins is None or self.factors is None:
            return row_losses(logits, labels)
        own = logits.gather(1, labels.unsqueeze(1)) - self.margins[labels].unsqueeze(1)
        asked = logits.scatter(1, labels.unsqueeze(1), own)
        losses = row_losses(self.remedy.scale * asked, labels)
        return losses * self.factors[labels] if self.is_late else losses


def margins_of(counts: Tensor, largest: float) -> Tensor:
    """Return C / n^(1/4) of each class, float32[k], `largest` for the rarest one.

    A class without rows has margin 0; it is not asked for anything.
    """
    import torch

    occurs = counts > 0
    found = torch.where(occurs, counts.double().clamp(min=1e-9) ** -0.25, 0.0)
    return (found * (largest / found.max())).float()
