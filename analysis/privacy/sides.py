"""Two sides of a comparison, each of which must not give single people away."""

from collections.abc import Sequence

import pandas as pd

from analysis.counts import count
from analysis.errors import SettingError
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.privacy.hidden_counts import hidden_in, tells_apart


def refuse_withheld_sides(
    rows: Evaluation,
    by: Grouping,
    sides: Sequence[tuple[str, ...]],
    k: int,
    column: str,
) -> None:
    """Refuse a side that is, or would give away, a group of too few people.

    Parameters
    ----------
    rows : Evaluation
    by : Grouping
        What tells the sides apart, over the same rows.
    sides : sequence of tuple of str
        Its values on each side.
    k : int
        Groups of fewer people are withheld.
    column : str
        What `by` is called.

    Raises
    ------
    SettingError
        A side cannot be shown.
    """
    hidden = hidden_in(count(rows.is_positive, rows.decisions, by), k)
    for values in sides:
        if tells_apart(pd.Index(by.names).isin(values), hidden):
            raise SettingError(
                f"{column} {', '.join(values)} cannot be shown by itself: it "
                "holds a group that is withheld for privacy, or one that would give "
                "such a group away. Choose other values, or a smaller number under "
                "'More' in the sidebar (--hide-below on the command line)."
            )
