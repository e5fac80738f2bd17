"""A form from the settings that a remedy declares: one control for each."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from analysis.charts.theme import visible
from analysis.errors import AuditError
from models.cohort_sets import rules_of
from models.names import joined
from models.remedies.base import Remedy
from models.remedies.settings import Setting, settings_of
from models.remedies.weighing import DRAWS, WEIGHTS
from pages.ui.messages import curly, note, plain, show

LABELS: Mapping[str, str] = {
    "attribute": "Groups of",
    "cohort": "Only these people",
    "cap": "Largest weight",
    "meanwhile": "Until a person has decided",
    "decision": "Decision until then",
    "favourable": "The class that people want",
}
"""Settings that many remedies share, in words of a form."""

MISSING: Mapping[str, str] = {
    "attribute": "Choose at least one attribute under ‘Groups of’.",
    "feature": "Choose at least one feature.",
    "cohort": "Say who: a rule such as age >= 40.",
    "table": "Choose a table.",
    "run": "Choose a run.",
    "runs": "Choose at least one other run.",
}
"""What to do about a setting that must be given, by its kind."""

AIMS = ("attribute", "cohort")
"""Kinds of settings that say whom a remedy is for."""

_GROUP = "group at training"

MOST_STEPS = 60
"""A slider with more stops than this cannot be set by hand."""

NICE = (1.0, 0.5, 0.25, 0.2)
"""Steps of a slider, as parts of a power of ten."""


@dataclass(frozen=True)
class Offer:
    """What the settings of a remedy choose from.

    Parameters
    ----------
    attributes : tuple of str
        Sensitive attributes; several are crossed.
    aim : str
        The attribute that a required group setting starts with.
    classes : tuple of str
        Of the label.
    positive : str
        The class in view.
    features : tuple of str
        What the model reads.
    tables : mapping of str to str
        Other tables with the same columns: name to title.
    cohort : str
        The one in the sidebar.
    cohort_of : tuple of str
        Settings that start with it; none for all that take a cohort.
    runs : mapping of str to str
        Other finished runs of the same table and split: id to title.
    reach : function of a rule
        Says how many training rows the rule reaches; raises an `AuditError` for one
        that cannot be used.
    """

    attributes: tuple[str, ...]
    aim: str
    classes: tuple[str, ...]
    positive: str
    features: tuple[str, ...]
    tables: Mapping[str, str]
    cohort: str
    reach: Callable[[str], str]
    cohort_of: tuple[str, ...] = ()
    runs: Mapping[str, str] = field(default_factory=dict)


def settings(
    remedy: type[Remedy], key: str, offer: Offer, without: Collection[str] = ()
) -> dict[str, Any]:
    """Draw a control for every setting of a remedy and return their values.

    What a remedy inherits from its family is folded away, but for whom it is for. A
    reader's answers stay while other remedies are looked at.

    Parameters
    ----------
    remedy : Remedy class
    key : str
        `page.form`; each control's key starts with this and the setting's name.
    offer : Offer
    without : collection of str
        Settings that are set elsewhere, such as a dial that is dragged.
    """
    first, folded = (
        [s for s in part if s.name not in without] for part in ordered(remedy)
    )
    offer = _aimed_once(first, offer)
    chosen = {s.name: _control(s, f"{key}.{s.name}", offer) for s in first}
    if folded:
        with st.expander("More settings", type="compact", key=f"{key}.more"):
            chosen |= {s.name: _control(s, f"{key}.{s.name}", offer) for s in folded}
    return {s.name: chosen[s.name] for s in settings_of(remedy) if s.name in chosen}


def ordered(remedy: type[Remedy]) -> tuple[list[Setting], list[Setting]]:
    """Return the settings shown at once, the most telling first, and those folded."""
    own = vars(remedy).get("__annotations__", {})
    every = settings_of(remedy)
    shown = [s for s in every if s.name in own or s.default is None or s.is_dial]
    shown.sort(key=lambda s: (s.default is not None, not s.is_dial))
    rest = [s for s in every if s not in shown]
    aims = [s for s in rest if s.kind in AIMS or s.is_shown]
    return [*shown, *aims], [s for s in rest if s not in aims]


def _aimed_once(shown: Sequence[Setting], offer: Offer) -> Offer:
    """Leave the sidebar's cohort to the setting that needs one, if there is such."""
    needed = [s.name for s in shown if s.kind == "cohort" and s.default is None]
    return replace(offer, cohort_of=tuple(needed)) if needed else offer


