"""Long analyses: asked of the worker once, followed, then read."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from analysis.errors import AuditError
from models.inquiries import record_of
from models.inquiry import Inquiry
from models.inquiry_rows import InquiryState
from pages.ui import cache, jobs
from pages.ui.messages import empty, plain

POLL_SECONDS = 0.5
FIRST_HEIGHT = 240

UNREADABLE = (
    *(ValueError, TypeError, KeyError, AttributeError, RecursionError),
    AuditError,
)
"""What reading an answer raises that was damaged, or written by another version."""

Filling = Callable[[Any], None]
"""Draws what is answered so far."""


def answered(
    inquiry: Inquiry,
    doing: str,
    key: str,
    *,
    filling: Filling | None = None,
    height: int = FIRST_HEIGHT,
) -> Any | None:
    """Return the worker's answer; None while there is none, and its progress is drawn.

    Parameters
    ----------
    inquiry : Inquiry
    doing : str
        What is being done, in words that follow nothing: "Weighing the rows".
    key : str
        The page's name; keys of what is drawn start with it.
    filling : function of a record, or None
        Draws an answer that fills as it is sought.
    height : int
        Of what will stand here, which a placeholder has until it comes.
    """
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
        _follow(inquiry, doing, key, filling, height)
    else:
        _offer_again(inquiry, now, key)
    return None


def is_asked(inquiry: Inquiry) -> bool:
    """Whether an inquiry was asked for before, whatever became of it."""
    return cache.store().inquiries.state(inquiry.key).state is not None


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


def _so_far(inquiry: Inquiry) -> Any | None:
    """Return what is answered so far; None while nothing is."""
    found = cache.store().inquiries.answer(inquiry.key)
    try:
        return None if found is None else record_of(inquiry.name, found)
    except UNREADABLE:
        return None


def _follow(
    inquiry: Inquiry, doing: str, key: str, filling: Filling | None, height: int
) -> None:
    """Draw how far the worker is, until it has answered."""

    def wait() -> None:
        now = cache.store().inquiries.state(inquiry.key)
        if not now.is_active:
            st.rerun()
        jobs.queue().attend(inquiry.key)
        if now.state == "queued":
            jobs.queue().ask(inquiry)  # somebody still waits for it
        st.progress(min(max(now.share, 0.0), 1.0), plain(_words(now, doing)))
        if st.button("Stop", key=f"{key}.stop.{inquiry.key[:12]}"):
            jobs.queue().stop_asking(inquiry.key)
            st.rerun()
        record = None if filling is None else _so_far(inquiry)
        if filling is None or record is None:
            st.skeleton(height=height)
        else:
            filling(record)

    st.fragment(wait, run_every=POLL_SECONDS, key=f"{key}.wait.{inquiry.key[:12]}")()


def _words(now: InquiryState, doing: str) -> str:
    """Say what the worker is at, and for how much longer."""
    if now.state == "queued":
        return f"{doing}: waiting for the worker"
    said = f"{doing}: {now.doing}" if now.doing else doing
    left = now.seconds_left
    if left is not None and left > 1:
        said += f"; about {left:,.0f} s left"
    return said


def _offer_again(inquiry: Inquiry, now: InquiryState, key: str) -> None:
    """Say why there is no answer, and offer to ask again."""
    title = "Stopped" if now.state == "cancelled" else "No answer"
    empty(title, now.reason)
    if st.button("Ask again", key=f"{key}.again.{inquiry.key[:12]}"):
        jobs.queue().ask(inquiry)
        st.rerun()
