"""Rules that name a part of a table: parse, print, match.

A rule is a conjunction, written `sex = Female & age >= 40`. Names and values that hold
spaces, quotes or operators are written in double quotes with `""` for a quote. Read as
well, but not printed: single quotes with `''` for a quote, `and` for `&`, `READ_AS`.

A value that is the name of a group of a sensitive attribute stands for that group, so
that every subgroup is a rule: `age = 25-39 & sex = Female`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Bools, Ints
from analysis.errors import SettingError
from analysis.frame import MISSING, Grouping

OPERATORS = ("<=", ">=", "!=", "=", "<", ">")
_TOKEN = re.compile(
    r"""\s*(?:
      "(?P<double>(?:[^"]|"")*)" | '(?P<single>(?:[^']|'')*)'
    | (?P<op><=|>=|!=|==|=|<|>|&|≤|≥|≠) | (?P<word>[^\s"'&<>=!≤≥≠]+))""",
    re.VERBOSE,
)
EQUALITIES = ("=", "!=")
"""Comparisons that groups and categories, which have no order, allow."""

READ_AS = {"==": "=", "≤": "<=", "≥": ">=", "≠": "!="}
"""Signs that are read but not printed; a page's font may draw >= as one of them."""

MAX_LISTED = 10
"""Column names or values that a message lists."""


@dataclass(frozen=True)
class Condition:
    """One comparison of a column with a value.

    Parameters
    ----------
    feature : str
        Column name.
    op : str
        One of `OPERATORS`. Order comparisons need a numeric column.
    value : str
        As written: a number, a category or the name of a group. `Missing` with `=` or
        `!=` asks whether the value is missing.
    """

    feature: str
    op: str
    value: str

    def __post_init__(self) -> None:
        if self.op not in OPERATORS:
            raise SettingError(
                f"'{self.op}' is not a comparison; use one of {' '.join(OPERATORS)}."
            )

    def __str__(self) -> str:
        return f"{_quoted(self.feature)} {self.op} {_quoted(self.value)}"


@dataclass(frozen=True)
class Cohort:
    """A named conjunction of conditions; without conditions it is everyone."""

    conditions: tuple[Condition, ...] = ()
    name: str = ""

    def __str__(self) -> str:
        return " & ".join(map(str, self.conditions))

    @property
    def title(self) -> str:
        """What pages call it."""
        return self.name or str(self) or "Everyone"


def parse(rule: str, name: str = "") -> Cohort:
    """Read a rule as `str(cohort)` prints it.

    Raises
    ------
    SettingError
        The text is not a conjunction of comparisons.
    """
    tokens = _tokens(rule)
    if not tokens:
        return Cohort((), name)
    conditions = []
    for start in range(0, len(tokens), 4):
        part = tokens[start : start + 4]
        ends = len(part) == 3 or (len(part) == 4 and part[3] == ("op", "&"))
        if not ends or [kind for kind, _ in part[:3]] != ["word", "op", "word"]:
            raise _unreadable(rule)
        (_, feature), (_, op), (_, value) = part[:3]
        conditions.append(Condition(feature, op, value))
    if tokens[-1] == ("op", "&"):
        raise _unreadable(rule)
    return Cohort(tuple(conditions), name)


def cohort_of_group(group: Mapping[str, str]) -> Cohort:
    """Return the rule of a group, given by attribute and name; of everyone for none.

    With the groupings that the names come from, `matches` finds exactly its rows.
    """
    return Cohort(tuple(Condition(name, "=", group[name]) for name in group))


def group_of(rule: str) -> dict[str, str]:
    """Return the group that a rule such as `sex = Female & race = White` names.

    Raises
    ------
    SettingError
        The rule compares other than by `=`, or names an attribute twice.
    """
    conditions = parse(rule).conditions
    group = {c.feature: c.value for c in conditions if c.op == "="}
    if not conditions or len(group) < len(conditions):
        raise SettingError(
            f"'{rule}' does not name one group; write a value for each attribute, such "
            "as sex = Female & race = White."
        )
    return group


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


def _tokens(rule: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    while rule[position:].strip():
        found = _TOKEN.match(rule, position)
        if found is None:
            raise _unreadable(rule)
        tokens.append(_token(found))
        position = found.end()
    return tokens


def _token(found: re.Match[str]) -> tuple[str, str]:
    if found["op"] is not None:
        return "op", READ_AS.get(found["op"], found["op"])
    if found["double"] is not None:
        return "word", found["double"].replace('""', '"')
    if found["single"] is not None:
        return "word", found["single"].replace("''", "'")
    word = found["word"]
    return ("op", "&") if word.lower() == "and" else ("word", word)


def _listed(names: Iterable[object]) -> str:
    texts = [str(name) for name in names]
    more = f" and {len(texts) - MAX_LISTED} more" if len(texts) > MAX_LISTED else ""
    return ", ".join(texts[:MAX_LISTED]) + more


def _quoted(text: str) -> str:
    if re.fullmatch(r"[^\s\"'&<>=!≤≥≠]+", text) and text.lower() != "and":
        return text
    return '"' + text.replace('"', '""') + '"'


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _unreadable(rule: str) -> SettingError:
    return SettingError(
        f"The rule '{rule}' cannot be read. Write comparisons joined by &, such as "
        "sex = Female & age >= 40; put names with spaces in double quotes."
    )
