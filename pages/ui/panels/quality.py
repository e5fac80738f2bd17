"""The data-quality note: whose label rate, missing values or duplicates differ."""

import streamlit as st

from analysis.audits.quality import Quality, quality
from analysis.charts import quality as printing
from analysis.datasets.load import Dataset
from pages.ui import cache, commands, tables
from pages.ui.messages import note, plain
from pages.ui.panels.part import is_withheld

KEY = "subgroups.quality"


def draw(data: Dataset) -> None:
    """Draw the panel, on all rows of the table."""
    if is_withheld("The note counts people by group."):
        return
    with st.spinner("Comparing every group with the rest; a few seconds at most."):
        record = _quality(data)
    st.markdown(plain(printing.words(record)))
    if record.notes:
        tables.printed(printing.printed(record), key=f"{KEY}.notes", texts=("What",))
    note(
        f"All {len(data.frame):,} {data.task.rows_are} of the table. Shown are "
        "differences that are larger than chance over all "
        f"{record.compared} comparisons and larger than {printing.floors()}. Twins "
        "are entries made twice, or people whom the features cannot tell apart; a "
        "label rate may also differ because the world does."
    )
    command = commands.audit_command((), ("selection_rate",), more=("--quality",))
    tables.numbers(printing.table(record), KEY, command)


@cache.shared(8)
def _quality(data: Dataset) -> Quality:
    return quality(data.frame)
