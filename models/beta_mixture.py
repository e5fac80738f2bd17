"""BetaMixture: two kinds of rows told apart by their losses, as a mixture of betas."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit
from scipy.stats import beta

from analysis.arrays import Floats

LOW, HIGH = 0.01, 0.99
"""Quantiles of the losses that become 0 and 1: a few extreme ones stretch no scale."""

Shapes = tuple[tuple[float, float], tuple[float, float]]

MARGIN = 1e-3
"""Distance kept from 0 and 1, where a beta density may be infinite."""

MAX_STEPS = 200
TOLERANCE = 1e-5
"""Change of the second component's share below which the fit has arrived."""

MIN_VARIANCE = 1e-5
MIN_SHARE = 1e-3
"""Of a component; with less there is nothing to tell apart."""

START = ((1.0, 2.0), (2.0, 1.0))
"""Shapes (a, b) of the two betas before the first step: low losses, high losses."""


@dataclass(frozen=True)
class BetaMixture:
    """Two beta densities over losses that are scaled to (0, 1).

    Parameters
    ----------
    low, high : float
        The losses that become 0 and 1, in nats; those beyond are pulled in.
    shapes : ((float, float), (float, float))
        (a, b) of the component with the smaller mean, then of the other.
    share : float
        Share of the rows in the component with the larger mean; 0 where the losses
        show one kind of row only.
    """

    low: float
    high: float
    shapes: Shapes
    share: float

    def probability(self, losses: Floats) -> Floats:
        """Return P(component with the larger mean | loss) of each row, float[n].

        It never falls as the loss rises: where the ratio of two betas would turn back
        near an end, its value at the turn is kept. The paper's code does so at the
        upper end.
        """
        if self.share <= 0:
            return np.zeros(len(losses))
        (a0, b0), (a1, b1) = self.shapes
        x = _scaled(losses, self.low, self.high)
        rise, fall = a1 - a0, b1 - b0  # of log x and of log(1 - x) in the log ratio
        if rise * fall > 0:
            turn = rise / (rise + fall)
            x = np.minimum(x, turn) if rise > 0 else np.maximum(x, turn)
        log_ratio = beta.logpdf(x, a1, b1) - beta.logpdf(x, a0, b0)
        found: Floats = expit(log_ratio + logit(min(self.share, 1 - MIN_SHARE)))
        return found


def fit_beta_mixture(losses: Floats, weights: Floats | None = None) -> BetaMixture:
    """Fit two beta densities to losses by expectation and moments, in turn.

    Rows with a wrong label are learnt later than others, so that for a while their
    losses form a second hump. As in the paper's code, steps begin at `START` and use
    the rows between two quantiles of the losses. It stops after ten steps, often
    halfway, and leaves out 5 % of the rows at each end, with which few wrong labels
    would all be gone; we go on until the share stands still, and leave out 1 %.

    Parameters
    ----------
    losses : float[n]
        Of each row's label, finite.
    weights : float[n] or None
        Of the rows; None counts each once.

    References
    ----------
    Arazo, Ortego, Albert, O'Connor & McGuinness (2019), Unsupervised Label Noise
    Modeling and Loss Correction, ICML, section 3.1.
    """
    own = np.ones(len(losses)) if weights is None else weights
    low, high = (float(q) for q in np.quantile(losses, [LOW, HIGH]))
    within = (losses >= low) & (losses <= high)
    if high <= low or own[within].sum() <= 0:
        return BetaMixture(low, high, START, 0.0)
    shapes, share = _fitted(_scaled(losses[within], low, high), own[within])
    means = [a / (a + b) for a, b in shapes]
    if means[0] > means[1]:
        shapes, share = (shapes[1], shapes[0]), 1 - share
    return BetaMixture(low, high, shapes, share)


def _fitted(x: Floats, weights: Floats) -> tuple[Shapes, float]:
    """Return both betas and the second's share; 0 where one of them takes all rows."""
    shapes, share = START, 0.5
    for _ in range(MAX_STEPS):
        of_high = _posterior(x, shapes, share)
        before, share = share, float(np.average(of_high, weights=weights))
        if not MIN_SHARE < share < 1 - MIN_SHARE:
            return START, 0.0
        shapes = _moments(x, weights * (1 - of_high)), _moments(x, weights * of_high)
        if abs(share - before) < TOLERANCE:
            break
    return shapes, share


def _scaled(losses: Floats, low: float, high: float) -> Floats:
    return np.clip((losses - low) / (high - low), MARGIN, 1 - MARGIN)


def _posterior(x: Floats, shapes: Shapes, share: float) -> Floats:
    ratio = beta.logpdf(x, *shapes[1]) - beta.logpdf(x, *shapes[0])
    found: Floats = expit(ratio + logit(share))
    return found


def _moments(x: Floats, weights: Floats) -> tuple[float, float]:
    """Return the beta with the weighted mean and variance of x (equation 5)."""
    mean = float(np.average(x, weights=weights))
    variance = float(np.average((x - mean) ** 2, weights=weights))
    # A beta's variance is below mean (1 - mean); a point has none at all.
    variance = min(max(variance, MIN_VARIANCE), 0.999 * mean * (1 - mean))
    size = mean * (1 - mean) / variance - 1
    return mean * size, (1 - mean) * size
