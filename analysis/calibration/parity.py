"""What calibration and equal error rates ask of each other, in these people's numbers.

When base rates differ, scores that are true in every group and error rates that are
equal in every group exclude each other, unless no error is made.

References
----------
Chouldechova (2017), Fair Prediction with Disparate Impact, Big Data 5, equation 2.6;
Kleinberg, Mullainathan & Raghavan (2017), Inherent Trade-Offs in the Fair
Determination of Risk Scores, ITCS.
"""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, frozen
from analysis.errors import NeedsProbabilitiesError
from analysis.estimates import Estimate, Estimates, Quantile, Z, blanked
from analysis.evaluation import Evaluation
from analysis.intervals import GAP_LEVEL, largest_gap, range_quantile, surest_pair
from analysis.metrics.bands import Band, band
from analysis.metrics.registry import metric_named
from analysis.subgroups.disaggregate import Disaggregation, disaggregate

PARITY = (
    "prevalence",
    "selection_rate",
    "false_positive_rate",
    "false_negative_rate",
    "precision",
)


@dataclass(frozen=True, eq=False)
class Parity:
    """Error rates by group, and what they would be if every score were true.

    Parameters
    ----------
    rates : Disaggregation
        The rates of `PARITY` under the rule in force, with gaps.
    required : Estimates [g]
        False positive rate that a group must have if its precision and its misses were
        everyone's, so that only its base rate differs: p / (1 - p) (1 - v) / v (1 - f)
        with base rate p, precision v and misses f. The interval is that of the base
        rate; above 1, which no rate can be, it is cut.
    required_gap : Estimate
        Largest difference of these: the price of equal precision and equal misses.
    promised_false_positive, promised_false_negative : float[g]
        What the scores imply at this rule: of everyone who, by the scores' own word,
        does not have the class, the share decided for it; and the reverse. If every
        score is true, these are the rates to expect. NaN for ranks, which say nothing
        of how often the outcome happens.
    apart : (int, int)
        The groups whose base rates surely differ most, the higher one first; the
        extreme rates are often those of the smallest groups. (0, 0) without two.
    """

    rates: Disaggregation
    required: Estimates
    required_gap: Estimate
    promised_false_positive: Floats
    promised_false_negative: Floats
    apart: tuple[int, int]

    def __post_init__(self) -> None:
        for name in ("promised_false_positive", "promised_false_negative"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def is_bound(self) -> bool:
        """Whether base rates surely differ, so that both cannot hold."""
        return self.rates.gaps["prevalence"].low > 0

    @property
    def has_promise(self) -> bool:
        """Whether the scores imply any rates."""
        return not np.isnan(self.promised_false_positive).all()


def parity(
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    hidden: Bools | None = None,
    *,
    is_ranked: bool = False,
) -> Parity:
    """Return the trade-off between calibration and equal error rates at the rule.

    Parameters
    ----------
    evaluation : Evaluation
    attributes : tuple of str
    hidden : bool[g] or None
        Groups withheld for privacy: all their numbers are NaN.
    is_ranked : bool
        Whether the scores are ranks, which imply no rates.

    Raises
    ------
    NeedsProbabilitiesError
        The scores are raw, so they imply nothing.
    """
    if not evaluation.is_probability:
        low, high = float(evaluation.score.min()), float(evaluation.score.max())
        raise NeedsProbabilitiesError("parity", low, high)
    rates = disaggregate(evaluation, attributes, PARITY, hidden)
    base = band(metric_named("prevalence"), evaluation, attributes)
    required = _required(base, rates)
    false_positive, false_negative = _promised(evaluation, attributes)
    is_silent = rates.hidden | is_ranked
    return Parity(
        rates=rates,
        required=required(Z),
        required_gap=_gap(required),
        promised_false_positive=np.where(is_silent, np.nan, false_positive),
        promised_false_negative=np.where(is_silent, np.nan, false_negative),
        apart=_apart(base, rates.hidden),
    )


def _required(base: Band, rates: Disaggregation) -> Band:
    """Return Chouldechova's equation 2.6 at everyone's precision and misses."""
    precision = rates.overall["precision"].value
    misses = rates.overall["false_negative_rate"].value

    def of(p: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = p / (1 - p) * (1 - precision) / np.float64(precision) * (1 - misses)
        return np.minimum(rate, 1)

    def at(z: Quantile) -> Estimates:
        found = base(z)
        ends = (of(found.value), of(found.low), of(found.high))
        return blanked(Estimates(*ends, found.n), rates.hidden, n=True)

    return at


def _gap(at: Band) -> Estimate:
    found = _together(at)
    return largest_gap(found.value, found.low, found.high, found.n)


def _apart(base: Band, hidden: Bools) -> tuple[int, int]:
    """Return the groups whose base rates surely differ most, the higher one first."""
    found = _together(lambda z: blanked(base(z), hidden))
    higher, lower, _ = surest_pair(found.value, found.low, found.high)
    return higher, lower


def _together(at: Band) -> Estimates:
    """Return the groups at limits that hold for all pairs at once."""
    defined = int((~np.isnan(at(Z).value)).sum())
    return at(range_quantile(defined, GAP_LEVEL))


def _promised(
    evaluation: Evaluation, attributes: tuple[str, ...]
) -> tuple[Floats, Floats]:
    """Return the false positive and false negative rates that the scores imply."""
    grouping = evaluation.grouping(attributes)
    score, decided = evaluation.score, evaluation.decisions
    g, codes, w = len(grouping.names), grouping.codes, evaluation.weights

    def share(of: Floats, among: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            rate: Floats = np.bincount(codes, w * of, g) / np.bincount(
                codes, w * among, g
            )
        return rate

    return (
        share((1 - score) * decided, 1 - score),
        share(score * ~decided, score),
    )
