"""Rules that name a part of a table: parse, print, match.

A rule is a conjunction, written `sex = Female & age >= 40`. Names and values that hold
spaces, quotes or operators are written in double quotes with `""` for a quote. Read as
well, but not printed: single quotes with `''` for a quote, `and` for `&`, `READ_AS`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Bools
from analysis.errors import SettingError

OPERATORS = ("<=", ">=", "!=", "=", "<", ">")
_TOKEN = re.compile(
    r"""\s*(?:
      "(?P<double>(?:[^"]|"")*)" | '(?P<single>(?:[^']|'')*)'
    | (?P<op><=|>=|!=|==|=|<|>|&|≤|≥|≠) | (?P<word>[^\s"'&<>=!≤≥≠]+))""",
    re.VERBOSE,
)
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
        As written. `Missing` with `=` or `!=` asks whether the value is missing.
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


def matches(cohort: Cohort, table: pd.DataFrame) -> Bools:
    """Return which rows of a table satisfy every condition, bool[n].

    A missing value satisfies no comparison except `= Missing`.

    Raises
    ------
    SettingError
        A column does not exist, or an order comparison meets text.
    """
    matched = np.ones(len(table), dtype=bool)
    for condition in cohort.conditions:
        matched &= _matches_one(condition, table)
    return matched


def _matches_one(condition: Condition, table: pd.DataFrame) -> Bools:
    if condition.feature not in table.columns:
        raise SettingError(
            f"The rule names '{condition.feature}', which is not a column of this "
            f"table. Choose one of its columns: {_listed(table.columns)}."
        )
    column = table[condition.feature]
    missing = column.isna().to_numpy()
    if condition.value == "Missing" and condition.op in ("=", "!="):
        return missing if condition.op == "=" else ~missing
    number = _number(condition.value)
    if pd.api.types.is_numeric_dtype(column):
        if number is None:
            raise SettingError(
                f"'{condition.feature}' holds numbers, but the rule compares it with "
                f"'{condition.value}'. Write a number."
            )
        values = column.to_numpy(dtype=float, na_value=np.nan)
        with np.errstate(invalid="ignore"):
            return _compared(values, condition.op, number) & ~missing
    if condition.op not in ("=", "!="):
        raise SettingError(
            f"'{condition.feature}' holds categories, which have no order; use = or !=."
        )
    texts = column.astype(object).map(str)
    equal = (texts == condition.value).to_numpy(dtype=bool)
    if condition.op == "=" and not equal.any():
        raise SettingError(
            f"'{condition.feature}' has no value '{condition.value}'. It has "
            f"{_listed(texts[~missing].unique())}."
        )
    return (equal if condition.op == "=" else ~equal) & ~missing


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
