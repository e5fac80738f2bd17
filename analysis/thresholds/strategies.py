"""Strategies that choose thresholds: of least cost, or with rates that agree.

Those of the What-If Tool. Thresholds are not randomised, so rates agree as nearly as
the scores allow. What is chosen looks kinder on the rows it was chosen on than on
others: choose on calibration rows, report on test rows.
"""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Bools, Floats, frozen
from analysis.costs import Costs
from analysis.counts import Counts
from analysis.errors import SettingError
from analysis.estimates import UNDEFINED, Estimate, Z
from analysis.intervals import largest_gap, range_quantile
from analysis.metrics.bands import count_band
from analysis.metrics.count_metrics import expected_cost
from analysis.thresholds.agreement import (
    MAX_CUTS,
    agreeing,
    cheapest,
    options_of,
    total_cost,
)
from analysis.thresholds.curves import ThresholdCurves, decision_metric

WHAT_IF = "Wexler et al. (2020), The What-If Tool, IEEE TVCG 26"
HARDT = "Hardt, Price & Srebro (2016), Equality of Opportunity, NeurIPS"


@dataclass(frozen=True)
class Strategy:
    """A way to choose thresholds.

    Parameters
    ----------
    title : str
    words : str
        What it equalises, and for whom it is wrong.
    source : str
    equalises : str
        The rate that is to agree over groups; empty when none is.
    is_shared : bool
        Whether all groups have one threshold.
    """

    title: str
    words: str
    source: str
    equalises: str = ""
    is_shared: bool = False


STRATEGIES: dict[str, Strategy] = {
    "single": Strategy(
        "One threshold for all",
        "The same threshold for everybody, where the costs sum to least. Wrong for a "
        "small group whose scores mean something else than most people's.",
        WHAT_IF,
        is_shared=True,
    ),
    "by_group": Strategy(
        "Least cost by group",
        "Each group's own threshold of least cost; no rate is made equal. Wrong where "
        "a group's costs are not the decision maker's, and where deciding by group is "
        "not allowed.",
        WHAT_IF,
    ),
    "demographic_parity": Strategy(
        "Equal shares selected (demographic parity)",
        "Every group has the same share decided positive. Wrong for those with the "
        "positive label in a group that has more of them, as more are passed over.",
        f"{HARDT}; {WHAT_IF}",
        equalises="selection_rate",
    ),
    "equal_opportunity": Strategy(
        "Equal shares found (equal opportunity)",
        "Of those with the positive label, every group has the same share found. "
        "Wrong for those with the negative label in a group that is flagged wrongly "
        "more often to get there.",
        f"{HARDT}; {WHAT_IF}",
        equalises="true_positive_rate",
    ),
    "equal_accuracy": Strategy(
        "Equal shares right (equal accuracy)",
        "Every group has the same share decided right. Wrong for a group that could "
        "be decided better: it may be held back to agree, and which kind of error it "
        "bears is not looked at.",
        WHAT_IF,
        equalises="accuracy",
    ),
}


@dataclass(frozen=True, eq=False)
class Choice:
    """What a strategy chose.

    Parameters
    ----------
    strategy : str
        Name in `STRATEGIES`.
    thresholds : float[g]
        Finite, in the order of the groups' names.
    counts : Counts
        At these thresholds, on the rows they were chosen on.
    cost : Estimate
        Expected cost per person, overall, on these rows.
    gap : Estimate
        What remains between the largest and the smallest of the rates that were to
        agree; undefined when none was.
    note : str
        Which groups could not take part, plain text, not escaped; may be empty.
    """

    strategy: str
    thresholds: Floats
    counts: Counts
    cost: Estimate
    gap: Estimate
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "thresholds", frozen(self.thresholds, np.float64))


def choose(curves: ThresholdCurves, strategy: str, costs: Costs) -> Choice:
    """Choose thresholds by a strategy.

    A single threshold is the one of least expected cost, the highest of several. A
    group's own threshold is that of least cost, of several the one nearest the single
    threshold. For rates that agree, each common rate that every group can reach is
    tried: a group takes, of its thresholds within half a point of that rate, or else
    nearest to it, the one of least cost; the common rate of least cost overall is
    taken, of several the one that leaves the smallest gap. At most 1,000 thresholds by
    group and 2,000 common rates are tried, those at quantiles.

    A group with one label only, or without rows, keeps the single threshold.

    Parameters
    ----------
    curves : ThresholdCurves
    strategy : str
        Name in `STRATEGIES`.
    costs : Costs

    Raises
    ------
    SettingError
        There is no such strategy.

    References
    ----------
    Hardt, Price & Srebro (2016), Equality of Opportunity in Supervised Learning,
    NeurIPS, section 3; they reach exact agreement by randomising, we do not. Wexler et
    al. (2020), The What-If Tool, IEEE TVCG 26.
    """
    if strategy not in STRATEGIES:
        raise SettingError(
            f"'{strategy}' is not a strategy; choose from {', '.join(STRATEGIES)}."
        )
    rate = STRATEGIES[strategy].equalises
    single = single_threshold(curves, costs)
    thresholds = np.full(len(curves.names), single)
    counts = curves.counts_at(thresholds)
    taking_part = _has_both_labels(counts)
    groups = np.flatnonzero(taking_part)
    if not STRATEGIES[strategy].is_shared and len(groups):
        options = [options_of(curves, int(g), costs, rate, single) for g in groups]
        thresholds[groups] = agreeing(options) if rate else cheapest(options)
        counts = curves.counts_at(thresholds)
    return Choice(
        strategy=strategy,
        thresholds=thresholds,
        counts=counts,
        cost=count_band(expected_cost(costs), counts.total())(Z).at(0),
        gap=_gap(counts, rate, taking_part) if rate else UNDEFINED,
        note="" if STRATEGIES[strategy].is_shared else _note(counts, taking_part),
    )


def single_threshold(curves: ThresholdCurves, costs: Costs) -> float:
    """Return the threshold of least expected cost over everyone; finite."""
    at = curves.cuts(MAX_CUTS)
    _, w, _ = curves.tables_at(np.broadcast_to(at, (len(curves.names), len(at))))
    cost = total_cost(w.sum(0), costs)
    return float(at[np.flatnonzero(cost == cost.min())[-1]])


def _has_both_labels(counts: Counts) -> Bools:
    has_both: Bools = (counts.w.sum(2) > 0).all(1)
    return has_both


def _gap(counts: Counts, rate: str, taking_part: Bools) -> Estimate:
    found = count_band(decision_metric(rate), counts)(
        range_quantile(int(taking_part.sum()))
    )
    value = np.where(taking_part, found.value, np.nan)
    return largest_gap(value, found.low, found.high, found.n)


def _note(counts: Counts, taking_part: Bools) -> str:
    left_out = [
        n for n, takes in zip(counts.names, taking_part, strict=True) if not takes
    ]
    if not left_out:
        return ""
    named = ", ".join(left_out[:5])
    named += f" and {len(left_out) - 5} more" if len(left_out) > 5 else ""
    return (
        f"No threshold of their own for groups without people of both labels: {named}. "
        "They keep the single threshold."
    )
