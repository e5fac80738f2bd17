"""Asymmetric loss: easy people without the label count less than those with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from models.method import Method
from models.remedies.base import Needs
from models.remedies.focal import class_code, code_in, log_rest
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import class_setting, setting

if TYPE_CHECKING:
    from torch import Tensor

    from analysis.frame import AuditFrame
    from models.method import Loss
    from models.recipe import Recipe
    from models.train import Training

SMALLEST = 1e-12
"""Below it a power of a probability is cut off, as its slope may have no bound."""

LARGEST = 1 - 1e-6


@dataclass(frozen=True)
class AsymmetricLoss(InLoop):
    """Focus on rows of one class and on the others with powers of their own.

    With p the probability of the chosen class and p_m = max(p - m, 0), rows of that
    class lose -(1 - p)^gamma_positive log p and all others -p_m^gamma_negative
    log(1 - p_m).

    The paper has many labels, each with a sigmoid of its own. Here a row has one label
    and p is its softmax probability, so scores stay probabilities: for two classes the
    loss is the paper's, and for more the other classes also lose the plain
    -log(p_y / (1 - p)), which tells them apart from each other. With gammas and margin
    0 the two parts sum to cross-entropy for any k.

    References
    ----------
    Ridnik, Ben-Baruch, Zamir, Noy, Friedman, Protter & Zelnik-Manor (2021), Asymmetric
    Loss For Multi-Label Classification, ICCV, equations 4 to 7.
    """

    title: ClassVar[str] = "Count easy negatives less (asymmetric loss)"
    mends: ClassVar[str] = "a rare class that is missed among many easy others"
    costs: ClassVar[str] = "more false alarms, and scores that are too high"
    source: ClassVar[str] = "Ridnik et al. (2021), ICCV"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    name: ClassVar[str] = "asymmetric"
    slot: ClassVar[Slot] = "loss"

    gamma_negative: float = setting(
        4.0,
        0.0,
        10.0,
        "How much less easy people of the other classes count; 0 counts them alike.",
        is_dial=True,
        label="Focus on hard negatives (gamma -)",
    )
    gamma_positive: float = setting(
        0.0,
        0.0,
        10.0,
        "The same for the chosen class; 0 counts them alike.",
        label="Focus on hard positives (gamma +)",
    )
    margin: float = setting(
        0.05,
        0.0,
        0.5,
        "Others whose score is below this are left out of the loss; 0 leaves out none.",
        label="Negatives left alone below (m)",
    )
    positive: str = class_setting("The class to find; empty for the last.")

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe with this loss.

        Raises
        ------
        SettingError
            The label has no such class.
        """
        class_code(self.positive, train.classes)
        return super().change(recipe, train)

    def method(self) -> Method:
        """Return the loss as the training loop takes it."""
        return Asymmetric(self)


class Asymmetric(Method):
    """Takes cross-entropy's place."""

    def __init__(self, remedy: AsymmetricLoss) -> None:
        self.remedy = remedy
        self.code = 0

    def begin(self, training: Training) -> None:
        """Look up the class to find."""
        self.code = code_in(training, self.remedy.positive)

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Look up the class again; nothing else is learnt."""
        self.begin(training)

    def loss(self) -> Loss:
        """Return the asymmetric loss."""
        return self._loss

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        import torch

        from models.losses import row_losses

        log_p = logits[:, self.code] - logits.logsumexp(1)
        log_q = log_rest(logits, torch.full_like(labels, self.code))
        plain = row_losses(logits, labels)
        found = (self.remedy.gamma_positive * log_q).exp() * plain
        # -log p_y is -log(1 - p) - log(p_y / (1 - p)); only the first part changes.
        others = plain + log_q + self._negative(log_p, log_q)
        return torch.where(labels == self.code, found, others)

    def _negative(self, log_p: Tensor, log_q: Tensor) -> Tensor:
        """Return -p_m^gamma log(1 - p_m), given log p and log(1 - p), [m]."""
        gamma, margin = self.remedy.gamma_negative, self.remedy.margin
        if not margin:
            return -(gamma * log_p).exp() * log_q
        shifted = (log_p.exp() - margin).clamp(min=0, max=LARGEST)
        return -shifted.clamp(min=SMALLEST).pow(gamma) * (-shifted).log1p()
