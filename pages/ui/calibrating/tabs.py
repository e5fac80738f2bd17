"""The tabs of the Calibration page; only the open one is computed."""

from collections.abc import Callable

import streamlit as st

from pages.ui.calibrating import defer, fix, intersections, measures, parity, risk, sets
from pages.ui.calibrating.rows import Rows
from pages.ui.messages import audit_errors, empty

TABS: dict[str, Callable[[Rows], None]] = {
    "Measures": measures.draw,
    "Every group": intersections.draw,
    "Fix": fix.draw,
    "Price in error rates": parity.draw,
    "Sets of answers": sets.draw,
    "Risk control": risk.draw,
    "Accept or defer": defer.draw,
}

OF_SHOWN_ROWS = ("Measures", "Every group")
"""Tabs that fit nothing and try nothing."""


def draw(rows: Rows) -> None:
    """Draw the tabs; each is a question of its own about the same scores."""
    tabs = st.tabs(list(TABS), key="calibration.tabs", on_change="rerun")
    for tab, title in zip(tabs, TABS, strict=True):
        if not tab.open:
            continue
        with tab, audit_errors():
            if title in OF_SHOWN_ROWS or not rows.lack:
                TABS[title](rows)
            else:
                empty("No rows to fit and to try on", rows.lack)
