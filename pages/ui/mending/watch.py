"""What comes of a fix: nothing yet, one run under way or over, or several strengths."""

from analysis.datasets.load import Dataset
from analysis.history import history_metrics
from analysis.subgroups.finding import Finding
from models.run import Run
from pages.ui import controls, live, state
from pages.ui.mending import curves, outcome, siblings, sweep
from pages.ui.mending.sweep import Watched
from pages.ui.messages import note


def draw(run: Run, data: Dataset, found: Finding, *, is_dragged: bool) -> None:
    """Show the watched run; without one, the model before.

    Parameters
    ----------
    run : Run
        The one in view, which a fix would start from.
    data : Dataset
    found : Finding
        What the controls start with.
    is_dragged : bool
        Whether the strengths of a fix stand on the page, the model before among them.
    """
    watched = live.watched()
    if watched is None and is_dragged:
        note(state.said())
        return
    names = list(data.frame.groups)
    has_curves = bool(names) and live.has_curves(watched or run)
    by, metric = controls.watched(
        names, history_metrics(), found, is_retraining=has_curves
    )
    note(state.said())
    if watched is None:
        curves.before(run, by, metric)
    elif state.watches_sweep() and siblings.is_sweep(watched):
        sweep.panel(watched, Watched(by, metric))
    else:
        ended = outcome.ended(by, metric)
        siblings.follow(watched)
        drawn, high = curves.group_curves(by, metric), curves.height(data, by)
        live.panel(watched, drawn, "remedies", ended, high)
        siblings.offer(watched)
