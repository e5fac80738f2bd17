"""Similar groups: who looks most like a chosen one, and how they fare."""

from itertools import product

import streamlit as st

from analysis.charts import similar as printing
from analysis.charts.theme import visible
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from analysis.lookalikes.fares import Fares, fares
from analysis.lookalikes.similar import Similar, similar_groups
from pages.ui import cache, tables
from pages.ui.messages import empty, note, plain
from pages.ui.panels.part import frame_of, is_withheld
from pages.ui.snippets import code

KEY = "subgroups.similar"
FIRST_METRIC = "error_rate"
MIN_ROWS = 30

Values = tuple[tuple[str, str], ...]
"""A group as pairs of attribute and value, which can be kept in a cache."""


def draw(
    shown: Evaluation,
    data: Dataset,
    group: dict[str, str],
    by: tuple[str, ...],
    metric: str = FIRST_METRIC,
) -> None:
    """Draw the panel.

    Parameters
    ----------
    shown : Evaluation
    data : Dataset
    group : dict of str to str
        Attribute to value; empty lets the reader choose among the groups of `by`.
    by : tuple of str
    metric : str
        By which the groups are set side by side.
    """
    if is_withheld("Distances between groups are made from counts of people."):
        return
    chosen = tuple(group.items()) or _choose(shown, by)
    if not chosen:
        empty(
            "There is no group to compare yet",
            "Choose an attribute to group by above; this shows which other groups "
            "look most alike, and how they fare.",
        )
        return
    record = _similar(shown, data, chosen)
    found = _fares(shown, data, chosen, metric)
    st.markdown(plain(printing.words(record, found)))
    if record.neighbours:
        tables.printed(
            printing.printed(record, found),
            key=f"{KEY}.groups",
            texts=("Differs in",),
            helps={
                "Distance": "How unlike the features are, without what chance adds.",
                "Chance": "How unlike two such groups come out by chance alone.",
                "n": "Those on whom the measure rests.",
                "Difference": "To the group chosen.",
            },
        )
    _say(record, data)
    tables.numbers(printing.table(record, found), KEY, _snippet(chosen, metric))


def _choose(shown: Evaluation, by: tuple[str, ...]) -> Values:
    """Let the reader choose one of the groups that have rows."""
    if not by:
        return ()
    filled = set(shown.grouping(by).codes.tolist())
    cells = product(*(shown.groups[a].names for a in by))
    groups = [values for g, values in enumerate(cells) if g in filled]
    values = st.selectbox(
        "Group",
        groups,
        format_func=lambda values: visible(" · ".join(values)),
        key=f"{KEY}.group",
    )
    return tuple(zip(by, values, strict=True))


def _say(record: Similar, data: Dataset) -> None:
    people = data.task.rows_are
    said = (
        f"Distance: the share of {people} who would have to change a feature's value "
        f"for the two groups to agree in it, on average over {len(record.features)} "
        "features, without what chance adds. Features are compared one at a time. "
        "First the nearest groups, then others that differ in one condition."
    )
    if record.too_small:
        said += f" {record.too_small:,} groups of fewer than {MIN_ROWS} are left out."
    note(said)


def _snippet(chosen: Values, metric: str) -> str:
    return code(
        [
            "from analysis.lookalikes.fares import fares",
            "from analysis.lookalikes.similar import similar_groups",
        ],
        [
            "frame = dataset.frame.take(dataset.positions(shown.row_ids))",
            f"group, least = {dict(chosen)!r}, {MIN_ROWS}",
            "similar = similar_groups(frame, group, min_rows=least)",
            f"fares(shown, similar, {metric!r})",
        ],
    )


@cache.shared(32)
def _similar(shown: Evaluation, data: Dataset, chosen: Values) -> Similar:
    frame = frame_of(shown, data)
    return similar_groups(frame, dict(chosen), min_rows=MIN_ROWS)


@cache.shared(32)
def _fares(shown: Evaluation, data: Dataset, chosen: Values, metric: str) -> Fares:
    return fares(shown, _similar(shown, data, chosen), metric)
