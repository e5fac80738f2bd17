"""Decorrelation: subtract from numeric features what the group explains."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.errors import DataError, SettingError
from analysis.frame import AuditFrame, Grouping
from models.groupings import grouping_named
from models.recipe import Recipe
from models.remedies.base import Family, Kind, Needs
from models.remedies.features import features_named
from models.remedies.settings import attribute_setting, feature_setting, setting
from models.remedies.weighing import weights_in_force
from models.row_changes import GroupShifts


@dataclass(frozen=True)
class Decorrelation:
    """Give every group the same mean in numeric features.

    The linear regression of a feature on the groups predicts its mean in each group;
    what is subtracted is alpha times that mean's distance from the overall mean, so
    that at alpha = 1 the feature is uncorrelated with every group. Missing values stay
    missing and take no part in the means. Whoever is scored later is shifted by the
    training means of the group they are in; a group without training rows is not.

    References
    ----------
    fairlearn's CorrelationRemover, with one indicator per group; Feldman, Friedler,
    Moeller, Scheidegger & Venkatasubramanian (2015), Certifying and Removing Disparate
    Impact, KDD, section 5, repairs whole distributions in the same way.
    """

    title: ClassVar[str] = "Make features independent of groups (decorrelation)"
    mends: ClassVar[str] = "features that stand in for the group"
    costs: ClassVar[str] = (
        "what these differences told about the label; whoever is scored must have a "
        "known group"
    )
    source: ClassVar[str] = (
        "CorrelationRemover of fairlearn; Feldman et al. (2015), KDD"
    )
    needs: ClassVar[tuple[Needs, ...]] = ("group at prediction", "numeric features")
    kind: ClassVar[Kind] = "retraining"
    family: ClassVar[Family] = "Data"
    slowness: ClassVar[float] = 1.0

    attribute: str = attribute_setting(
        "Groups whose means are made equal.", is_required=True
    )
    feature: str = feature_setting(
        "Numeric features to change; empty for all of them.", is_required=False
    )
    alpha: float = setting(
        1.0,
        0.0,
        1.0,
        "0 leaves the features as they are, 1 removes all correlation.",
        is_dial=True,
        label="Share taken out (alpha)",
    )

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe with what is to be subtracted.

        Raises
        ------
        SettingError
            A feature holds no numbers, or features are shifted already.
        DataError
            The table has no numeric feature, or no such attribute.
        """
        if recipe.shifts is not None:
            raise SettingError(
                f"'{self.title}' is in this chain already, and shifts cannot be added "
                "up. Keep one of them, with several attributes joined by commas."
            )
        columns = _numeric_features(train, self.feature)
        grouping = grouping_named(train, self.attribute)
        weights = weights_in_force(recipe, train)
        off = [_means_off(train.features[c], grouping, weights) for c in columns]
        table = self.alpha * np.column_stack(off)  # [g, c]
        shifts = GroupShifts(
            self.attribute,
            grouping.names,
            columns,
            tuple(tuple(row) for row in table.tolist()),
        )
        return replace(recipe, shifts=shifts)


def _numeric_features(train: AuditFrame, text: str) -> tuple[str, ...]:
    numeric = train.features.select_dtypes("number").columns
    if not len(numeric):
        raise DataError(
            "This remedy changes numeric features, and this table has none. Choose "
            "another remedy, such as leaving a feature out."
        )
    named = features_named(train, text)
    if other := [name for name in named if name not in numeric]:
        raise SettingError(
            f"'{other[0]}' holds no numbers, so it has no mean to be shifted. Choose "
            f"among {', '.join(map(str, numeric))}."
        )
    return named if named else tuple(str(name) for name in numeric)


def _means_off(column: pd.Series, grouping: Grouping, weights: Floats) -> Floats:
    """Return each group's mean less that of all, float[g]; 0 for an unknown mean."""
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(values) & (weights > 0)
    codes, g = grouping.codes[known], len(grouping.names)
    mass = np.bincount(codes, weights[known], g)
    total = np.bincount(codes, weights[known] * values[known], g)
    if not mass.any():
        return np.zeros(g)
    overall = total.sum() / mass.sum()
    means = np.divide(total, mass, out=np.full(g, overall), where=mass > 0)
    off: Floats = means - overall
    return off
