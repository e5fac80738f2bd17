"""Focal loss: rows that are already right count less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from analysis.errors import SettingError
from models.method import Method
from models.remedies.base import Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import class_setting, setting

if TYPE_CHECKING:
    from torch import Tensor

    from analysis.frame import AuditFrame
    from models.method import Loss
    from models.recipe import Recipe
    from models.train import Training


@dataclass(frozen=True)
class FocalLoss(InLoop):
    """Minimise -(1 - p)^gamma log p, p the probability of a row's own label.

    For k classes p is the softmax probability. The balance alpha weighs rows of one
    class by 2 alpha and all others by 2 (1 - alpha): the factor 2 is ours, so that the
    default, one half, leaves every row as it is.

    References
    ----------
    Lin, Goyal, Girshick, He & Dollar (2017), Focal Loss for Dense Object Detection,
    ICCV, equations 4 and 5.
    """

    title: ClassVar[str] = "Count easy people less (focal loss)"
    mends: ClassVar[str] = "models that are busy with people they already get right"
    costs: ClassVar[str] = "scores that are too cautious until they are calibrated"
    source: ClassVar[str] = "Lin et al. (2017), ICCV"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    name: ClassVar[str] = "focal"
    slot: ClassVar[Slot] = "loss"

    gamma: float = setting(
        2.0,
        0.0,
        10.0,
        "How much less the easy people count; 0 counts everyone alike.",
        is_dial=True,
        label="Focus on hard people (gamma)",
    )
    alpha: float = setting(
        0.5,
        0.0,
        1.0,
        "Say of the chosen class against all others; 0.5 leaves it.",
        label="Weight of the class (alpha)",
    )
    positive: str = class_setting("The class that alpha speaks of; empty for the last.")

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
        return Focal(self)


class Focal(Method):
    """Takes cross-entropy's place."""

    def __init__(self, remedy: FocalLoss) -> None:
        self.remedy = remedy
        self.code = 0

    def begin(self, training: Training) -> None:
        """Look up the class that alpha speaks of."""
        self.code = code_in(training, self.remedy.positive)

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Look up the class again; nothing else is learnt."""
        self.begin(training)

    def loss(self) -> Loss:
        """Return the focal loss."""
        return self._loss

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        from models.losses import row_losses

        losses = row_losses(logits, labels)
        if self.remedy.gamma:
            losses = losses * (self.remedy.gamma * log_rest(logits, labels)).exp()
        if self.remedy.alpha != 0.5:
            alpha = (labels == self.code).to(losses) * (2 * self.remedy.alpha - 1)
            losses = losses * 2 * (1 - self.remedy.alpha + alpha)
        return losses


def log_rest(logits: Tensor, labels: Tensor) -> Tensor:
    """Return log(1 - p) of each row's label, float[n], exact where p is almost 1.

    1 - p itself would round to 0, and a power of it would have no finite gradient.
    """
    others = logits.scatter(1, labels.unsqueeze(1), float("-inf"))
    return others.logsumexp(1) - logits.logsumexp(1)


def class_code(name: str, classes: tuple[str, ...]) -> int:
    """Return the position of a class among a label's; the last for an empty name.

    Raises
    ------
    SettingError
        The label has no such class.
    """
    if not name:
        return len(classes) - 1
    if name not in classes:
        raise SettingError(
            f"'{name}' is not a class of the label; it has {', '.join(classes)}. "
            "Choose one of these."
        )
    return classes.index(name)


def code_in(training: Training, name: str) -> int:
    """Return the position of a class among those of a training's label."""
    if training.frames is None:
        return 0
    return class_code(name, training.frames.train.classes)
