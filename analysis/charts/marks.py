"""Who is decided by lot, and who is handed to a person, by group."""

import pandas as pd
import plotly.graph_objects as go

from analysis.charts import dots, numbers, theme
from analysis.charts.dots import Dot
from analysis.marks import BY_LOT, DEFERRED, Marked

TITLES = {
    BY_LOT: "Decided by lot",
    DEFERRED: "Handed to a person",
}


def chart(found: Marked, mark: str, ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw the share of each group that is marked, with its interval."""
    said = {
        BY_LOT: "Share of people between two thresholds, for whom a draw decides; the "
        "same person is always decided alike. Lines: 95 % intervals.",
        DEFERRED: "Share of people on whom the model does not decide alone. Lines: "
        "95 % intervals.",
    }
    return dots.chart((TITLES[mark], said[mark]), _dots(found), ink=ink)


def alt(found: Marked, mark: str) -> str:
    """Say each group's share."""
    return dots.alt(TITLES[mark], _dots(found))


def words(found: Marked | None, mark: str) -> str:
    """Say the share over everyone, and how well those decided alone are decided."""
    if found is None:
        return f"{TITLES[mark]}: too few people, or too many, to be told."
    said = f"{TITLES[mark]}: {numbers.full(found.overall)} of everyone."
    if mark != DEFERRED:
        return said
    alone = numbers.full(found.accuracy)
    people = numbers.count(found.accuracy.n)
    return f"{said} Of the {people} decided alone, {alone} are decided right."


def table(found: Marked, mark: str) -> pd.DataFrame:
    """Return the numbers behind the dots."""
    others = found.accuracy_by_group
    columns = {
        "group": ["Everyone", *found.names],
        TITLES[mark].lower(): [found.overall.value, *found.by_group.value],
        "low": [found.overall.low, *found.by_group.low],
        "high": [found.overall.high, *found.by_group.high],
        "people": [found.overall.n, *found.by_group.n],
        "others decided right": [found.accuracy.value, *others.value],
        "others, low": [found.accuracy.low, *others.low],
        "others, high": [found.accuracy.high, *others.high],
        "others": [found.accuracy.n, *others.n],
    }
    return pd.DataFrame(columns)


def _dots(found: Marked) -> list[Dot]:
    groups = [Dot(name, found.by_group.at(g), g) for g, name in enumerate(found.names)]
    return [Dot("Everyone", found.overall, -1), *groups]
