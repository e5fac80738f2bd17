"""The numbers behind a chart: a table, a download, and how to get them elsewhere."""

import hashlib
from collections.abc import Collection, Mapping
from types import MappingProxyType

import pandas as pd
import streamlit as st

LETTER, PADDING = 6.8, 18
"""Width of a letter and of a cell's margins, in pixels, at the size of a table."""

WIDEST = 300
"""Widest column of texts; longer ones are read by opening the cell."""

MEASURED = 8
"""First rows of a table that the grid surely measures by itself."""

FORMULA = ("=", "+", "-", "@", "\t")
"""Beginnings that a spreadsheet takes for a formula."""

HEAD_LETTERS = 18
"""Letters of a head that a column always shows; the rest where its texts are longer."""


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
            data=lambda: csv_of(table),
            file_name=f"faultline-{key.replace('.', '-')}.csv",
            mime="text/csv",
            on_click="ignore",
            key=f"{key}.csv",
        )
        is_command = snippet.startswith("python ")
        st.code(snippet, language="bash" if is_command else "python", wrap_lines=True)


def csv_of(table: pd.DataFrame) -> bytes:
    """Return a table as CSV that a spreadsheet reads without running anything."""
    return _as_text(table).to_csv(index=False).encode()


def _as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts a spreadsheet does not read as formulas.

    Names come from strangers' tables; a leading apostrophe makes such a text a text.
    """
    texts = table.select_dtypes(["object", "string", "category"])
    safe = {
        name: [
            f"'{t}" if isinstance(t, str) and t.startswith(FORMULA) else t
            for t in texts[name]
        ]
        for name in texts
    }
    return table.assign(**safe)


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
    st.dataframe(
        table,
        hide_index=True,
        key=fresh_key(key, [str(name) for name in table.columns]),
        column_config=config,
        width="stretch",
    )


def printed(
    table: pd.DataFrame,
    key: str,
    *,
    texts: Collection[str] = (),
    helps: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Show a table of texts: the first column names the row, numbers stand right.

    Every column is as wide as its longest text: a grid measures only its first rows,
    and keeps what it measured while other rows come and go.

    Parameters
    ----------
    table : DataFrame
    key : str
    texts : collection of str
        Columns of words, which stand left as the first one does.
    helps : mapping of str to str
        Column to what its head says in full.
    """
    widths = {str(name): width(str(name), table[name]) for name in table.columns}
    first, stretched = next(iter(widths), ""), _stretched(table, widths)
    config = {
        name: st.column_config.TextColumn(
            width=None if name == stretched else pixels,
            alignment="left" if name == first or name in texts else "right",
            help=helps.get(name),
        )
        for name, pixels in widths.items()
    }
    st.dataframe(
        table,
        hide_index=True,
        key=fresh_key(key, widths),
        column_config=config,
        width="stretch",
        height="content",
    )


def width(head: str, cells: pd.Series) -> int:
    """Return the pixels that a column of texts needs."""
    longest = int(cells.astype(str).str.len().max()) if len(cells) else 0
    letters = max(longest, min(len(head), HEAD_LETTERS))
    return min(round(LETTER * letters) + PADDING, WIDEST)


def _stretched(table: pd.DataFrame, widths: Mapping[str, int]) -> str:
    """Return the column that takes the room left: the first whose width is measured."""
    for name, pixels in widths.items():
        seen = width(name, table[name].iloc[:MEASURED])
        if seen == pixels < WIDEST:
            return name
    return ""


def fresh_key(key: str, shape: Mapping[str, int] | list[str]) -> str:
    """Return a key of its own for each shape of a table, so that no width stays on."""
    said = repr(sorted(shape.items()) if isinstance(shape, Mapping) else shape)
    return f"{key}.{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def _format(values: pd.Series) -> str:
    known = values.dropna()
    is_whole = bool((known == known.round()).all())
    is_count = values.dtype.kind in "iu" or (is_whole and bool((known > 1).any()))
    return "localized" if is_count else "%.4f"
