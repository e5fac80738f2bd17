"""Ranks for a score that promises no probability: its place between 0 and 1."""

from dataclasses import dataclass, replace

import numpy as np

from analysis.arrays import Floats
from analysis.evaluation import (
    Evaluation,
    GroupThresholds,
    Scores,
    Threshold,
    binary_probabilities,
)


@dataclass(frozen=True)
class RankMap:
    """The share of people below each value of a score, half of the value's own added.

    A monotone map: order, ties and so every measure of ranking stay as they are.
    Distances between values are lost, the share depends on who is in the table, and it
    is no probability of the outcome until a calibrator is fitted to it.

    Parameters
    ----------
    values : tuple of float
        Different values of the score, ascending.
    ranks : tuple of float
        Of each value, above 0 and below 1.
    """

    values: tuple[float, ...]
    ranks: tuple[float, ...]

    def of(self, score: Floats) -> Floats:
        """Return the rank of each score; between two known values, in between."""
        ranks: Floats = np.interp(score, self.values, self.ranks)
        return ranks

    def of_threshold(self, threshold: float) -> float:
        """Return the rank above which the same people are decided positive.

        It lies halfway between the last value below the threshold and the first one
        that reaches it.
        """
        first = int(np.searchsorted(self.values, threshold, side="left"))
        if first == 0:
            return 0.0
        if first == len(self.values):
            return 1.0
        return (self.ranks[first - 1] + self.ranks[first]) / 2


LEAST = 1e-9
"""Share of all weight that a value counts for at least."""


def rank_map(score: Floats, weights: Floats) -> RankMap:
    """Return the ranks of a score's values, counted by weight.

    Parameters
    ----------
    score, weights : float[n]
    """
    values, at = np.unique(score, return_inverse=True)
    share = np.bincount(at, weights, len(values))
    # values that only rows without weight have keep a place of their own
    share = np.maximum(share, LEAST * max(float(share.sum()), LEAST))
    total = float(share.sum())
    ranks = (np.cumsum(share) - share / 2) / total
    return RankMap(tuple(values.tolist()), tuple(ranks.tolist()))


def ranked(evaluation: Evaluation) -> Evaluation:
    """Return an evaluation whose raw score is replaced by its rank.

    Decisions stay as they are: the threshold is mapped along. Probabilities are
    returned unchanged.
    """
    if evaluation.is_probability:
        return evaluation
    found = rank_map(evaluation.score, evaluation.weights)
    scores = rank_scores(evaluation.scores, found)
    if evaluation.view == 0:  # the one raw column speaks of the class in view
        scores = Scores(scores.values[:, ::-1])
    rule = evaluation.rule
    if isinstance(rule, Threshold):
        rule = Threshold(found.of_threshold(rule.value))
    elif isinstance(rule, GroupThresholds):
        cuts = tuple(found.of_threshold(value) for value in rule.values)
        rule = GroupThresholds(rule.attribute, cuts)
    return replace(evaluation, scores=scores, rule=rule)


def rank_scores(scores: Scores, found: RankMap) -> Scores:
    """Return raw scores as ranks: the two columns of a probability of the last class.

    Parameters
    ----------
    scores : Scores
        Raw.
    found : RankMap
    """
    return binary_probabilities(found.of(scores.values[:, 0]))
