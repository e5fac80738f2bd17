"""Last-layer retraining: keep what a finished model sees, weigh it up anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from models.groupings import grouping_named
from models.method import Method
from models.recipe import BASE
from models.remedies.base import Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import attribute_setting, setting
from models.training_cells import Cells, cells_of

if TYPE_CHECKING:
    from torch import Tensor

    from analysis.frame import AuditFrame
    from models.recipe import Recipe
    from models.rows import Rows
    from models.train import Training


@dataclass(frozen=True)
class LastLayer(InLoop):
    """Train the last layer of the finished model on equal cells of group and label.

    Each epoch draws as many rows as there are, the same number from every cell that has
    any (by weight, with replacement). The rest of the network stays as it is, also in
    training: it runs as when people are scored, without dropout, so that the last layer
    learns on the features it will get. The last epoch is kept, as a log loss of
    everyone would choose the first.

    Where we depart from the paper: it draws equal cells of held-out rows and prefers
    that, where we use the training rows and leave the others to their purposes; and it
    starts the layer from nothing with an L1 penalty, where we start from the finished
    one. The evenness in between is ours.

    References
    ----------
    Kirichenko, Izmailov & Wilson (2023), Last Layer Re-Training is Sufficient for
    Robustness to Spurious Correlations, ICLR, section 5.
    """

    title: ClassVar[str] = "Retrain the last layer on equal groups (DFR)"
    mends: ClassVar[str] = "a shortcut by group in a model that knows better"
    costs: ClassVar[str] = "accuracy overall where groups differ in their rates"
    source: ClassVar[str] = "Kirichenko, Izmailov & Wilson (2023), ICLR"
    needs: ClassVar[tuple[Needs, ...]] = (
        "label at training",
        "group at training",
        "a network",
        "a finished run",
    )
    name: ClassVar[str] = "last_layer"
    slot: ClassVar[Slot] = "order"
    slowness: ClassVar[float] = 0.2

    attribute: str = attribute_setting(
        "Groups that are drawn equally, with each label.", is_required=True
    )
    evenness: float = setting(
        1.0,
        0.0,
        1.0,
        "0 draws cells as often as they occur, 1 all equally often.",
        is_dial=True,
    )
    passes: int = setting(10, 3, 100, "Epochs of the last layer.")

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe that trains the last layer of the finished run.

        Raises
        ------
        DataError
            The table has no such attribute.
        """
        grouping_named(train, self.attribute)
        return replace(
            super().change(recipe, train),
            warm_start=BASE,
            layers="last",
            epochs=self.passes,
        )

    def method(self) -> Method:
        """Return what takes part in the loop."""
        return EqualCells(self.attribute, self.evenness)


class EqualCells(Method):
    """Draws the rows of an epoch by cell, and keeps the rest of the network still."""

    def __init__(self, attribute: str, evenness: float) -> None:
        self.attribute, self.evenness = attribute, evenness
        self.cells: Cells
        self.draws = False

    def begin(self, training: Training) -> None:
        """Find the cells of the training rows."""
        self.cells = cells_of(training, self.attribute)
        self.draws = training.recipe.draws

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Find the cells again; nothing else is learnt."""
        self.begin(training)

    def order(self, training: Training, order: Tensor) -> Tensor:
        """Return rows of which every cell has its share, int64[n]."""
        # The loop has just switched dropout on.
        training.network.eval()
        shares = even_shares(self.cells.masses, self.evenness)
        chosen = self.cells.quota(shares, len(order), training.generator)
        return self.cells.drawn(chosen, training.generator)

    def weighed(self, batch: Rows, losses: Tensor, logits: Tensor) -> Tensor:
        """Return losses [b] without row weights, by which they have been drawn."""
        return losses if self.draws else unweighed(batch, losses)

    def after_epoch(self, training: Training) -> None:
        """Let this epoch count as the best one."""
        training.restart()


def even_shares(masses: Tensor, evenness: float) -> Tensor:
    """Return shares between those of the masses and equal ones, float64[c].

    A cell without mass has none.
    """
    occurs = (masses > 0).double()
    return (1 - evenness) * masses / masses.sum() + evenness * occurs / occurs.sum()


def unweighed(batch: Rows, losses: Tensor) -> Tensor:
    """Return losses [b] divided by the weights that are in them."""
    if batch.weights is None:
        return losses
    return losses / batch.weights.clamp(min=1e-12)
