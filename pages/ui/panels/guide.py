"""Which measure to look at: what each asks, who is harmed, and when not to use it."""

import pandas as pd
import streamlit as st

from analysis.audits.guide import SITUATIONS
from analysis.evaluation import Evaluation
from analysis.metrics.registry import metric_named
from pages.ui.messages import plain


def draw(shown: Evaluation, metric: str) -> None:
    """Draw the help of the measure in view, then the way from a situation to one."""
    spec = metric_named(metric)
    st.markdown(f"**{plain(spec.title)}**")
    st.markdown(
        f"- **What it asks.** {plain(spec.question)}\n"
        f"- **Who is harmed when it is off.** {plain(spec.harmed)}\n"
        f"- **When not to use it.** {plain(spec.avoid)}"
    )
    st.markdown("**From the situation to the measure**")
    is_multiclass = len(shown.classes) > 2
    rows = [
        (
            situation.when,
            ", ".join(metric_named(n).title.split(" (")[0] for n in situation.look_at),
            situation.why,
        )
        for situation in SITUATIONS
        if is_multiclass or not situation.is_multiclass
    ]
    table = pd.DataFrame(rows, columns=["When", "Look at", "Because"])
    st.table(table.set_index("When"))
