"""A direct penalty on gaps, whose price rises while a gap is too wide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from analysis.errors import SettingError
from models.method import Method
from models.remedies.base import Family, Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import (
    attribute_setting,
    choice_setting,
    class_setting,
    setting,
)

if TYPE_CHECKING:
    from torch import Tensor

    from models.rows import Rows
    from models.train import Training

RATES = ("selection rate", "true positive rate", "false positive rate", "error rate")

MEMORY = 0.9
"""Share of the running rates that a batch leaves as they are."""


@dataclass(frozen=True)
class GapPenalty(InLoop):
    """Charge for every group whose rate lies further from everyone's than a bound.

    Rates are soft: the mean probability of the class in question over the rows that
    the rate is about. Each group has a price (the dual variable), which rises by
    `price_step` times its excess after each batch and falls while it keeps the bound;
    the charge is price times excess.

    References
    ----------
    Cotter et al. (2019), Two-Player Games for Efficient Non-Convex Constrained
    Optimization, ALT, the Lagrangian with additive dual updates; Fioretto et al.
    (2021), Lagrangian Duality for Constrained Deep Learning. Rates are remembered from
    batch to batch, which is ours: small groups are in few batches.
    """

    title: ClassVar[str] = "Penalty on a gap"
    mends: ClassVar[str] = "a gap in one chosen rate, held under a bound while training"
    costs: ClassVar[str] = (
        "some accuracy; it moves soft rates, decisions follow roughly"
    )
    source: ClassVar[str] = "Cotter et al. (2019), ALT; Fioretto et al. (2021)"
    needs: ClassVar[tuple[Needs, ...]] = (
        "label at training",
        "group at training",
        "a network",
    )
    family: ClassVar[Family] = "Fairness constraints"
    slowness: ClassVar[float] = 1.3
    name: ClassVar[str] = "gap_penalty"
    slot: ClassVar[Slot] = "penalty"

    attribute: str = attribute_setting(
        "Groups between which the rate is made equal.", is_required=True
    )
    rate: str = choice_setting(RATES[0], RATES, "The rate that may differ little.")
    bound: float = setting(
        0.02,
        0.0,
        1.0,
        "How far a group's rate may lie from everyone's; 1 asks for nothing.",
        is_dial=True,
    )
    price_step: float = setting(0.5, 0.01, 10.0, "How fast prices follow the excess.")
    positive: str = class_setting("The class whose rate it is; empty for the last.")

    def method(self) -> Method:
        """Return the charge."""
        return _Charge(self)


class _Charge(Method):
    training: Training
    groups: Tensor  # [n]
    prices: Tensor  # [g]
    rates: Tensor  # [g + 1], running; the last is everyone's, NaN before it was seen

    def __init__(self, remedy: GapPenalty) -> None:
        self.remedy = remedy

    def begin(self, training: Training) -> None:
        import torch

        classes = training.tables().train.classes
        if self.remedy.positive and self.remedy.positive not in classes:
            raise SettingError(
                f"'{self.remedy.positive}' is not a class of the label; it has "
                f"{', '.join(classes)}. Choose one of these."
            )
        self.positive = (
            classes.index(self.remedy.positive)
            if self.remedy.positive
            else len(classes) - 1
        )
        self.groups, names = training.codes(self.remedy.attribute)
        self.prices = torch.zeros(len(names), device=training.device)
        self.rates = torch.full((len(names) + 1,), torch.nan, device=training.device)

    def penalty(self, batch: Rows, logits: Tensor) -> Tensor | float:
        if batch.index is None:
            return 0.0
        now = self._rates(batch, logits)  # [g + 1], NaN where the batch has no row
        seen = now.isnan().logical_not()
        old = self.rates.where(self.rates.isnan().logical_not(), now.detach())
        rates = (MEMORY * old + (1 - MEMORY) * now).where(seen, old)
        self.rates = rates.detach()
        excess = (rates[:-1] - rates[-1]).abs() - self.remedy.bound
        known = excess.isnan().logical_not() & seen[:-1]
        excess = excess.where(known, excess.new_zeros(()))
        step = self.remedy.price_step * excess.detach()
        self.prices = (self.prices + step).clamp_min(0.0)
        # The memory scales the gradient down; the charge scales it up again.
        charge: Tensor = (self.prices * excess.clamp_min(0.0)).sum() / (1 - MEMORY)
        return charge

    def _rates(self, batch: Rows, logits: Tensor) -> Tensor:
        """Return each group's soft rate in a batch and everyone's, [g + 1]."""
        import torch

        chance = logits.softmax(1)
        value, counts = self._parts(batch, chance)
        weights = counts if batch.weights is None else counts * batch.weights
        groups = self.groups[batch.index]
        size = len(self.prices)
        total = weights.new_zeros(size).index_add(0, groups, weights * value)
        mass = weights.new_zeros(size).index_add(0, groups, weights)
        total = torch.cat([total, total.sum()[None]])
        mass = torch.cat([mass, mass.sum()[None]])
        undefined = mass.new_full((), torch.nan)
        return (total / mass.clamp_min(1e-12)).where(mass > 0, undefined)

    def _parts(self, batch: Rows, chance: Tensor) -> tuple[Tensor, Tensor]:
        """Return each row's soft value and whether the rate is about it, [b] each."""
        selected = chance[:, self.positive]
        everyone = selected.new_ones(len(selected))
        is_positive = (batch.labels == self.positive).float()
        if self.remedy.rate == "true positive rate":
            return selected, is_positive
        if self.remedy.rate == "false positive rate":
            return selected, 1 - is_positive
        if self.remedy.rate == "error rate":
            return 1 - chance.gather(1, batch.labels[:, None]).squeeze(1), everyone
        return selected, everyone

    def keeps_last(self) -> bool:
        """Keep the last epoch: the loss of labels tells nothing of the aim."""
        return self.remedy.bound < 1

    def said(self) -> dict[str, float | list[float] | str]:
        return {"prices": [float(price) for price in self.prices]}

    def state(self) -> dict[str, Tensor]:
        return {"prices": self.prices, "rates": self.rates}

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        self.begin(training)
        self.prices = state["prices"].to(training.device)
        self.rates = state["rates"].to(training.device)
