"""The training form: a recipe from the reader's settings."""

from typing import Any

import streamlit as st

from analysis.charts.theme import visible
from analysis.datasets.load import Dataset
from analysis.errors import SettingError
from models.names import joined
from models.recipe import ARCHITECTURE_TITLES, BOOSTING, SCHEDULES, Recipe
from pages.ui import actions, controls, state
from pages.ui.controls import SPLIT_TITLES
from pages.ui.mending.times import besides, span
from pages.ui.messages import note, show
from pages.ui.recipes import LAYERED

KEY = "model"

SCHEDULE_TITLES = {
    "one_cycle": "Up and down (one cycle)",
    "cosine": "Down (cosine)",
    "constant": "Constant",
}

SLOWNESS = {
    "mlp": 1.0,
    "logistic": 0.6,
    "mlp_embeddings": 3.0,
    "tabm": 15.0,
    "ft_transformer": 60.0,
    BOOSTING: 1.0,
}
"""How many times as long as the default perceptron each takes on a CPU, about."""

SECONDS_PER_ROW_AND_EPOCH = 2e-6
"""Of the default perceptron on one core, with the judging of each epoch."""


def draw(data: Dataset, methods: tuple[str, ...]) -> None:
    """Let the reader set up a training and start it."""
    recipe = form(data, methods, "secondary" if state.view().is_trained else "primary")
    if recipe is not None:
        actions.train(recipe)


def form(
    data: Dataset, methods: tuple[str, ...], importance: str = "secondary"
) -> Recipe | None:
    """Draw the training form; return a recipe once the button is pressed.

    While a setting cannot be read or is out of range, it says so and cannot be.
    """
    settings = _split(data, methods) | _usual()
    architecture = str(settings["architecture"])
    with st.expander("More settings", key=f"{KEY}.more"):
        texts = _more(data, architecture)
    note(_time_words(data, architecture, int(settings["epochs"])))
    recipe = _recipe(task=data.task.name, **settings, **texts)
    is_pressed = st.button(
        "Train", type=importance, disabled=recipe is None, key=f"{KEY}.train"
    )
    return recipe if is_pressed else None


def _recipe(**settings: Any) -> Recipe | None:
    """Return what the form makes; None, with the reason shown, while it cannot."""
    try:
        if isinstance(hidden := settings.get("hidden"), str):
            settings["hidden"] = layers_of(hidden)
        return Recipe(**settings)
    except SettingError as error:
        show(error)
        return None


def layers_of(text: str) -> tuple[int, ...]:
    """Read widths of hidden layers, such as '64, 32'; empty for none.

    Raises
    ------
    SettingError
        A part is no whole number.
    """
    parts = [part.strip() for part in text.replace(";", ",").split(",")]
    parts = [part for part in parts if part]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise SettingError(
            f"The hidden layers '{text}' cannot be read. Write a width for each layer, "
            "joined by commas, such as 64, 32."
        )
    return tuple(map(int, parts))


def seconds(data: Dataset, architecture: str, epochs: int) -> float:
    """Return about how long a run takes on one core, training and all, in seconds."""
    work = len(data.frame) * epochs * SECONDS_PER_ROW_AND_EPOCH
    return 1.0 + besides(len(data.frame)) + work * SLOWNESS[architecture]


def _time_words(data: Dataset, architecture: str, epochs: int) -> str:
    said = f"Takes {span(seconds(data, architecture, epochs))} on a processor, less "
    said += "where it stops early"
    if SLOWNESS[architecture] < 10:
        return f"{said}."
    return f"{said}; a multilayer perceptron {span(seconds(data, 'mlp', epochs))}."


def _split(data: Dataset, methods: tuple[str, ...]) -> dict[str, Any]:
    with st.container(horizontal=True):
        split = st.selectbox(
            "Split",
            methods,
            format_func=SPLIT_TITLES.__getitem__,
            key=f"{KEY}.split",
            help="Which rows train the model, and which are kept for its test.",
        )
        held_out = ""
        if split == "domain" and data.frame.domain is not None:
            held_out = st.selectbox(
                "Held-out domain", data.frame.domain.names, key=f"{KEY}.held_out"
            )
    return {"split": split, "held_out": held_out}


def _usual() -> dict[str, Any]:
    usual = Recipe(task="")
    with st.container(horizontal=True):
        architecture = st.selectbox(
            "Architecture",
            list(ARCHITECTURE_TITLES),
            format_func=ARCHITECTURE_TITLES.__getitem__,
            key=f"{KEY}.architecture",
            help="What kind of model is trained. Simple ones are quick and often as "
            "good on tables; the slow ones find finer patterns.",
        )
        epochs = st.number_input(
            "Epochs at most",
            *(1, 1000, usual.epochs),
            key=f"{KEY}.epochs",
            help="How often training goes through all training rows at most.",
        )
        seed = st.number_input(
            "Seed",
            *(0, 2**31 - 1, usual.seed),
            key=f"{KEY}.seed",
            help="Where chance starts: the same seed gives the same model, another "
            "one shows how much is luck.",
        )
    return {"architecture": architecture, "epochs": epochs, "seed": seed}


