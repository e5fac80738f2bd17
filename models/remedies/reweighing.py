"""Reweighing: make label and group independent in the training weights."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from analysis.arrays import Floats
from analysis.errors import DataError, SettingError
from analysis.frame import AuditFrame
from models.recipe import CellWeights, Recipe, grouping_named
from models.remedies.base import Kind, Needs, attribute_setting, setting


@dataclass(frozen=True)
class Reweighing:
    """Weigh each training row by how rare its label is in its group.

    A row of group g with label y weighs P(g) P(y) / P(g, y), for any number of
    classes. With these weights label and group are independent in the training rows.

    References
    ----------
    Kamiran & Calders (2012), Data preprocessing techniques for classification without
    discrimination, Knowledge and Information Systems 33, section 5.2. The strength is
    ours: weights 1 + s (w - 1) train on the mixture of (1 - s) observed and s
    independent rows, so the covariance of label and group shrinks by 1 - s.
    """

    title: ClassVar[str] = "Reweighing"
    summary: ClassVar[str] = (
        "Trains again with weights under which label and group are independent, which "
        "narrows gaps in selection rates; costs some accuracy where base rates differ."
    )
    source: ClassVar[str] = (
        "Kamiran & Calders (2012), Knowledge and Information Systems 33"
    )
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "group at training")
    kind: ClassVar[Kind] = "retraining"

    attribute: str = attribute_setting(
        "Groups whose label rates are made equal in training.", is_required=True
    )
    strength: float = setting(
        1.0,
        0.0,
        1.0,
        "0 leaves the rows as they are, 1 makes label and group independent.",
    )

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe with a weight for each cell of group and label.

        Raises
        ------
        SettingError
            The recipe has cell weights already.
        DataError
            The rows have no labels, or no such attribute.
        """
        if recipe.cell_weights is not None:
            raise SettingError(
                "These rows are weighed by group and label already. Keep one "
                "reweighing, and name several attributes in it as 'sex, race'."
            )
        if train.y_true is None:
            raise DataError(
                "Reweighing needs labels. Choose a labelled table on the Data page."
            )
        grouping, k = grouping_named(train, self.attribute), len(train.classes)
        weights = train.weights if recipe.survey_weights else np.ones(len(train))
        cells = np.bincount(
            grouping.codes * k + train.y_true, weights, len(grouping.names) * k
        ).reshape(-1, k)  # [g, k]
        factors = 1 + self.strength * (_independence(cells) - 1)
        table = tuple(tuple(float(x) for x in row) for row in factors)
        return replace(
            recipe, cell_weights=CellWeights(self.attribute, grouping.names, table)
        )


def _independence(cells: NDArray[Any]) -> Floats:
    """Return P(g) P(y) / P(g, y), float[g, k]; 1 for a cell without weight."""
    joint = cells / cells.sum()
    product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    return np.divide(product, joint, out=np.ones_like(joint), where=joint > 0)
