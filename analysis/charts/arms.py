"""The arms of an interval on either side of a mark."""

from collections.abc import Sequence

import numpy as np

from analysis.estimates import Estimate


def arms(
    estimates: Sequence[Estimate], color: str, thickness: float = 1.5
) -> dict[str, object]:
    """Return Plotly's error bars of marks drawn at values; none where no end is known.

    Parameters
    ----------
    estimates : sequence of Estimate
        In the order of the marks.
    color : str
    thickness : float
        In pixels.
    """
    high = [e.high - e.value for e in estimates]
    low = [e.value - e.low for e in estimates]
    return {
        "type": "data",
        "symmetric": False,
        "array": np.nan_to_num(high),
        "arrayminus": np.nan_to_num(low),
        "width": 0,
        "thickness": thickness,
        "color": color,
    }
