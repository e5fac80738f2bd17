"""Evaluation: one scorer on one frame, checked once; and the rules that decide."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, TypeVar

import numpy as np

from analysis.arrays import Bools, Floats, Ints, digest_of, frozen
from analysis.errors import DataError, NeedsProbabilitiesError, SettingError
from analysis.frame import AuditFrame, Grouping, crossed

Scale = Literal["probability", "raw"]
T = TypeVar("T")


@dataclass(frozen=True)
class Threshold:
    """Decide positive when the score of the class in view is at least `value`."""

    value: float = 0.5


@dataclass(frozen=True)
class GroupThresholds:
    """Decide by a threshold of the row's own group, in the order of its names."""

    attribute: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Argmax:
    """Decide for the class with the highest score; the first one wins a tie."""


DecisionRule = Threshold | GroupThresholds | Argmax


@dataclass(frozen=True, eq=False)
class Scores:
    """What a scorer returns for a frame.

    Parameters
    ----------
    values : float[n, k] or float[n, 1]
        Probabilities that sum to 1 over the k classes, or one raw score of the
        positive class (higher means more likely).
    scale : 'probability' or 'raw'
    logits : float[n, k] or None
        What the probabilities are the softmax of, in float64, where known.
    """

    values: Floats
    scale: Scale = "probability"
    logits: Floats | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, np.float64))
        if self.logits is not None:
            object.__setattr__(self, "logits", frozen(self.logits, np.float64))
        if self.values.ndim != 2:
            raise DataError("Scores must be a table of rows and classes.")
        if not np.isfinite(self.values).all():
            bad = int((~np.isfinite(self.values)).any(axis=1).sum())
            raise DataError(
                f"The score is missing or infinite in {bad:,} of "
                f"{len(self.values):,} rows; every row needs a finite number. Remove "
                "these rows or choose another score column."
            )
        if self.scale == "probability":
            low, high = self.values.min(initial=0.0), self.values.max(initial=0.0)
            if low < 0 or high > 1:
                raise NeedsProbabilitiesError("probability", float(low), float(high))


