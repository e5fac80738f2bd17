"""Added source: train on rows of another table as well."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.arrays import Ints
from analysis.errors import DataError
from analysis.frame import AuditFrame, Grouping
from models.remedies.base import Needs
from models.remedies.row_edit import RowEdit, Workshop, joined
from models.remedies.settings import setting, table_setting
from models.remedies.weighing import labels_of

SAME_SHARE = 0.5
"""Of the rows with a number in both tables: if more are equal, the tables are one."""


@dataclass(frozen=True)
class AddedSource(RowEdit):
    """Add rows of another table with the same columns and the same classes.

    Columns, classes and groups are matched by name; a category that only the other
    table has is kept. Weights of the added rows are scaled so that their mean is that
    of the training rows. A table that holds the training rows themselves is refused,
    since it holds the test rows as well: rows of the same number are compared.

    References
    ----------
    Shen, Raji & Chen (2024), The Data Addition Dilemma, MLHC: more sources can lower
    accuracy, overall and for the worst group, so compare before and after.
    """

    title: ClassVar[str] = "Add rows of another table"
    mends: ClassVar[str] = "too few rows, overall or of some group"
    costs: ClassVar[str] = "accuracy, if the other table's people differ too much"
    source: ClassVar[str] = "Shen, Raji & Chen (2024), The Data Addition Dilemma, MLHC"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "another table")
    slowness: ClassVar[float] = 2.0
    name: ClassVar[str] = "added_source"

    table: str = table_setting("The table whose rows are added.")
    share: float = setting(
        1.0, 0.0, 1.0, "Share of its rows, drawn at random; 0 adds none.", is_dial=True
    )

    def edited(self, train: AuditFrame, seed: int, workshop: Workshop) -> AuditFrame:
        """Return the training rows and the added ones after them.

        Raises
        ------
        DataError
            The tables do not fit each other, or are the same one.
        """
        other = workshop.table(self.table).frame
        labels = _matched_labels(train, other)
        columns = _matched_columns(train, other)
        groups = {
            name: _matched_groups(name, grouping, other)
            for name, grouping in train.groups.items()
        }
        _refuse_same(train, columns, labels, other.row_ids)
        count = round(self.share * len(other))
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(len(other), count, replace=False))
        if not len(rows):
            return train
        scale = train.weights.mean() / max(other.weights[rows].mean(), 1e-300)
        added = AuditFrame(
            features=columns.iloc[rows],
            y_true=labels[rows],
            classes=train.classes,
            groups={name: g.take(rows) for name, g in groups.items()},
            weights=other.weights[rows] * scale,
        )
        return joined(_with_categories(train, columns), added)


def _matched_labels(train: AuditFrame, other: AuditFrame) -> Ints:
    """Return the other table's labels as positions in the training rows' classes."""
    if set(train.classes) != set(other.classes):
        raise DataError(
            f"The other table's classes are {', '.join(other.classes)}; those here are "
            f"{', '.join(train.classes)}. Choose a table with the same classes, or "
            "declare its label again on the Data page."
        )
    positions = np.array([train.classes.index(name) for name in other.classes])
    found: Ints = positions[labels_of(other)]
    return found


def _matched_columns(train: AuditFrame, other: AuditFrame) -> pd.DataFrame:
    """Return the other table's features in the order of these, categories joined."""
    columns = {}
    for name in train.features:
        if name not in other.features:
            raise DataError(
                f"The other table has no feature '{name}'. Choose a table with the "
                "same features, or leave it out of both on the Data page."
            )
        mine, theirs = train.features[name], other.features[name]
        numbers = [pd.api.types.is_numeric_dtype(c) for c in (mine, theirs)]
        if numbers[0] != numbers[1]:
            kinds = ["numbers" if is_number else "categories" for is_number in numbers]
            raise DataError(
                f"'{name}' holds {kinds[0]} here and {kinds[1]} in the other table. "
                "Convert one of them, or choose another table."
            )
        columns[name] = theirs
        if not numbers[0]:
            words = pd.Index([*mine.cat.categories, *theirs.cat.categories])
            columns[name] = theirs.cat.set_categories(words.drop_duplicates())
    return pd.DataFrame(columns)


def _matched_groups(name: str, mine: Grouping, other: AuditFrame) -> Grouping:
    """Return the other table's groups of an attribute under the names of these."""
    if name not in other.groups:
        raise DataError(
            f"The other table has no sensitive attribute '{name}'. Declare it there on "
            "the Data page, or choose another table."
        )
    theirs = other.groups[name]
    present = {theirs.names[code] for code in np.unique(theirs.codes)}
    if unknown := sorted(present - set(mine.names)):
        raise DataError(
            f"The other table has groups of '{name}' that this one has not: "
            f"{', '.join(unknown[:5])}. Give the groups the same names and cut points "
            "on the Data page, or leave these rows out with a row filter."
        )
    known = {n: code for code, n in enumerate(mine.names)}
    positions = np.array([known.get(n, 0) for n in theirs.names], dtype=np.int64)
    return Grouping(positions[theirs.codes], mine.names)


def _refuse_same(
    train: AuditFrame, columns: pd.DataFrame, labels: Ints, row_ids: Ints
) -> None:
    """Refuse a table that has the training rows where they stand in their own."""
    at = pd.Index(row_ids).get_indexer(train.row_ids)
    both = np.flatnonzero(at >= 0)
    if not len(both):
        return
    mine = train.features.iloc[both].assign(**{"": labels_of(train)[both]})
    theirs = columns.iloc[at[both]].assign(**{"": labels[at[both]]})
    digests = [
        pd.util.hash_pandas_object(part, index=False).to_numpy()
        for part in (mine, theirs)
    ]
    if (digests[0] == digests[1]).mean() > SAME_SHARE:
        raise DataError(
            "The other table holds the rows that are trained on, and so those that are "
            "kept for the test. Choose a table of other people."
        )


def _with_categories(train: AuditFrame, columns: pd.DataFrame) -> AuditFrame:
    """Return the training rows with the categories of both tables."""
    features = train.features.copy()
    for name in features:
        if isinstance(columns[name].dtype, pd.CategoricalDtype):
            features[name] = features[name].cat.set_categories(
                columns[name].cat.categories
            )
    return replace(train, features=features)
