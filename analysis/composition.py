"""Composition: who is in a table, and how often their label is positive."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.arrays import Bools, Floats, Ints, frozen
from analysis.counts import count
from analysis.estimates import Estimates, blanked
from analysis.frame import AuditFrame, Grouping, Splits
from analysis.intervals import wilson
from analysis.privacy.hidden_counts import hidden_in


@dataclass(frozen=True, eq=False)
class Composition:
    """The groups of one attribute.

    Parameters
    ----------
    attribute : str
    names : tuple of str, length g
    n : float[g]
        Rows; NaN for a group that is withheld for privacy, as all of its numbers.
    share : float[g]
        Share of the rows' weight, in [0, 1].
    label_rate : Estimates [g]
        Weighted share of the positive label, with Wilson intervals.
    """

    attribute: str
    names: tuple[str, ...]
    n: Floats
    share: Floats
    label_rate: Estimates

    def __post_init__(self) -> None:
        object.__setattr__(self, "n", frozen(self.n, np.float64))
        object.__setattr__(self, "share", frozen(self.share, np.float64))

    @property
    def hidden(self) -> Bools:
        """Groups withheld for privacy, bool[g]."""
        return np.isnan(self.n)

    def withholding(self, hidden: Bools) -> "Composition":
        """Return the record with every number of some groups left out."""
        return replace(
            self,
            n=np.where(hidden, np.nan, self.n),
            share=np.where(hidden, np.nan, self.share),
            label_rate=blanked(self.label_rate, hidden, n=True),
        )


def composition(
    frame: AuditFrame, attribute: str, positive: str = "", k: int = 0
) -> Composition:
    """Count the groups of one attribute and their positive labels.

    Parameters
    ----------
    frame : AuditFrame
        Without labels the rate is NaN.
    attribute : str
    positive : str
        The class counted as positive, against all others; empty for the last.
    k : int
        Groups of fewer people, in all or of either label, are withheld.
    """
    grouping = frame.grouping((attribute,))
    g = len(grouping.names)

    def total(values: Floats | None = None) -> Floats:
        return np.bincount(grouping.codes, values, g).astype(np.float64)

    n, w, w2 = total(), total(frame.weights), total(frame.weights**2)
    rate = np.full(g, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):  # an empty group is NaN
        if frame.y_true is not None:
            rate = (
                total(frame.weights * _is_positive(frame.y_true, frame, positive)) / w
            )
        low, high = wilson(rate, w**2 / w2)
    estimates = Estimates(rate, low, high, n)
    record = Composition(attribute, grouping.names, n, w / w.sum(), estimates)
    hidden = _hidden(frame, grouping, positive, k)
    return record.withholding(hidden) if hidden.any() else record


def _hidden(frame: AuditFrame, grouping: Grouping, positive: str, k: int) -> Bools:
    """Return which groups are too small; nobody is decided about in a table."""
    undecided = np.zeros(len(frame), dtype=np.int64)
    label = undecided
    if frame.y_true is not None:
        label = _is_positive(frame.y_true, frame, positive).astype(np.int64)
    return hidden_in(count(label, undecided, grouping), k)


def label_share(frame: AuditFrame, positive: str = "") -> float:
    """Return the weighted share of a class, the last by default; NaN without labels."""
    if frame.y_true is None or not len(frame):
        return np.nan
    of_class = _is_positive(frame.y_true, frame, positive)
    return float(np.average(of_class, weights=frame.weights))


def _is_positive(y_true: Ints, frame: AuditFrame, positive: str) -> Bools:
    classes = frame.classes
    return y_true == (classes.index(positive) if positive else len(classes) - 1)


def parts_table(frame: AuditFrame, splits: Splits, positive: str = "") -> pd.DataFrame:
    """Return rows of each split and the share of a class, the last by default."""
    parts = {name: frame.take(rows) for name, rows in splits.rows.items()}
    return pd.DataFrame(
        {
            "split": list(parts),
            "rows": [len(part) for part in parts.values()],
            "share of rows": [len(part) / len(frame) for part in parts.values()],
            "positive label": [label_share(part, positive) for part in parts.values()],
        }
    )
