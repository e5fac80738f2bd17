"""Accuracy of what is decided alone against the share handed over.

People are put in order of doubt; one cut serves everyone, and who stands beyond it is
handed to a person. Whole ties stand on one side of a cut.
"""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, frozen
from analysis.deferral.area import area_under_risk
from analysis.deferral.doubt import doubts, suggested_cut
from analysis.estimates import Estimate, Estimates
from analysis.evaluation import Evaluation
from analysis.frame import Grouping, everyone
from analysis.intervals import largest_gap, range_quantile, share_interval, wilson

CUTS = 41
"""Cuts of a curve: with bands, at most eight groups and everyone stay in a chart."""


@dataclass(frozen=True, eq=False)
class Deferral:
    """What is accepted and deferred at each cut, by group.

    Parameters
    ----------
    doubt : str
    attributes : tuple of str
    names : tuple of str, length g + 1
        Everyone first, then the groups.
    cuts : float[t]
        People whose doubt is above a cut are deferred; rising, so that the first,
        minus infinity, defers everyone and the last nobody.
    deferred, deferred_low, deferred_high : float[g + 1, t]
        Share deferred, with its Wilson interval.
    accuracy, accuracy_low, accuracy_high : float[g + 1, t]
        Share decided right of those accepted; NaN where nobody is.
    n : float[g + 1]
        People.
    accepted : float[g + 1, t]
        People accepted.
    effective, effective_accepted : float[g + 1], float[g + 1, t]
        The same as effective numbers.
    suggested : float
        The paper's cut for the distance: the smallest doubt among wrong decisions on
        the rows fitted on, of which those as doubtful are deferred; NaN without any.
    area : Estimate
        Mean error rate over all shares accepted (area under the risk-coverage curve).
    """

    doubt: str
    attributes: tuple[str, ...]
    names: tuple[str, ...]
    cuts: Floats
    deferred: Floats
    deferred_low: Floats
    deferred_high: Floats
    accuracy: Floats
    accuracy_low: Floats
    accuracy_high: Floats
    n: Floats
    accepted: Floats
    effective: Floats
    effective_accepted: Floats
    suggested: float
    area: Estimate

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, frozen(value, np.float64))

    def at_share(self, share: float) -> int:
        """Return the cut whose deferred share of everyone is nearest to a share.

        Never the one that defers everyone, while there is another.
        """
        return int(np.abs(self.deferred[0, 1:] - share).argmin()) + 1

    def accuracy_of(self, group: int, cut: int) -> Estimate:
        """Return the accuracy of those accepted of one group at one cut."""
        tables = (self.accuracy, self.accuracy_low, self.accuracy_high, self.accepted)
        return Estimate(*(float(table[group, cut]) for table in tables))

    @property
    def at_suggested(self) -> int | None:
        """The cut that defers all from the suggested doubt on; None without one."""
        if np.isnan(self.suggested):
            return None
        return int(np.searchsorted(self.cuts, self.suggested)) - 1


@dataclass(frozen=True, eq=False)
class DeferredAt:
    """One cut, by group; everyone first.

    Parameters
    ----------
    names : tuple of str, length g + 1
    cut : float
    deferred, accuracy : Estimates [g + 1]
    deferred_gap, accuracy_gap : Estimate
        Largest gap between two groups, its interval for all pairs at once.
    """

    names: tuple[str, ...]
    cut: float
    deferred: Estimates
    accuracy: Estimates
    deferred_gap: Estimate
    accuracy_gap: Estimate


