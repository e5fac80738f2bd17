"""Temperature sampling: small groups are drawn more often, for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from analysis.errors import RunError
from models.method import Method
from models.remedies.base import Family, Needs
from models.remedies.cells import BOTH, LEVELS, cells_of
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import (
    attribute_setting,
    choice_setting,
    cohort_setting,
    setting,
)
from models.remedies.weighing import rows_in

if TYPE_CHECKING:
    from torch import Tensor

    from models.train import Training


@dataclass(frozen=True)
class TemperatureSampling(InLoop):
    """Draw the rows of an epoch so that cells of different size come closer.

    Cell g is drawn with probability n_g^(1 / tau) over the sum of these: at tau = 1 as
    often as it occurs, at a large tau as often as every other. n_g is the cell's total
    weight, and so what its rows weigh in the loss is what is set. With Cooldown tau
    falls to 1 later on, before the rows that are drawn again and again are learnt by
    heart.

    References
    ----------
    Li, Xu, Tan, Murray & Khashabi (2025), Upsample or Upweight? Balanced Training on
    Heavily Imbalanced Datasets, NAACL, sections 2 and 5. That tau falls along a line,
    and when, are choices of ours.
    """

    title: ClassVar[str] = "Draw small groups more often (temperature sampling)"
    mends: ClassVar[str] = "groups or classes that are too rare to be learnt well"
    costs: ClassVar[str] = "rows of small groups that are learnt by heart"
    source: ClassVar[str] = "Li, Xu, Tan, Murray & Khashabi (2025), NAACL"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    family: ClassVar[Family] = "Weights and sampling"
    name: ClassVar[str] = "temperature_sampling"
    slot: ClassVar[Slot] = "order"

    level: str = choice_setting(
        BOTH,
        LEVELS,
        "What is drawn: classes, groups, or each class within each group.",
    )
    attribute: str = attribute_setting(
        "Groups that are drawn; empty for classes alone.", is_required=False
    )
    tau: float = setting(
        5.0,
        1.0,
        100.0,
        "1 draws every part as often as it occurs, 100 all about equally often.",
        is_dial=True,
        label="Evenness (tau)",
    )
    cooldown: float = setting(
        0.5,
        0.0,
        1.0,
        "Share of the epochs after which the temperature falls to 1; 1 for never.",
    )
    cohort: str = cohort_setting("Only these people are drawn anew, among themselves.")

    def method(self) -> Method:
        """Return the sampler."""
        return Sampler(self)

    def tau_at(self, epoch: int, epochs: int) -> float:
        """Return the temperature of an epoch, counted from 0: 1 in the last one."""
        done = epoch / max(1, epochs - 1)
        if done <= self.cooldown:
            return self.tau
        return self.tau + (1 - self.tau) * (done - self.cooldown) / (1 - self.cooldown)


class Sampler(Method):
    """Replaces an epoch's rows by rows drawn with replacement."""

    def __init__(self, settings: TemperatureSampling) -> None:
        self.settings = settings
        self.tau = settings.tau

    def begin(self, training: Training) -> None:
        """Find each row's cell, and how much of the weight of all it holds."""
        import torch

        if training.frames is None:
            raise RunError("This remedy needs the groups of the training rows.")
        train, own = training.frames.train, training.train.weights
        inside = rows_in(train, self.settings.cohort)
        cells = cells_of(
            train.take(inside), self.settings.level, self.settings.attribute
        )
        weights = np.ones(len(train)) if own is None else own.double().cpu().numpy()
        mass = np.bincount(cells.codes, weights[inside], len(cells.names))
        self.rows = torch.tensor(inside)  # [m]
        self.mass = torch.tensor(mass[cells.codes])  # [m], of each row's cell
        self.is_inside = torch.zeros(len(train), dtype=torch.bool)
        self.is_inside[self.rows] = True
        # Rows that are drawn in proportion to their weights are not weighed as well.
        each = weights[inside] if training.recipe.draws else np.ones(len(inside))
        self.chances = torch.tensor(np.where(mass[cells.codes] > 0, each, 0.0))

    def order(self, training: Training, order: Tensor) -> Tensor:
        """Return the order with other rows where rows in reach stood."""
        import torch

        recipe = training.recipe
        self.tau = self.settings.tau_at(training.progress.epoch, recipe.epochs)
        if self.tau <= 1 or not self.chances.any():
            return order
        # A cell's chance is its rows' sum, of about n_g terms: the power less one.
        chances = self.chances * self.mass.clamp(min=1e-300) ** (1 / self.tau - 1)
        edges = chances.cumsum(0)
        spots = torch.nonzero(self.is_inside[order])[:, 0]
        at = torch.rand(len(spots), generator=training.generator, dtype=torch.float64)
        drawn = torch.searchsorted(edges, at * edges[-1], right=True)
        changed = order.clone()
        changed[spots] = self.rows[drawn.clamp(max=len(self.rows) - 1)]
        return changed

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Find the cells again; nothing else was learnt."""
        self.begin(training)

    def said(self) -> dict[str, float | list[float] | str]:
        """Return the temperature of the epoch."""
        return {"tau": self.tau}
