"""Logit adjustment: learn scores from which the class frequencies are taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from models.method import Method
from models.remedies.base import Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import attribute_setting, setting
from models.training_cells import cells_of

if TYPE_CHECKING:
    from torch import Tensor

    from models.method import Loss
    from models.rows import Rows
    from models.train import Training

RAREST = 0.5
"""Rows, at least, that a class has in the eyes of a logarithm."""


@dataclass(frozen=True)
class LogitAdjustment(InLoop):
    """Add tau log pi to the logits in the loss, and not when people are scored.

    pi is the share of each class among the training rows or, if an attribute is named,
    among those of the row's group, which extends the paper: then the model no longer
    gains by guessing from the group. Survey weights count in pi. Half a row is added
    to every class (ours), as a class that a group lacks has no logarithm.

    References
    ----------
    Menon, Jayasumana, Rawat, Jain, Veit & Kumar (2021), Long-tail learning via logit
    adjustment, ICLR, equation 10.
    """

    title: ClassVar[str] = "Take class frequencies out (logit adjustment)"
    mends: ClassVar[str] = (
        "rare classes that are missed, and groups judged by their rate of each class"
    )
    costs: ClassVar[str] = "accuracy on common classes, and scores above their rates"
    source: ClassVar[str] = "Menon et al. (2021), ICLR"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    name: ClassVar[str] = "logit_adjustment"
    slot: ClassVar[Slot] = "loss"

    tau: float = setting(
        1.0,
        0.0,
        3.0,
        "0 leaves scores as they are; 1 treats all classes as equally frequent.",
        is_dial=True,
        label="Strength (tau)",
    )
    attribute: str = attribute_setting(
        "Groups whose own class frequencies are taken out; empty for those of all.",
        is_required=False,
    )

    def method(self) -> Method:
        """Return the offsets as the training loop takes them."""
        return Adjustment(self)


class Adjustment(Method):
    """Adds its offsets before any loss is taken."""

    def __init__(self, remedy: LogitAdjustment) -> None:
        self.remedy = remedy
        self.offsets: Tensor | None = None  # [g, k]
        self.groups: Tensor | None = None  # [n]

    def begin(self, training: Training) -> None:
        """Count classes, in each group if asked to."""
        k = int(cells_of(training).labels.numel())
        cells = cells_of(training, self.remedy.attribute)
        counts = cells.masses.reshape(-1, k) + RAREST
        log_pi = (counts / counts.sum(1, keepdim=True)).log()
        self.offsets = (self.remedy.tau * log_pi).float().to(training.device)
        self.groups = (cells.codes // k).to(training.device)

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Count again; the rows are the same."""
        self.begin(training)

    def loss(self) -> Loss | None:
        """Return the loss at adjusted logits, by which epochs are judged as well."""
        return None if self.remedy.attribute else self._adjusted

    def _adjusted(self, logits: Tensor, labels: Tensor) -> Tensor:
        from models.losses import row_losses

        offsets = 0.0 if self.offsets is None else self.offsets[0]
        return row_losses(logits + offsets, labels)

    def keeps_last(self) -> bool:
        """Keep the last epoch where offsets differ by group: no one loss tells it."""
        return bool(self.remedy.attribute) and self.remedy.tau > 0

    def losses(self, batch: Rows, logits: Tensor, loss: Loss) -> Tensor:
        """Return each row's loss [b] at its adjusted logits."""
        if not self.remedy.attribute or self.offsets is None or self.groups is None:
            return loss(logits, batch.labels)
        groups = self.groups if batch.index is None else self.groups[batch.index]
        offsets = self.offsets[groups]  # [b, k]
        if logits.dim() == 3:  # members share a row's offsets
            offsets = offsets.unsqueeze(1)
        return loss(logits + offsets, batch.labels)