def needs_words(remedy: type[Remedy]) -> str:
    """Say where a remedy comes from and what it asks for."""
    return f"{curly(f'Source: {remedy.source}.')} {asks_words(remedy)}".strip()


def asks_words(remedy: type[Remedy]) -> str:
    """Say what a remedy asks for; empty for nothing."""
    optional = [
        s for s in settings_of(remedy) if s.kind == "attribute" and s.default == ""
    ]
    always = [n for n in remedy.needs if not (optional and n.startswith("group"))]
    said = f"Needs {', '.join(always)}." if always else ""
    if not optional:
        return said
    usual = _GROUP if remedy.kind == "retraining" else "group at prediction"
    group = next((n for n in remedy.needs if n.startswith("group")), usual)
    return f"{said} Needs {group} only if groups are chosen.".strip()


def problem(remedy: type[Remedy], chosen: Mapping[str, Any], offer: Offer) -> str:
    """Say why a form cannot be sent as it stands; empty if it can."""
    for s in settings_of(remedy):
        value = str(chosen.get(s.name, s.default)).strip()
        if s.default is None and not value:
            return MISSING.get(s.kind, "") or f"Choose ‘{label_of(s)}’."
        if value and any(isinstance(r, AuditError) for r in _reached(s, value, offer)):
            return f"Mend the rule under ‘{label_of(s)}’ first."
    return ""


def _reached(s: Setting, value: str, offer: Offer) -> list[str | AuditError]:
    """Say of each rule in a setting whom it reaches, or why it cannot be used."""
    if s.kind not in ("cohort", "cohorts"):
        return []
    try:
        if s.kind == "cohort":
            return [offer.reach(value)]
        rules = [str(rule) for rule in rules_of(value)]
        return [f"{rule}: {offer.reach(rule)}" for rule in rules]
    except AuditError as error:
        return [error]


def words(name: str) -> str:
    """Return a setting's name as a label."""
    spoken = name.replace("min_", "minimum ").replace("_", " ")
    return LABELS.get(name, spoken[:1].upper() + spoken[1:])


def label_of(s: Setting) -> str:
    """Return the label of a setting's control."""
    is_mix = s.options == (WEIGHTS, DRAWS)  # the switch that all weights share
    if s.name == "by":
        return "Reach the mix by" if is_mix else "Groups are cut by"
    return s.label or words(s.name)


def step_of(low: float, high: float, default: float) -> float:
    """Return the largest step with which a slider reaches its default; 0 for none."""
    power = 10.0
    while power > 1e-6:
        for part in NICE:
            step = power * part
            is_fine = 20 <= (high - low) / step <= MOST_STEPS
            if is_fine and _is_multiple(default - low, step):
                return step
        power /= 10
    return 0.0


def _is_multiple(length: float, step: float) -> bool:
    return abs(length / step - round(length / step)) < 1e-9


def _control(s: Setting, key: str, offer: Offer) -> Any:
    return _CONTROLS[s.kind](s, key, offer)


def _shown(s: Setting, key: str) -> dict[str, Any]:
    return {"key": key, "help": plain(curly(s.help)), "persist_state": "session"}


def _number(s: Setting, key: str, offer: Offer) -> float:
    low, high, default = float(s.low), float(s.high), float(s.default)
    if step := step_of(low, high, default):
        found = st.slider(label_of(s), low, high, default, step, **_shown(s, key))
    else:
        found = st.number_input(
            label_of(s), low, high, default, format="%g", **_shown(s, key)
        )
    return float(f"{found:.10g}")  # a slider adds up its steps: 0.30000000000000004


def _integer(s: Setting, key: str, offer: Offer) -> int:
    ends = int(s.low), int(s.high), int(s.default)
    return int(st.number_input(label_of(s), *ends, **_shown(s, key)))


