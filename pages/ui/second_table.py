"""The second table of a shift: one that was kept, or one brought here and aligned."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from analysis.charts.theme import visible
from analysis.datasets.aligning import (
    NOT_THERE,
    Alignment,
    aligned,
    alignment,
    target_task,
)
from analysis.datasets.load import Dataset
from analysis.datasets.upload import ReadTable, forget_table, save_table
from analysis.shifts.sides import Sides
from pages.ui import cache, kept, state, widgets
from pages.ui.messages import note, plain
from pages.ui.uploads import free_name

NOT_CHOSEN = "Choose a column"
ABSENT = "It is not there"


def choose(data: Dataset) -> Sides:
    """Let the reader choose the table that is the target, or bring one.

    The page stops until there is one.
    """
    known = kept.tables_like(data)
    if not known:
        st.markdown(
            "Bring the table that the model is used on now: the same columns, with or "
            "without the label."
        )
        _bring(data)
        st.stop()
    # The newest is first; a list that was made before would stay at another one.
    key = f"shift.table.{widgets.tables_kept()}"
    table = st.selectbox("Target", known, key=key, format_func=visible)
    with st.expander("Bring another table as the target"):
        _bring(data)
        _forget(str(table))
    return Sides("", table=str(table), without=_without(data))


def _forget(table: str) -> None:
    """Offer to delete a target from this machine."""
    if not st.button(plain(f"Forget {table}"), key="shift.forget"):
        return
    own = cache.store().task(table)
    cache.store().forget(table)
    if own.table not in {task.table for task in cache.store().notes.tasks()}:
        forget_table(own.table, cache.store().tables)
    cache.forget_records()
    st.rerun()


def _without(data: Dataset) -> tuple[str, ...]:
    """Let the reader leave features out of the comparison."""
    with st.popover("Columns compared"):
        return tuple(
            st.multiselect("Left out", list(data.task.features), key="shift.without")
        )


def _bring(data: Dataset) -> None:
    """Let the reader upload a table, align it with this one, and keep it."""
    file = st.file_uploader(
        "Target table: CSV or Parquet, up to 1 GB",
        key=f"shift.file.{widgets.tables_kept()}",
        help="It stays on this machine, under FAULTLINE_HOME, until you forget it.",
    )
    if file is None:
        return
    with st.spinner("Reading the table; about ten seconds for 200 MB."):
        read, _ = kept.uploaded(file.file_id, file)
    found = alignment(data.task, data.table, read.table)
    _say(found, read, data)
    key = f"shift.column.{file.file_id[-8:]}"
    renamed = {name: _column_for(name, found, key) for name in found.missing}
    if any(choice == NOT_CHOSEN for choice in renamed.values()):
        note("Say for each missing column which one serves.")
        return
    name = st.text_input(
        "Name", free_name(file.name, _taken()), key=f"{key}.name", max_chars=80
    ).strip()
    if st.button("Use as the target", type="primary", key="shift.use"):
        _keep(data, aligned(data.task, data.table, read.table, renamed), name)


def _say(found: Alignment, read: ReadTable, data: Dataset) -> None:
    """List what agrees, what is of another kind, what is missing and what is extra."""
    said = [
        f"{len(read.table):,} rows. {len(found.same)} columns are the same on both "
        "sides."
    ]
    if found.retyped:
        each = (
            f"{name} ({theirs}, here {mine})"
            for name, (mine, theirs) in found.retyped.items()
        )
        said.append(f"Of another type, to be converted: {', '.join(each)}.")
    if found.missing:
        said.append(f"Not there under these names: {', '.join(found.missing)}.")
    if found.extra:
        more = f" and {len(found.extra) - 8} more" if len(found.extra) > 8 else ""
        said.append(f"Not used: {', '.join(found.extra[:8])}{more}.")
    if not found.has_label:
        said.append(
            f"It has no label ({data.task.label}): what moved can be seen and "
            "performance estimated, but not counted."
        )
    st.markdown(plain(" ".join([*said, *read.notes])))


def _column_for(name: str, found: Alignment, key: str) -> str:
    """Let the reader say which column serves for a missing one."""
    likely = [found.suggested[name]] if name in found.suggested else []
    others = [c for c in found.extra if c not in likely]
    looks = f" (looks like {likely[0]})" if likely else ""
    chosen = st.selectbox(
        plain(f"Column for {name}{looks}"),
        [NOT_CHOSEN, *likely, *others, ABSENT],
        format_func=visible,
        key=f"{key}.{name}",
    )
    return NOT_THERE if chosen == ABSENT else str(chosen)


def _keep(data: Dataset, table: pd.DataFrame, name: str) -> None:
    if not name or ":" in name or name in _taken() or name == data.task.name:
        st.warning(
            plain(
                f"'{name}' cannot be the table's name: it is empty, holds a colon, or "
                "another table has it. Choose another name."
            )
        )
        return
    task = target_task(data.task, data.table, table, name)
    digest = save_table(table, cache.store().tables)
    cache.store().notes.save_task(replace(task, table=digest))
    widgets.tables_kept(more=1)
    state.say_next(f"'{name}' is now the target.")
    st.rerun()


def _taken() -> list[str]:
    return [task.name for task in cache.store().notes.tasks()]
