"""Fairness measures and comparisons at equal controls, as texts and columns."""

import numpy as np
import pandas as pd

from analysis.charts import numbers, theme
from analysis.charts.group_table import q_words
from analysis.charts.groups import change_unit, gap_size, short_title, unit_of
from analysis.estimates import Estimate
from analysis.subgroups.conditional import Conditional
from analysis.subgroups.listing import Group
from analysis.subgroups.measures import Fairness, MeasureRow

EQUAL = "All, levels made equal"

MAX_NAMED = 6
"""Groups without anybody that are named; of more, the others are counted."""


def printed_measures(found: Fairness) -> pd.DataFrame:
    """Return a line for each fairness measure."""
    return pd.DataFrame([_measure_line(row) for row in found.rows])


def measures_table(found: Fairness) -> pd.DataFrame:
    """Return the same numbers unrounded."""
    lines = []
    for row in found.rows:
        line: dict[str, object] = {"measure": row.measure.name}
        for name, estimate in (("gap", row.gap), ("ratio", row.ratio)):
            line |= {name: estimate.value}
            line |= {f"{name}, low": estimate.low, f"{name}, high": estimate.high}
        lines.append(line)
    return pd.DataFrame(lines)


def printed_scaled(found: Fairness) -> pd.DataFrame:
    """Return a line for each metric scaled by equity."""
    lines = []
    for name, plain, scaled in found.scaled:
        unit = unit_of(name)
        lines.append(
            {
                "Measure": short_title(name),
                "Everyone": numbers.full(plain, unit),
                "Scaled by equity": numbers.full(scaled, unit),
            }
        )
    return pd.DataFrame(lines)


def reference_words(reference: Group | None, attributes: tuple[str, ...]) -> str:
    """Return what groups of some attributes are compared with, in words."""
    if reference is None:
        return "everyone else"
    return " · ".join(reference[a] for a in attributes if a in reference)


def entropy_words(found: Fairness) -> str:
    """Say how much inequality of benefit lies between groups."""
    if found.between.is_undefined:
        return ""
    value, low, high = (
        f"{x:.2g}" for x in (found.between.value, found.between.low, found.between.high)
    )
    return (
        "Inequality of benefit between groups (generalised entropy, 0 is none): "
        f"{value} [{low}, {high}]."
    )


def printed_levels(found: Conditional, metric: str) -> pd.DataFrame:
    """Return a line for each group in each level, then with levels made equal."""
    parts = [
        (level, table.by_group[metric], table.gaps[metric])
        for level, table in zip(found.levels, found.within, strict=True)
    ]
    parts.append((EQUAL, found.standardised[metric], found.gaps[metric]))
    unit = unit_of(metric)
    return pd.DataFrame(
        {
            "Among": theme.visible(level) if g == 0 else "",
            "Group": theme.visible(name),
            "n": numbers.count(known.at(g).n),
            short_title(metric): numbers.full(known.at(g), unit),
            "Largest gap": gap_size(gap, unit) if g == 0 else "",
        }
        for level, known, gap in parts
        for g, name in enumerate(found.names)
    )


def levels_words(found: Conditional, metric: str, plain: Estimate) -> str:
    """Say the gap with the controls held fixed, beside the gap without."""
    held = found.gaps[metric]
    controls = " and ".join(found.controls)
    empty = empty_words(found, metric)
    if held.is_undefined:
        return f"With {controls} held fixed the groups cannot be compared. {empty}"
    before, after = (gap_size(gap, unit_of(metric)) for gap in (plain, held))
    sure = "" if held.low > 0 else " That is not larger than chance."
    said = (
        f"The largest gap is {before} as groups are, and {after} when each group is "
        f"spread over {controls} as everyone is.{sure}"
    )
    return f"{said} {empty}".rstrip()


def empty_words(found: Conditional, metric: str) -> str:
    """Say which groups have nobody to compare in which level; empty for none."""
    gone = [
        f"{name} in {level}"
        for level, table in zip(found.levels, found.within, strict=True)
        if not np.isnan(table.by_group[metric].value).all()
        for g, name in enumerate(found.names)
        if table.by_group[metric].at(g).is_undefined
    ]
    if not gone:
        return ""
    more = f" and {len(gone) - MAX_NAMED:,} more" if len(gone) > MAX_NAMED else ""
    return f"Nobody to compare: {', '.join(gone[:MAX_NAMED])}{more}."


def levels_table(found: Conditional, metric: str) -> pd.DataFrame:
    """Return the values by level and group, unrounded."""
    lines = []
    for level, table in zip(found.levels, found.within, strict=True):
        for g, name in enumerate(found.names):
            e = table.by_group[metric].at(g)
            lines.append((level, name, e.value, e.low, e.high, e.n))
    for g, name in enumerate(found.names):
        e = found.standardised[metric].at(g)
        lines.append(("all, levels made equal", name, e.value, e.low, e.high, e.n))
    return pd.DataFrame(lines, columns=["level", "group", "value", "low", "high", "n"])


def _measure_line(row: MeasureRow) -> dict[str, str]:
    metric = row.measure.metrics[0]
    worst = "" if row.worst is None else numbers.full(row.worst, unit_of(metric))
    return {
        "Measure": row.measure.title,
        "Largest gap": gap_size(row.gap, unit_of(metric)),
        "Smallest ratio": numbers.full(row.ratio, "number", 2),
        "Worst group has": worst,
        "Furthest off": "" if row.furthest is None else _furthest_words(row),
    }


def _furthest_words(row: MeasureRow) -> str:
    """Return a measure's furthest group; of two rates, it says which one."""
    found = row.furthest
    if found is None:
        return ""
    change = change_unit(unit_of(found.metric))
    difference = numbers.value(found.difference, change).split(numbers.NO_BREAK)[0]
    name = theme.visible(found.group)
    if len(row.measure.metrics) > 1:
        name += f" ({short_title(found.metric).lower()})"
    return f"{name}: {difference}, q {q_words(found.q_value).removeprefix('= ')}"
