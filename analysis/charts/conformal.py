"""Sets of answers: coverage by group against the promise, and sizes in a table."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.charts import dots, numbers, theme
from analysis.charts.groups import gap_size
from analysis.charts.risk_words import percent
from analysis.charts.withheld import WITHHELD, withheld_words
from analysis.conformal.coverage import Coverage, Covered
from analysis.estimates import Estimate, Estimates

MAX_NAMED = 4
EVERYONE = "Everyone"


def coverage(
    record: Coverage, people: str = "people", ink: theme.Ink = theme.LIGHT
) -> go.Figure:
    """Draw how often sets hold the truth, for everyone and by group.

    Parameters
    ----------
    record : Coverage
    people : str
        What a row is, in words.
    ink : Ink
    """
    promise = 1 - record.rule.alpha
    subtitle = (
        f"Share of {people} whose set of answers holds the true class, with 95 % "
        "intervals. Grey bands: what chance alone would show if the promise were kept"
    )
    return dots.chart(
        ("How often sets hold the truth", subtitle),
        _dots(record),
        dots.Line(promise, f"promised {percent(promise)}"),
        ink=ink,
    )


def alt(record: Coverage) -> str:
    """Say coverage of everyone and of the groups beside the promise."""
    said = dots.alt("Share whose set holds the truth", _dots(record))
    return f"{said} Promised: {percent(1 - record.rule.alpha)}."


def finding(record: Coverage, people: str = "people") -> str:
    """Say whether the promise is kept, and for whom it surely is not."""
    promise, overall = percent(1 - record.rule.alpha), record.overall.coverage.at(0)
    if overall.is_undefined:
        return "There is no row to count sets on."
    of_all = numbers.full(overall)
    said = (
        f"Sets promised to hold the truth {promise} of the time do so for {of_all} of "
        f"{people} (n = {numbers.count(overall.n)})"
    )
    said += f"{_groups_short(record)}."
    classes = _named(record.by_class)
    if classes:
        said += f" By true class surely less often for {classes}."
    return said


def size_words(record: Coverage) -> str:
    """Say how much sets leave open, and the largest gap of coverage."""
    overall = record.overall
    single, full, empty = (
        numbers.full(e.at(0)) for e in (overall.single, overall.full, overall.empty)
    )
    both = "both classes" if record.k == 2 else f"all {record.k} classes"
    said = f"{single} of sets hold one class, {full} {both}, and {empty} none"
    size = numbers.full(overall.size.at(0), "number", 2)
    said += f"; {size} classes on average."
    if not record.gap.is_undefined:
        said += " Largest gap of coverage between two groups: "
        said += f"{gap_size(record.gap, 'percent')}; its interval holds for all pairs."
    return f"{said} {withheld_words(record.by_group.hidden)}".rstrip()


def open_words(record: Coverage) -> str:
    """Name the cells that were too small to be fitted; empty for none."""
    rule = record.rule
    cells = np.flatnonzero(rule.is_open)
    if not len(cells):
        return ""
    if rule.condition == "everyone":
        who = f"There are {numbers.count(rule.n[0])} rows to fit on"
    else:
        named = ", ".join(
            f"{rule.names[c]} ({numbers.count(rule.n[c])})" for c in cells[:MAX_NAMED]
        )
        more = len(cells) - min(len(cells), MAX_NAMED)
        who = f"Too few rows to fit on: {named}" + (
            f" and {more:,} more" if more else ""
        )
    return (
        f"{who}; this level needs {rule.rows_needed:,}. There every class is in the "
        "set, which keeps the promise and says nothing."
    )


def printed(record: Coverage, people: str = "people") -> pd.DataFrame:
    """Return coverage and size by group as printed, everyone first."""
    parts = [(EVERYONE, record.overall), ("", record.by_group)]
    return _printed("Group", parts, people)


def printed_classes(record: Coverage, people: str = "people") -> pd.DataFrame:
    """Return coverage and size by true class as printed."""
    return _printed("True class", [("", record.by_class)], people)


def table(record: Coverage) -> pd.DataFrame:
    """Return all numbers, one row for everyone, each group and each true class."""
    parts = [
        _numbers("everyone", record.overall),
        _numbers("group", record.by_group),
        _numbers("true class", record.by_class),
    ]
    return pd.concat(parts, ignore_index=True)


def _groups_short(record: Coverage) -> str:
    """Say which groups are surely covered less often than promised."""
    if not record.attributes:
        return ""
    named = _named(record.by_group)
    if named:
        return f"; surely less often for {named}"
    if np.isnan(record.by_group.kept_low).all():
        return "; no group has enough rows to tell"
    return "; no group is surely covered less often than that"


def _named(part: Covered) -> str:
    """Name those surely covered less often than promised; empty for none."""
    value, short = part.coverage.value, np.flatnonzero(part.is_short)
    worst = [int(g) for g in sorted(short, key=lambda g: value[g])[:MAX_NAMED]]
    named = ", ".join(
        f"{part.names[g]} ({numbers.full(part.coverage.at(g))}, "
        f"n = {numbers.count(part.n[g])})"
        for g in worst
    )
    more = len(short) - len(worst)
    return f"{named} and {more:,} more" if more else named


def _dots(record: Coverage) -> list[dots.Dot]:
    everyone, by_group = record.overall, record.by_group
    found = [_dot(EVERYONE, everyone, 0, -1)]
    if record.attributes:
        found += [
            _dot(name, by_group, g, g)
            for g, name in enumerate(by_group.names)
            if not by_group.hidden[g]
        ]
    return found


def _dot(name: str, part: Covered, at: int, place: int) -> dots.Dot:
    expected = float(part.kept_low[at]), float(part.kept_high[at])
    return dots.Dot(name, part.coverage.at(at), place, expected=expected)


def _printed(head: str, parts: list[tuple[str, Covered]], people: str) -> pd.DataFrame:
    rows: list[dict[str, str]] = []
    for title, part in parts:
        for g, name in enumerate(part.names):
            rows.append({head: title or name} | _row(part, g, people))
    return pd.DataFrame(rows)


def _row(part: Covered, g: int, people: str) -> dict[str, str]:
    columns: dict[str, Callable[[], str]] = {
        people.capitalize(): lambda: numbers.count(part.n[g]),
        "Truth in the set": lambda: _percent(part.coverage.at(g), 1),
        "If kept": lambda: _range(part, g),
        "Classes in it": lambda: numbers.full(part.size.at(g), "number", 2),
        "One class": lambda: _percent(part.single.at(g), 0),
        "All classes": lambda: _percent(part.full.at(g), 0),
        "None": lambda: _percent(part.empty.at(g), 0),
    }
    hidden = bool(part.hidden[g])
    return {name: WITHHELD if hidden else words() for name, words in columns.items()}


def _range(part: Covered, g: int) -> str:
    if np.isnan(part.kept_low[g]):
        return "everything is in" if part.is_open[g] else numbers.UNDEFINED
    low, high = 100 * part.kept_low[g], 100 * part.kept_high[g]
    return f"{low:.1f} to {high:.1f}"


def _percent(estimate: Estimate, decimals: int) -> str:
    """Return a share without its unit, which stands below the table."""
    return numbers.full(estimate, decimals=decimals).replace(f"{numbers.NO_BREAK}%", "")


def _numbers(kind: str, part: Covered) -> pd.DataFrame:
    columns: dict[str, object] = {"of": kind, "name": part.names, "people": part.n}
    for name in ("coverage", "size", "single", "full", "empty"):
        estimates: Estimates = getattr(part, name)
        columns[name] = estimates.value
        columns[f"{name}, low"] = estimates.low
        columns[f"{name}, high"] = estimates.high
    columns["kept promise, low"] = part.kept_low
    columns["kept promise, high"] = part.kept_high
    columns["q of too little"] = part.q_value
    return pd.DataFrame(columns)
