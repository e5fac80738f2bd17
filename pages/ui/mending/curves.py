"""Each group's curve while a run trains, and what goes on inside the training."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from analysis.charts import inside, losses, numbers, training
from analysis.charts.withheld import WITHHELD
from analysis.datasets.load import Dataset
from analysis.history import INSIDES, history
from analysis.history import inside as inside_of
from analysis.history import losses as losses_of
from models.remedies.chain import is_posthoc
from models.run import Event, Run
from pages.ui import cache, commands, controls, forms, live, state, tables
from pages.ui.live import Curves
from pages.ui.messages import empty, note

KEY = "remedies"
MOST_NUMBERS = 8
HEAVY = 10.0
"""A row that weighs this many times the mean one makes single steps erratic."""


def group_curves(attribute: str, metric: str) -> Curves:
    """Return what draws a rate by group, with the base run as a ghost.

    A table without groups has the losses instead.
    """

    def draw(run: Run, epochs: Sequence[Mapping[str, Any]]) -> None:
        if not attribute:
            _loss(run, epochs)
        elif epochs:
            _groups(run, epochs, attribute, metric)
        note(weight_words(cache.store().events(run.id), run))
        _inside(run, epochs, attribute)

    return draw


def height(data: Dataset, attribute: str) -> int:
    """Return about how high the curves by an attribute's groups will be, in pixels."""
    groups = data.frame.groups.get(attribute)
    return live.FIRST_HEIGHT if groups is None else training.height(len(groups.names))


def before(run: Run, attribute: str, metric: str) -> None:
    """Show the curves that a fix is going to be held against."""
    while is_posthoc(run.recipe) and run.base:
        run = cache.store().run(run.base)
    epochs = live.epochs_of(run.id)
    if not epochs or not attribute:
        empty(
            "Nothing is training yet",
            "Each group’s curve will be drawn here while a fix trains, the model "
            "before in grey behind it; then a verdict on who gained and who lost.",
        )
        return
    _groups(run, epochs, attribute, metric)
    note(
        "This is the model before, as it trained. Start a fix: its curves come in "
        "front of these, group by group, and a verdict follows."
    )


def weight_words(events: Sequence[Event], run: Run) -> str:
    """Say what the weights leave of the training rows; empty where all are alike."""
    said = [e.payload for e in events if e.kind == "prepared"]
    if not said or not said[-1].get("is_weighed"):
        return ""
    rows, left = said[-1]["rows"], said[-1]["effective_rows"]
    largest = said[-1]["largest_weight"]
    words = (
        f"The weights leave {numbers.count(left)} of {numbers.count(rows)} rows’ worth "
        f"of information; the largest weight is {largest:.3g} times the mean"
    )
    has_cap = any("cap" in stage.settings for stage in run.recipe.stages)
    if largest <= HEAVY or not has_cap:
        return f"{words}."
    return f"{words}. ‘{forms.words('cap')}’ under More settings puts a limit to it."


def method_words(epochs: Sequence[Mapping[str, Any]], *, is_private: bool) -> list[str]:
    """Return what each method had to say after the last epoch, a sentence each.

    Parameters
    ----------
    epochs : sequence of mappings
    is_private : bool
        Whether numbers that come in lists, which may be those of groups, are withheld.
    """
    told = epochs[-1].get("methods", {}) if epochs else {}
    return [
        f"{_spoken(name)}: "
        + ", ".join(
            f"{key.replace('_', ' ')} {_printed(value, is_private)}"
            for key, value in said.items()
        )
        + "."
        for name, said in told.items()
    ]


def _groups(
    run: Run, epochs: Sequence[Mapping[str, Any]], attribute: str, metric: str
) -> None:
    earlier = live.epochs_of(run.base) if run.base else []
    k = state.view().k
    record = history(epochs, attribute, metric, k)
    base = history(earlier, attribute, metric, k) if earlier else None
    most = live.planned(run, epochs)
    frame = training.Epochs(most, live.kept_epoch(run), run.is_active)
    controls.chart(
        training.by_group(record, base, frame, state.ink()),
        f"{KEY}.curves.{run.id[:6]}",
        training.alt(record, frame),
    )


def _loss(run: Run, epochs: Sequence[Mapping[str, Any]]) -> None:
    record = losses_of(epochs, live.kept_epoch(run))
    figure = losses.curves(record, state.ink(), is_live=run.is_active)
    controls.chart(figure, f"{KEY}.losses.{run.id[:6]}", losses.alt(record))


def _inside(run: Run, epochs: Sequence[Mapping[str, Any]], attribute: str) -> None:
    """Fold away what only the training itself can tell, if it tells anything."""
    told = {
        what: inside_of(epochs, what, attribute, state.view().k) for what in INSIDES
    }
    said = method_words(epochs, is_private=state.view().k > 1)
    said += _rate_words(epochs)
    if not said and not any(told.values()):
        return
    folded = st.expander(
        "Inside the training", key=f"{KEY}.inside", on_change="rerun", type="compact"
    )
    if not folded.open:
        return
    with folded:
        for sentence in said:
            note(sentence)
        for what, record in told.items():
            if record:
                _lines(run, what, record, live.planned(run, epochs))


def _lines(run: Run, what: str, record: Any, most: int) -> None:
    key = f"{KEY}.{what}.{run.id[:6]}"
    controls.chart(
        inside.lines(record, what, most, state.ink()),
        key,
        inside.alt(record, what),
    )
    tables.numbers(inside.table(record), key, commands.train_command(run.recipe))


def _rate_words(epochs: Sequence[Mapping[str, Any]]) -> list[str]:
    last = epochs[-1] if epochs else {}
    said = []
    if last.get("rate"):
        said.append(f"Peak learning rate {last['rate']:.3g}.")
    if last.get("parts", 1) > 1:
        said.append(
            f"Memory was short: each batch is taken in {last['parts']} parts, with the "
            "same result."
        )
    return said


def _spoken(name: str) -> str:
    """Return the name of a class as words: '_GroupDro' becomes 'Group dro'."""
    bare = re.sub(r"(Method|Training)$", "", name.strip("_")) or name
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare)
    return words[:1].upper() + words[1:]


def _printed(value: Any, is_private: bool) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, Sequence):
        return f"{value:.3g}"
    if is_private and len(value) > 1:
        return WITHHELD
    if len(value) > MOST_NUMBERS:
        return f"{len(value)} numbers from {min(value):.3g} to {max(value):.3g}"
    return " / ".join(f"{number:.3g}" for number in value)
