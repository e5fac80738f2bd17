"""Fine-tuning: train a finished model on with a few labelled rows of the target."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from analysis.errors import RunError
from analysis.thresholds.halves import may_be_learnt
from models.method import Method
from models.recipe import BASE, Stage
from models.remedies.base import Family, Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.other_rows import matched, with_rows
from models.remedies.row_edit import RowEdit
from models.remedies.settings import (
    choice_setting,
    cohort_setting,
    refuse_no_target,
    setting,
    table_setting,
)
from models.remedies.weighing import inside_of, labels_of

if TYPE_CHECKING:
    from torch import Tensor

    from analysis.arrays import Ints
    from analysis.frame import AuditFrame
    from models.recipe import Recipe
    from models.remedies.row_edit import Workshop
    from models.train import Training

BATCH = 64
"""Rows of a step at most: a few hundred rows make few steps otherwise."""

WHOLE, LAST = "whole network", "last layer"


@dataclass(frozen=True)
class FineTune(InLoop, RowEdit):
    """Train the finished model on, with some labelled rows of the target alone.

    The target's rows are training rows that a rule names, or those of one half of
    another table (`may_be_learnt`); `rows` of them are drawn. The rest of the target,
    which nothing here has seen, says what it gave back. The last pass is kept:
    validation rows are mostly of the source, and would choose the first.

    References
    ----------
    Yosinski, Clune, Bengio & Lipson (2014), How Transferable are Features in Deep
    Neural Networks?, NeurIPS, for training on; Kirichenko, Izmailov & Wilson (2023),
    ICLR, for the last layer alone. Defaults are ours.
    """

    title: ClassVar[str] = "Train on with a few labels of the target (fine-tuning)"
    mends: ClassVar[str] = "outcomes that changed for people who look the same"
    costs: ClassVar[str] = "labels of the target, and accuracy at the source"
    source: ClassVar[str] = "Yosinski, Clune, Bengio & Lipson (2014), NeurIPS"
    needs: ClassVar[tuple[Needs, ...]] = (
        "label at training",
        "target data",
        "a network",
        "a finished run",
    )
    name: ClassVar[str] = "fine_tune"
    family: ClassVar[Family] = "Data"
    slot: ClassVar[Slot] = "order"
    slowness: ClassVar[float] = 0.2

    target: str = cohort_setting(
        "The people to learn from, such as year = 95; may be empty for another table."
    )
    table: str = table_setting(
        "Another table that holds the target's people; empty for this one.",
        is_required=False,
    )
    rows: int = setting(
        500, 20, 1_000_000, "How many labelled rows of the target are learnt from."
    )
    layers: str = choice_setting(WHOLE, (WHOLE, LAST), "What is trained on.")
    passes: int = setting(10, 1, 100, "Epochs over these rows.")
    rate: float = setting(
        0.1, 0.001, 1.0, "Learning rate, as a share of the model's own.", is_dial=True
    )

    def __post_init__(self) -> None:
        refuse_no_target(self.target, self.table)

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe that trains the finished run on.

        Raises
        ------
        DataError
            No training row belongs to the target.
        """
        if not self.table:
            inside_of(train, self.target)
        own = Stage(self.name, asdict(self))
        return replace(
            super().change(recipe, train),
            edits=(*recipe.edits, own),
            warm_start=BASE,
            layers="last" if self.layers == LAST else "all",
            epochs=self.passes,
            learning_rate=recipe.learning_rate * self.rate,
            batch_size=min(recipe.batch_size, BATCH),
        )

    def edited(self, train: AuditFrame, seed: int, workshop: Workshop) -> AuditFrame:
        """Return the training rows, those of another table after them."""
        if not self.table:
            return train
        other = workshop.table(self.table).frame
        first = other.take(np.flatnonzero(may_be_learnt(other.features)))
        inside = first.take(np.flatnonzero(inside_of(first, self.target)))
        labels_of(inside)
        drawn = inside.take(_drawn(np.arange(len(inside)), self.rows, seed))
        return with_rows(train, matched(train, drawn))

    def method(self) -> Method:
        """Return what takes part in the loop."""
        return TargetRows("" if self.table else self.target, self.rows)


class TargetRows(Method):
    """Lets an epoch see the target's rows alone."""

    def __init__(self, target: str, rows: int) -> None:
        self.target, self.rows = target, rows
        self.chosen: Ints

    def begin(self, training: Training) -> None:
        """Find the target's rows; added ones have negative ids."""
        train = training.tables().train
        if self.target:
            inside = np.flatnonzero(inside_of(train, self.target))
            self.chosen = _drawn(inside, self.rows, training.recipe.seed)
        else:
            self.chosen = np.flatnonzero(train.row_ids < 0)
        if not len(self.chosen):
            raise RunError("The target has no row to learn from. Widen its rule.")

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Find the rows again; nothing else is learnt."""
        self.begin(training)

    def order(self, training: Training, order: Tensor) -> Tensor:
        """Return the target's rows in a new order, int64[m]."""
        import torch

        chosen = torch.from_numpy(self.chosen.copy())
        is_chosen = torch.zeros(len(training.tables().train), dtype=torch.bool)
        is_chosen[chosen] = True
        return order[is_chosen[order]]

    def keeps_last(self) -> bool:
        """Keep the last epoch: validation rows are mostly of the source."""
        return True


def _drawn(rows: Ints, count: int, seed: int) -> Ints:
    """Return so many of the rows, drawn at random, in their order."""
    if len(rows) <= count:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, count, replace=False))
