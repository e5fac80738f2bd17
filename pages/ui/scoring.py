"""A second table under a trained run: asked for once, waited for, then shown."""

import streamlit as st

from analysis.datasets.load import Dataset
from analysis.errors import RunError
from pages.ui import cache, jobs
from pages.ui.state import View

POLL_SECONDS = 1.0


def ensure_scored(view: View, other: Dataset) -> None:
    """Let the worker score a table with the run in view; stop the page until it has.

    Raises
    ------
    RunError
        The worker could not.
    """
    if not view.is_trained:
        return
    store, run = cache.store(), cache.store().find(view.run)
    if store.table_scores(run.id, other.digest) is not None:
        return
    state, reason = store.scorings.state(run.id, other.digest)
    if state == "failed":
        raise RunError(f"The second table could not be scored: {reason}")
    if state is None:
        jobs.queue().score(run.id, other)

    def wait() -> None:
        st.markdown("Scoring the second table; a few seconds for 100,000 rows.")
        now, _ = store.scorings.state(run.id, other.digest)
        if now in ("done", "failed"):
            st.rerun()

    st.fragment(wait, run_every=POLL_SECONDS, key="shift.scoring")()
    st.stop()
