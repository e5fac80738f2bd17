"""Two scorers on the same rows: paired changes, flipped decisions, who was harmed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import stats

from analysis.arrays import Floats, frozen
from analysis.counts import Counts, count
from analysis.disaggregate import Disaggregation, disaggregate
from analysis.errors import DataError
from analysis.estimates import Estimate, Estimates, Z
from analysis.evaluation import Evaluation
from analysis.frame import Grouping, everyone
from analysis.intervals import cell_bootstrap, percentile_interval, q_values, wilson
from analysis.metrics import (
    BinnedMetric,
    CountMetric,
    Mask,
    Metric,
    Rate,
    ScoreMetric,
    metric_named,
    within,
)
from analysis.score_metrics import standard_error

REPLICATES = 1000
HARM_LEVEL = 0.05
"""A group counts as harmed when its change for the worse has a q-value below this."""


@dataclass(frozen=True, eq=False)
class Change:
    """After minus before by group, on the same rows.

    Parameters
    ----------
    estimates : Estimates [g]
        Signed change with its paired interval.
    q_value : float[g]
        Benjamini-Hochberg over all groups and metrics of the comparison.
    is_worse : bool[g]
        Whether the change is for the worse and its q-value below `HARM_LEVEL`.
    """

    estimates: Estimates
    q_value: Floats
    is_worse: np.ndarray


@dataclass(frozen=True, eq=False)
class PairedComparison:
    """Metrics before and after, by group.

    Parameters
    ----------
    before, after : Disaggregation
    overall : mapping of str to Estimate
        Change over everyone.
    change : mapping of str to Change
        Change by group.
    """

    before: Disaggregation
    after: Disaggregation
    overall: Mapping[str, Estimate]
    change: Mapping[str, Change]

    def __post_init__(self) -> None:
        for name in ("overall", "change"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def names(self) -> tuple[str, ...]:
        """Group names."""
        return self.before.names

    @property
    def harmed(self) -> tuple[tuple[str, str], ...]:
        """Every (group, metric) that surely got worse."""
        return tuple(
            (name, metric)
            for metric, change in self.change.items()
            for name, worse in zip(self.names, change.is_worse, strict=True)
            if worse
        )


@dataclass(frozen=True, eq=False)
class Flips:
    """Decisions that changed.

    Parameters
    ----------
    names : tuple of str, length g
    table : float[g, 2, 2, 2]
        Rows by group, label, decision before and decision after.
    """

    names: tuple[str, ...]
    table: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", frozen(self.table, np.float64))

    @property
    def n(self) -> Floats:
        """Rows by group, float[g]."""
        return self.table.sum((1, 2, 3))

    @property
    def newly_wrong(self) -> Floats:
        """Rows decided right before and wrong after (negative flips), float[g]."""
        return self.table[:, 0, 0, 1] + self.table[:, 1, 1, 0]

    @property
    def newly_right(self) -> Floats:
        """Rows decided wrong before and right after, float[g]."""
        return self.table[:, 0, 1, 0] + self.table[:, 1, 0, 1]

    @property
    def changed(self) -> Estimates:
        """Share of rows whose decision changed, by group."""
        n, flipped = self.n, self.newly_wrong + self.newly_right
        share = np.divide(flipped, n, out=np.full(len(n), np.nan), where=n > 0)
        low, high = wilson(share, n)
        return Estimates(share, low, high, n)


def flips(before: Evaluation, after: Evaluation, attributes: tuple[str, ...]) -> Flips:
    """Count the decisions for the class in view that changed, by group and label.

    Raises
    ------
    DataError
        The two evaluations are not of the same rows.
    """
    _check_same_rows(before, after)
    joint = _joint_counts(before, after, before.grouping(attributes))
    return Flips(joint.names, joint.n.reshape(-1, 2, 2, 2))


def paired(
    before: Evaluation,
    after: Evaluation,
    attributes: tuple[str, ...],
    metrics: Sequence[str],
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> PairedComparison:
    """Compare two evaluations of the same rows, metric by metric and group by group.

    Rates whose denominator does not depend on the decision get the interval of Bonett
    & Price from the discordant rows, which does not shrink to a point when nothing
    flipped; other count metrics resample the joint table of labels and both decisions;
    score metrics use the difference of the two influence functions.

    Raises
    ------
    DataError
        The two evaluations are not of the same rows.

    References
    ----------
    Bonett & Price (2012), Adjusted Wald Confidence Interval for a Difference of
    Binomial Proportions Based on Paired Data, J. Educ. Behav. Stat. 37.
    """
    _check_same_rows(before, after)
    chosen = [metric_named(name) for name in metrics]
    settings = {"replicates": replicates, "seed": seed}
    groups = _Pair(before, after, before.grouping(attributes), **settings)
    whole = _Pair(before, after, everyone(len(before)), **settings)
    by_group = {m.name: groups.change(m) for m in chosen}
    return PairedComparison(
        before=disaggregate(before, attributes, metrics, **settings),
        after=disaggregate(after, attributes, metrics, **settings),
        overall={m.name: whole.change(m)[0].at(0) for m in chosen},
        change=_with_q_values(by_group),
    )


@dataclass(frozen=True, eq=False)
class _Pair:
    before: Evaluation
    after: Evaluation
    grouping: Grouping
    replicates: int
    seed: int

    def change(self, metric: Metric) -> tuple[Estimates, Floats]:
        """Return the change by group and its standard error, float[g]."""
        if isinstance(metric, Rate) and not _depends_on_decision(metric.denominator):
            return self._rate_change(metric)
        if isinstance(metric, Rate | CountMetric):
            return self._table_change(metric)
        if isinstance(metric, BinnedMetric):
            return self._unpaired_change(metric)
        return self._score_change(metric)

    def _rate_change(self, metric: Rate) -> tuple[Estimates, Floats]:
        joint = _joint_counts(self.before, self.after, self.grouping)
        w = joint.w.reshape(-1, 2, 2, 2)  # [g, label, before, after]
        mask = np.array(metric.numerator)  # [label, decision]
        into = (1 - mask)[:, :, None] * mask[:, None, :]
        out = mask[:, :, None] * (1 - mask)[:, None, :]
        base = np.array(metric.denominator)[:, :1, None]
        n = (joint.n.reshape(-1, 2, 2, 2) * base).sum((1, 2, 3))
        total = (w * base).sum((1, 2, 3))
        squares = (joint.w2.reshape(-1, 2, 2, 2) * base).sum((1, 2, 3))
        with np.errstate(invalid="ignore", divide="ignore"):
            effective = total**2 / squares
            gained, lost = ((w * m * base).sum((1, 2, 3)) / total for m in (into, out))
        return _bonett_price(gained, lost, effective, n)

    def _table_change(self, metric: Rate | CountMetric) -> tuple[Estimates, Floats]:
        joint = _joint_counts(self.before, self.after, self.grouping)
        rng = np.random.default_rng(self.seed)
        drawn = cell_bootstrap(joint, self.replicates, rng)
        value = _difference(metric, joint.w)
        replicates = _difference(metric, drawn)
        low, high = percentile_interval(np.where(np.isnan(value), np.nan, replicates))
        n = within(joint.n.reshape(-1, 2, 2, 2).sum(-1), metric.denominator)
        return Estimates(value, low, high, n), (high - low) / (2 * Z)

    def _score_change(self, metric: ScoreMetric) -> tuple[Estimates, Floats]:
        first = metric.function(self.before, self.grouping)
        second = metric.function(self.after, self.grouping)
        weights = self.before.weights
        se = standard_error(second.rows - first.rows, weights, self.grouping)
        value = second.value - first.value
        return Estimates(value, value - Z * se, value + Z * se, first.n), se

    def _unpaired_change(self, metric: BinnedMetric) -> tuple[Estimates, Floats]:
        # binned errors have no influence function: their bands are set against each
        # other, which is wider than a paired interval would be
        first = metric.function(self.before, self.grouping)
        second = metric.function(self.after, self.grouping)
        value = second.value - first.value
        low, high = second.low - first.high, second.high - first.low
        return Estimates(value, low, high, first.n), (high - low) / (2 * Z)


def _bonett_price(
    gained: Floats, lost: Floats, effective: Floats, n: Floats
) -> tuple[Estimates, Floats]:
    value = gained - lost
    up = (gained * effective + 1) / (effective + 2)
    down = (lost * effective + 1) / (effective + 2)
    se = np.sqrt((up + down - (up - down) ** 2) / (effective + 2))
    low = np.minimum(np.maximum(up - down - Z * se, -1), value)
    high = np.maximum(np.minimum(up - down + Z * se, 1), value)
    return Estimates(value, low, high, n), se


def _difference(metric: Rate | CountMetric, joint: Floats) -> Floats:
    """Return after minus before from joint tables float[..., label, before, after]."""
    tables = joint.reshape(*joint.shape[:-2], 2, 2, 2)
    return metric.value(tables.sum(-2)) - metric.value(tables.sum(-1))


def _joint_counts(before: Evaluation, after: Evaluation, grouping: Grouping) -> Counts:
    """Count rows by label and by both decisions, as a table [g, 2, 4]."""
    both = 2 * before.decisions.astype(np.int64) + after.decisions
    return count(before.is_positive, both, grouping, before.weights, shape=(2, 4))


def _depends_on_decision(denominator: Mask) -> bool:
    return any(row[0] != row[1] for row in denominator)


def _with_q_values(
    changes: Mapping[str, tuple[Estimates, Floats]],
) -> dict[str, Change]:
    if not changes:
        return {}
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.array([np.abs(e.value) / se for e, se in changes.values()])  # [m, g]
    p = np.where(np.isnan(z), np.nan, 2 * stats.norm.sf(z))
    q = q_values(p.ravel()).reshape(p.shape)
    return {
        name: Change(estimates, q[i], _is_worse(name, estimates, q[i]))
        for i, (name, (estimates, _)) in enumerate(changes.items())
    }


def _is_worse(name: str, change: Estimates, q: Floats) -> np.ndarray:
    better = metric_named(name).better
    if better == "none":
        return np.zeros(len(q), dtype=bool)
    sign = 1 if better == "low" else -1
    return (sign * change.value > 0) & (q < HARM_LEVEL)


def _check_same_rows(before: Evaluation, after: Evaluation) -> None:
    if not np.array_equal(before.row_ids, after.row_ids):
        raise DataError(
            f"'{before.title}' was evaluated on {len(before):,} rows and "
            f"'{after.title}' on {len(after):,} others; a paired comparison needs the "
            "same test rows. Choose runs with the same data set, split and seed."
        )
    if not np.array_equal(before.y_true, after.y_true):
        raise DataError(
            "The two runs saw different labels for the same rows. Train both on the "
            "same version of the data."
        )
