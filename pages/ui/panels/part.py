"""The rows of a table that are in view, and whether they may be shown singly."""

from analysis.arrays import Ints
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from analysis.frame import AuditFrame
from pages.ui import cache, state
from pages.ui.messages import empty
from pages.ui.view import HIDDEN_LABEL


@cache.shared(8)
def frame_of(shown: Evaluation, data: Dataset) -> AuditFrame:
    """Return the frame of an evaluation's rows, in its order."""
    return data.frame.take(positions(shown, data))


def positions(shown: Evaluation, data: Dataset) -> Ints:
    """Return where an evaluation's rows stand in a data set's table, int[n]."""
    return data.positions(shown.row_ids)


def is_withheld(why: str) -> bool:
    """Say why something is not shown while small groups are hidden, if they are.

    Parameters
    ----------
    why : str
        What it would give away, as a sentence.
    """
    if state.view().k <= 1:
        return False
    empty(
        "Not shown while small groups are hidden",
        f"{why} Set {HIDDEN_LABEL} to 0 in the sidebar, under More, to see it.",
    )
    return True
