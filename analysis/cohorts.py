"""Rules that name a part of a table: parse and print; `matching` finds their rows.

A rule is a conjunction, written `sex = Female & age >= 40`. Names and values that hold
spaces, quotes or operators are written in double quotes with `""` for a quote. Read as
well, but not printed: single quotes with `''` for a quote, `and` for `&`, `READ_AS`.

A value that is the name of a group of a sensitive attribute stands for that group, so
that every subgroup is a rule: `age = 25-39 & sex = Female`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

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


def _quoted(text: str) -> str:
    if re.fullmatch(r"[^\s\"'&<>=!≤≥≠]+", text) and text.lower() != "and":
        return text
    return '"' + text.replace('"', '""') + '"'


def _unreadable(rule: str) -> SettingError:
    return SettingError(
        f"The rule '{rule}' cannot be read. Write comparisons joined by &, such as "
        "sex = Female & age >= 40; put names with spaces in double quotes."
    )
