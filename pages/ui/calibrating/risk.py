"""Risk control: a dial for a risk, its threshold, and what became of it by group."""

from collections.abc import Callable

import streamlit as st

from analysis.charts import risk_control as charts
from analysis.charts import risk_words as words
from analysis.charts.risk_words import Told
from analysis.charts.theme import visible
from analysis.conformal.change_point import Weighing
from analysis.conformal.control import RISKS, Dial
from analysis.conformal.realised import RiskReport
from analysis.conformal.row_weights import WEIGHTINGS
from pages.ui import controls, state, tables
from pages.ui.calibrating import held
from pages.ui.calibrating.dialled_tab import dialled
from pages.ui.calibrating.held import Asked, Sides
from pages.ui.calibrating.reported import Reported, reported
from pages.ui.calibrating.rows import Rows
from pages.ui.messages import note, plain

KEY = "calibration.risk"
NONE = ""


def draw(rows: Rows) -> None:
    """Draw the tab; only it runs again when one of its dials moves."""
    dialled(
        rows,
        KEY,
        _draw,
        "A risk over all levels gives away the scores of single people.",
    )


def _draw(rows: Rows) -> None:
    answer = st.container()
    asked = _asked(rows)
    report = reported(rows, KEY)
    sides = held.sides_of(rows, report.rows, asked.change)
    if not len(sides.fit) or not len(sides.coming):
        note(
            f"No row stands on one side of {asked.change}: {len(sides.fit):,} before "
            f"it to fit on, {len(sides.coming):,} after it to count on. Choose another "
            "change, or turn to the test rows."
        )
        return
    now = held.held(rows, sides, asked, sides.coming)
    told, counted = _told(rows, sides, asked, now), _called(report, asked)
    with answer:
        st.markdown(plain(words.finding(now, rows.data.task.rows_are)))
        before = told[-1].report if asked.is_weighted else None
        figure = charts.risks(now, before, counted, ink=state.ink())
        controls.chart(figure, f"{KEY}.chart", charts.alt(now))
        _say_sides(rows, sides, asked)
    tables.printed(charts.printed(told, rows.data.task.rows_are), key=f"{KEY}.groups")
    curve = held.price(rows, sides, asked)
    figure = charts.price(curve, counted, ink=state.ink())
    controls.chart(figure, f"{KEY}.price", charts.price_alt(curve))
    _say(now, asked, counted, is_ranked=rows.is_ranked)
    code = held.code(rows, asked, is_test=report.is_test)
    tables.numbers(charts.table(told), KEY, code)


def _asked(rows: Rows) -> Asked:
    """Let the reader set risk, level, weights and change."""
    left, middle, right = st.columns(3)
    risk = str(
        left.selectbox("Risk", RISKS, format_func=_risk_title, key=f"{KEY}.risk")
    )
    alpha = middle.slider(
        "Held at", 0.01, 0.5, 0.1, step=0.01, format="percent", key=f"{KEY}.alpha"
    )
    by_group = bool(rows.by) and st.toggle(
        "A threshold for each group",
        key=f"{KEY}.by_group",
        help="Holds the level in each group by itself. Groups are then treated by "
        "different thresholds, which the law may not allow.",
    )
    weighing = _weighing(rows, right) if risk != "f1" else Weighing()
    change = _change(rows)
    by = rows.by if by_group else ()
    return Asked(Dial(risk, round(float(alpha), 2), by), weighing, change)


def _weighing(rows: Rows, place: st.delta_generator.DeltaGenerator) -> Weighing:
    is_time = rows.data.task.time is not None and rows.data.frame.domain is not None
    names = [NONE, *(n for n in WEIGHTINGS if is_time or n != "recency")]
    name = str(
        place.selectbox(
            "Fitted rows count",
            names,
            format_func=_weighting_title,
            key=f"{KEY}.weights",
            help="Weights let the level hold for those who come from elsewhere or "
            "later than the rows fitted on.",
        )
    )
    if name != "recency":
        return Weighing(name)
    life = place.slider("Half-life, periods", 0.5, 10.0, 1.0, 0.5, key=f"{KEY}.life")
    return Weighing(name, float(life))


def _change(rows: Rows) -> str:
    """Let the reader say where things changed; empty for nowhere."""
    domain, task = rows.data.frame.domain, rows.data.task
    if domain is None or len(domain.names) < 2:
        return NONE
    is_time = task.time is not None
    names = [NONE, *(domain.names[1:] if is_time else domain.names)]
    column = plain(task.time or task.domain or "")
    return str(
        st.selectbox(
            f"Fit before a change of {column}, and count after it",
            names,
            format_func=_change_title(is_time=is_time),
            key=f"{KEY}.change",
        )
    )


def _change_title(*, is_time: bool) -> Callable[[str], str]:
    def title(value: str) -> str:
        if not value:
            return "No change"
        return f"From {visible(value)} on" if is_time else f"To {visible(value)}"

    return title


def _risk_title(risk: str) -> str:
    return RISKS[risk].title


def _weighting_title(name: str) -> str:
    return WEIGHTINGS[name].title if name else "All alike"


def _told(rows: Rows, sides: Sides, asked: Asked, now: RiskReport) -> list[Told]:
    """Return what stands in the table: with weights also what there is without."""
    if not asked.is_weighted:
        return [Told("", now)]
    before = held.held(rows, sides, asked.without_weights(), sides.coming)
    return [Told("weighted", now), Told("not weighted", before)]


def _called(report: Reported, asked: Asked) -> str:
    """Say which rows are counted on."""
    if not asked.change:
        return report.words
    return f"those who come after the change among {report.words}"


def _say_sides(rows: Rows, sides: Sides, asked: Asked) -> None:
    """Say the risk on either side of the change, with and without weights."""
    if not asked.change:
        return
    each = [("Without weights", asked.without_weights())]
    each += [("Weighted", asked)] if asked.is_weighted else []
    before, after = (
        [Told(title, held.held(rows, sides, one, side)) for title, one in each]
        for side in (sides.alike, sides.coming)
    )
    st.markdown(plain(words.change_words(before, after)))


def _say(now: RiskReport, asked: Asked, counted: str, *, is_ranked: bool) -> None:
    said = words.threshold_said(now.control, is_ranked=is_ranked)
    note(f"{said} Counted on {counted}.")
    if is_ranked:
        note("A rank is the share of rows with a lower score, between 0 and 1.")
    if asked.is_weighted:
        spec = WEIGHTINGS[asked.weighing.name]
        note(f"{spec.title}: {spec.words}.")
    note(words.guarantee_words(now.control, is_weighted=asked.is_weighted))
    note(words.gap_words(now))
