"""A metric over a number, without cutting it into groups."""

import numpy as np
import streamlit as st

from analysis.arrays import Floats
from analysis.charts import smooth as charts
from analysis.charts.theme import visible
from analysis.datasets.groups import FEW_VALUES
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from analysis.subgroups.smooth import SmoothCurve, smooth_curve
from pages.ui import cache, commands, controls, state, tables
from pages.ui.messages import empty, note, plain
from pages.ui.panels.part import is_withheld, positions
from pages.ui.snippets import code

KEY = "subgroups.smooth"
SPANS = (0.05, 0.1, 0.2, 0.3, 0.5)
FIRST_SPAN = 0.2


def draw(shown: Evaluation, data: Dataset, metric: str) -> None:
    """Draw the panel: a column and a window to choose, the curve, how to read it."""
    if is_withheld("A curve over a number shows windows of few people."):
        return
    names = columns(data)
    if not names:
        empty(
            "There is no number to draw over",
            f"This curve needs a column of numbers with more than {FEW_VALUES} "
            "different values; this table has none among its features and sensitive "
            "attributes.",
        )
        return
    left, right = st.columns(2)
    name = str(left.selectbox("Over", names, format_func=visible, key=f"{KEY}.column"))
    span = right.select_slider(
        "Window",
        SPANS,
        FIRST_SPAN,
        format_func=lambda share: f"{100 * share:.0f}\u00a0% of {data.task.rows_are}",
        key=f"{KEY}.span",
        help="How many people are taken together at each point. Wider is steadier and "
        "hides narrow peaks.",
    )
    record = _curve(shown, data, metric, name, float(span))
    is_whole = _is_whole(data, name)
    st.markdown(plain(charts.words(record, name, is_whole=is_whole)))
    figure = charts.curve(
        record, name, people=data.task.rows_are, is_whole=is_whole, ink=state.ink()
    )
    alt = charts.alt(record, name, is_whole=is_whole)
    controls.chart(figure, f"{KEY}.chart", alt)
    _say(record, data)
    tables.numbers(charts.table(record, name), KEY, _snippet(name, metric, float(span)))


@cache.shared(16)
def columns(data: Dataset) -> tuple[str, ...]:
    """Return the columns of numbers with many values, sensitive ones first."""
    names = dict.fromkeys([*data.task.sensitive, *data.task.features])
    table = data.table[list(names)].select_dtypes("number")
    return tuple(str(n) for n in table if table[n].nunique() > FEW_VALUES)


@cache.shared(16)
def _is_whole(data: Dataset, name: str) -> bool:
    """Return whether a column has whole numbers only, as years of age."""
    known = data.table[name].dropna()
    return bool((known % 1 == 0).all())


def _say(record: SmoothCurve, data: Dataset) -> None:
    people = data.task.rows_are
    said = (
        "The band holds for the whole curve at once. Where it leaves the grey line, "
        f"{people} there fare differently from {people} overall. A peak narrower than "
        "the window is smoothed away."
    )
    if record.missing:
        said += f" {record.missing:,} {people} without a value are left out."
    note(said)


def _snippet(name: str, metric: str, span: float) -> str:
    if span == FIRST_SPAN:
        return commands.audit_command((), (metric,), more=("--along", name))
    return code(
        ["from analysis.subgroups.smooth import smooth_curve"],
        [
            f"values = dataset.numbers({name!r}, shown.row_ids)",
            f"smooth_curve(shown, values, {metric!r}, span={span})",
        ],
    )


@cache.shared(32)
def _curve(
    shown: Evaluation, data: Dataset, metric: str, name: str, span: float
) -> SmoothCurve:
    return smooth_curve(shown, _values(shown, data, name), metric, span=span)


def _values(shown: Evaluation, data: Dataset, name: str) -> Floats:
    column = data.table[name].to_numpy(dtype=np.float64, na_value=np.nan)
    values: Floats = column[positions(shown, data)]
    return values
