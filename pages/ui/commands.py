"""The command, or the Python, that gives a page's numbers elsewhere."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from analysis.cohorts import cohort_of_group
from analysis.datasets.groups import edge_name
from analysis.metrics.bins import Binning
from analysis.shifts.sides import Sides
from models.names import joined
from models.recipe import Recipe
from models.run import Run
from pages.ui import state
from pages.ui.snippets import code
from pages.ui.view import View


def audit_command(
    by: tuple[str, ...],
    metrics: tuple[str, ...],
    *,
    depth: int | None = None,
    reference: tuple[tuple[str, str], ...] | None = None,
    more: tuple[str, ...] = (),
) -> str:
    """Return the command that prints the numbers of a table of groups.

    Parameters
    ----------
    by, metrics : tuple of str
    depth : int or None
    reference : tuple of (str, str) or None
    more : tuple of str
        Further options, such as '--quality', with their values.
    """
    view = state.view()
    words = ["python", "cli.py", "audit", state.source()]
    words += ["--groups", ",".join(by)] if by else []
    words += ["--metrics", ",".join(metrics)] if metrics else []
    if depth is not None:
        words += ["--depth", str(depth)]
    if reference is not None:
        words += ["--reference", str(cohort_of_group(dict(reference)))]
    return _joined([*words, *more, *_view_options(view)])


def _view_options(view: View) -> list[str]:
    """Return the options that say what the sidebar says."""
    words = []
    if view.threshold is not None:
        words += ["--threshold", edge_name(view.threshold)]
    if view.by_group is not None:
        attribute, cuts = view.by_group
        words += ["--thresholds", f"{attribute}={','.join(map(edge_name, cuts))}"]
    if view.cohort:
        words += ["--cohort", view.cohort]
    if view.positive:
        words += ["--class", view.positive]
    if view.k:
        words += ["--hide-below", str(view.k)]
    return words


def compare_command(base: str, run: str, by: tuple[str, ...]) -> str:
    """Return the command that prints a paired comparison."""
    words = ["python", "cli.py", "compare", base[:12], run[:12]]
    words += ["--groups", ",".join(by)]
    if k := state.view().k:
        words += ["--hide-below", str(k)]
    return _joined(words)


def calibrate_command(
    method: str,
    by: tuple[str, ...],
    settings: dict[str, str],
    more: tuple[str, ...] = (),
) -> str:
    """Return the command that fits a calibrator and prints what it did.

    Parameters
    ----------
    method : str
    by : tuple of str
        Attributes to report by.
    settings : dict
        Of the calibrator.
    more : tuple of str
        Further options.
    """
    view = state.view()
    words = ["python", "cli.py", "calibrate", state.source(), "--method", method]
    words += ["--groups", ",".join(by)] if by else []
    for name, value in settings.items():
        words += ["--set", f"{name}={value}"] if value != "" else []
    words += ["--report", "validation"] if view.is_trained else []
    options = _view_options(replace(view, by_group=None))
    return _joined([*words, *more, *options])


def train_command(recipe: Recipe) -> str:
    """Return the command that trains a recipe."""
    words = ["python", "cli.py", "train", recipe.task]
    words += ["--architecture", recipe.architecture, "--split", recipe.split]
    words += ["--seed", str(recipe.seed), "--epochs", str(recipe.epochs)]
    return _joined(words)


def remedy_command(run: Run) -> str:
    """Return the command that adds a run's last remedy to the run before it."""
    last = run.recipe.stages[-1]
    words = ["python", "cli.py", "remedy", run.base[:12], "--remedy", last.remedy]
    for name, value in last.settings.items():
        words += ["--set", f"{name}={value}"] if value != "" else []
    return _joined(words)


def path_command(run: Run, remedy: str, settings: Mapping[str, Any]) -> str:
    """Return the command that adds a remedy to a run, its dial at the usual place."""
    words = ["python", "cli.py", "remedy", run.id[:12], "--remedy", remedy]
    for name, value in settings.items():
        words += ["--set", f"{name}={value}"] if value != "" else []
    return _joined(words)


def reliability_snippet(
    by: tuple[str, ...],
    binning: Binning,
    withheld: str = "",
    *,
    is_ranked: bool = False,
) -> str:
    """Return the Python that gives the reliability curves of the view.

    `withheld` are the arguments that hide small groups.
    """
    call = f"reliability_by_group(shown, {by!r}, {binning!r}{withheld})"
    imports = [
        "from analysis.calibration.reliability import reliability_by_group",
        "from analysis.metrics.bins import Binning",
    ]
    return code(imports, [call], is_ranked=is_ranked)


def composition_snippet(by: str) -> str:
    """Return the Python that counts the groups of an attribute."""
    view = state.view()
    positive = f", {view.positive!r}" if view.positive else ""
    return "\n".join(
        [
            "from analysis.composition import composition",
            *_dataset_lines(),
            f"composition(dataset.frame, {by!r}{positive}{_k(view)})",
        ]
    )


def _k(view: View) -> str:
    """Return the argument that withholds small groups; empty where none is."""
    return f", k={view.k}" if view.k else ""


def shift_command(sides: Sides, name: str, asked: Any) -> str:
    """Return the command that answers an inquiry about two sides.

    Parameters
    ----------
    sides : Sides
    name : str
        One of `inquiries.INQUIRIES`.
    asked : record
        Its `Asked`; settings at their defaults are left out.
    """
    words = ["python", "cli.py", "shift", state.source(), "--ask", name]
    if sides.table:
        words += ["--table", sides.table]
    else:
        words += ["--by", sides.column, "--source", joined(sides.source)]
        words += ["--target", joined(sides.target)]
    words += ["--without", joined(sides.without)] if sides.without else []
    for field in fields(asked):
        value = getattr(asked, field.name)
        if value == field.default:
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        words += ["--set", f"{field.name}={text}"]
    return _joined([*words, *_view_options(state.view())])


def moved_snippet(sides: Sides) -> str:
    """Return the Python that measures how far each column moved."""
    lines = ["from analysis.shifts.shift import feature_shifts", *_sides_lines(sides)]
    lines += ["weights = source.evaluation.weights, target.evaluation.weights"]
    call = "feature_shifts(source.columns, target.columns, *weights)"
    return "\n".join([*lines, call])


def sides_snippet(sides: Sides, imports: Sequence[str], lines: Sequence[str]) -> str:
    """Return Python that runs as it stands, with both sides as `source`, `target`.

    Parameters
    ----------
    sides : Sides
    imports : sequence of str
        What the lines need beside the sides.
    lines : sequence of str
        The last one gives the numbers.
    """
    return "\n".join([*imports, *_sides_lines(sides), *lines])


def _sides_lines(sides: Sides) -> list[str]:
    return [
        "from analysis.shifts.sides import Sides",
        "from pages.ui.sides import domains",
        "from pages.ui.state import View",
        *_dataset_lines(),
        f"view = {state.view()!r}",
        f"source, target = domains(view, dataset, {sides!r})",
    ]


def _dataset_lines() -> list[str]:
    return [
        "from analysis.datasets.load import load",
        "from models.store import open_store",
        "",
        "store = open_store()",
        f"dataset = load(store.task({state.view().data!r}), store.tables)",
    ]


def _joined(words: list[str]) -> str:
    return " ".join(shlex.quote(word) for word in [*words, "--json"])
