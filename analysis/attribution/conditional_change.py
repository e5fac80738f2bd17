"""How far an outcome changed given X, within any part of the rows.

With e(x) the probability of the target among as many rows of both sides, m(x) the rate
of both together and D the side, the moment (Y - m)(D - e) over the weight (D - e)^2
estimates within any part how far P(Y|X) moved there, averaged over the shared
distribution of X; both e and m are cross-fitted (Nie & Wager 2021, Quasi-Oracle
Estimation of Heterogeneous Treatment Effects, Biometrika 108, equation 4). Averaged so,
the weights are those of overlap (Li, Morgan & Zaslavsky 2018, JASA 113).
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from analysis.arrays import Bools, Floats
from analysis.attribution.rule_search import Effects
from analysis.attribution.worlds import CovariateWorlds
from analysis.density.basis import basis
from analysis.density.density_ratio import balanced_weights, fit_density_ratio
from analysis.estimates import Estimate, Z
from analysis.shifts.domain import Domain


@dataclass(frozen=True, eq=False)
class Moments:
    """One half's rows, source first, with what effects are estimated from.

    `rate` is m(x), `left` the outcome less m(x), and `weight` the shared weights.
    """

    source: Domain
    target: Domain
    rate: Floats
    left: Floats
    weight: Floats
    effects: Effects

    @property
    def table(self) -> pd.DataFrame:
        """The columns of both sides."""
        return pd.concat([self.source.columns, self.target.columns], ignore_index=True)

    def rates(self, rows: Bools) -> tuple[Estimate, Estimate, Estimate]:
        """Return the rate at the source, at the target, and their difference.

        Both take the shared rate m and what their own rows lie off it; the intervals
        take the weights as known.
        """
        shared = np.average(self.rate[rows], weights=self.weight[rows])
        found, errors = [], []
        for side in (~self.effects.is_target, self.effects.is_target):
            mine = rows & side
            w, left = self.weight[mine], self.left[mine]
            off = float(w @ left / w.sum())
            error = float(np.sqrt((w**2) @ (left - off) ** 2) / w.sum())
            low, at, high = (
                float(np.clip(shared + off + z * error, 0, 1)) for z in (-Z, 0, Z)
            )
            found.append(Estimate(at, low, high, float(mine.sum())))
            errors.append(error)
        change = found[1].value - found[0].value
        half = Z * float(np.hypot(errors[0], errors[1]))
        n = found[0].n + found[1].n
        return found[0], found[1], Estimate(change, change - half, change + half, n)


def moments(source: Domain, target: Domain, outcome: str, seed: int) -> Moments:
    """Return what the change of an outcome given X is estimated from.

    Parameters
    ----------
    source, target : Domain
    outcome : 'label' or 'error'
    seed : int
        Of the folds of both models.
    """
    worlds = CovariateWorlds(source, target, seed)
    e = special.expit(np.concatenate(worlds.model.log_ratio()))
    y = np.concatenate([_outcome(d, outcome) for d in (source, target)])
    own = np.concatenate([d.evaluation.weights for d in (source, target)])
    d = np.arange(len(y)) >= len(source)
    own = balanced_weights(own, d)
    rate = _rate(source, target, y, own, seed)
    left, away = y - rate, d - e
    return Moments(
        source,
        target,
        rate,
        left,
        own * np.where(d, 1 - e, e),
        Effects(own * left * away, own * away**2, d),
    )


def _outcome(domain: Domain, outcome: str) -> Floats:
    e = domain.evaluation
    if outcome == "label":
        return e.is_positive.astype(np.float64)
    if len(e.classes) > 2:
        return (e.decided_classes != e.y_true).astype(np.float64)
    return (e.decisions != e.is_positive).astype(np.float64)


def _rate(source: Domain, target: Domain, y: Floats, own: Floats, seed: int) -> Floats:
    """Return the cross-fitted rate of both sides together given X and the score.

    A model that tells rows with the outcome from rows without it is the same model
    that tells two tables apart; the odds of the outcome make up for their balance.
    """
    inside, outside = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    total = float(own[inside].sum()), float(own[outside].sum())
    if min(len(inside), len(outside)) < 2 or min(total) <= 0:
        return np.full(len(y), total[0] / sum(total))
    tables = [_with_score(d) for d in (source, target)]
    order = np.concatenate([outside, inside])
    x = basis(*tables).take(order)
    ids = np.concatenate([d.evaluation.row_ids for d in (source, target)])[order]
    x = replace(x, n_source=len(outside))
    model = fit_density_ratio(x, own[outside], own[inside], seed=seed, ids=ids)
    rate = np.empty(len(y))
    odds = np.log(total[0] / total[1])
    rate[order] = special.expit(np.concatenate(model.log_ratio()) + odds)
    return rate


def _with_score(domain: Domain) -> pd.DataFrame:
    return domain.columns.assign(**{"the score": domain.evaluation.score})
