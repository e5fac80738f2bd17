"""Labels that may be wrong: mistakes where the model is as sure as it can be."""

import numpy as np

from analysis.evaluation import Evaluation
from analysis.faults.fault import Fault
from analysis.frame import everyone
from analysis.shares import shares
from analysis.subgroups.finding import percent

SUREST = 0.25
"""Share of people, those the model is surest of, whose labels are held against it."""

MOST = 0.4
"""Share of people above which the surest are not told from the others."""

LEAST = 0.02
"""Mistakes above what is promised, in the lower end of the interval, to be told."""


def doubtful_labels(evaluation: Evaluation) -> tuple[Fault, ...]:
    """Return whether the surest decisions are wrong more often than they promise.

    Wrong labels show there: no score can foresee them, so they leave a floor of
    mistakes under any model. So do scores that promise too much, and people who differ
    in what no column tells; it is a hint, and said as one.

    Parameters
    ----------
    evaluation : Evaluation
        Of probabilities; nothing is found in raw scores.
    """
    if not evaluation.is_probability or len(evaluation) < 100:
        return ()
    values = evaluation.scores.values
    confidence, decided = values.max(axis=1), values.argmax(axis=1)
    surest = confidence >= np.quantile(confidence, 1 - SUREST)
    if surest.mean() > MOST:  # many are equally sure: there is no surest quarter
        return ()
    wrong = decided != evaluation.y_true
    w = evaluation.weights * surest
    rate = shares(wrong, evaluation.weights, everyone(len(evaluation)), surest)[0].at(0)
    promised = float(w @ (1 - confidence) / max(w.sum(), np.finfo(float).tiny))
    if not rate.low - promised >= LEAST:  # NaN is not
        return ()
    sentence = (
        "Even of the quarter it is surest of, the recorded label says otherwise for "
        f"{percent(rate, 1)}, where the scores promise {100 * promised:.1f} % "
        f"(n = {rate.n:,.0f}): labels may be wrong, or scores too sure."
    )
    size = rate.low - promised
    return (Fault("doubtful_labels", "", "", sentence, size, is_sure=False),)
