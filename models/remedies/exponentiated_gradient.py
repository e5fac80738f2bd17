"""Exponentiated gradient: many models, mixed so that a gap stays within a bound."""

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
class ExponentiatedGradient(InLoop):
    """Play a game between a learner and the price of unfairness, through fairlearn.

    Each round trains a model on rows relabelled and weighed by the prices of that
    round. The result is a mixture of the models. The paper draws one of them at random
    for each decision; here their probabilities are averaged with the same shares, so
    that the same person always gets the same score. The bound holds for the draw.

    References
    ----------
    Agarwal, Beygelzimer, Dudik, Langford & Wallach (2018), A Reductions Approach to
    Fair Classification, ICML, Algorithm 1; package fairlearn.
    """

    title: ClassVar[str] = "Bounded gap by a mixture (exponentiated gradient)"
    mends: ClassVar[str] = "gaps in a chosen rate, down to a bound, by mixing models"
    costs: ClassVar[str] = (
        "accuracy as the bound tightens, a training for each round, and scores that "
        "are a mixture's, less fine than one model's"
    )
    source: ClassVar[str] = "Agarwal et al. (2018), ICML; fairlearn"
    needs: ClassVar[tuple[Needs, ...]] = (
        "label at training",
        "group at training",
        "two classes",
        "a network",
    )
    family: ClassVar[Family] = "Fairness constraints"
    slowness: ClassVar[float] = 6.0
    name: ClassVar[str] = "exponentiated_gradient"
    slot: ClassVar[Slot] = "whole"

    attribute: str = attribute_setting(
        "Groups between which the rate is made equal.", is_required=True
    )
    constraint: str = choice_setting(
        "selection rate", tuple(CONSTRAINTS), "The rate that may differ little."
    )
    bound: float = setting(
        0.02,
        0.0,
        1.0,
        "How far a group's rate may lie from everyone's; 1 asks for nothing.",
        is_dial=True,
    )
    rounds: int = setting(12, 1, 100, "Rounds of the game, a model each.")
    member_epochs: int = setting(8, 1, 200, "Epochs of each model.")

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe with a round in each epoch's place."""
        changed = super().change(recipe, train)
        return replace(changed, epochs=self.rounds, patience=self.rounds)

    def method(self) -> Method:
        """Return the game."""
        return _Game(self)


class _Game(Method):
    def __init__(self, remedy: ExponentiatedGradient) -> None:
        self.remedy = remedy

    def runs_alone(self) -> bool:
        return True

    def run(self, training: Training) -> None:
        import torch
        from fairlearn.reductions import ExponentiatedGradient as Reference

        from models.networks import Mixture

        problem = Problem(training, self.remedy.attribute, self.remedy.member_epochs)
        game = Reference(
            problem.oracle(),
            constraint_named(self.remedy.constraint, self.remedy.bound),
            eps=max(self.remedy.bound, 1e-3),
            max_iter=self.remedy.rounds,
        )
        problem.fit(game)
        shares = torch.tensor(game.weights_.to_numpy(), dtype=torch.float32)
        kept = [int(i) for i in torch.nonzero(shares > 0).flatten()]
        members = [game.predictors_[i].network_ for i in kept]
        shares = shares[kept] / shares[kept].sum()
        training.network = Mixture(members, shares).to(training.device)
        training.restart()
        training.close_epoch(float(game.predictors_[kept[0]].loss_))
