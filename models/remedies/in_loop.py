"""The base of remedies that take part in the training loop."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import ClassVar, Literal

from analysis.frame import AuditFrame
from models.method import Method
from models.recipe import Recipe, Stage
from models.remedies.base import Family, Kind

Slot = Literal["loss", "labels", "risk", "order", "step", "penalty", "whole"]
"""What a remedy takes into its hands; two that take the same one cannot be joined."""


SLOT_WORDS: Mapping[str, str] = {
    "loss": "the loss",
    "labels": "the labels that the loss sees",
    "risk": "the weights of rows while training",
    "order": "the rows that an epoch sees",
    "step": "the step of the optimiser",
    "penalty": "the penalty on a gap",
    "whole": "the whole training",
}
"""What a remedy inside the training loop takes into its hands, in words."""


@dataclass(frozen=True)
class InLoop:
    """Train with a method of one's own; a subclass says which.

    A subclass also declares its `slot`, and `name`, its key in the registry.
    """

    kind: ClassVar[Kind] = "retraining"
    family: ClassVar[Family] = "Losses and optimisers"
    slowness: ClassVar[float] = 1.0
    name: ClassVar[str]
    slot: ClassVar[Slot]

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe with this method in its loop."""
        own = Stage(self.name, asdict(self))
        return replace(recipe, methods=(*recipe.methods, own))

    def method(self) -> Method:
        """Return what takes part in the loop; torch may be imported here."""
        raise NotImplementedError