def binary_probabilities(positive: Floats) -> Scores:
    """Return the two-column scores of a probability of the positive class, float[n]."""
    return Scores(np.column_stack([1 - positive, positive]))


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One scorer on one frame.

    Parameters
    ----------
    title : str
        What the scorer is called on pages.
    y_true : int[n]
        Label codes in `classes`.
    scores : Scores
        Over the same rows.
    classes : tuple of str, length k
    groups : mapping of str to Grouping
    weights : float[n]
    row_ids : int[n]
        Positions in the task's table; two evaluations are compared row by row only
        when these agree.
    rule : DecisionRule
    view : int
        The class taken as positive; the last one unless said otherwise.
    """

    title: str
    y_true: Ints
    scores: Scores
    classes: tuple[str, ...]
    groups: Mapping[str, Grouping]
    weights: Floats
    row_ids: Ints
    rule: DecisionRule = Threshold()
    view: int = -1

    def __post_init__(self) -> None:
        object.__setattr__(self, "y_true", frozen(self.y_true, np.int64))
        object.__setattr__(self, "weights", of_sane_scale(self.weights))
        object.__setattr__(self, "row_ids", frozen(self.row_ids, np.int64))
        object.__setattr__(self, "groups", MappingProxyType(dict(self.groups)))
        object.__setattr__(self, "view", self.view % len(self.classes))
        n = len(self.y_true)
        lengths = {n, len(self.scores.values), len(self.weights), len(self.row_ids)}
        lengths |= {len(g.codes) for g in self.groups.values()}
        if len(lengths) != 1:
            raise DataError(f"Labels, scores and groups differ in length: {lengths}.")
        if isinstance(self.rule, Argmax) and self.scores.scale == "raw":
            raise SettingError(
                "A raw score has one column, so there is no highest class; give a "
                "threshold on the score's own scale."
            )

    def __len__(self) -> int:
        return len(self.y_true)

    @property
    def is_probability(self) -> bool:
        """Whether the scores are probabilities."""
        return self.scores.scale == "probability"

    @property
    def score(self) -> Floats:
        """Score of the class in view, float[n]."""
        column = self.view if self.is_probability else 0
        return self.scores.values[:, column]

    @property
    def is_positive(self) -> Bools:
        """Whether the label is the class in view, bool[n]."""
        return self.y_true == self.view

    @cached_property
    def decisions(self) -> Bools:
        """Whether each row is decided for the class in view, bool[n]."""
        if isinstance(self.rule, Argmax):
            decided = self.scores.values.argmax(axis=1) == self.view
        elif isinstance(self.rule, GroupThresholds):
            by_group = np.asarray(self.rule.values, dtype=np.float64)
            decided = self.score >= by_group[self.groups[self.rule.attribute].codes]
        else:
            decided = self.score >= self.rule.value
        return frozen(decided, np.bool_)

    @cached_property
    def decided_classes(self) -> Ints:
        """Return the class that each row is decided for, int[n].

        Of two classes it follows the rule; of more, the highest score.
        """
        if len(self.classes) > 2:
            return frozen(self.scores.values.argmax(axis=1), np.int64)
        other = 1 - self.view
        return frozen(np.where(self.decisions, self.view, other), np.int64)

    @cached_property
    def digest(self) -> str:
        """Digest of labels, scores, groups, weights, rows and rule."""
        content = self.remembered(("digest",), self._content_digest)
        return digest_of([content.encode(), repr(self.rule).encode()])

    @cached_property
    def _memory(self) -> dict[tuple[object, ...], Any]:
        return {}

    def remembered(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what was made before under a key, or make it.

        What is kept must not depend on the decision rule: the same rows and scores
        under another rule share it, so that moving a threshold costs counts only.
        """
        if key not in self._memory:
            self._memory[key] = make()
        found: T = self._memory[key]
        return found

    def _content_digest(self) -> str:
        arrays = [self.y_true, self.scores.values, self.weights, self.row_ids]
        arrays += [g.codes for g in self.groups.values()]
        words = [self.title, repr(self.classes), repr(self.view)]
        words += [f"{name}{g.names}" for name, g in self.groups.items()]
        return digest_of(
            [
                *(np.ascontiguousarray(a).tobytes() for a in arrays),
                *(w.encode() for w in words),
            ]
        )

    def grouping(self, attributes: tuple[str, ...]) -> Grouping:
        """Return the intersection of the named attributes, or everyone for none."""
        return crossed(self.groups, attributes, len(self))

    def largest_groups(self) -> dict[str, str]:
        """Return the group with most rows of each attribute."""
        return {
            attribute: g.names[int(np.bincount(g.codes, minlength=1).argmax())]
            for attribute, g in self.groups.items()
        }

    def take(self, rows: Ints) -> "Evaluation":
        """Return the evaluation of some rows, given by position."""
        s = self.scores
        logits = None if s.logits is None else s.logits[rows]
        return replace(
            self,
            y_true=self.y_true[rows],
            scores=Scores(s.values[rows], s.scale, logits),
            groups={name: g.take(rows) for name, g in self.groups.items()},
            weights=self.weights[rows],
            row_ids=self.row_ids[rows],
        )

    def decided_by(self, rule: DecisionRule) -> "Evaluation":
        """Return the same scores under another decision rule."""
        decided = replace(self, rule=rule)
        object.__setattr__(decided, "_memory", self._memory)
        return decided


def of_sane_scale(weights: Floats) -> Floats:
    """Scale weights whose squares would overflow or vanish; scale says nothing."""
    largest = float(np.max(weights, initial=0.0))
    is_sane = 1e-100 < largest < 1e100 or largest == 0
    return frozen(weights if is_sane else np.asarray(weights) / largest, np.float64)


def evaluate(
    title: str, frame: AuditFrame, scores: Scores, rule: DecisionRule
) -> Evaluation:
    """Join a frame with one scorer's scores.

    Raises
    ------
    DataError
        The frame has no labels, or the scores have other rows or classes.
    """
    if frame.y_true is None:
        raise DataError(
            "This table has no labels, so errors cannot be counted. Choose a label on "
            "the Data page, or estimate performance without labels on the Shift page."
        )
    k = scores.values.shape[1]
    if scores.scale == "probability" and k != len(frame.classes):
        raise DataError(
            f"Scores have {k} columns but the label has {len(frame.classes)} classes; "
            "give one score column per class, in the order of the classes."
        )
    return Evaluation(
        title=title,
        y_true=frame.y_true,
        scores=scores,
        classes=frame.classes,
        groups=frame.groups,
        weights=frame.weights,
        row_ids=frame.row_ids,
        rule=rule,
    )
