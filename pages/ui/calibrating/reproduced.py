"""The Python that gives the rows of a calibration tab elsewhere."""

from collections.abc import Sequence

from models.recipe import Stage
from pages.ui import state
from pages.ui.calibrating.rows import Rows


def snippet(
    rows: Rows, imports: Sequence[str], lines: Sequence[str], *, is_test: bool
) -> str:
    """Return Python that runs as it stands.

    Parameters
    ----------
    rows : Rows
    imports : sequence of str
        What the lines need.
    lines : sequence of str
        The last one gives the numbers. `fit` and `report` are the rows fitted on and
        reported, `data` the table.
    is_test : bool
        Whether the rows reported are those of the test.
    """
    view = state.view()
    needed = ["from pages.ui import cache", "from pages.ui.state import View"]
    given = [f"view = {view!r}", "data = cache.dataset(view.data)"]
    if view.is_trained:
        split = "test" if is_test else "validation"
        given.append("fit = cache.evaluation(view, 'calibration')")
        given.append(f"report = cache.evaluation(view, {split!r})")
        return "\n".join([*sorted([*needed, *imports]), "", *given, *lines])
    needed += ["from dataclasses import replace"]
    needed += ["from analysis.thresholds.halves import halves"]
    whole = "cache.evaluation(replace(view, cohort=''))"
    if rows.is_ranked:
        needed.append("from analysis.calibration.ranks import ranked")
        whole = f"ranked({whole})"
    given.append(f"fit, report = halves({whole})")
    if view.cohort:
        needed.append("import numpy as np")
        given += [
            "kept = cache.evaluation(view).row_ids",
            "fit, report = (e.take(np.flatnonzero(np.isin(e.row_ids, kept)))",
            "               for e in (fit, report))",
        ]
    return "\n".join([*sorted([*needed, *imports]), "", *given, *lines])


def outcome_code(
    rows: Rows, stage: Stage, imports: Sequence[str], lines: Sequence[str]
) -> str:
    """Return Python that fits a remedy of scores and runs as it stands.

    Parameters
    ----------
    rows : Rows
    stage : Stage
        The remedy, with the settings that are not at their defaults.
    imports : sequence of str
        What the lines need.
    lines : sequence of str
        The last one gives the numbers. `found.before` and `found.after` are the rows
        to try things on under the scores before and after.
    """
    view = state.view()
    given = {"is_ranked": True} if rows.is_ranked else {}
    given |= {"report": "validation"} if view.is_trained else {}
    given |= {"threshold": view.threshold} if view.threshold is not None else {}
    given |= {"cohort": view.cohort} if view.cohort else {}
    given |= {"positive": view.positive} if view.positive else {}
    more = "".join(f", {name}={value!r}" for name, value in given.items())
    needed = [
        "from analysis.datasets.declared import ScoredColumns",
        "from models.calibrating import Calibration, outcome, posthoc_stage",
        "from models.named import source_named",
        "from models.store import open_store",
    ]
    settings = dict(stage.settings)
    made = [
        f"source = source_named({state.source()!r}, ScoredColumns('', ()))",
        f"stage = posthoc_stage({stage.remedy!r}, (), {settings!r})",
        f"found = outcome(open_store(), source, Calibration(stage{more}))",
    ]
    return "\n".join([*sorted([*needed, *imports]), "", *made, *lines])
