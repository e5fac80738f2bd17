"""A chain of fixes: composed, checked, run as one, kept as a file."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from analysis.charts.theme import visible
from analysis.datasets.load import Dataset
from analysis.errors import AuditError, SettingError
from analysis.subgroups.finding import Finding
from models.chain_file import MOST_STAGES, chain_from, chain_of, rows_words, to_json
from models.recipe import Recipe, Stage
from models.remedies import REMEDIES
from models.remedies.base import LAYERS, Remedy, layer_of, summary_of
from models.remedies.chain import completed, remedy_of, stage
from models.remedies.fits import reason_against
from models.run import Run, run_title
from pages.ui import actions, controls, forms, state, widgets
from pages.ui.mending import choice
from pages.ui.messages import curly, note, plain, show

STEPS, ADDED, SOURCE = "remedies.chain", "remedies.chain.added", "remedies.chain.from"
FILE = "remedies.chain.file"
COMPOSED, FROM_FILE = "Put together here", "From a file"
USUAL = ("reweighing", "isotonic", "equal_opportunity")
"""The chain that a reader starts from: other weights, true scores, then thresholds."""

MOST_BYTES = 1 << 20


def draw(run: Run, data: Dataset, found: Finding) -> None:
    """Let the reader put a chain together, or bring one, and run it."""
    note(
        "Each fix acts on what the ones before it left: first what trains, then what "
        "changes the model, its scores, its decisions. Changes of scores are each "
        "fitted on calibration rows of their own, so that none learns from what "
        "another has seen. The chain is one model in the end."
    )
    source = st.segmented_control(
        "The chain is",
        [COMPOSED, FROM_FILE],
        default=COMPOSED,
        required=True,
        key=SOURCE,
        persist_state="session",
    )
    stages = _brought() if source == FROM_FILE else _composed(run, data, found)
    if stages is None:
        return
    try:
        recipe = completed(replace(run.recipe, stages=(*run.recipe.stages, *stages)))
    except AuditError as error:
        show(error)
        recipe = None
    _summary(run, recipe, len(stages))
    _buttons(run, recipe, stages)


def _composed(run: Run, data: Dataset, found: Finding) -> list[Stage] | None:
    """Draw a form for each step; None while one cannot be sent as it stands."""
    steps = _steps(run, data)
    stages, problems = list[Stage](), list[str]()
    for place, (number, name) in enumerate(steps):
        with st.container(key=f"remedies.step.{number}"):
            name = _step(place, number, name, steps, run, data)
            remedy = REMEDIES[name]
            offer = choice.offer_of(run, data, found, name)
            with st.expander("Its settings", type="compact", key=f"{STEPS}.{number}"):
                chosen = forms.settings(remedy, f"{STEPS}.{number}.{name}", offer)
            problem = forms.problem(remedy, chosen, offer)
            if problem:
                problems.append(f"{place + 1}, {remedy.title}: {problem}")
            else:
                stages.append(_stage(name, chosen, problems))
    if len(steps) < MOST_STAGES:
        st.button("Add a fix", key=f"{STEPS}.add", on_click=_add, args=(run, data))
    for said in problems:
        st.warning(plain(said))
    return None if problems or not steps else stages


def _stage(name: str, chosen: dict[str, Any], problems: list[str]) -> Stage:
    try:
        return stage(name, **chosen)
    except SettingError as error:
        problems.append(str(error))
        return Stage(name, chosen)


def _steps(run: Run, data: Dataset) -> list[list[Any]]:
    """Return the steps as [number, name]; the first time, the usual ones that fit."""
    held = widgets.held(STEPS)
    if held is None:
        names = [n for n in USUAL if n in REMEDIES and not _against(n, run, data)]
        held = [[i, name] for i, name in enumerate(names)]
        widgets.show(STEPS, held)
        widgets.show(ADDED, len(held))
    return [list(step) for step in held]


def _against(name: str, run: Run, data: Dataset) -> str:
    return reason_against(REMEDIES[name], choice.facts_of(run, data))


def _step(
    place: int,
    number: int,
    name: str,
    steps: list[list[Any]],
    run: Run,
    data: Dataset,
) -> str:
    """Draw one step's choice and its buttons; return the remedy chosen."""
    names = list(REMEDIES)
    chosen = st.selectbox(
        f"Fix {place + 1}",
        names,
        names.index(name),
        format_func=lambda n: visible(REMEDIES[n].title.split(" (")[0]),
        key=f"{STEPS}.{number}.which",
        persist_state="session",
    )
    if chosen != name:
        steps[place][1] = chosen
        widgets.show(STEPS, steps)
    note(f"{curly(summary_of(REMEDIES[chosen]))} {_layer_words(REMEDIES[chosen])}")
    with st.container(horizontal=True):
        st.button(
            "Earlier",
            key=f"{STEPS}.{number}.up",
            disabled=place == 0,
            on_click=_swap,
            args=(place - 1,),
        )
        st.button(
            "Later",
            key=f"{STEPS}.{number}.down",
            disabled=place == len(steps) - 1,
            on_click=_swap,
            args=(place,),
        )
        st.button("Remove", key=f"{STEPS}.{number}.drop", on_click=_drop, args=(place,))
    return str(chosen)


