"""Sets of answers: what a promise of coverage comes to, by group."""

import streamlit as st

from analysis.charts import conformal as charts
from analysis.conformal.coverage import Coverage
from analysis.conformal.promised import Promise, promised_coverage
from analysis.conformal.scores import SCORES
from analysis.conformal.sets import CONDITIONS, Condition
from analysis.evaluation import Evaluation
from pages.ui import cache, controls, state, tables
from pages.ui.calibrating.dialled_tab import dialled
from pages.ui.calibrating.reported import reported
from pages.ui.calibrating.reproduced import snippet
from pages.ui.calibrating.rows import Rows
from pages.ui.messages import note, plain
from pages.ui.needs import weight_words

KEY = "calibration.sets"
OF_RANKS = (
    "Ranks stand in for probabilities. How often sets hold the truth is kept for any "
    "order of the classes; how many classes a set has would be better with "
    "probabilities, which a calibrator under Fix makes."
)


def draw(rows: Rows) -> None:
    """Draw the tab; only it runs again when one of its dials moves."""
    why = "Sets over all levels give away the scores of single people."
    dialled(rows, KEY, _draw, why)


def _draw(rows: Rows) -> None:
    answer = st.container()
    promise = _promise(rows)
    report = reported(rows, KEY)
    record = _coverage(rows.fit, report.rows, promise, rows.by)
    people = rows.data.task.rows_are
    with answer:
        st.markdown(plain(charts.finding(record, people)))
        figure = charts.coverage(record, people, ink=state.ink())
        controls.chart(figure, f"{KEY}.chart", charts.alt(record))
        note(charts.open_words(record))
    tables.printed(charts.printed(record, people), key=f"{KEY}.groups")
    tables.printed(charts.printed_classes(record, people), key=f"{KEY}.classes")
    note(f"Shares in percent. {charts.size_words(record)}")
    _say(rows, promise, report.words)
    tables.numbers(
        charts.table(record), KEY, _snippet(rows, promise, is_test=report.is_test)
    )


def _promise(rows: Rows) -> Promise:
    """Let the reader set the level, the score and among whom it holds."""
    left, middle, right = st.columns(3)
    alpha = left.slider(
        "Sets may miss the truth for",
        0.01,
        0.5,
        0.1,
        step=0.01,
        format="percent",
        key=f"{KEY}.alpha",
        help="The level alpha: one minus the coverage that is promised.",
    )
    score = middle.selectbox(
        "Sets are built by", SCORES, format_func=_score_title, key=f"{KEY}.score"
    )
    conditions = [c for c in CONDITIONS if rows.by or c != "group"]
    condition = right.selectbox(
        "The promise holds for",
        conditions,
        format_func=CONDITIONS.__getitem__,
        key=f"{KEY}.condition",
    )
    chosen: Condition = condition
    return Promise(round(float(alpha), 2), str(score), chosen)


def _score_title(score: str) -> str:
    return SCORES[score].title


def _say(rows: Rows, promise: Promise, words: str) -> None:
    score = SCORES[promise.score]
    note(
        f"A set is all classes that are not ruled out. {score.title}: "
        f"{score.words[0].lower()}{score.words[1:]} {score.source}. Fitted on "
        f"{len(rows.fit):,} rows, counted on {words}. The promise is for new ones "
        "like the rows fitted on, on average over draws of both; for everyone together "
        "it says nothing of a group, which is what the chart shows."
    )
    if rows.is_ranked:
        note(OF_RANKS)
    if weight_words(rows.data):
        note(
            f"{weight_words(rows.data)} Rows are weighted in fitting, too; the promise "
            "is proved for rows that count alike."
        )


def _snippet(rows: Rows, promise: Promise, *, is_test: bool) -> str:
    imports = ["from analysis.conformal.promised import Promise, promised_coverage"]
    call = f"promised_coverage(fit, report, {promise!r}, {rows.by!r})"
    return snippet(rows, imports, [call], is_test=is_test)


@cache.shared(64)
def _coverage(
    fit: Evaluation, report: Evaluation, promise: Promise, by: tuple[str, ...]
) -> Coverage:
    return promised_coverage(fit, report, promise, by)
