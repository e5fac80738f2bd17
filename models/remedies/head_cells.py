"""Cells of group and label among calibration rows, small ones joined to others."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.frame import AuditFrame
from models.groupings import grouping_named


@dataclass(frozen=True, eq=False)
class LabelCells:
    """Rows cut by label, and by group within it where a group has the rows.

    Parameters
    ----------
    codes : int[n]
        Cell of each row.
    labels : int[c]
        Label of each cell.
    joined : tuple of str
        Groups that have no cell of their own with some label, by name.
    """

    codes: Ints
    labels: Ints
    joined: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of cells, c."""
        return len(self.labels)


def label_cells(
    frame: AuditFrame, labels: Ints, attribute: str, min_rows: int
) -> LabelCells:
    """Return the cells of calibration rows.

    Parameters
    ----------
    frame : AuditFrame
    labels : int[n]
    attribute : str
        Empty for cells by label alone.
    min_rows : int
        A group with fewer rows of a label joins the group with the most of it.

    Raises
    ------
    DataError
        The frame has no such attribute.
    """
    if not attribute:
        found, codes = np.unique(labels, return_inverse=True)
        return LabelCells(codes, found, ())
    grouping = grouping_named(frame, attribute)
    g = len(grouping.names)
    counts = np.zeros((labels.max() + 1, g), np.int64)  # [k, g]
    np.add.at(counts, (labels, grouping.codes), 1)
    home = np.where(counts >= min_rows, np.arange(g), counts.argmax(axis=1)[:, None])
    pairs = labels * g + home[labels, grouping.codes]
    cells, codes = np.unique(pairs, return_inverse=True)
    moved = (home != np.arange(g)) & (counts > 0)
    joined = tuple(
        n for n, m in zip(grouping.names, moved.any(axis=0), strict=True) if m
    )
    return LabelCells(codes, cells // g, joined)


def even(masses: Floats, evenness: float) -> Floats:
    """Return shares between those of the masses and equal ones, float[c].

    All masses are above 0.
    """
    shares: Floats = (1 - evenness) * masses / masses.sum() + evenness / len(masses)
    return shares


def joined_words(joined: tuple[str, ...] | list[str]) -> list[str]:
    """Say which groups had too few rows; nothing where none had."""
    if not joined:
        return []
    names = ", ".join(f"'{name}'" for name in joined[:8])
    more = f" and {len(joined) - 8} more" if len(joined) > 8 else ""
    has = "has" if len(joined) == 1 else "have"
    return [
        f"{names}{more} {has} too few calibration rows with some label; these count "
        "with those of the largest group that has it."
    ]
