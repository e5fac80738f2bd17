"""The tab that tries every calibrator on rows that none was fitted on."""

import streamlit as st

from analysis.calibration.furthest import surely_off
from analysis.calibration.guard import Guard, among
from analysis.charts import calibrators as charts
from analysis.charts.theme import visible
from analysis.metrics.bins import Binning
from models.names import joined
from models.remedies.calibrator import ALONE, MULTICALIBRATED
from pages.ui import cache, controls, state, tables, widgets
from pages.ui.calibrating import tried, trying
from pages.ui.calibrating.rows import Rows
from pages.ui.calibrating.trying import Candidate
from pages.ui.messages import answer, note, plain

EVERYONE, BY_GROUP = "Everyone alike", "Each group alone"
TOGETHER = "All cohorts at once (multicalibrated)"
SCOPE, COHORTS = "calibration.scope", "calibration.cohorts"


def draw(rows: Rows) -> None:
    """Draw the tab; only it runs again while calibrators are being fitted."""
    settings = _settings(rows)
    asked = trying.candidates(rows, settings)
    trying.ensure(asked)
    is_busy = any(s.is_active for s in trying.states(asked))

    def follow() -> None:
        now = trying.states(asked)
        if is_busy and not any(s.is_active for s in now):
            st.rerun()  # once at the end, so that the timer stops
        _progress(asked, is_busy=is_busy)
        _results(rows, asked, settings, is_busy=is_busy)

    every = trying.POLL_SECONDS if is_busy else None
    st.fragment(follow, run_every=every, key="calibration.fixes")()


def _settings(rows: Rows) -> dict[str, str]:
    """Let the reader choose whom a calibrator is fitted to."""
    scopes = [EVERYONE, *([BY_GROUP] if rows.by else []), TOGETHER]
    scope = st.segmented_control(
        "Fit to",
        scopes if rows.shown.groups else [EVERYONE],
        default=EVERYONE,
        required=True,
        key=SCOPE,
        persist_state="session",
        help="Everyone alike: one map of scores. Each group alone: one map for each "
        "group that the page is grouped by. All cohorts at once: one map, then "
        "patches for whichever group, cohort or intersection is still off, until none "
        "is beyond chance.",
    )
    if scope == EVERYONE or not scope:
        return {}
    if scope == BY_GROUP:
        return {"attribute": joined(rows.by), "scope": ALONE}
    return _multicalibrated(rows)


def _multicalibrated(rows: Rows) -> dict[str, str]:
    left, right = st.columns(2)
    attributes = left.multiselect(
        "Groups to get right",
        list(rows.shown.groups),
        list(rows.by) or list(rows.shown.groups)[:1],
        format_func=visible,
        key="calibration.groups",
        persist_state="session",
        help="Every group of these attributes, and every intersection with enough "
        "people.",
    )
    saved = {str(c): c.title for c in cache.store().notes.cohorts(rows.data.task.name)}
    cohorts = right.multiselect(
        "Cohorts beside them",
        list(saved),
        format_func=lambda rule: visible(saved[rule]),
        key=COHORTS,
        persist_state="session",
        placeholder="Saved cohorts" if saved else "No cohort is saved yet",
        help="Cohorts are saved on the Subgroups page, by a click on a dot.",
    )
    return {
        "attribute": joined(attributes),
        "scope": MULTICALIBRATED,
        "cohorts": "; ".join(cohorts),
    }


def _progress(asked: list[Candidate], *, is_busy: bool) -> None:
    if not is_busy:
        return
    now = trying.states(asked)
    done = sum(not s.is_active for s in now)
    waiting = [c.title for c, s in zip(asked, now, strict=True) if s.is_active]
    st.progress(
        done / max(len(asked), 1),
        plain(f"{done} of {len(asked)} calibrators fitted; next: {waiting[0]}")
        if waiting
        else "",
    )
    if st.button("Stop", key="calibration.stop"):
        trying.stop(asked)
        st.rerun()


def _results(
    rows: Rows, asked: list[Candidate], settings: dict[str, str], *, is_busy: bool
) -> None:
    now = dict(zip([c.title for c in asked], trying.states(asked), strict=True))
    done = {c.title: c for c in asked if now[c.title].state == "done"}
    found = among({title: trying.guarded(rows, c) for title, c in done.items()})
    if not done and any(s.is_active for s in now.values()):
        st.skeleton(height=360)
        return
    under_way = any(s.is_active for s in now.values())
    answer(_answer(rows, found, len(asked), is_under_way=under_way), "fix")
    if found:
        _compared(rows, done, found, settings)
    _failures(asked, now)
    if found and not is_busy:  # an open list would close at the next poll
        _closer(rows, done, found, settings)


def _answer(
    rows: Rows, found: dict[str, Guard], asked: int, *, is_under_way: bool
) -> str:
    if is_under_way:
        return charts.under_way(len(found), asked)
    record = cache.reliability(rows.report, rows.by, Binning(), state.view().k)
    sure = surely_off(record)
    off = [r.name for r, is_off in zip(record, sure, strict=True) if is_off]
    return charts.finding(found, rows.words, off)


def _compared(
    rows: Rows,
    done: dict[str, Candidate],
    found: dict[str, Guard],
    settings: dict[str, str],
) -> None:
    first = done[charts.ranked(found)[0]]
    seconds = {title: trying.seconds(c) for title, c in done.items()}
    controls.chart(
        charts.changes(found, state.ink()), "calibration.fixes", charts.alt(found)
    )
    tables.printed(
        charts.printed(found),
        key="calibration.fixes.table",
        texts=("Verdict", "Groups surely worse"),
        helps={"Decisions": "Share of people who are decided otherwise."},
    )
    note(
        f"Fitted on {len(rows.fit):,} {_fitted_words()}, judged on {rows.words}. Log "
        "loss and Brier score are smallest for true scores. A calibrator is "
        "recommended when log loss surely falls, all calibrators tried here considered "
        "(Holm), and no group is surely worse off in either."
    )
    tables.numbers(
        charts.table(found, seconds),
        "calibration.fixes",
        tried.command(rows, first.name, settings),
    )


def _failures(asked: list[Candidate], now: dict) -> None:
    left = [c for c in asked if now[c.title].state in ("failed", "cancelled")]
    for c in left:
        note(f"{c.title}: {now[c.title].reason}")
    if left and st.button("Try these again", key="calibration.again"):
        trying.again(left)
        st.rerun()


def _closer(
    rows: Rows,
    done: dict[str, Candidate],
    found: dict[str, Guard],
    settings: dict[str, str],
) -> None:
    titles = list(charts.ranked(found))
    key = f"calibration.{settings.get('scope', 'everyone')}.fix"
    st.subheader("One of them, closer", anchor=False)
    widgets.show(key, state.follow(key, titles[:1], titles)[0])
    chosen = st.selectbox(
        "Calibrator", titles, key=key, on_change=state.choose, args=(key,)
    )
    tried.draw(rows, done[chosen], found[chosen], settings)


def _fitted_words() -> str:
    return "calibration rows" if state.view().is_trained else "others"
