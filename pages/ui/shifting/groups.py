"""Which groups the Shift page may show: people on both sides, and nobody given away."""

import streamlit as st

from analysis.evaluation import Evaluation
from pages.ui import cache, state
from pages.ui.messages import plain
from pages.ui.shifting.setting import Setting


def shown(setting: Setting, attribute: str) -> tuple[str, ...]:
    """Return the groups that both sides have and neither withholds, in their order."""
    source, target = setting.source.evaluation, setting.scored.evaluation
    here, there = (_shown_on(setting, rows, attribute) for rows in (source, target))
    return tuple(name for name in here if name in there)


def _shown_on(setting: Setting, rows: Evaluation, attribute: str) -> list[str]:
    grouping, k = rows.groups[attribute], state.view().k
    crossings = tuple((name,) for name in setting.by)
    hidden = cache.hidden_together(rows, crossings, k).of((attribute,))
    present = set(grouping.codes.tolist())
    return [n for c, n in enumerate(grouping.names) if c in present and not hidden[c]]


def attribute(setting: Setting, key: str, label: str = "Group by") -> str:
    """Let the reader choose one attribute; empty where there is none."""
    if not setting.by:
        return ""
    return str(
        st.segmented_control(
            label,
            setting.by,
            default=setting.by[0],
            format_func=plain,
            required=True,
            key=key,
        )
    )
