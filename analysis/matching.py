"""Which rows of a table satisfy a rule over its columns and groups."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from analysis.arrays import Bools, Ints
from analysis.cohorts import Cohort, Condition
from analysis.errors import SettingError
from analysis.frame import MISSING, Grouping

EQUALITIES = ("=", "!=")
"""Comparisons that groups and categories, which have no order, allow."""

MAX_LISTED = 10
"""Column names or values that a message lists."""


def matches(
    cohort: Cohort,
    table: pd.DataFrame,
    groups: Mapping[str, Grouping] | None = None,
) -> Bools:
    """Return which rows of a table satisfy every condition, bool[n].

    A missing value satisfies no comparison except `= Missing`.

    Parameters
    ----------
    cohort : Cohort
    table : DataFrame [n, columns]
    groups : mapping of str to Grouping, optional
        Of the same rows in the same order. The name of a group means its rows, also
        where a value of the column has that name: a group that merges values may keep
        the name of one of them.

    Raises
    ------
    SettingError
        A column or a group does not exist, or an order comparison meets text.
    """
    matched = np.ones(len(table), dtype=bool)
    for condition in cohort.conditions:
        grouping = (groups or {}).get(condition.feature)
        matched &= _matches_one(condition, table, grouping)
    return matched


def _matches_one(
    condition: Condition, table: pd.DataFrame, grouping: Grouping | None
) -> Bools:
    column = table.get(condition.feature)
    names = () if grouping is None else grouping.names
    if grouping is not None and condition.value in names and _is_equality(condition):
        return _matches_group(condition, grouping, column)
    if column is None:
        raise _unknown_feature(condition, table, names)
    missing = column.isna().to_numpy()
    if condition.value == MISSING and _is_equality(condition):
        return missing if condition.op == "=" else ~missing
    if pd.api.types.is_numeric_dtype(column):
        return _matches_number(condition, column, names) & ~missing
    return _matches_text(condition, column) & ~missing


def _matches_group(
    condition: Condition, grouping: Grouping, column: pd.Series | None
) -> Bools:
    """Compare codes; a row without a value is in no other group than its own."""
    inside: Bools = grouping.codes == grouping.names.index(condition.value)
    if condition.op == "=":
        return inside
    if column is not None:
        return ~inside & column.notna().to_numpy()
    recorded = np.asarray([name != MISSING for name in grouping.names])
    others: Bools = ~inside & recorded[grouping.codes]
    return others


def _matches_number(
    condition: Condition, column: pd.Series, names: tuple[str, ...]
) -> Bools:
    number = _number(condition.value)
    if number is None:
        or_group = f", or one of its groups: {_listed(names)}" if names else ""
        raise SettingError(
            f"'{condition.feature}' holds numbers, but the rule compares it with "
            f"'{condition.value}'. Write a number{or_group}."
        )
    values = column.to_numpy(dtype=float, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        return _compared(values, condition.op, number)


def _matches_text(condition: Condition, column: pd.Series) -> Bools:
    if not _is_equality(condition):
        raise SettingError(
            f"'{condition.feature}' holds categories, which have no order; use = or !=."
        )
    codes, words = _as_codes(column)
    is_value = np.asarray([*(word == condition.value for word in words), False])
    equal: Bools = is_value[codes]  # the code -1, missing, points at the last entry
    if condition.op == "=" and not equal.any():
        raise SettingError(
            f"'{condition.feature}' has no value '{condition.value}'. It has "
            f"{_listed(np.asarray(words, dtype=object)[np.unique(codes[codes >= 0])])}."
        )
    return equal if condition.op == "=" else ~equal


def _as_codes(column: pd.Series) -> tuple[Ints, list[str]]:
    """Return each row's position in a list of words, -1 for missing."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), [str(w) for w in column.cat.categories]
    codes, values = pd.factorize(column.astype(object))
    return codes, [str(value) for value in values]


def _is_equality(condition: Condition) -> bool:
    return condition.op in EQUALITIES


def _unknown_feature(
    condition: Condition, table: pd.DataFrame, names: tuple[str, ...]
) -> SettingError:
    if names:
        return SettingError(
            f"'{condition.feature}' has no group '{condition.value}' to compare with = "
            f"or !=. It has {_listed(names)}."
        )
    return SettingError(
        f"The rule names '{condition.feature}', which is not a column of this "
        f"table. Choose one of its columns: {_listed(table.columns)}."
    )


def _compared(values: np.ndarray, op: str, number: float) -> Bools:
    compare = {
        "=": np.equal,
        "!=": np.not_equal,
        "<": np.less,
        "<=": np.less_equal,
        ">": np.greater,
        ">=": np.greater_equal,
    }
    result: Bools = compare[op](values, number)
    return result


def _listed(names: Iterable[object]) -> str:
    texts = [str(name) for name in names]
    more = f" and {len(texts) - MAX_LISTED} more" if len(texts) > MAX_LISTED else ""
    return ", ".join(texts[:MAX_LISTED]) + more


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
