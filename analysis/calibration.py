"""Reliability curves and calibration errors, by group, from one binned pass."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from analysis.arrays import Floats, frozen
from analysis.estimates import Estimate, Estimates, Z
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.intervals import clopper_pearson, sidak, wilson
from analysis.metrics.bins import N_BINS, Bins, bins, bins_of
from analysis.privacy.withheld import hidden_groups
from analysis.subgroups.listing import Listing


@dataclass(frozen=True, eq=False)
class ReliabilityCurve:
    """Mean score against observed rate in equal-width bins.

    Parameters
    ----------
    edges : float[b + 1]
        Bin edges from 0 to 1; a score on an edge belongs to the bin above it.
    mean_score, observed_rate : float[b]
        NaN in an empty bin.
    low, high : float[b]
        Wilson interval of the observed rate.
    count, weight, effective_n : float[b]
        Rows, their weight, and (sum w)^2 / sum w^2.
    """

    edges: Floats
    mean_score: Floats
    observed_rate: Floats
    low: Floats
    high: Floats
    count: Floats
    weight: Floats
    effective_n: Floats

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def difference(self) -> Floats:
        """Observed rate minus mean score, float[b]; below 0 the score promises more."""
        return self.observed_rate - self.mean_score

    @property
    def expected_calibration_error(self) -> float:
        """Mean absolute difference, weighted by the rows' weight; NaN without rows.

        References
        ----------
        Naeini, Cooper & Hauskrecht (2015), AAAI, with the weighted binned estimate.
        """
        return _weighted_mean(np.abs(self.difference), self.weight)

    def withheld(self) -> "ReliabilityCurve":
        """Return the curve with its edges and no number of anybody."""
        names = set(self.__dataclass_fields__) - {"edges"}
        nothing = np.full(len(self.count), np.nan)
        return replace(self, **dict.fromkeys(names, nothing))


@dataclass(frozen=True)
class CalibrationError:
    """The expected calibration error and what is known about its noise.

    Parameters
    ----------
    value : Estimate
        The plain binned error. Its interval holds for all bins at once, so that it
        reaches 0 when every bin agrees with its score.
    debiased : float
        `value` less what noise alone adds to it, cut at 0.
    null_low, null_high : float
        Range (95 %) of `value` that perfectly calibrated scores of this n would show.
    """

    value: Estimate
    debiased: float
    null_low: float
    null_high: float


@dataclass(frozen=True, eq=False)
class GroupReliability:
    """Reliability of one group; all its numbers are NaN when withheld for privacy."""

    name: str
    curve: ReliabilityCurve
    error: CalibrationError

    @property
    def is_hidden(self) -> bool:
        """Whether the group is withheld for privacy."""
        return bool(np.isnan(self.error.value.n))

    def withheld(self) -> "GroupReliability":
        """Return the group's name with every number left out."""
        nothing = Estimate(np.nan, np.nan, np.nan, np.nan)
        error = CalibrationError(nothing, np.nan, np.nan, np.nan)
        return replace(self, curve=self.curve.withheld(), error=error)


def reliability_curve(
    y_true: Floats,
    scores: Floats,
    *,
    weights: Floats | None = None,
    n_bins: int = N_BINS,
) -> ReliabilityCurve:
    """Compare the mean score with the observed rate in equal-width bins.

    Bins are closed on the left, as in netcal. scikit-learn closes them on the right,
    which differs when scores are rounded and fall on an edge.

    Parameters
    ----------
    y_true : int[n] or bool[n]
        Observed label, 0 or 1.
    scores : float[n]
        Predicted probability of label 1, in [0, 1].
    weights : float[n] or None
        Row weights.
    n_bins : int
        Number of bins, b.

    Returns
    -------
    ReliabilityCurve
        Always b entries, so that groups line up; an empty bin is NaN with count 0.

    References
    ----------
    Naeini, Cooper & Hauskrecht (2015), Obtaining Well Calibrated Probabilities Using
    Bayesian Binning, AAAI.
    """
    w = np.ones(len(scores)) if weights is None else weights
    one = Grouping(np.zeros(len(scores), np.int64), ("Everyone",))
    return _curves(bins(np.asarray(y_true), scores, w, one, n_bins))[0]


def reliability_by_group(
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    n_bins: int = N_BINS,
    k: int = 0,
) -> tuple[GroupReliability, ...]:
    """Return curve and error of the class in view for every group, empty ones too.

    Groups of fewer than k people are withheld, see `hidden_groups`.

    Raises
    ------
    NeedsProbabilitiesError
        The scores are raw.
    """
    grouping = evaluation.grouping(attributes)
    curves = _curves(bins_of(evaluation, grouping, n_bins))
    found = (
        GroupReliability(name, curve, calibration_error(curve))
        for name, curve in zip(grouping.names, curves, strict=True)
    )
    hidden = hidden_groups(evaluation, Listing((attributes,)), k)
    return tuple(r.withheld() if hidden[g] else r for g, r in enumerate(found))


