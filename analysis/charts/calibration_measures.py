"""Measures of calibration by group, in a table and in words."""

import numpy as np
import pandas as pd

from analysis.calibration.graded import FIELDS, Measured
from analysis.calibration.measures import MEASURES, CalibrationMeasure
from analysis.calibration.table import SURE, CalibrationTable
from analysis.charts import numbers
from analysis.charts.withheld import withheld_words

MOST_NAMED = 3
"""Groups named in the finding."""

EVERYONE = "Everyone"


def alt(record: CalibrationTable, name: str) -> str:
    """Say everyone's value and the group furthest off."""
    spec, worst = MEASURES[name], record.worst[name]
    said = f"{spec.title}: everyone {label(spec, record.overall[name], 0)}"
    if worst.group >= 0:
        found = label(spec, record.by_group[name], worst.group)
        said += f"; furthest off {record.names[worst.group]} {found}"
    return f"{said}. {withheld_words(record.hidden)}".rstrip()


def words(record: CalibrationTable, name: str) -> str:
    """Say whom a measure finds furthest off, and whether chance explains it.

    Plain text, not escaped: group names come from the data.
    """
    spec, worst = MEASURES[name], record.worst[name]
    if worst.group < 0:
        return f"{spec.title}: no group has a value."
    if not has_groups(record):
        return f"{spec.title}: {label(spec, record.overall[name], 0)}."
    group, found = record.names[worst.group], record.by_group[name]
    n = numbers.count(float(found.n[worst.group]))
    value = label(spec, found, worst.group, with_n=False)
    if spec.kind in ("score", "part"):
        side = "lowest" if spec.best == "high" else "highest"
        return f"{spec.title} is {side} for {group}: {value} (n = {n})."
    if worst.is_sure:
        return f"By this measure the scores fit {group} least: {value} (n = {n})."
    return (
        f"By this measure no group is surely off; furthest is {group}: {value} "
        f"(n = {n})."
    )


def finding(record: CalibrationTable) -> str:
    """Say which group most measures find furthest off."""
    if not groups_beside(record):  # there are none, or all are withheld
        return _of_everyone(record)
    tested, sure = _tested(record), _surely_furthest(record)
    if not sure:
        return (
            f"None of {len(tested)} measures finds a group whose scores are surely off."
        )
    ranked = sorted(set(sure), key=lambda g: (-sure.count(g), g))
    named = ", ".join(
        f"{sure.count(g)} find{'s' if sure.count(g) == 1 else ''} {record.names[g]}"
        f"{' furthest off' if i == 0 else ''}"
        for i, g in enumerate(ranked[:MOST_NAMED])
    )
    quiet = len(tested) - len(sure)
    rest = f"; {quiet} find{'s' if quiet == 1 else ''} no group surely off"
    return f"Of {len(tested)} measures, {named}{rest if quiet else ''}."


def printed(record: CalibrationTable, beside: int | None = None) -> pd.DataFrame:
    """Return all measures as rows, everyone and one group as columns, as texts.

    An interval stands in square brackets, what chance alone would show in round ones.

    Parameters
    ----------
    record : CalibrationTable
    beside : int or None
        The group that stands beside everyone.
    """
    names = list(record.by_group)
    table = {"Measure": [MEASURES[name].title for name in names]}
    if groups_beside(record):
        table["Furthest off"] = [_worst(record, name) for name in names]
    table[EVERYONE] = [_cell(MEASURES[m], record.overall[m], 0) for m in names]
    if beside is not None:
        cells = [_cell(MEASURES[m], record.by_group[m], beside) for m in names]
        table[record.names[beside]] = cells
    return pd.DataFrame(table)


def table(record: CalibrationTable) -> pd.DataFrame:
    """Return every number, one row per measure and group, everyone first."""
    parts = []
    for name, found in record.by_group.items():
        whole, q = record.overall[name], record.q_value[name]
        columns: dict[str, object] = {
            "measure": name,
            "group": (EVERYONE, *record.names),
        }
        columns |= {
            field.replace("_", " "): np.append(
                getattr(whole, field), getattr(found, field)
            )
            for field in FIELDS
        }
        columns["q value"] = np.append(np.nan, q)
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def has_groups(record: CalibrationTable) -> bool:
    """Whether there are groups beside everyone."""
    return record.names != (EVERYONE,)


def groups_beside(record: CalibrationTable) -> list[int]:
    """Return the groups that can stand beside everyone, those most often off first.

    Among these by their people; groups withheld, or without people, are left out.
    """
    if not has_groups(record):
        return []
    n = np.nan_to_num(next(iter(record.by_group.values())).n)
    sure = _surely_furthest(record)
    shown = [g for g in range(len(n)) if n[g] > 0 and not record.hidden[g]]
    return sorted(shown, key=lambda g: (-sure.count(g), -n[g]))


def _surely_furthest(record: CalibrationTable) -> list[int]:
    """Return the group furthest off of each measure that is sure of one."""
    tested = _tested(record)
    return [record.worst[m].group for m in tested if record.worst[m].is_sure]


def label(
    spec: CalibrationMeasure, found: Measured, g: int, *, with_n: bool = True
) -> str:
    """Return a value with its interval or its null range, and n."""
    value = _number(spec, float(found.value[g]))
    low, high = (_number(spec, float(e[g])) for e in (found.low, found.high))
    null = [_number(spec, float(e[g])) for e in (found.null_low, found.null_high)]
    text = value
    if low != numbers.UNDEFINED:
        text += f" [{low}, {high}]"
    elif null[0] != numbers.UNDEFINED:
        text += f" (chance {' to '.join(null)})"
    return f"{text}, n = {numbers.count(float(found.n[g]))}" if with_n else text


def _number(spec: CalibrationMeasure, value: float) -> str:
    if np.isnan(value):
        return numbers.UNDEFINED
    if spec.unit == "points":
        sign = "+" if spec.kind == "signed" and round(100 * value, 1) > 0 else ""
        text = f"{sign}{100 * value:.1f}"
    else:
        digits = 4 if spec.kind == "part" else 3 if spec.kind == "score" else 2
        text = f"{value:.{digits}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "−")


def _of_everyone(record: CalibrationTable) -> str:
    """Say how many measures find everyone's scores surely off."""
    p = [record.overall[m].p_value[0] for m in _tested(record)]
    off = sum(value < SURE for value in p)
    return (
        f"{off} of {len(p)} measures find the scores of everyone off beyond chance."
        if off
        else f"None of {len(p)} measures finds the scores off beyond chance."
    )


def _tested(record: CalibrationTable) -> list[str]:
    """Return the measures that test calibration."""
    kinds = ("error", "signed", "test")
    return [m for m in record.by_group if MEASURES[m].kind in kinds]


def _cell(spec: CalibrationMeasure, found: Measured, g: int) -> str:
    """Return a value with its range for a narrow column."""
    text = label(spec, found, g, with_n=False)
    return text.replace("(chance ", "(").replace(" to ", "–")


def _worst(record: CalibrationTable, name: str) -> str:
    spec, worst = MEASURES[name], record.worst[name]
    if (
        not has_groups(record)
        or worst.group < 0
        or spec.name in ("uncertainty_part", "within_bins_part")
    ):
        return numbers.UNDEFINED
    group = record.names[worst.group]
    if np.isnan(spec.true):
        return group
    return group if worst.is_sure else f"not sure ({group})"
