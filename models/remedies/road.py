"""ROAD: debias where it is worst, by an adversary with robust weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

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
WEIGHTS = ("learnt", "Boltzmann")


@dataclass(frozen=True)
class RobustAdversarial(InLoop):
    """Train against an adversary that looks hardest at locally unfair regions.

    With L_S,i the adversary's loss at row i, the weights r maximise
    -mean(r_i L_S,i) - tau mean(r_i log r_i) under a mean of 1 in every group, so that
    rows whose group is easily guessed count most; the model minimises
    L_Y - lambda mean(r_i L_S,i). Without further bounds r_i is exp(-L_S,i / tau)
    over its group's mean ('Boltzmann', the paper's BROAD); 'learnt' takes r from a
    small network of the row's features and group, which keeps it smooth (ROAD).

    References
    ----------
    Grari, Laugel, Hashimoto, Lamprier & Detyniecki (2024), On the Fairness ROAD:
    Robust Optimization for Adversarial Debiasing, ICLR, equations 5 to 7.
    """

    title: ClassVar[str] = "Local fairness by a robust adversary (ROAD)"
    mends: ClassVar[str] = (
        "unfairness hidden in parts of the table, under fair averages"
    )
    costs: ClassVar[str] = "accuracy, twice the time, and one setting more to choose"
    source: ClassVar[str] = "Grari et al. (2024), ICLR"
    needs: ClassVar[tuple[Needs, ...]] = (
        "label at training",
        "group at training",
        "a network",
    )
    family: ClassVar[Family] = "Fairness constraints"
    slowness: ClassVar[float] = 2.5
    name: ClassVar[str] = "road"
    slot: ClassVar[Slot] = "penalty"

    attribute: str = attribute_setting(
        "Groups that the adversary tries to tell apart.", is_required=True
    )
    aim: str = choice_setting(
        AIMS[0], AIMS, "What becomes alike: who is selected, or who is decided wrong."
    )
    strength: float = setting(
        0.3,
        0.0,
        5.0,
        "Weight of the adversary (lambda); 0 trains plainly, and from 1 on the model "
        "can break down where the group is hard to read.",
        is_dial=True,
    )
    tau: float = setting(
        0.3,
        0.01,
        100.0,
        "How evenly it looks; large values look everywhere alike.",
        label="How evenly it looks (tau)",
    )
    weights: str = choice_setting(WEIGHTS[0], WEIGHTS, "Where its weights come from.")

    def method(self) -> Method:
        """Return the game against the adversary."""
        return _Road(self)


class _Road(Method):
    training: Training
    adversary: Adversary
    groups: Tensor  # [n]
    regions: Any

    def __init__(self, remedy: RobustAdversarial) -> None:
        self.remedy = remedy
        self.largest = 1.0

    def begin(self, training: Training) -> None:
        from models.adversary import Adversary
        from models.regions import Regions

        self.groups, names = training.codes(self.remedy.attribute)
        self.count = len(names)
        seed, device = training.recipe.start_seed, training.device
        self.adversary = Adversary(
            len(training.tables().train.classes),
            len(names),
            sees_labels=self.remedy.aim == AIMS[1],
            seed=seed,
            device=device,
        )
        self.regions = Regions(training.train, len(names), seed)

    def penalty(self, batch: Rows, logits: Tensor) -> Tensor | float:
        if not self.remedy.strength or batch.index is None:
            return 0.0
        chances, groups = logits.softmax(1), self.groups[batch.index]
        seen = self.adversary.losses(chances.detach(), batch.labels, groups)
        r = self._weights(batch, seen.detach(), groups)
        mass = 1.0 if batch.weights is None else batch.weights
        self.adversary.learn((seen * r * mass).mean())
        theirs = self.adversary.losses(chances, batch.labels, groups)
        self.largest = float(r.max())
        return -self.remedy.strength * (theirs * r * mass).mean()

    def _weights(self, batch: Rows, losses: Tensor, groups: Tensor) -> Tensor:
        """Return r, float[b], with a mean of 1 in every group of the batch."""
        if self.remedy.weights == WEIGHTS[1]:
            return boltzmann(losses, groups, self.count, self.remedy.tau)
        logs = self.regions.logs(batch, groups)
        r = per_group(logs, groups, self.count)
        self.regions.learn((r * losses + self.remedy.tau * r * r.log()).mean())
        return per_group(self.regions.logs(batch, groups), groups, self.count).detach()

    def keeps_last(self) -> bool:
        """Keep the last epoch: the loss of labels tells nothing of the aim."""
        return self.remedy.strength > 0

    def said(self) -> dict[str, float | list[float] | str]:
        return {"largest_local_weight": self.largest}

    def state(self) -> dict[str, Tensor]:
        told = {f"adversary.{k}": v for k, v in self.adversary.state().items()}
        return told | {f"regions.{k}": v for k, v in self.regions.state().items()}

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        self.begin(training)
        for prefix, part in (
            ("adversary.", self.adversary),
            ("regions.", self.regions),
        ):
            part.load(
                {
                    k.removeprefix(prefix): v
                    for k, v in state.items()
                    if k.startswith(prefix)
                }
            )


def boltzmann(losses: Tensor, groups: Tensor, count: int, tau: float) -> Tensor:
    """Return exp(-loss / tau) over its mean in the row's group, float[b].

    References
    ----------
    Grari et al. (2024), equation 6.
    """
    return per_group(-losses / tau, groups, count)


def per_group(logs: Tensor, groups: Tensor, count: int) -> Tensor:
    """Return exp(logs) divided by its mean within each row's group, float[b]."""
    # The largest exponent is 0, so that none overflows; the mean takes it out again.
    values = (logs - logs.max().detach()).exp().clamp_min(1e-30)
    total = values.new_zeros(count).index_add(0, groups, values)
    n = values.new_zeros(count).index_add(0, groups, values.new_ones(len(values)))
    return values / (total / n.clamp_min(1))[groups]
