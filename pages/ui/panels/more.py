"""The tabs under the table of groups; only the open one is computed."""

from collections.abc import Callable

import streamlit as st

from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from analysis.subgroups.group_table import GroupTable
from analysis.subgroups.listing import Crossings
from pages.ui.messages import audit_errors
from pages.ui.panels import (
    explorer,
    fairness,
    guide,
    likewise,
    presets,
    quality,
    similar,
    smooth,
    suggested,
    tray,
)

Draw = Callable[[], None]


def draw(
    shown: Evaluation,
    data: Dataset,
    by: tuple[str, ...],
    metric: str,
    table: GroupTable | None,
    beside: Crossings,
) -> None:
    """Draw the tabs; each is a question of its own about the same rows.

    `beside` are all crossings of attributes that the page shows together.
    """
    panels: dict[str, Draw] = {
        "Guide": lambda: guide.draw(shown, metric),
        "Fairness": lambda: fairness.draw(shown, by, table, beside),
        "Thresholds": lambda: explorer.draw(shown, data, by, metric),
        "Like with like": lambda: likewise.draw(shown, by, metric),
        "Along a number": lambda: smooth.draw(shown, data, metric),
        "Similar": lambda: similar.draw(
            shown, data, tray.last_group(table, shown), by, metric
        ),
        "Suggested": lambda: suggested.draw(shown, data, metric),
        "Audit tables": lambda: presets.draw(shown, data),
        "Data quality": lambda: quality.draw(data),
    }
    tabs = st.tabs(list(panels), key="subgroups.tabs", on_change="rerun")
    for tab, drawn in zip(tabs, panels.values(), strict=True):
        if tab.open:
            with tab, audit_errors():
                drawn()
