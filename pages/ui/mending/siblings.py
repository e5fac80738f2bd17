"""A run among the other strengths of its fix: their names, their progress."""

import streamlit as st

from models.remedies import REMEDIES
from models.remedies.chain import is_posthoc
from models.remedies.settings import dial_of
from models.remedies.strengths import members, strength_of
from models.run import Run
from pages.ui import cache, forms, live, state
from pages.ui.messages import plain

KEY = "remedies"


def is_sweep(run: Run) -> bool:
    """Whether a run has been tried at other strengths too."""
    return len(strengths_of(run)) > 1


def strengths_of(run: Run) -> list[Run]:
    """Return a run and those that differ from it by strength alone."""
    if strength_of(run) is None or is_posthoc(run.recipe):
        return [run]
    return members(run, cache.store().runs(run.recipe.task))


def follow(run: Run) -> None:
    """Say how far the other strengths of a run are, while some are under way."""
    if not under_way_words(run)[0]:
        return

    def say() -> None:
        said, share = under_way_words(run)
        if not said:
            st.rerun()  # once at the end: the timer stops
        st.progress(share, text=plain(said))

    st.fragment(say, run_every=live.POLL_SECONDS, key=f"{KEY}.others")()


def offer(run: Run) -> None:
    """Offer the other strengths beside a run that is seen by itself, if any."""
    if not is_sweep(run):
        return
    label = f"See all {len(strengths_of(run))} {values_of(run)}"
    if st.button(plain(label), key=f"{KEY}.all"):
        state.watch(run.id, sweep=True)
        st.rerun()


def share_of(member: Run) -> float:
    """Return how far a run is, in [0, 1]."""
    if member.is_finished:
        return 1.0
    if not member.epochs:
        return 0.0
    return min(1.0, member.epochs / live.planned(member, live.epochs_of(member.id)))


def under_way_words(run: Run) -> tuple[str, float]:
    """Say that other strengths of a run's fix are under way, and how far they are.

    Returns
    -------
    (str, float)
        Empty and 0 where none is.
    """
    others = [member for member in strengths_of(run) if member.id != run.id]
    active = [member for member in others if member.is_active]
    if not active:
        return "", 0.0
    share = sum(share_of(member) for member in others) / len(others)
    said = f"A sweep of {len(others)} other {values_of(run)} is still running"
    return said, min(1.0, share)


def dial_words(run: Run) -> str:
    """Return what a fix calls its strength, within a sentence."""
    dial = dial_of(REMEDIES[run.recipe.stages[-1].remedy])
    label = forms.label_of(dial) if dial else "strength"
    return label[:1].lower() + label[1:]


def values_of(run: Run) -> str:
    """Return what several strengths of a fix are called."""
    label = dial_words(run)
    return "strengths" if label == "strength" else f"values of {label}"


def name_of(run: Run) -> str:
    """Return a strength with its label, such as 'strength 0.4'."""
    return f"{dial_words(run)} {short(run)}"


def short(run: Run) -> str:
    """Return a strength as it is printed."""
    return f"{strength_of(run):.3g}"
