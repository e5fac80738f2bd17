"""What a column must be to serve a role; each refusal says what to do."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.datasets.columns import kind_of
from analysis.datasets.groups import grouping_of
from analysis.datasets.roles import MAX_CLASSES, Roles, class_names, likely_positive
from analysis.datasets.times import time_order
from analysis.errors import DataError


def check_columns(roles: Roles, table: pd.DataFrame) -> None:
    """Refuse a missing label, and names that are no columns."""
    if not roles.label:
        raise DataError(
            "No label is chosen. Choose the column that holds what came true, such as "
            "'repaid' or 'rearrested'."
        )
    named = [roles.label, *roles.features, *roles.sensitive, *roles.score]
    single = (roles.weight, roles.time, roles.domain, roles.official_split)
    named += [c for c in single if c is not None]
    absent = sorted({c for c in named if c not in table.columns})
    if absent:
        raise DataError(
            f"The table has no column {', '.join(map(repr, absent[:5]))}. Choose among "
            "its own columns."
        )


def check_roles_differ(roles: Roles) -> None:
    """Refuse a column in two roles, but for sensitive, time and domain features."""
    alone: dict[str, Sequence[str | None]] = {
        "the label": [roles.label],
        "the score": list(roles.score),
        "the weight": [roles.weight],
        "the split column": [roles.official_split],
    }
    others = {
        **alone,
        "a feature": list(roles.features),
        "a sensitive attribute": list(roles.sensitive),
        "the time": [roles.time],
        "the domain": [roles.domain],
    }
    for role, columns in alone.items():
        for other, rivals in others.items():
            shared = {c for c in columns if c is not None and c in rivals}
            if role != other and shared:
                raise DataError(
                    f"'{shared.pop()}' is both {role} and {other}; that would let the "
                    "answer into the question. Give the column one role."
                )
    for role, columns in (("feature", roles.features), ("score column", roles.score)):
        doubled = [c for c, count in Counter(columns).items() if count > 1]
        if doubled:
            raise DataError(f"The {role} '{doubled[0]}' is named twice; name it once.")
    if not roles.features and not roles.score:
        raise DataError(
            "There is neither a feature nor a score. Choose features to train a model, "
            "or a score column to audit predictions you already have."
        )


def label_classes(column: pd.Series, positive: str) -> tuple[str, ...]:
    """Return the class names, the positive one last."""
    distinct = int(column.nunique())
    if kind_of(column) == "time" or distinct > MAX_CLASSES:
        raise DataError(
            f"The label '{column.name}' has {distinct:,} different values; at most "
            f"{MAX_CLASSES} classes can be audited. Choose another label, or turn it "
            "into classes first."
        )
    names = class_names(column)
    if len(names) < 2:
        found = f"one class only, '{names[0]}'" if names else "no value in any row"
        raise DataError(
            f"The label '{column.name}' has {found}; two or more classes are needed. "
            "Choose another label, or add rows of the other class."
        )
    if positive and positive not in names:
        raise DataError(
            f"The positive class '{positive}' does not occur in the label "
            f"'{column.name}', which holds {', '.join(names)}. Choose one of these."
        )
    last = positive or likely_positive(names)
    return (*(n for n in names if n != last), last)


def check_sensitive(
    table: pd.DataFrame, attribute: str, cut_points: tuple[float, ...]
) -> None:
    """Refuse an attribute with one group, or with one person per group."""
    column = table[attribute]
    distinct, present = int(column.nunique()), int(column.notna().sum())
    if not cut_points and distinct == present and distinct > MAX_CLASSES:
        advice = (
            "Give it cut points"
            if kind_of(column) == "number"
            else "Choose an attribute that people share"
        )
        raise DataError(
            f"The sensitive attribute '{attribute}' has a different value in every "
            f"row, so each group is one person. {advice}, or leave it out."
        )
    if len(np.unique(grouping_of(column, cut_points).codes)) < 2:
        raise DataError(
            f"The sensitive attribute '{attribute}' puts all rows in one group; two "
            "are needed to compare. Choose another attribute or other cut points."
        )


def finite_numbers(column: pd.Series, role: str, needed: str) -> Floats:
    """Return a column as finite numbers, or refuse it."""
    if kind_of(column) != "number":
        words = column.dropna().astype(str)
        odd = words[pd.to_numeric(words, errors="coerce").isna()]
        first = next(iter((*odd[:1], *words[:1])), "")
        found = f"such as '{first[:40]}'" if len(words) else "in every row"
        raise DataError(
            f"The {role} '{column.name}' holds text, {found}; {needed}. Choose another "
            f"column, or mend these cells."
        )
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = int((~np.isfinite(values)).sum())
    if missing:
        raise DataError(
            f"The {role} '{column.name}' is missing or infinite in {missing:,} of "
            f"{len(values):,} rows; {needed}. Fill or remove these rows, or choose "
            "another column."
        )
    return values


def check_weight(column: pd.Series) -> None:
    """Refuse weights that are not numbers of zero or more."""
    weights = finite_numbers(
        column, "weight", "every row needs a number of zero or more"
    )
    if (weights < 0).any():
        raise DataError(
            f"The weight '{column.name}' is negative in {(weights < 0).sum():,} rows; "
            "weights must be zero or more. Mend them or choose 'No weights'."
        )
    if weights.sum() == 0:
        raise DataError(
            f"The weight '{column.name}' is zero in every row. Choose another column "
            "or 'No weights'."
        )


def check_time(column: pd.Series) -> None:
    """Refuse a time that is missing somewhere, or is always the same."""
    _, names = time_order(column)
    if len(names) < 2:
        raise DataError(
            f"The time column '{column.name}' holds one time only, '{names[0]}'; two "
            "are needed. Choose another column, or 'No time column'."
        )


def check_domain(column: pd.Series) -> None:
    """Refuse a domain column that leaves one side of a comparison empty."""
    names = grouping_of(column).names
    if len(names) < 2:
        raise DataError(
            f"The domain column '{column.name}' holds '{names[0]}' in every row, so "
            "one side of the comparison is empty. Choose a column with two or more "
            "values, or 'No domain column'."
        )


def check_official_split(column: pd.Series) -> None:
    """Refuse a split column that holds other words than 'train', 'test'."""
    found = {str(v) for v in column.unique()}
    if found != {"train", "test"}:
        raise DataError(
            f"The split column '{column.name}' holds {', '.join(sorted(found)[:5])}; "
            "it must say 'train' or 'test' in every row, and both must occur. Choose "
            "another column, or none."
        )
