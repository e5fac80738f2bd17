"""Accept or defer: what handing the doubtful ones over buys, and who they are."""

import streamlit as st

from analysis.charts import deferral as charts
from analysis.charts import deferral_words as words
from analysis.deferral.curve import Deferral, deferral_at, deferral_curve
from analysis.deferral.doubt import DOUBTS
from analysis.evaluation import Evaluation
from pages.ui import cache, controls, decision, state, tables
from pages.ui.calibrating.dialled_tab import dialled
from pages.ui.calibrating.reported import Reported, reported
from pages.ui.calibrating.reproduced import snippet
from pages.ui.calibrating.rows import Rows
from pages.ui.messages import note, plain

KEY = "calibration.defer"
FIRST_SHARE = 0.2
OF_RANKS = "Ranks stand in for probabilities: the distances are between ranks. "


def draw(rows: Rows) -> None:
    """Draw the tab; only it runs again when one of its dials moves."""
    why = "A curve over all cuts gives away the score of single people."
    dialled(rows, KEY, _draw, why)


def _draw(rows: Rows) -> None:
    answer = st.container()
    left, right = st.columns(2)
    share = left.slider(
        "Share deferred to a person",
        0.0,
        0.9,
        FIRST_SHARE,
        step=0.01,
        format="percent",
        key=f"{KEY}.share",
        help="The nearest share that leaves ties together.",
    )
    doubt = str(
        right.selectbox(
            "In order of", DOUBTS, format_func=_doubt_title, key=f"{KEY}.doubt"
        )
    )
    report = reported(rows, KEY)
    record = _curve(rows.fit, report.rows, doubt, rows.by)
    cut = record.at_share(float(share))
    at = deferral_at(record, cut)
    with answer:
        st.markdown(plain(words.finding(record, at, rows.data.task.rows_are)))
        figure = charts.curves(record, cut, report.words, ink=state.ink())
        note(words.tie_words(record, at, float(share)))
        controls.chart(figure, f"{KEY}.curve", charts.alt(record, at))
    if rows.by:
        figure = charts.who(at, report.words, ink=state.ink())
        controls.chart(figure, f"{KEY}.who", charts.who_alt(at))
    tables.printed(charts.printed(at, rows.data.task.rows_are), key=f"{KEY}.groups")
    _say(rows, record, doubt, report)
    tables.numbers(charts.table(record), KEY, _snippet(rows, doubt, report))


def _doubt_title(doubt: str) -> str:
    return DOUBTS[doubt].title


def _say(rows: Rows, record: Deferral, doubt: str, report: Reported) -> None:
    spec = DOUBTS[doubt]
    said = f"{spec.title}: {spec.words}. {spec.source}. "
    said += OF_RANKS if rows.is_ranked else ""
    said += f"All numbers on {report.words}"
    if len(rows.shown.classes) > 2:
        said += "; decided is the class with the highest score."
    else:
        said += f"; {decision.words(state.view(), rows.data)}."
    if doubt == "distance":
        said += f" Centroids are fitted on {len(rows.fit):,} other rows. "
        said += words.suggested_words(record)
    note(said)
    note(
        f"{words.area_words(record)} Who is deferred is not decided at all here: what "
        "the person decides then, and how fast, is not in these numbers."
    )


def _snippet(rows: Rows, doubt: str, report: Reported) -> str:
    imports = ["from analysis.deferral.curve import deferral_curve"]
    call = f"deferral_curve(report, {rows.by!r}, {doubt!r}, fit)"
    return snippet(rows, imports, [call], is_test=report.is_test)


@cache.shared(32)
def _curve(
    fit: Evaluation, report: Evaluation, doubt: str, by: tuple[str, ...]
) -> Deferral:
    return deferral_curve(report, by, doubt, fit)
