"""What the pages say: strangers' text made harmless, errors and empty states."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from analysis.charts.theme import visible
from analysis.errors import AuditError

# An underscore between letters is no markup, and names of columns are full of them.
_MARKUP = re.compile(
    r"([\\`*{}\[\]()#+\-.!|<>~:$&^=@/\"']|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))"
)

# Addresses become links after escapes are read; only a joiner inside keeps them text.
_LINK = re.compile(r"https?(?=://)|www(?=\.)|@", re.IGNORECASE)

_QUOTED = re.compile(r"(?<!\w)'([^']+)'(?!\w)")

# A number and its unit stay on one line.
_TORN = re.compile(r"(?<=\d) (?=%|points?\b)")


def plain(text: str) -> str:
    """Return text that Streamlit's Markdown shows letter by letter.

    Group names, columns and categories come from strangers' tables; Markdown,
    directives such as `:red[..]`, formulas, links and HTML in them must stay text, and
    marks that turn its direction are shown as such.
    """
    text = _LINK.sub("\\g<0>\u2060", visible(str(text)))
    return _TORN.sub("\u00a0", _MARKUP.sub(r"\\\1", text))


def curly(text: str) -> str:
    """Return the product's own text with curly quotes; never a stranger's."""
    return _QUOTED.sub("‘\\1’", text).replace("'", "’")


@contextmanager
def audit_errors() -> Iterator[None]:
    """Show an `AuditError` in the page's words; let any other error surface."""
    try:
        yield
    except AuditError as error:
        show(error)


def show(error: AuditError) -> None:
    """Show an error that is the reader's to mend."""
    st.warning(plain(str(error)))


def finding(sentence: str) -> None:
    """State what the page has found, above everything else."""
    with st.container(key="finding"):
        st.markdown(plain(sentence))


def answer(sentence: str, tab: str) -> None:
    """State what a tab has found, above everything else in it.

    Parameters
    ----------
    sentence : str
    tab : str
        Letters only, once on a page.
    """
    with st.container(key=f"answer-{tab}"):
        st.markdown(plain(sentence))


def note(text: str) -> None:
    """Say in small print how something was made or is to be read, if anything."""
    if text:
        st.caption(plain(text))


def announce(text: str) -> None:
    """Say what has just been done, also to a reader who has scrolled away from it."""
    if text:
        st.toast(plain(text))
    note(text)


def empty(what: str, why: str) -> None:
    """Say what would stand here and why it does not yet; a button may follow."""
    with st.container():
        st.subheader(plain(what), anchor=False)
        st.markdown(plain(why))
