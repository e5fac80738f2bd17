"""How much each fitted row resembles the people who are coming, from 0 to 1.

With weights the control of a risk no longer needs exchangeable rows: what it promises
is missed by at most the weighted distance between fitted and coming people
(Farinhas et al. 2024). The proof takes weights that do not depend on the data, as
recency is; similarity and density ratio are estimated, so that it is then approximate.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.density.basis import basis
from analysis.density.density_ratio import fit_density_ratio, importance_weights
from analysis.errors import SettingError

COMPARED = 500
"""Coming people that similarity is averaged over; drawn when there are more."""


NEAR = 0.05
"""Share of pairs within the width of the kernel."""

ROUNDED = 1e-9
"""Squared distances below this are rounding."""


@dataclass(frozen=True)
class Weighting:
    """One way to weigh fitted rows.

    Parameters
    ----------
    title, words : str
        A short name and one sentence for readers.
    """

    title: str
    words: str


WEIGHTINGS = {
    "recency": Weighting(
        "Recency", "later rows count more, half as much per half-life back"
    ),
    "similarity": Weighting(
        "Similarity",
        "rows near to many of the coming people in all features count more, also where "
        "nothing has changed",
    ),
    "density_ratio": Weighting(
        "Density ratio",
        "rows count by how much likelier they are among the coming people",
    ),
}


def recency(order: Floats, half_life: float) -> Floats:
    """Return weights that halve with every half-life before the latest row, float[n].

    Parameters
    ----------
    order : float[n]
        Time, or the place in the order of times.
    half_life : float
        In the same unit.

    References
    ----------
    Farinhas, Zerva, Ulmer & Martins (2024), Non-Exchangeable Conformal Risk Control,
    ICLR, who use rho to the power of the distance in time.
    """
    if half_life <= 0:
        raise SettingError("A half-life must be longer than 0; choose a longer one.")
    if not len(order):
        return np.empty(0)
    weights: Floats = 0.5 ** ((order.max() - order) / half_life)
    return weights


def similarity(source: pd.DataFrame, target: pd.DataFrame, *, seed: int = 0) -> Floats:
    """Return how near each source row is to the target rows, scaled to at most 1.

    The mean of a Gaussian kernel over the target rows (at most `COMPARED`, drawn), on
    standardised numbers and indicators of categories; its width is the distance within
    which one pair of a source and a target row in twenty lies. Compared with each new
    person alone everyone would have a threshold of their own; the mean is ours.

    Parameters
    ----------
    source, target : DataFrame [n, d], [m, d]
        The same columns.
    seed : int
        Of the draw of target rows.
    """
    if not len(source) or not len(target):
        return np.ones(len(source))
    rng = np.random.default_rng(seed)
    few = np.sort(rng.permutation(len(target))[:COMPARED])
    columns = basis(source, target.iloc[few]).columns.toarray()
    near, far = columns[: len(source)], columns[len(source) :]
    squares = (near**2).sum(axis=1)[:, None] + (far**2).sum(axis=1)
    distance = np.maximum(squares - 2 * near @ far.T, 0)  # [n, m]
    away = distance[distance > ROUNDED]
    if not len(away):
        return np.ones(len(source))
    width = max(float(np.quantile(distance, NEAR)), float(away.min()))
    kernel = np.exp(-distance / (2 * width)).mean(axis=1)
    weights: Floats = kernel / kernel.max()
    return weights


def density_ratio(
    source: pd.DataFrame,
    target: pd.DataFrame,
    source_weights: Floats,
    target_weights: Floats,
) -> Floats:
    """Return how much likelier rows are in the target, scaled to at most 1, float[n].

    The largest ratio stands for the coming person, who counts 1: the careful choice,
    where Tibshirani et al. (2019) take each person's own ratio.

    Parameters
    ----------
    source, target : DataFrame [n, d], [m, d]
        The same columns.
    source_weights, target_weights : float[n], float[m]
    """
    if not len(source) or not len(target):
        return np.ones(len(source))
    model = fit_density_ratio(basis(source, target), source_weights, target_weights)
    factor = importance_weights(model.log_ratio()[0], source_weights).factor
    weights: Floats = factor / factor.max()
    return weights


def effective_rows_of(weights: Floats) -> float:
    """Return (sum w)^2 / sum w^2, the rows that weighted rows are worth; 0 for none."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares > 0 else 0.0
