"""The tabs of the Shift page; only the open one is computed."""

from collections.abc import Callable

import streamlit as st

from pages.ui.messages import audit_errors, empty
from pages.ui.shifting import (
    by_group,
    cause,
    decide,
    dial,
    moved,
    over_time,
    sources,
    where,
    without_labels,
)
from pages.ui.shifting.setting import NO_LABELS, Setting

TABS: dict[str, Callable[[Setting], None]] = {
    "What moved": moved.draw,
    "By group": by_group.draw,
    "Cause and effect": cause.draw,
    "Where": where.draw,
    "Over time": over_time.draw,
    "Without labels": without_labels.draw,
    "What to do": decide.draw,
    "Add a source": sources.draw,
    "Plant a shift": dial.draw,
}

WITHOUT_LABELS = ("What moved", "Over time", "Without labels", "Plant a shift")
"""Tabs that say something of a target without labels."""


def draw(setting: Setting) -> None:
    """Draw the tabs; each is a question of its own about the same two sides."""
    tabs = st.tabs(list(TABS), key="shift.tabs", on_change="rerun")
    for tab, title in zip(tabs, TABS, strict=True):
        if not tab.open:
            continue
        with tab, audit_errors():
            if setting.labelled is None and title not in WITHOUT_LABELS:
                empty("The target has no labels", NO_LABELS)
            else:
                TABS[title](setting)
