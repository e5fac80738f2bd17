"""InfoBatch: leave out well-learnt rows at random, without bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from models.method import Method
from models.recipe import Recipe

if TYPE_CHECKING:
    from models.rows import Rows
    from models.train import Training

FULL_SHARE = 0.125
"""Share of the epochs, at the end, that see every row."""


class InfoBatch(Method):
    """Drop a share r of the rows whose last loss is below the mean, each epoch anew.

    Kept rows of those weigh 1 / (1 - r), so that the expected gradient is that of all
    rows.

    References
    ----------
    Qin et al. (2024), InfoBatch: Lossless Training Speed Up by Unbiased Dynamic Data
    Pruning, ICLR, section 2.2.
    """

    def __init__(self, recipe: Recipe) -> None:
        self.share = recipe.prune
        self.last = torch.empty(0)  # [n], the last seen of each row
        self.factors = torch.empty(0)  # [n]
        self.kept = torch.empty(0, dtype=torch.bool)  # [n], of the last epoch

    def begin(self, training: Training) -> None:
        """Start with every row unseen, and so kept."""
        n = len(training.train)
        self.last = torch.full((n,), torch.inf, device=training.device)
        self.factors = torch.ones(n, device=training.device)
        self.kept = torch.ones(n, dtype=torch.bool)

    def order(self, training: Training, order: Tensor) -> Tensor:
        """Return the rows without those that are left out this epoch."""
        ends = training.recipe.epochs * (1 - FULL_SHARE)
        losses = self.last.cpu()
        seen = torch.isfinite(losses)
        is_easy = torch.zeros_like(seen)
        if training.progress.epoch < ends and seen.any():
            is_easy = seen & (losses < losses[seen].mean())
        chance = torch.rand(len(losses), generator=training.generator)
        self.kept = ~is_easy | (chance >= self.share)
        factors = torch.where(is_easy, 1 / (1 - self.share), 1.0)
        self.factors = factors.to(training.device)
        return order[self.kept[order]]

    def _remember(self, batch: Rows, losses: Tensor) -> None:
        """Remember what a batch lost."""
        if batch.index is not None:
            self.last[batch.index] = losses.detach()

    def weighed(self, batch: Rows, losses: Tensor, logits: Tensor) -> Tensor:
        """Return losses with the kept easy rows counted for the dropped ones."""
        self._remember(batch, losses)
        return losses if batch.index is None else losses * self.factors[batch.index]

    def state(self) -> dict[str, Tensor]:
        """Return the losses seen so far; the rest is drawn anew each epoch."""
        return {"losses": self.last}

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Take up the losses."""
        self.begin(training)
        self.last = state["losses"].to(training.device)
