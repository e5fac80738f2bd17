"""A reader's own table: upload, roles, and forgetting it again."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any

import pandas as pd
import streamlit as st

from analysis.datasets.columns import content_digest
from analysis.datasets.groups import edge_name, value_name
from analysis.datasets.load import Dataset
from analysis.datasets.roles import Roles, class_names
from analysis.datasets.score_columns import in_class_order, score_note
from analysis.datasets.task import ExistingScore, Task
from analysis.datasets.tasks import TASKS
from analysis.datasets.upload import (
    ReadTable,
    forget_table,
    role_notes,
    save_table,
    task_from_roles,
)
from analysis.errors import DataError
from pages.ui import cache, kept, state, widgets
from pages.ui.messages import note, plain

NONE = "None"


@dataclass(frozen=True, eq=False)
class Upload:
    """A file that was read and waits for its roles."""

    id: str
    name: str
    read: ReadTable
    roles: Roles


def upload() -> Upload | None:
    """Let the reader choose a file; return it once it is read."""
    file = st.file_uploader(
        "CSV or Parquet file, up to 1 GB",
        key=f"data.file.{widgets.tables_kept()}",
        help="It stays on this machine, under FAULTLINE_HOME, until you forget it.",
    )
    if file is None:
        return None
    with st.spinner("Reading the table; about ten seconds for 200 MB."):
        read, roles = kept.uploaded(file.file_id, file)
    said = f"{file.name}: {len(read.table):,} rows, {read.table.shape[1]:,} columns."
    note(" ".join([said, *read.notes]))
    return Upload(file.file_id, file.name, read, roles)


def roles_form(upload: Upload) -> None:
    """Let the reader change the suggested roles, and keep the table under them."""
    st.markdown("These roles are a suggestion from names and values; change any.")
    roles = _roles(upload)
    free = free_name(upload.name, _own_names())
    name = st.text_input("Name", free, key=f"{_key(upload)}.name")
    if st.button("Use this table", type="primary", key="data.use"):
        _keep(upload, roles, name.strip())


def forget(data: Dataset) -> None:
    """Offer to delete the table in view, if it is the reader's own."""
    if data.task.name not in _own_names():
        return
    with st.popover("Forget this table"):
        st.markdown(
            "Deletes the table, its runs, cohorts and looks from this machine. This "
            "cannot be undone."
        )
        if st.button("Forget it now", key="data.forget"):
            cache.store().forget(data.task.name)
            others = {task.table for task in cache.store().notes.tasks()}
            if data.task.table not in others:
                forget_table(data.task.table, cache.store().tables)
            cache.forget_records()
            state.turn_to(data=state.FIRST_DATA)
            st.rerun()


def _roles(upload: Upload) -> Roles:
    table, guess, key = upload.read.table, upload.roles, _key(upload)
    columns = [str(c) for c in table.columns]
    left, right = st.columns(2)
    with left:
        label = _one("Label", columns, guess.label, f"{key}.label")
        positive = _positive(table, label, guess, key)
        sensitive = _many("Sensitive attributes", columns, guess.sensitive, key)
        cuts = _cut_points(table, sensitive, guess, key)
    with right:
        score = _many("Existing score", columns, guess.score, key)
        _say_whose(table, label, positive, score)
        weight = _optional("Weight", columns, guess.weight, key)
        time = _optional("Time", columns, guess.time, key)
        domain = _optional("Domain", columns, guess.domain, key)
    used = {label, *score, weight, time, domain, guess.official_split}
    rest = [c for c in columns if c not in used]
    left_out = [c for c in rest if c not in guess.features]
    dropped = _many("Left out of the features", rest, tuple(left_out), key)
    return Roles(
        label=label,
        positive=positive,
        features=tuple(c for c in rest if c not in dropped),
        sensitive=sensitive,
        score=score,
        weight=weight,
        time=time,
        domain=domain,
        official_split=guess.official_split,
        cut_points=cuts,
    )


