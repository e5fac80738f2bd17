"""Inverse frequency: the rarer a row's class or group, the more it weighs."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from analysis.arrays import Floats
from analysis.frame import AuditFrame
from models.remedies.base import Needs
from models.remedies.cells import BOTH, LEVELS, cells_of
from models.remedies.settings import attribute_setting, choice_setting, setting
from models.remedies.weighing import Weighing


@dataclass(frozen=True, kw_only=True)
class InverseFrequency(Weighing):
    """Weigh each training row by how rare its cell is.

    A row of cell c weighs (W / (m W_c))^s, with W_c the total weight of the cell, W
    that of all m cells with any: at s = 1 every cell weighs the same, and between 0
    and 1 cells come closer to each other.

    References
    ----------
    King & Zeng (2001), Logistic Regression in Rare Events Data, Political Analysis 9,
    section 4.2, for classes; scikit-learn's class_weight='balanced' is the case of
    classes and s = 1. The exponent is the smoothing of Mikolov et al. (2013),
    Distributed Representations of Words and Phrases, NeurIPS, section 2.2.
    """

    title: ClassVar[str] = "Weights against rarity (inverse frequency)"
    mends: ClassVar[str] = "classes or groups that are too rare to be learnt well"
    costs: ClassVar[str] = (
        "scores that are too high for what was rare, and noisy steps where a cell is "
        "tiny"
    )
    source: ClassVar[str] = "King & Zeng (2001), Political Analysis 9"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training",)

    level: str = choice_setting(
        BOTH,
        LEVELS,
        "What is balanced: classes, groups, or each class within each group.",
    )
    attribute: str = attribute_setting(
        "Groups that are balanced; empty for classes alone.", is_required=False
    )
    strength: float = setting(
        1.0,
        0.0,
        1.0,
        "0 leaves the rows as they are, 1 gives all parts the same weight.",
        is_dial=True,
    )

    def weights(self, train: AuditFrame, seed: int) -> Floats:
        """Return (W / (m W_c))^s of each row's cell, 1 where the cell has no weight."""
        cells = cells_of(train, self.level, self.attribute)
        mass = np.bincount(cells.codes, train.weights, len(cells.names))  # [m]
        filled = mass > 0
        factors = np.ones(len(mass))
        factors[filled] = (mass.sum() / (filled.sum() * mass[filled])) ** self.strength
        found: Floats = factors[cells.codes]
        return found
