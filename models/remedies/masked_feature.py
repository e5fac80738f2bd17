"""Masked feature: train without some features."""

from dataclasses import dataclass, replace
from typing import ClassVar

from analysis.errors import SettingError
from analysis.frame import AuditFrame
from models.recipe import Recipe
from models.remedies.base import Family, Kind, Needs
from models.remedies.features import features_named
from models.remedies.settings import feature_setting


@dataclass(frozen=True)
class MaskedFeature:
    """Leave features out of training, so that the model cannot use them.

    What goes together with them may still tell the model most of what they held.

    References
    ----------
    Dwork, Hardt, Pitassi, Reingold & Zemel (2012), Fairness Through Awareness, ITCS,
    on why leaving out the attribute alone ('fairness through blindness') does not free
    decisions from it.
    """

    title: ClassVar[str] = "Leave features out"
    mends: ClassVar[str] = (
        "a model that leans on a feature it should not use, or will not have"
    )
    costs: ClassVar[str] = (
        "whatever the feature told, and little is gained where others stand in for it"
    )
    source: ClassVar[str] = "Dwork et al. (2012), Fairness Through Awareness, ITCS"
    needs: ClassVar[tuple[Needs, ...]] = ()
    kind: ClassVar[Kind] = "retraining"
    family: ClassVar[Family] = "Data"
    slowness: ClassVar[float] = 1.0

    feature: str = feature_setting("The features to leave out.")

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe with these features masked, beside those that are.

        Raises
        ------
        SettingError
            A feature does not exist, or none would be left.
        """
        named = features_named(train, self.feature)
        masked = tuple(dict.fromkeys((*recipe.masked, *named)))
        if not set(train.features) - set(masked):
            raise SettingError(
                f"Without {', '.join(masked)} no feature is left to learn from. Leave "
                "fewer features out."
            )
        return replace(recipe, masked=masked)
