"""What the widgets of single pages hold, beside what every page follows."""

from typing import Any

import streamlit as st

_KEPT, _CLICKED = "data.kept", "subgroups.clicked"


def show(key: str, value: Any) -> None:
    """Let a widget show a value from this run on; before the widget."""
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def click(position: int) -> None:
    """Remember the position of the mark that was clicked."""
    st.session_state[_CLICKED] = position


def clicked() -> int | None:
    """Return the position of the mark that was clicked, once; None for none."""
    position: int | None = st.session_state.pop(_CLICKED, None)
    return position


def keep(key: str, name: str, at_most: int) -> str:
    """Add a name to a list, dropping the oldest above a number; return what went."""
    kept = [*(n for n in st.session_state.get(key) or [] if n != name), name]
    st.session_state[key] = kept[-at_most:]
    return ", ".join(kept[:-at_most])


def drop(key: str, name: str) -> None:
    """Take a name out of a list."""
    st.session_state[key] = [n for n in st.session_state.get(key) or [] if n != name]


def once(key: str, default: Any = None) -> Any:
    """Return what was kept under a key, and forget it."""
    return st.session_state.pop(key, default)


def tables_kept(*, more: int = 0) -> int:
    """Return how many uploaded tables this session has kept, counting `more` now.

    It stands in the uploader's key, so that the uploader is empty after each.
    """
    kept = int(st.session_state.get(_KEPT, 0)) + more
    st.session_state[_KEPT] = kept
    return kept


def held(key: str, default: Any = None) -> Any:
    """Return the value of a page's own widget."""
    return st.session_state.get(key, default)
