"""Similar groups in print: who looks alike, and who of them fares better."""

import pandas as pd

from analysis.charts import numbers
from analysis.charts.group_table import q_words
from analysis.charts.groups import short_title, unit_of
from analysis.lookalikes.fares import Fares
from analysis.lookalikes.similar import Neighbour, Similar
from analysis.metrics.registry import metric_named

MAX_SHOWN = 15


def printed(similar: Similar, found: Fares) -> pd.DataFrame:
    """Return the neighbours as texts, the chosen group first."""
    unit, name = unit_of(found.metric), short_title(found.metric)
    shown = range(min(len(similar.neighbours), MAX_SHOWN))
    decimals = numbers.shared_decimals(
        [found.own, *(found.others.at(i) for i in shown)], unit
    )
    points: numbers.Unit = "points" if unit == "percent" else "change"
    rows = [[_title(similar), numbers.count(similar.n), "", "", ""]]
    rows[0] += [numbers.count(found.own.n), numbers.full(found.own, unit, decimals)]
    rows[0] += ["", ""]
    for i in shown:
        neighbour, other = similar.neighbours[i], found.others.at(i)
        change = numbers.as_printed(
            found.difference.at(i), found.own.value, other.value, points, decimals
        )
        rows.append(
            [
                neighbour.name,
                numbers.count(neighbour.n),
                _differs(similar, neighbour),
                numbers.plain(neighbour.beyond_chance, decimals=0),
                numbers.plain(neighbour.by_chance, decimals=0),
                numbers.count(other.n),
                numbers.full(other, unit, decimals),
                numbers.value(change, points, decimals),
                q_words(float(found.q_value[i])).removeprefix("= "),
            ]
        )
    heads = ["Group", "People", "Differs in", "Distance", "Chance", "n"]
    heads += [name, "Difference", "q"]
    return pd.DataFrame(rows, columns=heads)


def table(similar: Similar, found: Fares) -> pd.DataFrame:
    """Return every number of the neighbours, unrounded."""
    name = short_title(found.metric)
    near = similar.neighbours
    return pd.DataFrame(
        {
            "group": [n.name for n in near],
            "shown as": [n.kind for n in near],
            "people": [n.n for n in near],
            "conditions that differ": [n.changed for n in near],
            "distance": [n.distance for n in near],
            "chance alone": [n.by_chance for n in near],
            "chance alone, 95 % under": [n.chance_high for n in near],
            "distance beyond chance": [n.beyond_chance for n in near],
            name: found.others.value,
            f"{name}, low": found.others.low,
            f"{name}, high": found.others.high,
            f"{name}, n": found.others.n,
            "difference": found.difference.value,
            "difference, low": found.difference.low,
            "difference, high": found.difference.high,
            "q-value": found.q_value,
        }
    )


def words(similar: Similar, found: Fares) -> str:
    """Say who looks most alike, and which such group surely fares better or worse.

    Plain text, not escaped: group names come from the data.
    """
    if not similar.neighbours:
        return "No other group is large enough to be compared with this one."
    first = similar.neighbours[0]
    said = f"By its features, {_title(similar)} is nearest to {first.name}."
    spec, unit = metric_named(found.metric), unit_of(found.metric)
    sign = {"low": -1, "high": 1, "none": 0}[spec.better]
    told = "fares better" if sign else "differs"
    named = [
        i
        for i in range(len(similar.neighbours))
        if found.is_sure[i] and (not sign or sign * found.difference.value[i] > 0)
    ]
    if not named:
        return f"{said} No similar group surely {told}."
    i = max(named, key=lambda i: abs(found.difference.value[i]))
    decimals = numbers.shared_decimals([found.own, found.others.at(i)], unit)
    return (
        f"{said} {similar.neighbours[i].name} {told}: "
        f"{short_title(found.metric).lower()} "
        f"{numbers.full(found.others.at(i), unit, decimals)} against "
        f"{numbers.full(found.own, unit, decimals)} "
        f"(n = {numbers.count(found.others.at(i).n)} and "
        f"{numbers.count(found.own.n)})."
    )


def _title(similar: Similar) -> str:
    return " · ".join(similar.group.values())


def _differs(similar: Similar, neighbour: Neighbour) -> str:
    return ", ".join(a for a, v in neighbour.group.items() if similar.group[a] != v)
