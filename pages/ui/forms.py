"""A form from the settings that a remedy declares: one control for each."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from models.remedies.base import Remedy, Setting, settings_of
from pages.ui.messages import plain


def settings(
    remedy: type[Remedy], key: str, attributes: Sequence[str], aim: str
) -> dict[str, Any]:
    """Draw a control for every setting of a remedy and return their values.

    Parameters
    ----------
    remedy : Remedy class
    key : str
        `page.form`; each control's key is this and the setting's name.
    attributes : sequence of str
        What a group setting chooses from; several are crossed.
    aim : str
        The attribute a required group setting starts with.
    """
    return {
        s.name: _control(s, f"{key}.{s.name}", attributes, aim)
        for s in settings_of(remedy)
    }


def needs_words(remedy: type[Remedy]) -> str:
    """Say where a remedy comes from and what it asks for."""
    optional = [
        s for s in settings_of(remedy) if s.kind == "attribute" and s.default == ""
    ]
    said = f"Source: {remedy.source}. Needs {', '.join(remedy.needs)}"
    return f"{said}, only if groups are chosen." if optional else f"{said}."


def words(name: str) -> str:
    """Return a setting's name as a label."""
    return name.replace("min_", "minimum ").replace("_", " ").capitalize()


def _control(s: Setting, key: str, attributes: Sequence[str], aim: str) -> Any:
    shown = {"key": key, "help": plain(s.help)}
    if s.kind == "attribute":
        only = attributes[0] if len(attributes) == 1 else ""
        first = aim if aim in attributes else only
        default = [first] if s.default is None and first else []
        label = "Groups of"
        chosen = st.multiselect(label, attributes, default=default, **shown)
        return ", ".join(chosen)
    if s.kind == "integer":
        return st.number_input(
            words(s.name), int(s.low), int(s.high), int(s.default), **shown
        )
    step = (s.high - s.low) / 20
    return st.slider(words(s.name), s.low, s.high, s.default, step, **shown)
