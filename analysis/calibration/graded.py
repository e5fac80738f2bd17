"""Scores with their outcomes by group: what every measure of calibration reads."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analysis.arrays import Bools, Floats, Ints, frozen
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.frame import Grouping
from analysis.metrics.bins import USUAL, Binning, Bins, bins, cells_of, columns


@dataclass(frozen=True, eq=False)
class Graded:
    """One scorer's probabilities with what came true, by group.

    Parameters
    ----------
    evaluation : Evaluation
        With probabilities.
    grouping : Grouping
    binning : Binning
        For the measures that bin.
    """

    evaluation: Evaluation
    grouping: Grouping
    binning: Binning = USUAL

    @cached_property
    def of_view(self) -> tuple[Floats, Floats, Floats]:
        """Label, score and weight of the class in view, float[n] each."""
        return columns(self.evaluation)

    @cached_property
    def view(self) -> Bins:
        """The class in view in bins as asked."""
        return bins(*self.of_view, self.grouping, self.binning)

    @cached_property
    def cells(self) -> Ints:
        """Each row's place among the entries of `view`, int[n]."""
        _, s, w = self.of_view
        return cells_of(s, w, self.grouping, self.binning)[0]

    @cached_property
    def by_mass(self) -> Bins:
        """The class in view in as many bins of equal mass."""
        if self.binning.kind == "mass":
            return self.view
        binning = replace(self.binning, kind="mass")
        return bins(*self.of_view, self.grouping, binning)

    @cached_property
    def by_width(self) -> Bins:
        """The class in view in as many bins of equal width."""
        if self.binning.kind == "width":
            return self.view
        binning = replace(self.binning, kind="width")
        return bins(*self.of_view, self.grouping, binning)

    @cached_property
    def by_class(self) -> tuple[Bins, ...]:
        """Every class against the rest, in bins of equal width."""
        shown, width = self.evaluation, replace(self.binning, kind="width")
        return tuple(
            bins(shown.y_true == c, p, shown.weights, self.grouping, width)
            for c, p in enumerate(shown.scores.values.T)
        )

    @cached_property
    def top_label(self) -> Bins:
        """The highest probability against whether its class came true."""
        shown, width = self.evaluation, replace(self.binning, kind="width")
        p = shown.scores.values
        is_right = p.argmax(1) == shown.y_true
        return bins(is_right, p.max(1), shown.weights, self.grouping, width)

    @cached_property
    def against_rest(self) -> Evaluation:
        """The class in view against all others, as an evaluation of two classes."""
        shown = self.evaluation
        if len(shown.classes) == 2 and shown.view == 1:
            return shown
        return replace(
            shown,
            y_true=shown.is_positive.astype(np.int64),
            scores=binary_probabilities(shown.score),
            classes=("others", shown.classes[shown.view]),
            view=1,
        )

    @property
    def n(self) -> Floats:
        """People by group, float[g]."""
        return self.view.count.sum(1)

    def sums(self, rows: Floats) -> Floats:
        """Return the sum over each group's rows, float[g]."""
        g = len(self.grouping.names)
        return np.bincount(self.grouping.codes, rows, g).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Measured:
    """One measure by group, each array float[g]; NaN where undefined or not made.

    Parameters
    ----------
    value, n : float[g]
    low, high : float[g]
        95 % interval; of an error that cannot be negative there is none, as it would
        never reach 0: its null range stands there instead.
    debiased : float[g]
        An error less what noise alone adds to it.
    null_low, null_high : float[g]
        Where 95 % of perfectly calibrated scores of this n fall.
    p_value : float[g]
        Of calibration, where the measure tests it.
    """

    value: Floats
    n: Floats
    low: Floats
    high: Floats
    debiased: Floats
    null_low: Floats
    null_high: Floats
    p_value: Floats

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def without(self, hidden: Bools) -> "Measured":
        """Return the measure with every number of some groups left out."""
        kept = (np.where(hidden, np.nan, getattr(self, f)) for f in FIELDS)
        return Measured(*kept)


FIELDS = tuple(Measured.__dataclass_fields__)


def measured(value: Floats, n: Floats, **known: Floats) -> Measured:
    """Return a measure of which only some is known; the rest is NaN."""
    nothing = np.full(len(value), np.nan)
    rest = dict.fromkeys(FIELDS[2:], nothing) | known
    return Measured(value, n, **rest)
