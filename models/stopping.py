"""What early stopping looks at: the loss of everyone, or of the worst group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from analysis.frame import AuditFrame
from models.groupings import grouping_named
from models.losses import row_losses
from models.recipe import Recipe
from models.rows import Rows

if TYPE_CHECKING:
    from models.method import Loss, Method

MIN_ROWS = 20
"""A smaller group's loss is chance; it does not decide when training stops."""


class Stopping:
    """The loss by which epochs are judged.

    Parameters
    ----------
    recipe : Recipe
    validation : Rows
    frame : AuditFrame or None
        The same rows; needed when the worst group decides.
    loss : callable
        Of each row: what training minimises. A remedy with a loss of its own would be
        stopped too early by the log loss, which it gives up on purpose.
    methods : sequence of Method
        Of which one may say what losses come to.
    """

    def __init__(
        self,
        recipe: Recipe,
        validation: Rows,
        frame: AuditFrame | None,
        loss: Loss = row_losses,
        methods: Sequence[Method] = (),
    ) -> None:
        self.row_losses, self.methods = loss, () if recipe.stop_by else methods
        self.labels, self.weights = validation.labels, validation.weights
        device = self.labels.device
        codes, count = np.zeros(len(self.labels), np.int64), 1
        if recipe.stop_by and frame is not None:
            grouping = grouping_named(frame, recipe.stop_by)
            codes, count = grouping.codes, len(grouping.names)
        self.codes = torch.tensor(codes, device=device)
        # A row without weight tells nothing of its group.
        telling = self.codes if self.weights is None else self.codes[self.weights > 0]
        sizes = torch.bincount(telling, minlength=count)
        self.counted = sizes >= min(MIN_ROWS, int(sizes.max()))

    def loss(self, logits: Tensor) -> float:
        """Return the largest mean loss of a group, in nats, given logits [n, k]."""
        losses = self.row_losses(logits, self.labels).detach()
        if not bool(torch.isfinite(losses).all()):
            return math.nan
        for method in self.methods:
            if (risk := method.risk(losses, self.weights)) is not None:
                return float(risk)
        weights = torch.ones_like(losses) if self.weights is None else self.weights
        total = torch.zeros(len(self.counted), device=losses.device)
        total.index_add_(0, self.codes, losses * weights)
        mass = torch.zeros_like(total).index_add_(0, self.codes, weights)
        means = total[self.counted] / mass[self.counted]
        return float(means.max())
