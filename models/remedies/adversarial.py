"""Adversarial debiasing: unlearn what tells an adversary the group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from models.method import Method
from models.remedies.base import Family, Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import attribute_setting, choice_setting, setting

if TYPE_CHECKING:
    from torch import Tensor

    from models.adversary import Adversary
    from models.rows import Rows
    from models.train import Training

AIMS = ("selection rate", "both error rates")


@dataclass(frozen=True)
class AdversarialDebiasing(InLoop):
    """Train against an adversary that guesses the group from the model's answer.

    References
    ----------
    Zhang, Lemoine & Mitchell (2018), Mitigating Unwanted Biases with Adversarial
    Learning, AIES, section 3: the step is g_P - proj_{g_A} g_P - alpha g_A, with g_P
    and g_A the gradients of the model's and the adversary's loss, over all weights
    together. The adversary is one linear layer on the probabilities, where the paper
    adds a learnt sharpening of the score.
    """

    title: ClassVar[str] = "Adversarial debiasing"
    mends: ClassVar[str] = "answers from which the group can be read"
    costs: ClassVar[str] = (
        "accuracy, twice the time, and results that vary from seed to seed"
    )
    source: ClassVar[str] = "Zhang, Lemoine & Mitchell (2018), AIES"
    needs: ClassVar[tuple[Needs, ...]] = (
        "label at training",
        "group at training",
        "a network",
    )
    family: ClassVar[Family] = "Fairness constraints"
    slowness: ClassVar[float] = 2.2
    name: ClassVar[str] = "adversarial"
    slot: ClassVar[Slot] = "step"

    attribute: str = attribute_setting(
        "Groups that the adversary tries to tell apart.", is_required=True
    )
    aim: str = choice_setting(
        AIMS[0], AIMS, "What becomes alike: who is selected, or who is decided wrong."
    )
    alpha: float = setting(
        1.0,
        0.0,
        20.0,
        "Weight of the adversary; 0 trains plainly.",
        is_dial=True,
        label="Strength (alpha)",
    )

    def method(self) -> Method:
        """Return the game against the adversary."""
        return _Duel(self)


class _Duel(Method):
    adversary: Adversary
    groups: Tensor  # [n]

    def __init__(self, remedy: AdversarialDebiasing) -> None:
        self.remedy = remedy
        self.guess = 0.0

    def begin(self, training: Training) -> None:
        from models.adversary import Adversary

        self.groups, names = training.codes(self.remedy.attribute)
        self.adversary = Adversary(
            len(training.tables().train.classes),
            len(names),
            sees_labels=self.remedy.aim == AIMS[1],
            seed=training.recipe.start_seed,
            device=training.device,
        )

    def around(
        self, training: Training, batch: Rows, gradient: Callable[[], Tensor]
    ) -> Tensor:
        import torch

        from models.networks import joint_logits

        loss = gradient()
        if not self.remedy.alpha or batch.index is None:
            return loss
        trained = [p for p in training.network.parameters() if p.grad is not None]
        logits = joint_logits(training.network(batch.positions, batch.codes))
        chances = logits.float().softmax(1)
        groups = self.groups[batch.index]
        theirs = _mean(self.adversary.losses(chances, batch.labels, groups), batch)
        pulls = torch.autograd.grad(theirs, trained, allow_unused=True)
        self._turn(trained, pulls)
        seen = chances.detach()
        own = _mean(self.adversary.losses(seen, batch.labels, groups), batch)
        self.adversary.learn(own)
        self.guess = float(own.detach())
        return loss

    def _turn(
        self, parameters: Sequence[Tensor], pulls: tuple[Tensor | None, ...]
    ) -> None:
        """Replace g_P by g_P - proj_{g_A} g_P - alpha g_A."""
        pairs = [
            (p, g) for p, g in zip(parameters, pulls, strict=True) if g is not None
        ]
        squared = sum(float((g * g).sum()) for _, g in pairs)
        along = sum(float((p.grad * g).sum()) for p, g in pairs if p.grad is not None)
        factor = (along / squared if squared > 0 else 0.0) + self.remedy.alpha
        for parameter, pull in pairs:
            if parameter.grad is not None:
                parameter.grad.sub_(pull, alpha=factor)

    def keeps_last(self) -> bool:
        """Keep the last epoch: the loss of labels tells nothing of the aim."""
        return self.remedy.alpha > 0

    def said(self) -> dict[str, float | list[float] | str]:
        return {"adversary_loss": self.guess}

    def state(self) -> dict[str, Tensor]:
        return self.adversary.state()

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        self.begin(training)
        self.adversary.load(state)


def _mean(losses: Tensor, batch: Rows) -> Tensor:
    return losses.mean() if batch.weights is None else (losses * batch.weights).mean()
