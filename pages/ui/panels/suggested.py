"""Suggested groups: clusters of people who look alike, told as rules."""

import pandas as pd
import streamlit as st

from analysis.charts import suggested as printing
from analysis.charts.theme import visible
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from analysis.lookalikes.suggested import Suggestions, suggested_groups
from pages.ui import cache, commands, state, tables
from pages.ui.messages import note, plain
from pages.ui.panels.part import frame_of, is_withheld
from pages.ui.snippets import code

KEY = "subgroups.suggested"
FEWEST, FIRST, MOST = 4, 12, 40


def draw(shown: Evaluation, data: Dataset, metric: str) -> None:
    """Draw the panel: how many to look for, the groups, and a way to make one a cohort.

    Parameters
    ----------
    shown : Evaluation
    data : Dataset
    metric : str
        By which groups are ranked.
    """
    if is_withheld("Suggested groups can be small."):
        return
    clusters = st.slider("Clusters to look for", FEWEST, MOST, FIRST, key=f"{KEY}.n")
    with st.spinner("Looking for people who look alike; a few seconds."):
        record = _suggested(shown, data, metric, clusters)
    st.markdown(plain(printing.words(record)))
    if record.suggestions:
        tables.printed(
            printing.printed(record),
            key=f"{KEY}.groups",
            helps={
                "Matching": "Everyone whom the rule describes.",
                "n": "Those of them on whom the measure rests.",
            },
        )
        _offer_cohort(record)
    note(_how(record, data, len(shown)))
    tables.numbers(printing.table(record), KEY, _snippet(data, metric, clusters))


def _offer_cohort(record: Suggestions) -> None:
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    rules = [str(s.cohort) for s in record.suggestions]
    rule = left.selectbox(
        "Suggested group", rules, format_func=visible, key=f"{KEY}.rule"
    )
    if right.button("Use as cohort", key=f"{KEY}.use"):
        state.follow_cohort(str(rule))
        st.rerun()


def _how(record: Suggestions, data: Dataset, rows: int) -> str:
    people = data.task.rows_are
    drawn = f"all {rows:,} of them"
    if record.rows_fitted < rows:
        drawn = f"{record.rows_fitted:,} of them drawn at random (seed {record.seed})"
    return (
        f"Suggestions, not findings: {record.clusters} clusters of {people} with "
        f"similar features, found on {drawn}, each told by the values that dominate "
        "it. A group is everyone who has these values. Outcomes play no part in "
        "finding groups; they only rank them, worst first, and q-values account for "
        "their number."
    )


def _snippet(data: Dataset, metric: str, clusters: int) -> str:
    told = _told(data)
    if clusters == FIRST and told == list(data.frame.features):
        return commands.audit_command((), (metric,), more=("--suggest",))
    return code(
        ["from analysis.lookalikes.suggested import suggested_groups"],
        [
            "frame = dataset.frame.take(dataset.positions(shown.row_ids))",
            f"features = frame.features[{told!r}]",
            f"suggested_groups(shown, features, {metric!r}, clusters={clusters})",
        ],
    )


@cache.shared(16)
def _suggested(
    shown: Evaluation, data: Dataset, metric: str, clusters: int
) -> Suggestions:
    features = frame_of(shown, data).features
    return suggested_groups(
        shown, features[_told(data)], metric, clusters=clusters, seed=0
    )


def _told(data: Dataset) -> list[str]:
    """Return the features that a rule can name: a time stands as text in none."""
    return [
        name
        for name in data.frame.features
        if not pd.api.types.is_datetime64_any_dtype(data.table[name].dtype)
    ]
