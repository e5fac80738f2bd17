"""Undersampling: leave out rows until all groups are as small as the smallest."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from analysis.errors import DataError
from analysis.frame import AuditFrame
from models.remedies.base import Family, Needs
from models.remedies.cells import BOTH, LEVELS, cells_of
from models.remedies.row_edit import RowEdit, Workshop
from models.remedies.settings import (
    attribute_setting,
    choice_setting,
    cohort_setting,
    setting,
)
from models.remedies.weighing import rows_in


@dataclass(frozen=True)
class Undersampling(RowEdit):
    """Draw each cell down to the number of rows of the smallest, at random.

    Cells without any row are passed over. Rows are counted, whatever they weigh, and
    keep their weights. At strength s a cell of n rows keeps n - s (n - smallest).

    References
    ----------
    Idrissi, Arjovsky, Pezeshki & Lopez-Paz (2022), Simple data balancing achieves
    competitive worst-group-accuracy, CLeaR, section 3 (SUBG: each class within each
    group; SUBY: classes). Chaudhuri et al. (2023), Why does Throwing Away Data Improve
    Worst-Group Error?, ICML, for when it helps: where tails are heavy. The strength is
    ours.
    """

    title: ClassVar[str] = "Leave out rows of large groups (undersampling, SUBG)"
    mends: ClassVar[str] = "groups or classes that large ones drown out"
    costs: ClassVar[str] = (
        "most rows, where one group is small, and so accuracy overall"
    )
    source: ClassVar[str] = (
        "Idrissi et al. (2022), CLeaR; Chaudhuri et al. (2023), ICML"
    )
    needs: ClassVar[tuple[Needs, ...]] = ("label at training",)
    family: ClassVar[Family] = "Weights and sampling"
    slowness: ClassVar[float] = 0.7
    name: ClassVar[str] = "undersampling"

    level: str = choice_setting(
        BOTH,
        LEVELS,
        "What is drawn down: classes, groups, or each class within each group.",
    )
    attribute: str = attribute_setting(
        "Groups that are drawn down; empty for classes alone.", is_required=False
    )
    strength: float = setting(
        1.0, 0.0, 1.0, "0 leaves all rows, 1 makes all parts equal.", is_dial=True
    )
    min_rows: int = setting(
        10, 1, 100_000, "Rows that the smallest part must have at least."
    )
    cohort: str = cohort_setting()

    def edited(self, train: AuditFrame, seed: int, workshop: Workshop) -> AuditFrame:
        """Return the rows that stay, in their order.

        Raises
        ------
        DataError
            The smallest cell has fewer than `min_rows` rows.
        """
        inside = rows_in(train, self.cohort)
        cells = cells_of(train.take(inside), self.level, self.attribute)
        counts = np.bincount(cells.codes, minlength=len(cells.names))  # [m]
        smallest = counts[counts > 0].min()
        if smallest < self.min_rows:
            name = cells.names[int(np.flatnonzero(counts == smallest)[0])]
            raise DataError(
                f"'{name}' has {smallest:,} training rows, and every other part would "
                f"be cut to as many; {self.min_rows:,} are needed. Choose a coarser "
                "attribute, weights against rarity instead, or lower 'Minimum "
                "rows' (min_rows on the command line)."
            )
        kept = np.round(counts - self.strength * (counts - smallest)).astype(np.int64)
        rng = np.random.default_rng(seed)
        dropped = [
            rng.choice(
                np.flatnonzero(cells.codes == c), counts[c] - kept[c], replace=False
            )
            for c in np.flatnonzero(counts)
        ]
        stays = np.ones(len(train), dtype=bool)
        stays[inside[np.concatenate(dropped).astype(np.int64)]] = False
        return train.take(np.flatnonzero(stays))
