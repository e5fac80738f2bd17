"""History: a metric by group for every epoch of a run, from the counts it reported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis.arrays import Bools, Floats, frozen
from analysis.counts import Counts
from analysis.errors import MetricError
from analysis.intervals import wilson
from analysis.metrics.kinds import Rate, within
from analysis.metrics.registry import METRICS, metric_named
from analysis.privacy.hidden_counts import hidden_in


@dataclass(frozen=True, eq=False)
class History:
    """One rate by group over the epochs of a run, on its validation rows.

    Parameters
    ----------
    metric : str
    names : tuple of str, length g
    epoch : float[e]
        Counted from 1.
    value, low, high : float[e, g]
        The rate and its Wilson interval; NaN where undefined.
    n : float[g]
        Rows behind each group's last value; NaN for a group that is withheld for
        privacy, as all of its values.
    """

    metric: str
    names: tuple[str, ...]
    epoch: Floats
    value: Floats
    low: Floats
    high: Floats
    n: Floats

    def __post_init__(self) -> None:
        for name in ("epoch", "value", "low", "high", "n"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def hidden(self) -> Bools:
        """Groups withheld for privacy, bool[g]."""
        return np.isnan(self.n)

    def withholding(self, hidden: Bools) -> "History":
        """Return the record with every number of some groups left out."""
        value, low, high, n = (
            np.where(hidden, np.nan, numbers)
            for numbers in (self.value, self.low, self.high, self.n)
        )
        return replace(self, value=value, low=low, high=high, n=n)


@dataclass(frozen=True, eq=False)
class Losses:
    """Training and validation loss by epoch, in nats per row, each float[e].

    `kept` is the epoch whose model is kept, or would be if training ended now; 0 where
    that is not known. It need not have the lowest loss: the worst group may decide.
    """

    epoch: Floats
    train: Floats
    validation: Floats
    auroc: Floats
    kept: int = 0

    def __post_init__(self) -> None:
        for name in ("epoch", "train", "validation", "auroc"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


@dataclass(frozen=True, eq=False)
class Inside:
    """A number by group over the epochs that only the training itself can tell.

    Parameters
    ----------
    names : tuple of str, length g
    epoch : float[e]
        Counted from 1.
    value : float[e, g]
        NaN where it was not told, and for a group that is withheld for privacy.
    hidden : bool[g]
    """

    names: tuple[str, ...]
    epoch: Floats
    value: Floats
    hidden: Bools

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", frozen(self.hidden, np.bool_))
        for name in ("epoch", "value"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def __bool__(self) -> bool:
        return bool((~np.isnan(self.value)).any())


INSIDES = {"gradients": "norm", "pruned": "share"}
"""What `inside` reads from an epoch, and under which name the numbers stand there."""


def history_metrics() -> tuple[str, ...]:
    """Return the metrics that counts alone give an interval for: the rates."""
    return tuple(name for name, m in METRICS.items() if isinstance(m, Rate))


def history(
    epochs: Sequence[Mapping[str, Any]], attribute: str, metric: str, k: int = 0
) -> History:
    """Return a rate by group for every epoch.

    Parameters
    ----------
    epochs : sequence of mappings
        Payloads of a run's epoch events, in order. With more than two classes the
        last one is followed against all others.
    attribute : str
        A sensitive attribute the run counted by.
    metric : str
        Name of a rate.
    k : int
        Groups of which any epoch has fewer people, in all, of either label or decided
        either way, are withheld in every epoch.

    Raises
    ------
    MetricError
        The metric is no rate: validation rows are kept as counts only.
    """
    rate = metric_named(metric)
    if not isinstance(rate, Rate):
        raise MetricError(
            f"'{metric}' cannot be followed while training, as only counts are kept "
            "per epoch. Choose a rate, such as 'false_negative_rate'."
        )
    counts = [_positive_counts(e["counts"][attribute]) for e in epochs]
    if not counts:
        none = np.empty((0, 0))
        return History(metric, (), np.empty(0), none, none, none, np.empty(0))
    w, w2 = np.stack([c.w for c in counts]), np.stack([c.w2 for c in counts])
    with np.errstate(invalid="ignore", divide="ignore"):  # no rows: 0 / 0 = NaN
        effective = within(w, rate.denominator) ** 2 / within(w2, rate.denominator)
    value = rate.value(w)  # [e, g]
    low, high = wilson(value, effective)
    n = within(counts[-1].n, rate.denominator)
    epoch = np.array([e["epoch"] for e in epochs])
    record = History(metric, counts[0].names, epoch, value, low, high, n)
    hidden = np.any([hidden_in(c, k) for c in counts], axis=0)
    return record.withholding(hidden) if hidden.any() else record


def _positive_counts(data: Mapping[str, Any]) -> Counts:
    """Return the table of the last class against all others."""
    counts = Counts.from_json(data)
    return counts.versus_rest(counts.n.shape[1] - 1)


def inside(
    epochs: Sequence[Mapping[str, Any]], what: str, attribute: str, k: int = 0
) -> Inside:
    """Return a number by group that every epoch told of itself.

    Parameters
    ----------
    epochs : sequence of mappings
        Payloads of a run's epoch events, in order.
    what : str
        One of `INSIDES`: the norm of the gradient of a group's mean loss, or the share
        of a group's training rows that an epoch left out.
    attribute : str
    k : int
        The groups that `history` withholds are withheld here too.

    Returns
    -------
    Inside
        Without groups where no epoch told it.
    """
    told = [e for e in epochs if attribute in e.get(what, {})]
    if not told:
        none = np.empty((0, 0))
        return Inside((), np.empty(0), none, np.zeros(0, dtype=bool))
    names = tuple(told[-1][what][attribute]["names"])
    value = np.array(
        [[_number(v) for v in e[what][attribute][INSIDES[what]]] for e in told]
    )
    withheld = _withheld_names(told, attribute, k)
    hidden = np.array([name in withheld for name in names])
    epoch = np.array([e["epoch"] for e in told])
    return Inside(names, epoch, np.where(hidden, np.nan, value), hidden)


def _withheld_names(
    epochs: Sequence[Mapping[str, Any]], attribute: str, k: int
) -> set[str]:
    if k < 2:
        return set()
    counts = [_positive_counts(e["counts"][attribute]) for e in epochs]
    hidden = np.any([hidden_in(c, k) for c in counts], axis=0)
    return {
        n for n, is_hidden in zip(counts[0].names, hidden, strict=True) if is_hidden
    }


def losses(epochs: Sequence[Mapping[str, Any]], kept: int = 0) -> Losses:
    """Return the losses of a run's epoch events; NaN where an epoch has none.

    Parameters
    ----------
    epochs : sequence of mappings
    kept : int
        The epoch whose model is kept; 0 for the one that the last epoch names.
    """
    keys = ("epoch", "train_loss", "validation_loss", "validation_auroc")
    columns = [
        np.array([_number(e.get(key)) for e in epochs], dtype=np.float64)
        for key in keys
    ]
    told = int(epochs[-1].get("best_epoch") or 0) if epochs else 0
    epoch, train, validation, auroc = columns
    return Losses(epoch, train, validation, auroc, kept or told)


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)
