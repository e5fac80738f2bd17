"""A scorer that decides by group: thresholds on the margin, some of them drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.arrays import Bools, Floats
from analysis.cohorts import parse
from analysis.errors import DataError
from analysis.evaluation import Scores
from analysis.frame import AuditFrame, Grouping
from analysis.marks import BY_LOT
from analysis.parity.lottery import Lottery
from analysis.thresholds.halves import person_hashes
from models.cohort_sets import CohortSet, members_of
from models.groupings import grouping_named
from models.probabilities import scores_of_logits
from models.remedies.base import marks_of
from models.remedies.calibration_rows import logits_of_scores
from models.scorer import Scorer

FURTHEST = 40.0
"""Margins, in log odds, count as no further from zero than this."""

BEYOND = 45.0
"""Cut above which nobody's margin is, and below minus which everybody's is."""


DECIMALS = 4
"""Of a margin that count in a draw; the last bits may differ with what else is scored.
"""


def margins(scores: Scores) -> Floats:
    """Return the log odds of the second class, float64[n], within `FURTHEST` of zero.

    Raises
    ------
    DataError
        There are not exactly two classes, or the scores are raw.
    """
    logits = logits_of_scores(scores).astype(np.float64)
    if logits.shape[1] != 2:
        raise DataError(
            f"Thresholds by group decide between two classes, and these scores have "
            f"{logits.shape[1]}. Choose a table with two classes, or another remedy."
        )
    apart: Floats = np.clip(logits[:, 1] - logits[:, 0], -FURTHEST, FURTHEST)
    return apart


def draws(features: pd.DataFrame, margin: Floats) -> Floats:
    """Return a number in [0, 1) for each person's features and margin, float[n].

    A person draws the same number in any table and at any time; people who are alike in
    both draw alike.
    """
    hashes = person_hashes(features, np.round(margin, DECIMALS) + 0.0)
    high: Floats = (hashes >> np.uint64(11)).astype(np.float64)
    return high * 2.0**-53


def as_json(lottery: Lottery) -> dict[str, list[float]]:
    """Return a draw between cuts as JSON types; cuts for nobody become finite."""
    cuts = np.clip(lottery.cuts, -BEYOND, BEYOND)
    return {"cuts": cuts.tolist(), "shares": lottery.shares.tolist()}


def inside(cohort: str, frame: AuditFrame) -> Bools:
    """Return which rows a rule aims at, bool[n]; all for an empty rule."""
    rules = (str(parse(cohort)),) if cohort.strip() else ()
    return members_of(CohortSet({}, rules), frame)


@dataclass(frozen=True)
class Decided:
    """A scorer whose margins are moved so that a score of one half is the threshold.

    Parameters
    ----------
    base : Scorer
    found : mapping
        'everyone' and 'by_group': cuts and their shares; 'attribute'; 'cohort'.
    """

    base: Scorer
    found: Mapping[str, Any]

    def score(self, frame: AuditFrame) -> Scores:
        """Return the base's scores with each person's cut taken off the margin.

        People outside the aim, and those whose cut is zero, keep their logits.
        """
        scores = self.base.score(frame)
        logits, margin = logits_of_scores(scores), margins(scores)
        cuts, _ = self._cuts(frame, margin)
        moved = np.flatnonzero(cuts != 0)
        if not len(moved):
            return scores_of_logits(logits)
        result = np.array(logits, np.float64)
        result[moved, 1] = result[moved, 0] + (margin - cuts)[moved]
        return scores_of_logits(result)

    def marks(self, frame: AuditFrame) -> dict[str, Bools]:
        """Return the base's marks, and those for whom a draw decides."""
        marks = marks_of(self.base, frame)
        _, is_drawn = self._cuts(frame, margins(self.base.score(frame)))
        return marks | {BY_LOT: is_drawn | marks.get(BY_LOT, False)}

    def parameters(self) -> dict[str, Any]:
        """Return what was fitted, as JSON types."""
        return dict(self.found)

    def grouping(self, frame: AuditFrame) -> Grouping | None:
        """Return the groups that the cuts are for; None where there are none."""
        attribute = self.found["attribute"]
        return grouping_named(frame, attribute) if attribute else None

    def _cuts(self, frame: AuditFrame, margin: Floats) -> tuple[Floats, Bools]:
        """Return each row's cut, float[n], and whether a draw can change its decision.

        A group that was not there when fitting is decided as 'everyone'.
        """
        cuts, is_drawn = np.zeros(len(frame)), np.zeros(len(frame), bool)
        drawn = self._draws(frame, margin)
        touched = inside(self.found["cohort"], frame)
        grouping = self.grouping(frame)
        by_group = self.found["by_group"]
        names = () if grouping is None else grouping.names
        codes = np.full(len(frame), -1) if grouping is None else grouping.codes
        known = [g for g, name in enumerate(names) if name in by_group]
        parts = [(codes == g, by_group[names[g]]) for g in known]
        parts.append((~np.isin(codes, known), self.found["everyone"]))
        for is_here, fit in parts:
            rows = np.flatnonzero(is_here & touched)
            lottery = Lottery(np.array(fit["cuts"]), np.array(fit["shares"]))
            cuts[rows] = lottery.cut_of(drawn[rows])
            is_drawn[rows] = lottery.is_drawn(margin[rows])
        return cuts, is_drawn

    def _draws(self, frame: AuditFrame, margin: Floats) -> Floats:
        fits = [self.found["everyone"], *self.found["by_group"].values()]
        if all(len(fit["cuts"]) == 1 for fit in fits):
            return np.zeros(len(frame))
        return draws(frame.features, margin)
