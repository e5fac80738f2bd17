"""The numbers behind a chart: a table, a download, and how to get them elsewhere."""

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


def show(table: pd.DataFrame, key: str, percent: tuple[str, ...] = ()) -> None:
    """Show a table: counts as counts, shares in percent, the rest to four decimals."""
    numeric = table.select_dtypes("number")
    config = {name: _column(numeric[name]) for name in numeric.columns}
    config |= {n: st.column_config.NumberColumn(format="percent") for n in percent}
    st.dataframe(table, hide_index=True, key=key, column_config=config, width="stretch")


def printed(table: pd.DataFrame, key: str) -> None:
    """Show a table of texts: the first column names the row, numbers stand right."""
    config = {
        name: st.column_config.TextColumn(alignment="right")
        for name in table.columns[1:]
    }
    st.dataframe(table, hide_index=True, key=key, column_config=config, width="stretch")


def _column(values: pd.Series) -> object:
    known = values.dropna()
    is_whole = bool((known == known.round()).all())
    is_count = values.dtype.kind in "iu" or (is_whole and bool((known > 1).any()))
    return st.column_config.NumberColumn(format="localized" if is_count else "%.4f")
