"""SMOTE: add rows between those of a small class or group and their neighbours."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.arrays import Ints
from analysis.errors import DataError
from analysis.frame import AuditFrame, Grouping
from models.remedies.base import Family, Needs
from models.remedies.cells import BOTH, LEVELS, cells_of
from models.remedies.row_edit import RowEdit, Workshop, joined
from models.remedies.settings import (
    attribute_setting,
    choice_setting,
    cohort_setting,
    setting,
)
from models.remedies.weighing import rows_in


@dataclass(frozen=True)
class Smote(RowEdit):
    """Add synthetic rows to small cells, each between a row and one of its neighbours.

    A new row lies at x + u (x' - x), with u uniform on [0, 1] and x' one of the k
    nearest rows of the same cell; a category is the commonest among the neighbours.
    imbalanced-learn does it, on standardised numbers with missing ones filled by their
    median; numbers that are whole everywhere are rounded. At strength s a cell of n
    rows grows to n + s (largest - n). Rows are counted, whatever they weigh; new ones
    have the mean weight of their cell. In cells of more than 8,000 rows, as many drawn
    at random are what new ones lie between.

    A synthetic person takes the groups of all attributes, and the features that are
    attributes, from the nearest real row of the cell, so that these agree.

    References
    ----------
    Chawla, Bowyer, Hall & Kegelmeyer (2002), SMOTE: Synthetic Minority Over-sampling
    Technique, JAIR 16, sections 4.2 and 6.1 (SMOTE-NC). Cells of group and label, and
    the strength, are ours.
    """

    title: ClassVar[str] = "Add synthetic rows (SMOTE)"
    mends: ClassVar[str] = "classes or groups with too few rows to be learnt well"
    costs: ClassVar[str] = (
        "scores that are too high for what was rare, and people who do not exist"
    )
    source: ClassVar[str] = "Chawla, Bowyer, Hall & Kegelmeyer (2002), JAIR 16"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training",)
    family: ClassVar[Family] = "Weights and sampling"
    slowness: ClassVar[float] = 2.0
    name: ClassVar[str] = "smote"

    level: str = choice_setting(
        BOTH,
        LEVELS,
        "What is filled up: classes, groups, or each class within each group.",
    )
    attribute: str = attribute_setting(
        "Groups that are filled up; empty for classes alone.", is_required=False
    )
    strength: float = setting(
        1.0,
        0.0,
        1.0,
        "Share of the way up to the largest part; 0 adds no row.",
        is_dial=True,
    )
    neighbours: int = setting(
        5, 1, 50, "Nearest rows that a new row may lie towards, k."
    )
    cohort: str = cohort_setting("Only parts of these people are filled up.")

    def edited(self, train: AuditFrame, seed: int, workshop: Workshop) -> AuditFrame:
        """Return all rows and the synthetic ones after them.

        Raises
        ------
        DataError
            A cell that is to grow has no more rows than neighbours are asked for.
        """
        from models.synthetic_rows import Oversampler

        reach = train.take(rows_in(train, self.cohort))
        cells = cells_of(reach, self.level, self.attribute)
        wanted = self._wanted(cells)
        oversampler = Oversampler(reach.features, self.neighbours)
        parts = []
        for c in np.flatnonzero(wanted):
            rows = np.flatnonzero(cells.codes == c)
            found, nearest = oversampler.made(rows, int(wanted[c]), seed + int(c))
            parts.append(_people(reach, rows, found, nearest))
        for part in parts:
            train = joined(train, part)
        return train

    def _wanted(self, cells: Grouping) -> Ints:
        """Return how many rows each cell is to get, int[m]."""
        counts = np.bincount(cells.codes, minlength=len(cells.names))
        grown = np.round(self.strength * (counts.max() - counts)).astype(np.int64)
        grown[counts == 0] = 0
        for c in np.flatnonzero(grown):
            if counts[c] <= self.neighbours:
                raise DataError(
                    f"'{cells.names[c]}' has {counts[c]:,} training rows; with "
                    f"{self.neighbours} neighbours it needs {self.neighbours + 1}. "
                    "Choose fewer neighbours, a coarser attribute, or aim at a cohort "
                    "without it."
                )
        return grown


def _people(
    reach: AuditFrame, rows: Ints, found: pd.DataFrame, nearest: Ints
) -> AuditFrame:
    """Return synthetic rows with the label and groups of a cell's nearest rows."""
    found = found.copy()
    for name in set(reach.groups) & set(found):
        found[name] = reach.features[name].iloc[nearest].to_numpy()
        found[name] = found[name].astype(reach.features[name].dtype)
    near = reach.take(nearest)
    return replace(
        near,
        features=found,
        weights=np.full(len(found), reach.weights[rows].mean()),
        row_ids=np.arange(len(found)),
    )