def _layer_words(remedy: type[Remedy]) -> str:
    if remedy.kind == "retraining":
        return "It trains."
    said = ("It changes the model.", "It changes scores.", "It decides.")
    return (*said, "It holds decisions back.")[LAYERS.index(layer_of(remedy))]


def _add(run: Run, data: Dataset) -> None:
    steps, number = _steps(run, data), int(widgets.held(ADDED, 0))
    fitting = (n for n in REMEDIES if not _against(n, run, data))
    widgets.show(STEPS, [*steps, [number, next(fitting, next(iter(REMEDIES)))]])
    widgets.show(ADDED, number + 1)


def _swap(place: int) -> None:
    steps = [list(step) for step in widgets.held(STEPS)]
    steps[place], steps[place + 1] = steps[place + 1], steps[place]
    widgets.show(STEPS, steps)


def _drop(place: int) -> None:
    steps = [list(step) for step in widgets.held(STEPS)]
    widgets.show(STEPS, steps[:place] + steps[place + 1 :])


def _brought() -> list[Stage] | None:
    """Let the reader bring a chain file; None while there is none that serves."""
    file = st.file_uploader(
        "A chain file",
        type=["json"],
        key=FILE,
        help="As this page offers it, or as python cli.py chain RUN writes it.",
        max_upload_size=1,
    )
    if file is None:
        note(
            "Bring a file that was saved as a chain: its fixes are added to the model "
            "in view, with the settings in the file."
        )
        return None
    try:
        return list(chain_from(file.getvalue()).stages)
    except AuditError as error:
        show(error)
        return None


def _summary(run: Run, recipe: Recipe | None, new: int) -> None:
    """Say what each step is and which rows it learns from."""
    if recipe is None:
        return
    given = len(recipe.stages) - new
    lines = []
    for i, (one, rows) in enumerate(
        zip(recipe.stages, rows_words(recipe), strict=True)
    ):
        had = " (the model in view has it)" if i < given else ""
        title = remedy_of(one).title.split(" (")[0]
        lines.append(f"{i + 1}. {plain(title)}{had} {rows}.")
    st.markdown("\n".join(lines))
    note(f"One model: {controls.in_short(run_title(recipe), recipe.stages)}.")


def _buttons(run: Run, recipe: Recipe | None, stages: Sequence[Stage]) -> None:
    with st.container(horizontal=True):
        is_off = recipe is None or not stages
        importance = "secondary" if state.job() else "primary"
        if st.button(
            "Run the chain", type=importance, disabled=is_off, key="remedies.chain.run"
        ):
            actions.mend_chain(run, stages)
        if recipe is not None:
            st.download_button(
                "Save it as a file",
                data=json.dumps(to_json(chain_of(recipe)), indent=2),
                file_name="faultline-chain.json",
                mime="application/json",
                on_click="ignore",
                key="remedies.chain.save",
            )
    note(
        "The file is replayed by: python cli.py remedy RUN --chain FILE, or, with the "
        "training settings it holds, python cli.py train TASK --chain FILE."
    )
