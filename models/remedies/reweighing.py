"""Reweighing: make label and group independent in the training weights."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from analysis.arrays import Floats
from analysis.frame import AuditFrame
from models.groupings import grouping_named
from models.remedies.base import Needs
from models.remedies.settings import attribute_setting, setting
from models.remedies.weighing import Weighing, labels_of


@dataclass(frozen=True, kw_only=True)
class Reweighing(Weighing):
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
    mends: ClassVar[str] = (
        "labels that depend on the group, and with them gaps in selection rates"
    )
    costs: ClassVar[str] = "some accuracy where base rates differ"
    source: ClassVar[str] = (
        "Kamiran & Calders (2012), Knowledge and Information Systems 33"
    )
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "group at training")

    attribute: str = attribute_setting(
        "Groups whose label rates are made equal in training.", is_required=True
    )
    strength: float = setting(
        1.0,
        0.0,
        1.0,
        "0 leaves the rows as they are, 1 makes label and group independent.",
        is_dial=True,
    )

    def weights(self, train: AuditFrame, seed: int) -> Floats:
        """Return P(g) P(y) / P(g, y) of each row's cell, 1 where it has no weight."""
        grouping, k = grouping_named(train, self.attribute), len(train.classes)
        cells = grouping.codes * k + labels_of(train)
        joint = np.bincount(cells, train.weights, len(grouping.names) * k)
        joint = joint.reshape(-1, k) / joint.sum()  # [g, k]
        product = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
        factors = np.ones_like(joint)
        np.divide(product, joint, out=factors, where=joint > 0)
        found: Floats = 1 + self.strength * (factors.ravel()[cells] - 1)
        return found
