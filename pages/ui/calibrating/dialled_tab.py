"""A tab with dials: only it runs again when one moves, and none while groups hide."""

from collections.abc import Callable

import streamlit as st

from pages.ui.calibrating.rows import Rows
from pages.ui.messages import audit_errors
from pages.ui.panels.part import is_withheld


def dialled(
    rows: Rows, key: str, draw: Callable[[Rows], None], gives_away: str
) -> None:
    """Draw a tab in a fragment of its own.

    Parameters
    ----------
    rows : Rows
    key : str
        `page.tab`.
    draw : function of the rows
    gives_away : str
        Why it is not drawn while small groups are hidden.
    """
    if is_withheld(gives_away):
        return

    def explore() -> None:
        with audit_errors():
            draw(rows)

    st.fragment(explore, key=f"{key}.tab")()
