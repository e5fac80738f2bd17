"""The numbers behind a chart: a table, a download, and how to get them elsewhere."""

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd
import streamlit as st


def numbers(table: pd.DataFrame, key: str, snippet: str) -> None:
    """Fold away the table behind a chart, with its CSV and the code that gives it.

    Parameters
    ----------
    table : DataFrame
        As computed, unrounded.
    key : str
        `page.chart`, unique.
    snippet : str
        Command or Python that reproduces the numbers.
    """
    folded = st.expander(
        "Numbers", key=f"{key}.numbers", on_change="rerun", type="compact"
    )
    if not folded.open:
        return
    with folded:
        show(table, key=f"{key}.table")
        st.download_button(
            "Download as CSV",
            data=lambda: table.to_csv(index=False).encode(),
            file_name=f"faultline-{key.replace('.', '-')}.csv",
            mime="text/csv",
            on_click="ignore",
            key=f"{key}.csv",
        )
        st.code(snippet, language="bash", wrap_lines=True)


def show(
    table: pd.DataFrame,
    key: str,
    percent: tuple[str, ...] = (),
    helps: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Show a table: counts as counts, shares in percent, the rest to four decimals."""
    table = table.assign(**{name: 100 * table[name] for name in percent})
    numeric = table.select_dtypes("number")
    config = {
        name: st.column_config.NumberColumn(
            format="%.1f %%" if name in percent else _format(numeric[name]),
            help=helps.get(str(name)),
        )
        for name in numeric.columns
    }
    st.dataframe(table, hide_index=True, key=key, column_config=config, width="stretch")


def printed(table: pd.DataFrame, key: str) -> None:
    """Show a table of texts: the first column names the row, numbers stand right."""
    config = {
        name: st.column_config.TextColumn(alignment="right")
        for name in table.columns[1:]
    }
    st.dataframe(
        table,
        hide_index=True,
        key=key,
        column_config=config,
        width="stretch",
        height="content",
    )


def _format(values: pd.Series) -> str:
    known = values.dropna()
    is_whole = bool((known == known.round()).all())
    is_count = values.dtype.kind in "iu" or (is_whole and bool((known > 1).any()))
    return "localized" if is_count else "%.4f"
