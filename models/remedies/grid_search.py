"""Grid search over the price of a gap: one model per price, the best one kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from analysis.frame import AuditFrame
from models.method import Method
from models.recipe import Recipe
from models.remedies.base import Family, Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.reductions import CONSTRAINTS, Problem, constraint_named
from models.remedies.settings import attribute_setting, choice_setting, setting

if TYPE_CHECKING:
    from models.train import Training


@dataclass(frozen=True)
class GridSearch(InLoop):
    """Train one model for each of several prices of the gap, through fairlearn.

    Of these models the one is kept whose error and gap on the training rows, mixed by
    `emphasis`, are lowest. Unlike a mixture it is a single model.

    References
    ----------
    Agarwal, Beygelzimer, Dudik, Langford & Wallach (2018), A Reductions Approach to
    Fair Classification, ICML, section 3.3; package fairlearn.
    """

    title: ClassVar[str] = "Bounded gap by a search (grid search)"
    mends: ClassVar[str] = "gaps in a chosen rate, with one model at the right price"
    costs: ClassVar[str] = "some accuracy, and a training for each price tried"
    source: ClassVar[str] = "Agarwal et al. (2018), ICML; fairlearn"
    needs: ClassVar[tuple[Needs, ...]] = (
        "label at training",
        "group at training",
        "two classes",
        "a network",
    )
    family: ClassVar[Family] = "Fairness constraints"
    slowness: ClassVar[float] = 4.0
    name: ClassVar[str] = "grid_search"
    slot: ClassVar[Slot] = "whole"

    attribute: str = attribute_setting(
        "Groups between which the rate is made equal.", is_required=True
    )
    constraint: str = choice_setting(
        "selection rate", tuple(CONSTRAINTS), "The rate that may differ little."
    )
    emphasis: float = setting(
        0.5,
        0.0,
        1.0,
        "Share of the gap in what is lowest; 0 looks at error alone.",
        label="Share of the gap in the choice",
    )
    prices: int = setting(9, 2, 60, "Prices tried, a model each.")
    member_epochs: int = setting(8, 1, 200, "Epochs of each model.")

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe with a price in each epoch's place."""
        changed = super().change(recipe, train)
        return replace(changed, epochs=self.prices + 1, patience=self.prices + 1)

    def method(self) -> Method:
        """Return the search."""
        return _Search(self)


class _Search(Method):
    def __init__(self, remedy: GridSearch) -> None:
        self.remedy = remedy

    def runs_alone(self) -> bool:
        return True

    def run(self, training: Training) -> None:
        from fairlearn.reductions import GridSearch as Reference

        problem = Problem(training, self.remedy.attribute, self.remedy.member_epochs)
        search = Reference(
            problem.oracle(),
            constraint_named(self.remedy.constraint, 0.0),
            constraint_weight=self.remedy.emphasis,
            grid_size=self.remedy.prices,
        )
        problem.fit(search)
        best = search.predictors_[search.best_idx_]
        training.network = best.network_
        training.restart()
        training.close_epoch(float(best.loss_))
