"""Selective Mixup: blend those pairs of classes that the objective gains most by."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from analysis.errors import DataError
from models.groupings import grouping_named
from models.method import Method
from models.recipe import BASE
from models.remedies.base import Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.last_layer import unweighed
from models.remedies.settings import attribute_setting, choice_setting, setting
from models.selective_gains import (
    LEAST,
    OBJECTIVES,
    WORST,
    blends,
    gains,
    objective,
    shares_of,
    size_of,
)
from models.training_cells import Cells, cells_of

if TYPE_CHECKING:
    from torch import Tensor

    from analysis.arrays import Bools, Floats, Ints
    from analysis.frame import AuditFrame
    from models.recipe import Recipe
    from models.rows import Rows
    from models.train import Training

MAX_CELLS = 64
"""Pairs grow with the square of the cells, and small cells say little."""

HALF_A_ROW = 0.5
"""Added to each count, so that a class that is never found can still gain."""

SLOWER = 0.1
"""Factor on the learning rate, as the network is a finished one."""


@dataclass(frozen=True)
class SelectiveMixup(InLoop):
    """Fine-tune a finished model on blends chosen for what they do to an objective.

    Each epoch the gain of every pair of cells (i, j) is estimated from the confusion
    matrix of the validation rows; pairs are drawn by softmax(s gain); and the last
    layer's inputs become lambda z_i + (1 - lambda) z_j with the label of i, lambda
    uniform from 0.6 to 1. Cells are classes or, with an attribute, classes within
    groups. Epochs are judged by the objective on the validation rows; if
    none beats the finished model, that one is kept.

    Where we depart from the paper: the smallest recall is a smooth minimum and coverage
    a smooth price rather than multipliers learnt on the way, validation counts have
    half a row added, gains are in units of the features' size, and the rate and the
    number of epochs are cut to a tenth and a third of the recipe's.

    References
    ----------
    Ramasubramanian, Rangwani, Takemori, Samanta, Umeda & Radhakrishnan (2024),
    Selective Mixup Fine-Tuning for Optimizing Non-Decomposable Objectives, ICLR,
    sections 3 and 4.
    """

    title: ClassVar[str] = "Tune for worst or even recall (SelMix)"
    mends: ClassVar[str] = "a finished model's worst recall, by class or by group"
    costs: ClassVar[str] = "accuracy overall, and scores that are out of line"
    source: ClassVar[str] = "Ramasubramanian et al. (2024), ICLR"
    needs: ClassVar[tuple[Needs, ...]] = (
        "label at training",
        "a network",
        "a finished run",
    )
    name: ClassVar[str] = "selective_mixup"
    slot: ClassVar[Slot] = "order"

    goal: str = choice_setting(
        WORST, OBJECTIVES, "What is made as large as possible, over classes or cells."
    )
    attribute: str = attribute_setting(
        "Groups whose recalls count one by one; empty for those of everyone.",
        is_required=False,
    )
    sharpness: float = setting(
        4.0,
        0.0,
        100.0,
        "How strictly the most useful blends are preferred; 0 draws all alike.",
        label="How pointedly pairs are chosen (s)",
    )

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe that starts from the finished run, slowly and briefly.

        Raises
        ------
        DataError
            The table has no such attribute, or it has too many groups.
        """
        groups = (
            len(grouping_named(train, self.attribute).names) if self.attribute else 1
        )
        if groups * len(train.classes) > MAX_CELLS:
            raise DataError(
                f"'{self.attribute}' and the label have "
                f"{groups * len(train.classes):,} cells; this remedy compares at most "
                f"{MAX_CELLS}. Choose a coarser attribute, or none."
            )
        return replace(
            super().change(recipe, train),
            warm_start=BASE,
            epochs=max(3, math.ceil(recipe.epochs / 3)),
            learning_rate=max(SLOWER * recipe.learning_rate, 1e-8),
        )

    def method(self) -> Method:
        """Return what takes part in the loop."""
        return Selection(self)


