"""Noisy labels: trust a label less, the more its loss looks like a mistake's."""

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
    from models.rows import Rows
    from models.train import Training


@dataclass(frozen=True)
class NoisyLabels(InLoop):
    """Learn from (1 - w) times the label and w times the model's own decision.

    w is the probability that a row's loss comes from the higher of two beta densities,
    fitted anew after each epoch; a row that is learnt late is taken for mislabelled.
    The first epochs are plain, as all losses are high then. This is the paper's dynamic
    hard bootstrapping. Its term that keeps predictions spread evenly over the classes
    is left out, as our classes are not even, and so is the Mixup of its last section,
    which is a remedy of its own here. The strength, a factor on w, is ours.

    References
    ----------
    Arazo, Ortego, Albert, O'Connor & McGuinness (2019), Unsupervised Label Noise
    Modeling and Loss Correction, ICML, sections 3.1 and 3.2.
    """

    title: ClassVar[str] = "Doubt late-learnt labels (noise correction)"
    mends: ClassVar[str] = "wrong labels, wherever they are"
    costs: ClassVar[str] = "rare but true cases, which look like mistakes"
    source: ClassVar[str] = "Arazo et al. (2019), ICML"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    name: ClassVar[str] = "noisy_labels"
    slot: ClassVar[Slot] = "labels"
    slowness: ClassVar[float] = 1.3

    strength: float = setting(
        1.0,
        0.0,
        1.0,
        "How far doubt goes; 0 believes every label, 1 doubts as the fit does.",
        is_dial=True,
    )
    warm_up: int = setting(3, 1, 1000, "First epochs, which believe every label.")

    def method(self) -> Method:
        """Return what takes part in the loop."""
        return Doubt(self.strength, self.warm_up)


class Doubt(Method):
    """Blends each label with the model's decision, by how doubtful it is."""

    def __init__(self, strength: float, warm_up: int) -> None:
        self.strength, self.warm_up = strength, warm_up
        self.doubt: Tensor  # float[n], w

    def begin(self, training: Training) -> None:
        """Start without doubt."""
        import torch

        self.doubt = torch.zeros(len(training.train), device=training.device)

    def losses(self, batch: Rows, logits: Tensor, loss: Loss) -> Tensor:
        """Return each row's loss [b] at its label and at the model's decision."""
        from models.networks import joint_logits

        believed = loss(logits, batch.labels)
        if batch.index is None or not self.strength:
            return believed
        w = self.strength * self.doubt[batch.index]
        decided = joint_logits(logits.detach()).argmax(1)
        return (1 - w) * believed + w * loss(logits, decided)

    def after_epoch(self, training: Training) -> None:
        """Fit the mixture to every row's loss of the moment."""
        import torch

        from models.beta_mixture import fit_beta_mixture
        from models.losses import row_losses
        from models.train import logits_of

        if training.progress.epoch + 1 < self.warm_up or not self.strength:
            return
        losses = row_losses(
            logits_of(training.network, training.train), training.train.labels
        )
        found = losses.double().cpu().numpy()
        weights = training.train.weights
        own = None if weights is None else weights.double().cpu().numpy()
        doubt = fit_beta_mixture(found, own).probability(found)
        self.doubt = torch.tensor(doubt, dtype=torch.float32, device=training.device)
        if training.progress.epoch == self.warm_up:
            training.restart()  # all epochs before this one were plain training

    def state(self) -> dict[str, Tensor]:
        """Return the doubt about each row."""
        return {"doubt": self.doubt}

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Take up the doubt."""
        self.doubt = state["doubt"].to(training.device)

    def said(self) -> dict[str, float | list[float] | str]:
        """Return the share of labels that are doubted more than believed."""
        return {"doubted": float((self.doubt > 0.5).double().mean())}
