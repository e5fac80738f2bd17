"""Nonconformity: how badly each class fits a row, given its probabilities."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.errors import NeedsProbabilitiesError, SettingError
from analysis.evaluation import Evaluation

DECIMALS = 12
"""Equal numbers must not fall apart by what their sums and differences round off to."""


@dataclass(frozen=True)
class Nonconformity:
    """One way to say how badly a class fits.

    Parameters
    ----------
    title, words : str
        A short name and one sentence for readers.
    source : str
        The paper.
    function : callable
        From float[n, k] probabilities and float[n] uniform draws to float[n, k].
    is_random : bool
        Whether the draws matter.
    """

    title: str
    words: str
    source: str
    function: Callable[[Floats, Floats], Floats]
    is_random: bool = False


def lac(probabilities: Floats, draws: Floats) -> Floats:
    """Return one minus the probability of each class, float[n, k]; no draws are used.

    References
    ----------
    Sadinle, Lei & Wasserman (2019), Least Ambiguous Set-Valued Classifiers With
    Bounded Error Levels, JASA 114.
    """
    return np.round(1 - probabilities, DECIMALS)


def aps(probabilities: Floats, draws: Floats) -> Floats:
    """Return the probability of each class and of all likelier ones, float[n, k].

    Classes of equal probability are all counted, so that no order of classes matters;
    the paper breaks such ties by order. No draws are used.

    References
    ----------
    Romano, Sesia & Candès (2020), Classification with Valid and Adaptive Coverage,
    NeurIPS, section 2, with u = 1.
    """
    likelier, alike = _cumulated(probabilities)
    return np.round(likelier + alike, DECIMALS)


def aps_randomised(probabilities: Floats, draws: Floats) -> Floats:
    """Return the probability of all likelier classes and a random part of its own.

    References
    ----------
    Romano, Sesia & Candès (2020), section 2: u is uniform, one draw for each row.
    """
    likelier, alike = _cumulated(probabilities)
    return np.round(likelier + draws[:, None] * alike, DECIMALS)


SCORES: dict[str, Nonconformity] = {
    "lac": Nonconformity(
        "Least ambiguous (LAC)",
        "A class is in the set when its own probability is high enough; the smallest "
        "sets on average, but some can be empty.",
        "Sadinle, Lei & Wasserman (2019), JASA 114",
        lac,
    ),
    "aps": Nonconformity(
        "Adaptive (APS)",
        "Classes are taken from the likeliest on, until their probabilities add up to "
        "enough; hard cases get larger sets.",
        "Romano, Sesia & Candès (2020), NeurIPS",
        aps,
    ),
    "aps_randomised": Nonconformity(
        "Adaptive, randomised",
        "As adaptive, but the last class is taken by a draw, so that the promise is "
        "met exactly and not exceeded; the same person can get another set.",
        "Romano, Sesia & Candès (2020), NeurIPS",
        aps_randomised,
        is_random=True,
    ),
}


def nonconformity(
    evaluation: Evaluation, score: str, rng: np.random.Generator | None = None
) -> Floats:
    """Return how badly each class fits each row, float[n, k].

    Raises
    ------
    SettingError
        There is no such score, or it needs draws and no generator is given.
    NeedsProbabilitiesError
        The scores are raw.
    """
    if score not in SCORES:
        raise SettingError(
            f"'{score}' is not a way to build sets; choose one of {', '.join(SCORES)}."
        )
    require_probabilities(evaluation, "prediction sets")
    spec, n = SCORES[score], len(evaluation)
    if spec.is_random and rng is None:
        raise SettingError(
            f"'{score}' draws at random; give it a generator (rng), or choose 'aps'."
        )
    draws = rng.uniform(size=n) if spec.is_random and rng is not None else np.ones(n)
    return spec.function(evaluation.scores.values, draws)


def require_probabilities(evaluation: Evaluation, what: str) -> None:
    """Go on only with probabilities; `what` names what needs them.

    Raises
    ------
    NeedsProbabilitiesError
        The scores are raw.
    """
    if not evaluation.is_probability:
        score = evaluation.score
        low, high = float(score.min(initial=0)), float(score.max(initial=0))
        raise NeedsProbabilitiesError(what, low, high)


def _cumulated(probabilities: Floats) -> tuple[Floats, Floats]:
    """Return the probability of all likelier classes, and of all just as likely."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    falling = np.take_along_axis(probabilities, order, axis=1)  # [n, k]
    k = falling.shape[1]
    is_lower = falling[:, 1:] != falling[:, :-1]
    edge = np.ones((len(falling), 1), dtype=bool)
    starts = np.where(np.hstack([edge, is_lower]), np.arange(k), 0)
    ends = np.where(np.hstack([is_lower, edge]), np.arange(1, k + 1), k)
    starts = np.maximum.accumulate(starts, axis=1)  # of the run of equal classes
    ends = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    sums = np.hstack([np.zeros((len(falling), 1)), np.cumsum(falling, axis=1)])
    before = np.take_along_axis(sums, starts, axis=1)
    own = np.take_along_axis(sums, ends, axis=1) - before
    likelier, alike = np.empty_like(falling), np.empty_like(falling)
    np.put_along_axis(likelier, order, before, axis=1)
    np.put_along_axis(alike, order, own, axis=1)
    return likelier, alike
