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
from pages.ui import cache, controls, state, tables
from pages.ui.messages import empty, note, plain
from pages.ui.panels.part import is_withheld, positions

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
        format_func=lambda share: f"{share:.0%} of people",
        key=f"{KEY}.span",
        help="How many people are taken together at each point. Wider is steadier and "
        "hides narrow peaks.",
    )
    record = _curve(shown, data, metric, name, float(span))
    st.markdown(plain(charts.words(record, name)))
    figure = charts.curve(record, name, people=data.task.rows_are, ink=state.ink())
    controls.chart(figure, f"{KEY}.chart", charts.alt(record, name))
    _say(record, data)
    tables.numbers(charts.table(record, name), KEY, _snippet(name, metric, float(span)))


@cache.shared(16)
def columns(data: Dataset) -> tuple[str, ...]:
    """Return the columns of numbers with many values, sensitive ones first."""
    names = dict.fromkeys([*data.task.sensitive, *data.task.features])
    table = data.table[list(names)].select_dtypes("number")
    return tuple(str(n) for n in table if table[n].nunique() > FEW_VALUES)


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
    return "\n".join(
        [
            "from analysis.subgroups.smooth import smooth_curve",
            "",
            "# shown: an Evaluation; values: the column on its rows, float[n]",
            f"# column: {name!r}",
            f"smooth_curve(shown, values, {metric!r}, span={span})",
        ]
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
