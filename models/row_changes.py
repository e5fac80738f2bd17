"""What a remedy found for single rows or groups, in a form that a recipe can hold."""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.arrays import Floats, Ints, digest_of, frozen
from analysis.frame import AuditFrame
from models.groupings import grouping_named


@dataclass(frozen=True, eq=False)
class RowWeights:
    """A factor on the weight of each of some rows.

    Parameters
    ----------
    row_ids : int[n]
        Ascending, as in `AuditFrame.row_ids`. Rows that are not named keep factor 1.
    values : float[n]
        Zero or more.
    """

    row_ids: Ints
    values: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "row_ids", frozen(self.row_ids, np.int64))
        object.__setattr__(self, "values", frozen(self.values, np.float64))

    def factors(self, frame: AuditFrame) -> Floats:
        """Return the factor of each row of a frame, float[n]."""
        if not len(self.row_ids):
            return np.ones(len(frame))
        at = np.searchsorted(self.row_ids, frame.row_ids)
        at = np.minimum(at, len(self.row_ids) - 1)
        return np.where(self.row_ids[at] == frame.row_ids, self.values[at], 1.0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RowWeights) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    @cached_property
    def _digest(self) -> str:
        return digest_of([self.row_ids.tobytes(), self.values.tobytes()])

    def to_json(self) -> dict[str, str]:
        """Return the arrays as packed text."""
        return {"row_ids": _packed(self.row_ids), "values": _packed(self.values)}

    @classmethod
    def from_json(cls, data: Mapping[str, str]) -> Self:
        """Rebuild weights from `to_json`."""
        return cls(
            np.frombuffer(_unpacked(data["row_ids"]), np.int64),
            np.frombuffer(_unpacked(data["values"]), np.float64),
        )


def row_weights(frame: AuditFrame, values: Floats) -> RowWeights:
    """Return weights for the rows of a frame, in any order."""
    order = np.argsort(frame.row_ids, kind="stable")
    return RowWeights(frame.row_ids[order], values[order])


@dataclass(frozen=True)
class GroupShifts:
    """What is subtracted from numeric columns, by group, before anything else is done.

    Parameters
    ----------
    attribute : str
        A sensitive attribute, or several joined by commas for their intersections.
    groups : tuple of str, length g
    columns : tuple of str, length c
    table : tuple of tuple of float, [g, c]
        In the columns' units. Groups that are not named are left as they are.
    """

    attribute: str
    groups: tuple[str, ...]
    columns: tuple[str, ...]
    table: tuple[tuple[float, ...], ...]

    def applied(self, frame: AuditFrame) -> pd.DataFrame:
        """Return a frame's features with the shifts subtracted.

        Raises
        ------
        DataError
            The attribute is not one of the frame's.
        """
        grouping = grouping_named(frame, self.attribute)
        by_name = dict(zip(self.groups, self.table, strict=True))
        unchanged = (0.0,) * len(self.columns)
        shifts = np.array([by_name.get(name, unchanged) for name in grouping.names])
        features = frame.features.copy()
        for c, column in enumerate(self.columns):
            features[column] = features[column] - shifts[grouping.codes, c]
        return features

    def to_json(self) -> dict[str, Any]:
        """Return JSON types."""
        return {
            "attribute": self.attribute,
            "groups": list(self.groups),
            "columns": list(self.columns),
            "table": [list(row) for row in self.table],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild shifts from `to_json`."""
        return cls(
            data["attribute"],
            tuple(data["groups"]),
            tuple(data["columns"]),
            tuple(tuple(float(x) for x in row) for row in data["table"]),
        )


def _packed(array: NDArray[Any]) -> str:
    return base64.b64encode(zlib.compress(array.tobytes(), 6)).decode()


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))