class Selection(Method):
    """Draws rows and their partners by pairs of cells, and blends their features."""

    def __init__(self, remedy: SelectiveMixup) -> None:
        self.remedy = remedy
        self.cells: Cells
        self.of_validation: Ints  # [m], cells of the validation rows
        self.shares: Tensor  # float64[c, c], of the epoch
        self.draws = False
        self.best = math.nan
        self.reached = math.nan

    def begin(self, training: Training) -> None:
        """Find the cells of training and validation rows."""
        self.cells = cells_of(training, self.remedy.attribute)
        self.draws = training.recipe.draws
        cells = training.validation.labels.cpu().numpy()
        if self.remedy.attribute and training.frames is not None:
            validation = training.frames.validation
            codes = grouping_named(validation, self.remedy.attribute).codes
            cells = codes * len(validation.classes) + cells
        self.of_validation = cells
        self.best = self._objective(training)

    def order(self, training: Training, order: Tensor) -> Tensor:
        """Choose the shares of the pairs; return the first row of each, int64[n]."""
        import torch

        self.shares = torch.tensor(self._shares(training))
        training.network.train()
        firsts = self.shares.sum(1)
        chosen = self.cells.quota(firsts, len(order), training.generator)
        return self.cells.drawn(chosen, training.generator)

    def _objective(self, training: Training) -> float:
        from models.train import logits_of

        logits = logits_of(training.judged, training.validation)
        recalls, is_seen = self._recalls(training, logits)
        labels = self.cells.labels.numpy()[is_seen]
        return objective(recalls[is_seen], labels, self.remedy.goal)

    def _shares(self, training: Training) -> Floats:
        from models.train import logits_of

        logits = logits_of(training.network, training.validation)
        recalls, is_seen = self._recalls(training, logits)
        is_known = self.cells.masses.numpy() > 0
        labels = self.cells.labels.numpy()
        both = np.flatnonzero(is_known & is_seen)
        found = np.zeros((len(labels), len(labels)))
        if len(both):
            each = [
                gains(z, p, recalls[both], labels[both], self.remedy.goal) / size_of(z)
                for z, p in _members(training, self.cells, both)
            ]
            found[np.ix_(both, both)] = np.mean(each, axis=0)
        return shares_of(found, is_known, self.remedy.sharpness)

    def _recalls(self, training: Training, logits: Tensor) -> tuple[Floats, Bools]:
        """Return the share of each cell decided as each class, and which have rows."""
        rows, (c, k) = training.validation, (len(self.cells.labels), logits.shape[1])
        weights = rows.weights
        own = None if weights is None else weights.double().cpu().numpy()
        places = self.of_validation * k + logits.argmax(1).cpu().numpy()
        counts = np.bincount(places, own, c * k).reshape(c, k)
        padded = counts + HALF_A_ROW
        return padded / padded.sum(axis=1, keepdims=True), counts.sum(axis=1) > 0

    def features(self, training: Training, batch: Rows, features: Tensor) -> Tensor:
        """Return features [b, ...] blended with those of partners from chosen cells."""
        import torch

        if batch.index is None:
            return features
        firsts = self.cells.codes[batch.index.cpu()]
        generator = training.generator
        seconds = torch.multinomial(self.shares[firsts], 1, generator=generator)
        rows = self.cells.drawn(seconds.flatten(), generator)
        partners = training.train.take(rows.to(training.device))
        stem = training.network.stem(partners.positions, partners.codes)
        others = training.network.trunk(stem)
        share = LEAST + (1 - LEAST) * torch.rand(len(batch), generator=generator)
        share = share.to(features).view(-1, *[1] * (features.dim() - 1))
        return share * features + (1 - share) * others

    def weighed(self, batch: Rows, losses: Tensor, logits: Tensor) -> Tensor:
        """Return losses [b] without row weights, by which they have been drawn."""
        return losses if self.draws else unweighed(batch, losses)

    def after_epoch(self, training: Training) -> None:
        """Let the epoch count as the best if its objective is the largest so far."""
        self.reached = self._objective(training)
        if self.reached > self.best:
            self.best = self.reached
            training.restart()
        else:  # no validation loss is below this one
            training.progress.best_loss = -math.inf

    def state(self) -> dict[str, Tensor]:
        """Return the largest objective so far; all else follows from the network."""
        import torch

        return {"best": torch.tensor(self.best, dtype=torch.float64)}

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Take up the largest objective."""
        self.begin(training)
        self.best = float(state["best"])

    def said(self) -> dict[str, float | list[float] | str]:
        """Return the objective on the validation rows."""
        return {self.remedy.goal: self.reached}


def _members(
    training: Training, cells: Cells, both: Ints
) -> list[tuple[Floats, Floats]]:
    """Return prototypes [c, d] and probabilities of blends [c, c, k] by member."""
    import torch

    network = training.network
    means = _prototypes(training, cells)[torch.tensor(both)]  # [c, M, d]
    mixed = np.stack([blends(means[:, m].numpy()) for m in range(means.shape[1])], 2)
    inputs = torch.tensor(mixed, dtype=torch.float32).flatten(0, 1)  # [c * c, M, d]
    inputs = inputs.to(training.device)
    with torch.no_grad():
        if means.shape[1] == 1:
            logits = network.last_layer()(inputs[:, 0]).unsqueeze(1)
        else:
            logits = network.last_layer()(inputs)
    p = logits.double().softmax(-1).cpu().numpy()
    p = p.reshape(len(both), len(both), *p.shape[1:])
    return [(means[:, m].numpy(), p[:, :, m]) for m in range(means.shape[1])]


def _prototypes(training: Training, cells: Cells) -> Tensor:
    """Return the weighted mean of last-layer inputs by cell, float64[c, M, d]."""
    import torch

    from models.train import SCORING_ROWS

    network = training.network
    network.eval()
    total: Tensor | None = None
    with torch.no_grad():
        for i, part in enumerate(training.train.split(SCORING_ROWS)):
            rows = slice(i * SCORING_ROWS, i * SCORING_ROWS + len(part))
            inputs = network.last_inputs(part.positions, part.codes).double().cpu()
            inputs = inputs if inputs.dim() == 3 else inputs.unsqueeze(1)
            if total is None:
                total = inputs.new_zeros(len(cells.masses), *inputs.shape[1:])
            own = cells.weights[rows, None, None] * inputs
            total.index_add_(0, cells.codes[rows], own)
    if total is None:
        raise DataError("There is no training row. Choose another split.")
    return total / cells.masses.clamp(min=1e-12)[:, None, None]
