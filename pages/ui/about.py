"""What a data set is, in words and in one table of its columns."""

import pandas as pd
import streamlit as st

from analysis.datasets.load import EMBEDDED, Dataset
from analysis.datasets.task import Task
from analysis.frame import MISSING, Splits
from analysis.shifts.split_comparison import flattery_words
from pages.ui import cache
from pages.ui.messages import note
from pages.ui.needs import weight_words
from pages.ui.view import View


def words(data: Dataset, positive: str = "") -> str:
    """Say how many rows of what, the rate of the class in view, who is told apart."""
    task, n = data.task, len(data.frame)
    rate = cache.label_rate(data, positive)
    of_class = task.words(True)
    if positive:
        of_class = f"{task.rows_are} with {task.label} = {positive}"
    said = f"{task.title}: {n:,} {task.rows_are}, {len(task.features)} features. "
    said += f"{rate} are {of_class} (column {task.label}). "
    said += f"Groups are told apart by {', '.join(task.sensitive) or 'nothing'}."
    return f"{said} {weight_words(data)}".rstrip()


def columns(data: Dataset, view: View) -> pd.DataFrame:
    """Return one row per column: its role, kind, and what is missing or rare.

    Where those without a value are a withheld group, how many they are is left out.
    """
    summaries = cache.summaries(data)
    hidden = [s.name for s in summaries if _is_missing_withheld(data, s.name, view)]
    return pd.DataFrame(
        {
            "column": [s.name for s in summaries],
            "role": [_role(data.task, s.name) for s in summaries],
            "kind": [s.kind for s in summaries],
            "missing": [None if s.name in hidden else s.missing for s in summaries],
            "different values": [s.distinct for s in summaries],
            "rare categories": [s.n_rare for s in summaries],
        }
    )


RARE_HELP = (
    "How many of the column's categories have fewer than 30 rows: what a model does "
    "with them can hardly be measured."
)


def collection(task: Task) -> None:
    """Say which columns were recorded at some times only."""
    if task.recorded_in:
        note(
            f"A change of collection, not of people: {len(task.recorded_in)} columns "
            f"were recorded at some values of {task.time} only "
            f"({', '.join(task.recorded_in)}). A split by {task.time} leaves them out "
            "of the features and of every comparison of times."
        )


def datasheet(data: Dataset) -> None:
    """Fold away the datasheet of an embedded table."""
    sheet = EMBEDDED / f"{data.task.table}.md"
    if sheet.is_file():
        with st.expander("Datasheet", type="compact"):
            st.markdown(sheet.read_text(encoding="utf-8"))


def flattery(data: Dataset, splits: Splits) -> None:
    """Say whether a random split would flatter, where rows have a time or domain."""
    if splits.method == "random" or data.frame.domain is None:
        return
    with st.spinner("Comparing with a random split; a few seconds."):
        note(flattery_words(cache.split_flattery(data, splits)))


def _is_missing_withheld(data: Dataset, column: str, view: View) -> bool:
    grouping = data.frame.groups.get(column)
    if view.k < 2 or grouping is None or MISSING not in grouping.names:
        return False
    record = cache.who(data, column, view.positive, view.k)
    return bool(record.hidden[grouping.names.index(MISSING)])


def _role(task: Task, name: str) -> str:
    roles = {
        "label": name == task.label,
        "feature": name in task.features,
        "sensitive": name in task.sensitive,
        "weight": name == task.weight,
        "time": name == task.time,
        "domain": name == task.domain,
        "score": task.score is not None and name in task.score.columns,
        "official split": name == task.official_split,
    }
    held = [role for role, holds in roles.items() if holds]
    if name in task.recorded_in:
        held.append(f"recorded in {', '.join(task.recorded_in[name])} only")
    return ", ".join(held) or "not used"
