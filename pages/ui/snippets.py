"""Code that reproduces the numbers of a panel, from the view to the last call."""

import math
from collections.abc import Sequence

from pages.ui import state

_FOUND = "from analysis.datasets.declared import ScoredColumns"


def code(
    imports: Sequence[str],
    lines: Sequence[str],
    *,
    is_chosen_on: bool = False,
    is_ranked: bool = False,
) -> str:
    """Return Python that runs as it stands.

    Parameters
    ----------
    imports : sequence of str
        What the lines need beside `dataset` and `shown`.
    lines : sequence of str
        The last one gives the numbers. `dataset` is the table, `shown` the Evaluation
        of the rows in view.
    is_chosen_on : bool
        Let `shown` be the rows that thresholds of a run are chosen on.
    is_ranked : bool
        Put ranks in the place of a raw score.
    """
    view = state.view()
    needed = [_FOUND, "from models.named import named", *imports]
    given = [
        f"found = named({state.source()!r}, ScoredColumns('', ()), {view.threshold!r})",
        f"dataset, shown = found.dataset, found.{_rows(is_chosen_on)}",
    ]
    if is_ranked:
        needed.append("from analysis.calibration.ranks import ranked")
        given.append("shown = ranked(shown)")
    looked = []
    if view.cohort:
        looked.append("within_cohort")
        given.append(f"shown = within_cohort(shown, dataset, {view.cohort!r})")
    if view.positive:
        looked.append("in_view")
        given.append(f"shown = in_view(shown, {view.positive!r})")
    if view.by_group is not None:
        attribute, cuts = view.by_group
        needed.append("from analysis.evaluation import GroupThresholds")
        rule = f"GroupThresholds({attribute!r}, {floats(cuts)})"
        given.append(f"shown = shown.decided_by({rule})")
    if looked:
        names = ", ".join(sorted(looked))
        needed.append(f"from models.evaluations import {names}")
    return "\n".join([*sorted(needed), "", *given, *lines])


def floats(values: Sequence[float]) -> str:
    """Return a tuple of numbers as Python reads it, infinities included."""
    said = [f"float('{v}')" if math.isinf(v) else repr(float(v)) for v in values]
    return f"({', '.join(said)},)"


def _rows(is_chosen_on: bool) -> str:
    return "explored" if is_chosen_on and state.view().is_trained else "shown"
