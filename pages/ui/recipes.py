"""A recipe as a form and in words."""

import pandas as pd
import streamlit as st

from analysis.charts import numbers
from analysis.charts.groups import unit_of
from analysis.datasets.load import Dataset
from analysis.metrics.registry import metric_named
from analysis.subgroups.disaggregate import Disaggregation
from models.recipe import ARCHITECTURE_TITLES, Recipe
from models.run import Run
from pages.ui import controls
from pages.ui.controls import SPLIT_TITLES
from pages.ui.messages import plain
from pages.ui.state import View


def form(
    data: Dataset, methods: tuple[str, ...], importance: str = "secondary"
) -> Recipe | None:
    """Draw the training form; return a recipe once the button is pressed."""
    with st.container(horizontal=True):
        split = st.selectbox(
            "Split",
            methods,
            format_func=SPLIT_TITLES.__getitem__,
            key="model.split",
        )
        held_out = ""
        if split == "domain" and data.frame.domain is not None:
            held_out = st.selectbox(
                "Held-out domain", data.frame.domain.names, key="model.held_out"
            )
    with st.form("model.form", enter_to_submit=False):
        usual = Recipe(task=data.task.name)
        settings = _usual_settings(usual)
        with st.expander("More settings"):
            settings |= _other_settings(usual, data.task.weight is not None)
        pressed = st.form_submit_button("Train", type=importance)
    if not pressed:
        return None
    return Recipe(task=data.task.name, split=split, held_out=held_out, **settings)


def words(run: Run) -> str:
    """Say a run's recipe, where it was trained and how long that took."""
    recipe = run.recipe
    layers = " and ".join(map(str, recipe.hidden)) or "no"
    said = f"{ARCHITECTURE_TITLES[recipe.architecture]}"
    said += f", {layers} hidden units" if recipe.architecture == "mlp" else ""
    said += f"; {SPLIT_TITLES[recipe.split].lower()}, seed {recipe.seed}"
    said += f"; {run.epochs} epochs, best {run.best_epoch}"
    said += f"; {numbers.duration(run.seconds)} on {run.device}"
    said += "; shipped with the product" if run.is_shipped else ""
    return f"{said}. Run {run.id[:12]}."


def chain_words(run: Run) -> str:
    """Say that a run is mended already, so that another fix adds to its chain."""
    if not run.recipe.stages:
        return ""
    return f"This run is mended already; the fix adds to the chain: {run.title} + …"


def overall_words(view: View, record: Disaggregation) -> str:
    """Say how good the scorer in view is over everyone."""
    name = controls.run_title(view.run)
    accuracy = numbers.full(record.overall["accuracy"])
    auroc = numbers.full(record.overall["auroc"], "number")
    return f"{name}: decided right for {accuracy}, ranking (AUROC) {auroc}."


def overall_table(record: Disaggregation) -> pd.DataFrame:
    """Return each overall metric with its interval as it is printed."""
    decimals = {
        unit: numbers.shared_decimals(
            (e for m, e in record.overall.items() if unit_of(m) == unit), unit
        )
        for unit in map(unit_of, record.overall)
    }
    rows = [
        (
            metric_named(m).title,
            numbers.value(e, unit_of(m), decimals[unit_of(m)]),
            numbers.interval(e, unit_of(m), decimals[unit_of(m)]),
        )
        for m, e in record.overall.items()
    ]
    return pd.DataFrame(rows, columns=["Measure", "Value", "95 % interval"])


def _usual_settings(usual: Recipe) -> dict[str, object]:
    with st.container(horizontal=True):
        architecture = st.selectbox(
            "Architecture",
            list(ARCHITECTURE_TITLES),
            format_func=lambda name: plain(ARCHITECTURE_TITLES[name]),
            key="model.architecture",
        )
        epochs = st.number_input(
            "Epochs at most", 1, 1000, usual.epochs, key="model.epochs"
        )
        seed = st.number_input("Seed", 0, 2**31 - 1, usual.seed, key="model.seed")
    return {"architecture": architecture, "epochs": epochs, "seed": seed}


def _other_settings(usual: Recipe, has_weights: bool) -> dict[str, object]:
    with st.container(horizontal=True):
        settings: dict[str, object] = {
            "learning_rate": st.number_input(
                "Learning rate",
                1e-6,
                1.0,
                usual.learning_rate,
                format="%g",
                key="model.learning_rate",
            ),
            "weight_decay": st.number_input(
                "Weight decay",
                0.0,
                10.0,
                usual.weight_decay,
                format="%g",
                key="model.weight_decay",
            ),
            "dropout": st.number_input(
                "Dropout", 0.0, 0.9, usual.dropout, step=0.05, key="model.dropout"
            ),
            "batch_size": st.number_input(
                "Batch size", 1, 100_000, usual.batch_size, key="model.batch_size"
            ),
            "patience": st.number_input(
                "Patience, epochs", 1, 1000, usual.patience, key="model.patience"
            ),
        }
    settings["survey_weights"] = has_weights and st.checkbox(
        "Train with the survey weights", key="model.survey_weights"
    )
    return settings