def _keep(upload: Upload, roles: Roles, name: str) -> None:
    if name in TASKS or ":" in name or not name:
        raise DataError(
            f"'{name}' cannot be the name of your table: an embedded data set has it, "
            "it is empty, or it holds a colon. Choose another name."
        )
    table, folder = upload.read.table, cache.store().tables
    task = task_from_roles(roles, table, name, "")  # refuse before anything is written
    _refuse_other(task, upload)
    task = replace(task, table=save_table(table, folder))
    cache.store().notes.save_task(task)
    said = f"Your table '{name}' is now in view, on every page."
    state.say_next(" ".join([said, *role_notes(task, table)]))
    state.turn_to(data=name)
    widgets.tables_kept(more=1)
    st.rerun()


def _refuse_other(task: Task, upload: Upload) -> None:
    """Refuse the name of another table, or of the same one under other roles."""
    kept = {own.name: own for own in cache.store().notes.tasks()}.get(task.name)
    if kept is None or kept == replace(task, table=content_digest(upload.read.table)):
        return
    raise DataError(
        f"You already have a table named '{task.name}', with other rows or roles. "
        f"Choose another name, such as '{free_name(upload.name, _own_names())}', or "
        "forget that table first."
    )


def _positive(table: pd.DataFrame, label: str, guess: Roles, key: str) -> str:
    values = [value_name(v) for v in table[label].dropna().unique()[:200]]
    suggested = guess.positive if label == guess.label else ""
    return _one("Positive class", sorted(values), suggested, f"{key}.positive.{label}")


def _say_whose(
    table: pd.DataFrame, label: str, positive: str, score: tuple[str, ...]
) -> None:
    """Say which score column is read as the probability of which class."""
    natural = class_names(table[label])
    if len(score) < 2 or len(score) != len(natural) or positive not in natural:
        return
    classes = (*(c for c in natural if c != positive), positive)
    columns = in_class_order(score, natural, classes)
    note(" ".join(score_note(ExistingScore(columns), classes)))


def _cut_points(
    table: pd.DataFrame, sensitive: tuple[str, ...], guess: Roles, key: str
) -> dict[str, tuple[float, ...]]:
    edges = {}
    for name in sensitive:
        if not pd.api.types.is_numeric_dtype(table[name].dtype):
            continue
        suggested = ", ".join(edge_name(e) for e in guess.cut_points.get(name, ()))
        text = st.text_input(
            plain(f"Cut points of {name}"),
            suggested,
            key=f"{key}.cuts.{name}",
            help="Increasing numbers with commas; empty makes each value a group.",
        )
        edges[name] = _numbers(text, name)
    return edges


def _numbers(text: str, name: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in re.split(r"[,;\s]+", text.strip()) if word)
    except ValueError:
        raise DataError(
            f"The cut points of '{name}' are '{text}'; they must be numbers with "
            "commas between them, such as 25, 40, 60."
        ) from None


def _one(label: str, options: list[str], suggested: str, key: str) -> str:
    index = options.index(suggested) if suggested in options else 0
    return str(st.selectbox(label, options, index=index, key=key))


def _many(
    label: str, options: list[str], suggested: tuple[str, ...], key: str
) -> tuple[str, ...]:
    default = [s for s in suggested if s in options]
    name = f"{key}.{label.lower().replace(' ', '_')}"
    return tuple(st.multiselect(label, options, default=default, key=name))


def _optional(
    label: str, options: list[str], suggested: str | None, key: str
) -> str | None:
    choices: list[Any] = [None, *options]
    index = choices.index(suggested) if suggested in choices else 0
    return st.selectbox(
        label,
        choices,
        index=index,
        format_func=lambda c: NONE if c is None else c,
        key=f"{key}.{label.lower()}",
    )


def free_name(file: str, taken: Collection[str]) -> str:
    """Return a name for a file's table that no other table has."""
    stem = re.sub(r"[:\s]+", " ", file.rsplit(".", 1)[0]).strip() or "table"
    first = f"{stem} (mine)" if stem in TASKS else stem
    others = (f"{stem} ({i})" for i in count(2))
    return next(name for name in chain([first], others) if name not in taken)


def _own_names() -> list[str]:
    return [task.name for task in cache.store().notes.tasks()]


def _key(upload: Upload) -> str:
    return f"data.roles.{upload.id[-8:]}"
