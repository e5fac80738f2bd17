"""Reliability curves and expected calibration errors by group, from one pass."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from analysis.arrays import Floats
from analysis.calibration.curve import ReliabilityCurve, curves_of, weighted_mean
from analysis.calibration.joined_bins import joined
from analysis.calibration.null import DRAWS, UNKNOWN, NullRange, null_range, null_rates
from analysis.estimates import Estimate, Estimates, Z
from analysis.evaluation import Evaluation
from analysis.frame import everyone
from analysis.intervals import clopper_pearson, sidak
from analysis.metrics.bins import USUAL, Binning, Bins, bins, bins_of
from analysis.privacy.withheld import hidden_groups
from analysis.subgroups.listing import Crossings, Listing


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
    p_value : float
        Share of calibrated scores of this n that would show at least `value`.
    """

    value: Estimate
    debiased: float
    null_low: float
    null_high: float
    p_value: float


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
        error = CalibrationError(nothing, np.nan, np.nan, np.nan, np.nan)
        return replace(self, curve=self.curve.withheld(), error=error)


def reliability_curve(
    y_true: Floats,
    scores: Floats,
    *,
    weights: Floats | None = None,
    binning: Binning = USUAL,
) -> ReliabilityCurve:
    """Compare the mean score with the observed rate in bins of the score.

    Bins of equal width are closed on the left, as in netcal; scikit-learn closes them
    on the right, which differs when scores are rounded and fall on an edge. `Binning`
    has either, and bins of equal mass.

    Parameters
    ----------
    y_true : int[n] or bool[n]
        Observed label, 0 or 1.
    scores : float[n]
        Predicted probability of label 1, in [0, 1].
    weights : float[n] or None
        Row weights.
    binning : Binning
        Its number of bins is b.

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
    one = everyone(len(scores))
    return curves_of(bins(np.asarray(y_true), scores, w, one, binning))[0]


def reliability_by_group(
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    binning: Binning = USUAL,
    k: int = 0,
    beside: Crossings = (),
) -> tuple[GroupReliability, ...]:
    """Return curve and error of the class in view for every group, empty ones too.

    Parameters
    ----------
    evaluation : Evaluation
    attributes : tuple of str
        Crossed in full; none for everyone.
    binning : Binning
    k : int
        Groups of fewer people are withheld, see `hidden_groups`, and the bins of the
        others are joined with their neighbours until each holds so many people. Errors
        stay those of the bins asked for.
    beside : tuple of tuple of str
        Crossings of attributes that readers see together with these groups.

    Raises
    ------
    NeedsProbabilitiesError
        The scores are raw.
    """
    grouping = evaluation.grouping(attributes)
    binned = bins_of(evaluation, grouping, binning)
    curves = curves_of(binned)
    errors = [calibration_error(curve) for curve in curves]
    drawn = curves_of(joined(binned, k)) if k > 1 else curves
    found = tuple(map(GroupReliability, grouping.names, drawn, errors))
    if k < 2:
        return found
    listed = Listing((attributes, *beside))
    hidden = hidden_groups(evaluation, listed, k)[: len(found)]
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
        Of the draws from which the null range is read.

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
    excess = weighted_mean(folded_excess(curve), curve.weight)
    null = _null(curve, value.value, seed)
    debiased = float(np.maximum(value.value - excess, 0.0))
    return CalibrationError(value, debiased, null.low, null.high, null.p_value)


def calibration_errors(binned: Bins, z: float = Z) -> Estimates:
    """Return the expected calibration error by group; each bin is at least at `z`."""
    curves = curves_of(binned)
    errors = [_banded_error(c, max(z, sidak(int((c.count > 0).sum())))) for c in curves]
    fields = ("value", "low", "high", "n")
    return Estimates(*(np.array([getattr(e, f) for e in errors]) for f in fields))


def _banded_error(curve: ReliabilityCurve, z: float) -> Estimate:
    low, high = clopper_pearson(curve.observed_rate, curve.effective_n, z)
    outside = np.maximum(low - curve.mean_score, curve.mean_score - high)
    furthest = np.maximum(high - curve.mean_score, curve.mean_score - low)
    return Estimate(
        value=curve.expected_calibration_error,
        low=weighted_mean(np.maximum(outside, 0), curve.weight),
        high=weighted_mean(np.minimum(furthest, 1), curve.weight),
        n=float(curve.count.sum()),
    )


def folded_excess(curve: ReliabilityCurve) -> Floats:
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


def _null(curve: ReliabilityCurve, value: float, seed: int) -> NullRange:
    """Return where the error falls if every bin's true rate were its mean score."""
    filled = curve.weight > 0
    if not filled.any():
        return UNKNOWN
    p = curve.mean_score[filled]
    drawn = null_rates(p, curve.noise[filled], DRAWS, seed)
    weight = curve.weight[filled] / curve.weight.sum()
    return null_range(np.abs(drawn - p) @ weight, value)
