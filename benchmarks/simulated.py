"""Draw what intervals are tried on: tables of counts and scores of a known truth.

Every replicate is one group, so that one pass of the product's own code gives all
intervals of a case.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.counts import Counts
from analysis.estimates import Estimates, Z
from analysis.evaluation import Evaluation, Scores
from analysis.frame import Grouping
from analysis.metrics.bands import Band, spread_band
from analysis.metrics.kinds import ScoreMetric
from analysis.metrics.registry import metric_named
from analysis.metrics.score_metrics import Spread

UNEVEN = 1.0
"""Standard deviation of the logarithm of uneven weights."""

POSITIVE = 0.3
"""Share of positives among drawn scores."""

FEW_SCORES = (0.1, 0.9)
"""The scores of a model that gives only two."""

Rng = np.random.Generator


@dataclass(frozen=True)
class Normals:
    """Scores of two labels: normal, `shift` apart, the positives' spread over `sd`."""

    shift: float
    sd: float = 1.0

    @property
    def area(self) -> float:
        """The true area under the ROC curve."""
        return float(stats.norm.cdf(self.shift / np.hypot(1, self.sd)))

    def drawn(self, n: int, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
        """Return n labels and probabilities, which are not calibrated."""
        y = rng.random(n) < POSITIVE
        x = rng.normal(size=n) * np.where(y, self.sd, 1) + self.shift * y
        return y, 1 / (1 + np.exp(1 - x))


@dataclass(frozen=True)
class TwoScores:
    """A model that is always as sure, and wrong as often as `wrong` says."""

    wrong: float

    def drawn(self, n: int, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
        """Return n labels and probabilities."""
        y, is_wrong = rng.random(n) < POSITIVE, rng.random(n) < self.wrong
        return y, np.where(y == is_wrong, *FEW_SCORES)

    def truth(self, name: str) -> float:
        """Return the true Brier score or log loss."""
        surprise = [-np.log(1 - p) for p in FEW_SCORES]
        square = [p**2 for p in FEW_SCORES]
        right, wrong = square if name == "brier_score" else surprise
        return float((1 - self.wrong) * right + self.wrong * wrong)


def drawn(
    cells: tuple[float, ...], n: int, replicates: int, weights: str, rng: Rng
) -> Counts:
    """Return `replicates` tables of n rows, each as one group."""
    share = np.array(cells) / sum(cells)
    names = tuple(map(str, range(replicates)))
    if weights == "equal":
        table = rng.multinomial(n, share, replicates).reshape(-1, 2, 2).astype(float)
        return Counts(names, table, table, table)
    which = rng.choice(4, size=(replicates, n), p=share)
    w = rng.lognormal(sigma=UNEVEN, size=(replicates, n))
    at = which + 4 * np.arange(replicates)[:, None]
    tables = [
        np.bincount(at.ravel(), v, 4 * replicates).reshape(-1, 2, 2)
        for v in (np.ones(at.size), w.ravel(), (w**2).ravel())
    ]
    return Counts(names, *tables)


def two_cells(hits: np.ndarray, n: np.ndarray) -> Counts:
    """Return one table for each group: so many of its n rows are flagged."""
    table = np.zeros((len(hits), 2, 2))
    table[:, 0, 0], table[:, 0, 1] = n - hits, hits
    return Counts(tuple(map(str, range(len(hits)))), table, table, table)


def of_scores(name: str) -> ScoreMetric:
    """Return a metric of the scores."""
    metric = metric_named(name)
    if not isinstance(metric, ScoreMetric):
        raise TypeError(f"{name} is no metric of scores")
    return metric


def score_spread(
    name: str,
    model: Normals | TwoScores,
    shape: tuple[int, int],
    weights: str,
    rng: Rng,
) -> Spread:
    """Return a metric of scores over replicates of n rows; shape is (r, n)."""
    y, p = model.drawn(shape[0] * shape[1], rng)
    w = rng.lognormal(sigma=UNEVEN, size=len(y)) if weights != "equal" else 1.0
    evaluation = Evaluation(
        title="",
        y_true=y.astype(int),
        scores=Scores(np.column_stack([1 - p, p])),
        classes=("no", "yes"),
        groups={},
        weights=w * np.ones(len(y)),
        row_ids=np.arange(len(y)),
    )
    names = tuple(map(str, range(shape[0])))
    grouping = Grouping(np.repeat(np.arange(shape[0]), shape[1]), names)
    return of_scores(name).spread(evaluation, grouping)


def score_band(name: str, spread: Spread) -> Band:
    """Return the intervals of a metric of scores at any quantile."""
    metric = of_scores(name)
    return spread_band(metric, spread, metric.bounds)


def score_intervals(
    name: str,
    model: Normals | TwoScores,
    shape: tuple[int, int],
    weights: str,
    rng: Rng,
) -> Estimates:
    """Return the intervals of a metric of scores over replicates; shape is (r, n)."""
    return score_band(name, score_spread(name, model, shape, weights, rng))(Z)
