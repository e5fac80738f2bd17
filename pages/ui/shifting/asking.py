"""Long analyses: asked of the worker once, followed, then read."""

from typing import Any

import streamlit as st

from analysis.errors import AuditError
from models.as_json import to_json
from models.inquiries import record_of
from models.inquiry import Inquiry, Scope
from models.inquiry_rows import InquiryState
from pages.ui import cache, jobs, state
from pages.ui.decision import carried_over, rule_of
from pages.ui.messages import empty, plain
from pages.ui.shifting.setting import Setting

POLL_SECONDS = 0.5

UNREADABLE = (
    *(ValueError, TypeError, KeyError, AttributeError, RecursionError),
    AuditError,
)
"""What reading an answer raises that was damaged, or written by another version."""


def answered(setting: Setting, name: str, asked: Any, doing: str) -> Any | None:
    """Return the worker's answer; None while there is none, and its progress is drawn.

    Parameters
    ----------
    setting : Setting
    name : str
        One of `inquiries.INQUIRIES`.
    asked : record
        Its `Asked`.
    doing : str
        What is being done, in words that follow nothing: "Weighing the rows".
    """
    inquiry = inquiry_of(setting, name, asked)
    now = cache.store().inquiries.state(inquiry.key)
    if now.state == "done":
        record = _record(inquiry, str(cache.store().home))
        if record is not None:
            return record
        now = InquiryState()
    if now.state in (None, "queued"):
        jobs.queue().ask(inquiry)
        now = cache.store().inquiries.state(inquiry.key)
    if now.state == "done":  # carried out at once
        return _record(inquiry, str(cache.store().home))
    if now.is_active:
        _follow(inquiry, doing)
    else:
        _offer_again(inquiry, now)
    return None


def inquiry_of(setting: Setting, name: str, asked: Any) -> Inquiry:
    """Return what is asked about the two sides in view."""
    view, data = state.view(), setting.data
    other_digest, other_rule = "", rule_of(view, data.task)
    if setting.sides.table:
        other = cache.dataset(setting.sides.table)
        there = carried_over(view, data, other)
        other_digest, other_rule = other.digest, rule_of(there, data.task)
    scope = Scope(
        run=cache.store().find(view.run).id if view.is_trained else "",
        cohort=view.cohort,
        positive=view.positive,
        rule=rule_of(view, data.task),
        other_rule=other_rule,
        sides=setting.sides,
        other_digest=other_digest,
    )
    return Inquiry(name, data.task, data.digest, scope, to_json(asked))


def _record(inquiry: Inquiry, home: str) -> Any | None:
    """Return a kept answer as its record; None, and it is forgotten, if unreadable."""
    try:
        return _read(inquiry.name, inquiry.key, home)
    except UNREADABLE:
        cache.store().inquiries.forget(inquiry.key)
        return None


@cache.shared(64)
def _read(name: str, key: str, home: str) -> Any:
    return record_of(name, cache.store().inquiries.answer(key))


def _follow(inquiry: Inquiry, doing: str) -> None:
    """Draw how far the worker is, until it has answered."""

    def wait() -> None:
        now = cache.store().inquiries.state(inquiry.key)
        if not now.is_active:
            st.rerun()
        jobs.queue().attend(inquiry.key)
        said = f"{doing}: {now.doing}" if now.doing else doing
        left = now.seconds_left
        if now.state == "queued":
            jobs.queue().ask(inquiry)  # somebody still waits for it
            said = f"{doing}: waiting for the worker"
        elif left is not None and left > 1:
            said += f"; about {left:,.0f} s left"
        st.progress(min(max(now.share, 0.0), 1.0), plain(said))
        if st.button("Stop", key=f"shift.stop.{inquiry.key[:12]}"):
            jobs.queue().stop_asking(inquiry.key)
            st.rerun()
        st.skeleton(height=240)

    st.fragment(wait, run_every=POLL_SECONDS, key=f"shift.wait.{inquiry.key[:12]}")()


def _offer_again(inquiry: Inquiry, now: InquiryState) -> None:
    """Say why there is no answer, and offer to ask again."""
    title = "Stopped" if now.state == "cancelled" else "No answer"
    empty(title, now.reason)
    if st.button("Ask again", key=f"shift.again.{inquiry.key[:12]}"):
        jobs.queue().ask(inquiry)
        st.rerun()
