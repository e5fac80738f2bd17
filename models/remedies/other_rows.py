"""Rows of another table in the shape of the training rows."""

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.arrays import Ints
from analysis.errors import DataError
from analysis.frame import AuditFrame, Grouping
from models.remedies.row_edit import joined
from models.remedies.weighing import labels_of


def matched(train: AuditFrame, other: AuditFrame) -> AuditFrame:
    """Return another table's rows with the columns, classes and groups of these.

    They are matched by name; a category that only the other table has is kept.

    Raises
    ------
    DataError
        The tables do not fit each other.
    """
    labels = _matched_labels(train, other)
    return AuditFrame(
        features=_matched_columns(train, other),
        y_true=labels,
        classes=train.classes,
        groups={
            name: _matched_groups(name, grouping, other)
            for name, grouping in train.groups.items()
        },
        weights=other.weights,
        row_ids=other.row_ids,
    )


def with_rows(train: AuditFrame, added: AuditFrame) -> AuditFrame:
    """Return the training rows and matched ones after them, weighing alike on average.

    Parameters
    ----------
    train, added : AuditFrame
        The second from `matched`.
    """
    scale = train.weights.mean() / max(added.weights.mean(), 1e-300)
    scaled = replace(added, weights=added.weights * scale)
    return joined(_with_categories(train, added.features), scaled)


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


def _with_categories(train: AuditFrame, columns: pd.DataFrame) -> AuditFrame:
    """Return the training rows with the categories of both tables."""
    features = train.features.copy()
    for name in features:
        if isinstance(columns[name].dtype, pd.CategoricalDtype):
            features[name] = features[name].cat.set_categories(
                columns[name].cat.categories
            )
    return replace(train, features=features)
