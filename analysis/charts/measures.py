"""Fairness measures and comparisons at equal controls, as texts and columns."""

import pandas as pd

from analysis.charts import numbers, theme
from analysis.charts.group_table import q_words
from analysis.charts.groups import short_title, unit_of
from analysis.estimates import Estimate
from analysis.subgroups.conditional import Conditional
from analysis.subgroups.listing import Group
from analysis.subgroups.measures import Fairness, Furthest, MeasureRow


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
    """Return a line for each level of the controls, and one with levels made equal."""
    unit, lines = unit_of(metric), []
    for level, table in zip(found.levels, found.within, strict=True):
        cells = {
            theme.visible(name): _with_n(table.by_group[metric].at(g), unit)
            for g, name in enumerate(found.names)
        }
        gap = numbers.full(table.gaps[metric], _gap_unit(metric)).replace("+", "")
        lines.append({"Among": theme.visible(level), **cells, "Largest gap": gap})
    equal = {
        theme.visible(name): numbers.full(found.standardised[metric].at(g), unit)
        for g, name in enumerate(found.names)
    }
    gap = numbers.full(found.gaps[metric], _gap_unit(metric)).replace("+", "")
    lines.append({"Among": "All, levels made equal", **equal, "Largest gap": gap})
    return pd.DataFrame(lines)


def levels_words(found: Conditional, metric: str, plain: Estimate) -> str:
    """Say the gap with the controls held fixed, beside the gap without."""
    held = found.gaps[metric]
    controls = " and ".join(found.controls)
    if held.is_undefined:
        return (
            f"With {controls} held fixed the groups cannot be compared: in some level "
            "a group has nobody to compare."
        )
    before = numbers.full(plain, _gap_unit(metric)).replace("+", "")
    after = numbers.full(held, _gap_unit(metric)).replace("+", "")
    sure = "" if held.low > 0 else " That is not larger than chance."
    return (
        f"The largest gap is {before} as groups are, and {after} when each group is "
        f"spread over {controls} as everyone is.{sure}"
    )


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
        "Largest gap": numbers.full(row.gap, _gap_unit(metric)).replace("+", ""),
        "Smallest ratio": numbers.full(row.ratio, "number"),
        "Worst group has": worst,
        "Furthest off": "" if row.furthest is None else _furthest_words(row.furthest),
    }


def _furthest_words(found: Furthest) -> str:
    difference = numbers.value(found.difference, _gap_unit(found.metric))
    return f"{theme.visible(found.group)}: {difference}, q {q_words(found.q_value)}"


def _gap_unit(metric: str) -> numbers.Unit:
    return "points" if unit_of(metric) == "percent" else "change"


def _with_n(estimate: Estimate, unit: numbers.Unit) -> str:
    return f"{numbers.full(estimate, unit)}, n = {numbers.count(estimate.n)}"
