"""One side of a comparison: scored rows with the columns that may have moved."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints, digest_of
from analysis.errors import DataError
from analysis.evaluation import DecisionRule, Evaluation, Scores
from analysis.frame import Grouping


@dataclass(frozen=True, eq=False)
class Domain:
    """One side of a comparison: an evaluated table and the columns that may shift.

    Parameters
    ----------
    evaluation : Evaluation
    columns : DataFrame [n, d]
        The features compared, in the order of the evaluation's rows.
    times : Grouping or None
        The period of each row, in order, where the table has a time.
    """

    evaluation: Evaluation
    columns: pd.DataFrame
    times: Grouping | None = None

    def __post_init__(self) -> None:
        if len(self.evaluation) != len(self.columns):
            raise DataError("Columns and evaluation have different rows.")

    def __len__(self) -> int:
        return len(self.evaluation)

    @cached_property
    def digest(self) -> str:
        """Digest of scores, labels, rows and the names of the columns."""
        words = [self.evaluation.digest, *map(str, self.columns.columns)]
        return digest_of(word.encode() for word in words)

    def take(self, rows: Ints) -> "Domain":
        """Return some rows, given by position."""
        times = None if self.times is None else self.times.take(rows)
        return Domain(self.evaluation.take(rows), self.columns.iloc[rows], times)

    def of_group(self, group: Mapping[str, str]) -> "Domain":
        """Return the rows of one group, given as attribute and name.

        Raises
        ------
        DataError
            The group has no row on this side.
        """
        mine = np.ones(len(self), dtype=bool)
        for attribute, name in group.items():
            grouping = self.evaluation.groups[attribute]
            code = grouping.names.index(name) if name in grouping.names else -1
            mine &= grouping.codes == code
        rows = np.flatnonzero(mine)
        if not len(rows):
            raise DataError(
                f"No row is in the group {', '.join(group.values())} on one side. "
                "Choose a coarser attribute."
            )
        return self.take(rows)


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """Scored rows whose labels are unknown, or not to be read.

    Parameters
    ----------
    scores : Scores
    classes : tuple of str, length k
    groups : mapping of str to Grouping
    weights : float[n]
    columns : DataFrame [n, d]
    rule : DecisionRule
    view : int
        The class taken as positive.
    times : Grouping or None
    """

    scores: Scores
    classes: tuple[str, ...]
    groups: Mapping[str, Grouping]
    weights: Floats
    columns: pd.DataFrame
    rule: DecisionRule
    view: int
    times: Grouping | None = None

    def __post_init__(self) -> None:
        lengths = {len(self.scores.values), len(self.weights), len(self.columns)}
        lengths |= {len(g.codes) for g in self.groups.values()}
        if len(lengths) != 1:
            raise DataError(f"Scores, groups and columns differ in length: {lengths}.")

    def __len__(self) -> int:
        return len(self.weights)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The rows as an evaluation whose labels are all the first class.

        It serves what reads scores, decisions and groups only; nothing that it says
        of labels means anything.
        """
        n = len(self)
        return Evaluation(
            "without labels",
            np.zeros(n, dtype=np.int64),
            self.scores,
            self.classes,
            self.groups,
            self.weights,
            np.arange(n),
            self.rule,
            self.view,
        )

    @cached_property
    def digest(self) -> str:
        """Digest of scores, groups, weights and the names of the columns."""
        words = [self.evaluation.digest, *map(str, self.columns.columns)]
        return digest_of(word.encode() for word in ("unlabelled", *words))

    def take(self, rows: Ints) -> "Unlabelled":
        """Return some rows, given by position."""
        part = self.evaluation.take(rows)
        times = None if self.times is None else self.times.take(rows)
        columns = self.columns.iloc[rows]
        return Unlabelled(
            part.scores,
            self.classes,
            part.groups,
            part.weights,
            columns,
            self.rule,
            self.view,
            times,
        )


def without_labels(domain: Domain) -> Unlabelled:
    """Return a side as if its labels were unknown."""
    e = domain.evaluation
    return Unlabelled(
        e.scores,
        e.classes,
        e.groups,
        e.weights,
        domain.columns,
        e.rule,
        e.view,
        domain.times,
    )