def calibration_error(
    curve: ReliabilityCurve, z: float | None = None, seed: int = 0
) -> CalibrationError:
    """Return the expected calibration error of a curve with its noise.

    Parameters
    ----------
    curve : ReliabilityCurve
    z : float or None
        Critical value of each bin's interval; by default the one at which all
        non-empty bins hold together.
    seed : int
        Of the 1,000 draws from which the null range is read.

    Notes
    -----
    The plug-in error is biased upwards: a bin whose difference d is measured with
    standard error s shows |d| plus, on average, the mean of |N(d, s^2)| less |d|
    (a folded normal). That excess, at the measured d, is taken off.

    References
    ----------
    Kumar, Liang & Ma (2019), Verified Uncertainty Calibration, NeurIPS, whose
    resampled normal correction of the L1 error this is in closed form.
    """
    filled = curve.count > 0
    z = sidak(int(filled.sum())) if z is None else z
    value = _banded_error(curve, z)
    excess = _weighted_mean(_folded_excess(curve), curve.weight)
    low, high = _null_range(curve, seed)
    debiased = float(np.maximum(value.value - excess, 0.0))
    return CalibrationError(value, debiased, low, high)


def calibration_errors(binned: Bins, z: float = Z) -> Estimates:
    """Return the expected calibration error by group; each bin is at least at `z`."""
    curves = _curves(binned)
    errors = [_banded_error(c, max(z, sidak(int((c.count > 0).sum())))) for c in curves]
    fields = ("value", "low", "high", "n")
    return Estimates(*(np.array([getattr(e, f) for e in errors]) for f in fields))


def _curves(bins: Bins) -> list[ReliabilityCurve]:
    with np.errstate(invalid="ignore", divide="ignore"):  # an empty bin is 0 / 0 = NaN
        mean_score = bins.score / bins.weight  # [g, b]
        observed = bins.label / bins.weight
        effective = bins.weight**2 / bins.w2
    # sums of weights in another order can leave a rate a rounding error outside
    observed = np.clip(observed, 0, 1)
    low, high = wilson(observed, effective)
    per_bin = (mean_score, observed, low, high, bins.count, bins.weight, effective)
    return [
        ReliabilityCurve(bins.edges, *(table[g] for table in per_bin))
        for g in range(len(bins.count))
    ]


def _banded_error(curve: ReliabilityCurve, z: float) -> Estimate:
    low, high = clopper_pearson(curve.observed_rate, curve.effective_n, z)
    outside = np.maximum(low - curve.mean_score, curve.mean_score - high)
    furthest = np.maximum(high - curve.mean_score, curve.mean_score - low)
    return Estimate(
        value=curve.expected_calibration_error,
        low=_weighted_mean(np.maximum(outside, 0), curve.weight),
        high=_weighted_mean(np.minimum(furthest, 1), curve.weight),
        n=float(curve.count.sum()),
    )


def _folded_excess(curve: ReliabilityCurve) -> Floats:
    """Return how much noise adds to each bin's absolute difference, float[b].

    One row says nothing of its noise: all of its difference may be noise.
    """
    d, o, n = np.abs(curve.difference), curve.observed_rate, curve.effective_n
    with np.errstate(invalid="ignore", divide="ignore"):
        s = np.sqrt(o * (1 - o) / (n - 1))
        folded = s * np.sqrt(2 / np.pi) * np.exp(-((d / s) ** 2) / 2) + d * (
            1 - 2 * special.ndtr(-d / s)
        )
    excess = np.where(s > 0, folded - d, 0.0)
    return np.where(n > 1, excess, d)


def _null_range(curve: ReliabilityCurve, seed: int) -> tuple[float, float]:
    """Range of the error if every bin's true rate were its mean score."""
    filled = curve.weight > 0
    if not filled.any():
        return np.nan, np.nan
    p, n = curve.mean_score[filled], curve.effective_n[filled]
    trials = np.maximum(np.rint(n), 1).astype(np.int64)
    rng = np.random.default_rng(seed)
    drawn = rng.binomial(trials, p, size=(1000, len(p))) / trials
    errors = np.abs(drawn - p) @ (curve.weight[filled] / curve.weight.sum())
    low, high = np.quantile(errors, [0.025, 0.975])
    return float(low), float(high)


def _weighted_mean(values: Floats, weight: Floats) -> float:
    filled = weight > 0
    if not filled.any():
        return np.nan
    return float(np.average(values[filled], weights=weight[filled]))
