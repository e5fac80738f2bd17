"""Venn-Abers: two isotonic fits, one for either label that a person might have."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import logit

from analysis.arrays import Bools, Floats
from models.remedies.one_vs_rest import OneVsRest, probabilities

ROUNDING = 1e-12
"""Rates nearer than this are one step."""


@dataclass(frozen=True)
class VennAbers(OneVsRest):
    """Map a score to p1 / (1 - p0 + p1), of a pair of which one is calibrated.

    p0 and p1 are the rates at the score of the isotonic fits to the calibration rows
    and the person, labelled 0 or 1; the value between them is the one of least
    regret in log loss. The fit is the venn-abers library's, which takes no weights:
    each row counts once. Kept are the steps of both curves, so the answer is the
    library's up to rounding. Of more than two classes each is fitted against the rest,
    which on 50,000 rows takes a fifth of a second for each.

    References
    ----------
    Vovk, Petej & Fedorova (2015), Large-scale probabilistic predictors with and without
    guarantees of validity, NeurIPS, sections 4 and 5.
    """

    title: ClassVar[str] = "Venn-Abers calibration"
    name: ClassVar[str] = "venn_abers"
    mends: ClassVar[str] = (
        "scores that are off in any way but their order, with few rows"
    )
    costs: ClassVar[str] = (
        "weights, which it does not take, and ties, where scores fall on one step; by "
        "group it needs the group of whoever is scored"
    )
    source: ClassVar[str] = "Vovk, Petej & Fedorova (2015), NeurIPS"
    takes_weights: ClassVar[bool] = False

    def fitted_odds(self, x: Floats, hits: Bools, weights: Floats) -> dict[str, Any]:
        """Return the steps of both curves."""
        scores = probabilities(x)
        # On import the library silences divisions for good; without, it warns of its
        # own 0 / 0 in slopes from a point to itself.
        with np.errstate(divide="ignore", invalid="ignore"), _quiet():
            from venn_abers import VennAbers as Library

            pair = Library()
            pair.fit(np.column_stack([1 - scores, scores]), hits.astype(float))
        return {
            "if_0": _steps(pair.c, pair.p0[:, 1]),
            "if_1": _steps(pair.c, pair.p1[:, 1]),
        }

    def mapped_odds(self, found: Mapping[str, Any], x: Floats) -> Floats:
        """Return the log odds of p1 / (1 - p0 + p1)."""
        scores, low, high = probabilities(x), found["if_0"], found["if_1"]
        at_low = np.searchsorted(low["from"], scores, side="right")
        at_high = np.searchsorted(high["from"], scores, side="left")
        p0, p1 = np.asarray(low["rates"])[at_low], np.asarray(high["rates"])[at_high]
        result: Floats = logit(p1 / (1 - p0 + p1))
        return result

    @classmethod
    def said_odds(cls, found: Mapping[str, Any]) -> str:
        """Return the number of steps of both curves."""
        return f"{len(found['if_0']['rates'])} and {len(found['if_1']['rates'])} steps"


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN", RuntimeWarning)
        yield


def _steps(scores: Floats, rates: Floats) -> dict[str, Any]:
    """Return where a curve changes and its rates, of rates before and at each score.

    Parameters
    ----------
    scores : float[m]
        Rising.
    rates : float[m + 1]
    """
    changes = np.flatnonzero(np.abs(np.diff(rates)) > ROUNDING)
    kept = np.concatenate([rates[:1], rates[changes + 1]])
    return {"from": scores[changes].tolist(), "rates": kept.tolist()}
