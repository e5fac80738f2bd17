"""A recipe as a form and in words."""

import pandas as pd

from analysis.charts import numbers
from analysis.charts.groups import unit_of
from analysis.metrics.registry import metric_named
from analysis.subgroups.disaggregate import Disaggregation
from models.recipe import ARCHITECTURE_TITLES, BASE
from models.run import Run
from pages.ui import cache, controls, live
from pages.ui.controls import SPLIT_TITLES
from pages.ui.state import View

LAYERED = ("mlp", "mlp_embeddings", "tabm")
"""Architectures whose size follows the hidden layers."""


def words(run: Run) -> str:
    """Say a run's recipe, where it was trained and how long that took."""
    recipe = run.recipe
    layers = " and ".join(map(str, recipe.hidden)) or "no"
    said = f"{ARCHITECTURE_TITLES[recipe.architecture]}"
    said += f", {layers} hidden units" if recipe.architecture in LAYERED else ""
    said += (
        f"; stopped by the worst group of {recipe.stop_by}" if recipe.stop_by else ""
    )
    start = recipe.warm_start
    said += f"; started from run {start[:12]}" if start not in ("", BASE) else ""
    said += "; the last layer alone trained" if recipe.layers == "last" else ""
    if recipe.find_rate:
        found = live.rate_words(cache.store().events(run.id)).rstrip(".")
        said += f"; {found[:1].lower()}{found[1:]}" if found else ""
    said += f"; {SPLIT_TITLES[recipe.split].lower()}, seed {recipe.seed}"
    said += f"; {run.epochs} epochs, best {run.best_epoch}"
    said += f"; {numbers.duration(run.seconds)} on {run.device}"
    said += "; shipped with the product" if run.is_shipped else ""
    return f"{said}. Run {run.id[:12]}."


def chain_words(run: Run) -> str:
    """Say that a run is mended already, so that another fix adds to its chain."""
    if not run.recipe.stages:
        return ""
    title = controls.words_of(run)
    return f"This run is mended already; the fix adds to the chain: {title} + …"


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