def _more(data: Dataset, architecture: str) -> dict[str, Any]:
    """Draw what is set less often; settings that would be ignored are left out."""
    usual = Recipe(task="")
    found = _stopping(data, usual)
    if architecture != BOOSTING:
        for row in (_size(usual, architecture), _rate(usual), _steps(usual)):
            found |= row
        found |= _start(data, architecture)  # its layers take the place of those above
    if data.task.weight is not None:
        found["survey_weights"] = st.checkbox(
            "Train with the survey weights",
            key=f"{KEY}.survey_weights",
            help="Rows then count in training as they do in the numbers.",
        )
    return found


def _stopping(data: Dataset, usual: Recipe) -> dict[str, Any]:
    with st.container(horizontal=True):
        patience = st.number_input(
            "Patience, epochs",
            *(1, 1000, usual.patience),
            key=f"{KEY}.patience",
            help="Training stops after so many epochs without a better validation "
            "loss; the best epoch is kept.",
        )
        groups = st.multiselect(
            "Stop by the worst group of",
            list(data.frame.groups),
            placeholder="Everyone",
            key=f"{KEY}.stop_by",
            help="The epoch is kept at which the group that is served worst is served "
            "best. Several are crossed.",
        )
    return {"patience": patience, "stop_by": joined(groups)}


def _size(usual: Recipe, architecture: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with st.container(horizontal=True):
        if architecture in LAYERED:
            found["hidden"] = st.text_input(
                "Hidden layers",
                ", ".join(map(str, usual.hidden)),
                key=f"{KEY}.hidden",
                help="The width of each, joined by commas, such as 64, 32.",
            )
        if architecture != "logistic":
            found["dropout"] = st.number_input(
                "Dropout",
                *(0.0, 0.9, usual.dropout, 0.05),
                key=f"{KEY}.dropout",
                help="Share of the network’s units switched off at random in each "
                "step, so that none is relied on too much.",
            )
        found["batch_size"] = st.number_input(
            "Batch size",
            *(1, 100_000, usual.batch_size),
            key=f"{KEY}.batch_size",
            help="Rows behind each step of training; fewer make more, noisier steps.",
        )
    return found


def _rate(usual: Recipe) -> dict[str, Any]:
    with st.container(horizontal=True):
        rate = st.number_input(
            "Learning rate",
            *(1e-6, 1.0, usual.learning_rate),
            format="%g",
            key=f"{KEY}.learning_rate",
            help="How far each step goes; too far and training does not settle.",
        )
        schedule = st.selectbox(
            "Schedule",
            SCHEDULES,
            format_func=SCHEDULE_TITLES.__getitem__,
            key=f"{KEY}.schedule",
            help="How the learning rate moves from the first step to the last.",
        )
        decay = st.number_input(
            "Weight decay",
            *(0.0, 10.0, usual.weight_decay),
            format="%g",
            key=f"{KEY}.weight_decay",
            help="How strongly weights are drawn towards 0, against learning by heart.",
        )
    find = st.checkbox(
        "Find the learning rate first",
        key=f"{KEY}.find_rate",
        help="A short test over many rates chooses the peak in place of the one above.",
    )
    return {
        "learning_rate": rate,
        "schedule": schedule,
        "weight_decay": decay,
        "find_rate": find,
    }


def _steps(usual: Recipe) -> dict[str, Any]:
    with st.container(horizontal=True):
        clip = st.number_input(
            "Gradient clipping",
            *(0.0, 1000.0, usual.clip),
            format="%g",
            key=f"{KEY}.clip",
            help="Largest norm of a batch’s gradient; 0 leaves it as it is.",
        )
        ema = st.number_input(
            "Averaging",
            *(0.0, 0.9999, usual.ema),
            format="%g",
            key=f"{KEY}.ema",
            help="Share of the old weights that the running average keeps at each "
            "step, such as 0.99; 0 keeps the last weights themselves.",
        )
        prune = st.number_input(
            "Pruned share",
            *(0.0, 0.9, usual.prune, 0.05),
            key=f"{KEY}.prune",
            help="Share of the rows that are learnt well already which an epoch leaves "
            "out (InfoBatch); the rest weigh more, so that nothing is distorted.",
        )
    return {"clip": clip, "ema": ema, "prune": prune}


def _start(data: Dataset, architecture: str) -> dict[str, Any]:
    """Let the reader start from a finished network of the same architecture."""
    runs = {
        run.id: run
        for run in controls.finished_runs(data.task.name)
        if run.recipe.architecture == architecture and run.data_digest == data.digest
    }
    if not runs:
        return {}
    with st.container(horizontal=True):
        chosen = st.selectbox(
            "Start from",
            ["", *runs],
            format_func=lambda run: visible(
                controls.run_title(run) if run else "Random weights"
            ),
            key=f"{KEY}.warm_start",
            help="The weights of a finished run, with its hidden layers.",
        )
        if not chosen:
            return {}
        layers = st.segmented_control(
            "Trained layers",
            ["all", "last"],
            default="all",
            format_func={"all": "All", "last": "The last one"}.__getitem__,
            required=True,
            key=f"{KEY}.layers",
            help="Whether all weights go on learning, or those of the last layer only.",
        )
    hidden = runs[chosen].recipe.hidden
    return {"warm_start": chosen, "layers": layers, "hidden": hidden}