def deferral_curve(
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    doubt: str = "confidence",
    fit: Evaluation | None = None,
) -> Deferral:
    """Return accuracy of the accepted against the share deferred, by group.

    Decisions are those of the rule in force, see `Evaluation.decided_classes`.

    Parameters
    ----------
    evaluation : Evaluation
    attributes : tuple of str
    doubt : str
        Name of a doubt.
    fit : Evaluation or None
        Rows that centroids are fitted on; for confidence there is nothing to fit.

    Raises
    ------
    SettingError
        There is no such doubt, or no rows to fit centroids on.
    NeedsProbabilitiesError
        The scores are raw.
    """
    values = doubts(evaluation, doubt, fit)
    right = evaluation.decided_classes == evaluation.y_true
    suggested = np.nan if fit is None else suggested_cut(doubt, fit)
    cuts = _cuts(values, evaluation.weights, suggested)
    grouping = evaluation.grouping(attributes)
    parts = [
        _counted(evaluation.weights, values, right, cuts, g)
        for g in (everyone(len(evaluation)), grouping)
    ]
    tables = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    return Deferral(
        doubt=doubt,
        attributes=attributes,
        names=("Everyone", *grouping.names),
        cuts=cuts,
        suggested=suggested,
        area=area_under_risk(values, ~right, evaluation.weights),
        **tables,
    )


def deferral_at(curve: Deferral, cut: int) -> DeferredAt:
    """Return who is deferred at one cut, and how accurate the rest is.

    Parameters
    ----------
    curve : Deferral
    cut : int
        Position of the cut.
    """

    def of(what: str, n: Floats) -> Estimates:
        ends = (what, f"{what}_low", f"{what}_high")
        value, low, high = (getattr(curve, end)[:, cut] for end in ends)
        return Estimates(value, low, high, n)

    deferred = of("deferred", curve.n)
    accuracy = of("accuracy", curve.accepted[:, cut])
    return DeferredAt(
        names=curve.names,
        cut=float(curve.cuts[cut]),
        deferred=deferred,
        accuracy=accuracy,
        deferred_gap=_gap(deferred, curve.effective),
        accuracy_gap=_gap(accuracy, curve.effective_accepted[:, cut]),
    )


def _cuts(doubt: Floats, weights: Floats, suggested: float) -> Floats:
    """Return about `CUTS` doubts at even shares of people, the largest one included.

    Before them stands a cut that defers everyone, and among them the one that defers
    all from the suggested doubt on.
    """
    levels, at = np.unique(doubt, return_inverse=True)
    below = levels[levels < suggested][-1:]
    if len(levels) > CUTS:
        reached = np.cumsum(np.bincount(at, weights))
        wanted = np.linspace(0, 1, CUTS)[1:] * reached[-1]
        last = len(levels) - 1
        places = np.searchsorted(reached, wanted * (1 - 1e-12))
        levels = levels[np.append(np.minimum(places, last), last)]
    return np.unique(np.concatenate([[-np.inf], below, levels]))


def _counted(
    weights: Floats, doubt: Floats, right: Bools, cuts: Floats, grouping: Grouping
) -> dict[str, Floats]:
    """Return the tables of a curve for some groups, each [g, t] or [g]."""
    g, t = len(grouping.names), len(cuts)
    interval = np.searchsorted(cuts, doubt)  # accepted from this cut on

    def up_to(values: Floats) -> Floats:
        sums = np.bincount(grouping.codes * t + interval, values, g * t)
        return np.cumsum(sums.reshape(g, t), axis=1).astype(np.float64)

    ones = np.ones(len(doubt))
    accepted, w, w2 = up_to(ones), up_to(weights), up_to(weights**2)
    hits = up_to(weights * right)
    with np.errstate(invalid="ignore", divide="ignore"):
        deferred = np.clip(1 - w / w[:, -1:], 0, 1)
        accuracy = np.clip(hits / w, 0, 1)
        effective = np.where(w > 0, w**2 / w2, 0.0)
    low, high = wilson(deferred, effective[:, -1:])
    right_low, right_high = wilson(accuracy, effective)
    return {
        "deferred": deferred,
        "deferred_low": low,
        "deferred_high": high,
        "accuracy": accuracy,
        "accuracy_low": right_low,
        "accuracy_high": right_high,
        "n": accepted[:, -1],
        "accepted": accepted,
        "effective": effective[:, -1],
        "effective_accepted": effective,
    }


def _gap(estimates: Estimates, effective: Floats) -> Estimate:
    """Return the largest gap between groups; everyone, who comes first, is none."""
    value, n = estimates.value[1:], estimates.n[1:]
    z = range_quantile(int((~np.isnan(value)).sum()))
    return largest_gap(value, *share_interval(value, effective[1:], z), n)