def _choice(s: Setting, key: str, offer: Offer) -> str:
    said = {option: option.replace("_", " ") for option in s.options}
    shown = _shown(s, key)
    if sum(map(len, said.values())) > 32:
        first = s.options.index(s.default)
        return str(
            st.selectbox(
                label_of(s), s.options, first, format_func=said.__getitem__, **shown
            )
        )
    return str(
        st.segmented_control(
            label_of(s),
            s.options,
            default=s.default,
            format_func=said.__getitem__,
            required=True,
            **shown,
        )
    )


def _attribute(s: Setting, key: str, offer: Offer) -> str:
    only = offer.attributes[0] if len(offer.attributes) == 1 else ""
    first = offer.aim if offer.aim in offer.attributes else only
    default = [first] if s.default is None and first else []
    chosen = st.multiselect(
        label_of(s),
        offer.attributes,
        default=default,
        placeholder="Choose one or several" if s.default is None else "No groups",
        **_shown(s, f"{key}.{first}"),  # a new aim is a new start
    )
    return joined(chosen)


def _class(s: Setting, key: str, offer: Offer) -> str:
    last = offer.classes[-1]
    first = offer.positive if offer.positive in offer.classes else last
    chosen = st.selectbox(
        label_of(s),
        offer.classes,
        offer.classes.index(first),
        format_func=visible,
        **_shown(s, f"{key}.{first}"),
    )
    return "" if chosen == last else str(chosen)  # one way to say the task's own


def _classes(s: Setting, key: str, offer: Offer) -> str:
    chosen = st.multiselect(
        label_of(s),
        offer.classes,
        format_func=visible,
        placeholder="Choose classes",
        **_shown(s, key),
    )
    return joined(chosen)


def _cohort(s: Setting, key: str, offer: Offer) -> str:
    first = offer.cohort if s.name in (offer.cohort_of or (s.name,)) else ""
    rule = st.text_input(
        label_of(s),
        first,
        placeholder="Everyone" if s.default is not None else "Such as age >= 40",
        **_shown(s, f"{key}.{first}"),
    )
    _say(_reached(s, rule or "", offer))
    return str(rule or "")


def _cohorts(s: Setting, key: str, offer: Offer) -> str:
    rules = st.text_input(
        label_of(s),
        placeholder="Such as age >= 60; sex = Female & age < 25",
        **_shown(s, key),
    )
    _say(_reached(s, rules or "", offer))
    return str(rules or "")


def _say(reached: Sequence[str | AuditError]) -> None:
    for said in reached:
        if isinstance(said, AuditError):
            show(said)
        else:
            note(said)


def _feature(s: Setting, key: str, offer: Offer) -> str:
    first = offer.aim if offer.aim in offer.features else ""
    default = [first] if s.default is None and first else []
    chosen = st.multiselect(
        label_of(s),
        offer.features,
        default=default,
        placeholder="Choose columns",
        **_shown(s, f"{key}.{first}"),
    )
    return joined(chosen)


def _table(s: Setting, key: str, offer: Offer) -> str:
    none = [] if s.default is None else [""]
    chosen = st.selectbox(
        label_of(s),
        [*none, *offer.tables],
        format_func=lambda name: visible(offer.tables[name]) if name else "This table",
        **_shown(s, key),
    )
    return str(chosen or "")


def _run(s: Setting, key: str, offer: Offer) -> str:
    none = [] if s.default is None else [""]
    made_from = "The run that this one was made from"
    chosen = st.selectbox(
        label_of(s),
        [*none, *offer.runs],
        format_func=lambda run: visible(offer.runs[run]) if run else made_from,
        **_shown(s, key),
    )
    return str(chosen or "")


def _runs(s: Setting, key: str, offer: Offer) -> str:
    chosen = st.multiselect(
        label_of(s),
        list(offer.runs),
        format_func=lambda run: visible(offer.runs[run]),
        placeholder="Choose runs" if offer.runs else "There is no other run yet",
        **_shown(s, key),
    )
    return joined(chosen)


_CONTROLS: Mapping[str, Callable[[Setting, str, Offer], Any]] = {
    "number": _number,
    "integer": _integer,
    "choice": _choice,
    "attribute": _attribute,
    "class": _class,
    "classes": _classes,
    "cohort": _cohort,
    "cohorts": _cohorts,
    "feature": _feature,
    "table": _table,
    "run": _run,
    "runs": _runs,
}
