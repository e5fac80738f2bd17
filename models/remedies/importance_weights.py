"""Importance weights: make the training rows look like those of a target."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.arrays import Bools, Floats
from analysis.cohorts import parse
from analysis.density.basis import Basis, basis
from analysis.density.density_ratio import fit_density_ratio
from analysis.errors import DataError
from analysis.frame import AuditFrame
from models.kernel_matching import match_means, random_features
from models.remedies.base import Needs
from models.remedies.features import features_named
from models.remedies.settings import (
    choice_setting,
    feature_setting,
    setting,
)
from models.remedies.target_rows import LooksAtTarget
from models.remedies.weighing import Weighing, inside_of

CLASSIFIER, MATCHING, DOUBLE = (
    "classifier",
    "kernel mean matching",
    "double weighting",
)


@dataclass(frozen=True, kw_only=True)
class ImportanceWeights(LooksAtTarget, Weighing):
    """Weigh each training row by how much likelier it is in the target.

    The target is another table, or the part of the training rows that a rule names,
    such as the newest year or one region. What the rule names is then left out of the
    comparison, as are the features in `ignored`: one that follows from the rule would
    leave the target's rows alone. The effective number of rows, (sum w)^2 / sum w^2,
    tells how many are left: with few, the model follows their noise, and a strength
    below 1 or a cap is better.

    Three estimates. A classifier of target against other rows, cross-fitted, gives
    odds r, and the ratio of target to all rows is r / (p r + 1 - p) with p the
    target's share: never above 1 / p. Kernel mean matching finds weights under which
    the means of random features agree. Double weighting is the same with the target's
    rows turned down where training rows are rare.

    References
    ----------
    Shimodaira (2000), Improving predictive inference under covariate shift by weighting
    the log-likelihood function, JSPI 90, for the exponent; Bickel, Brückner & Scheffer
    (2009), JMLR 10, for the classifier; Huang et al. (2007), NeurIPS; Segovia-Martín,
    Mazuelas & Liu (2023), Double-Weighting for Covariate Shift Adaptation, ICML. The
    last trains a minimax risk classifier with both weights; only its weights of the
    training rows, beta, are used here, with any classifier.
    """

    title: ClassVar[str] = "Make training rows look like a target (importance weights)"
    mends: ClassVar[str] = (
        "a model trained on other people than those it will be used for"
    )
    costs: ClassVar[str] = "rows: those unlike the target hardly count any more"
    source: ClassVar[str] = (
        "Huang et al. (2007), NeurIPS; Segovia-Martín, Mazuelas & Liu (2023), ICML"
    )
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "target data")
    slowness: ClassVar[float] = 1.5

    estimate: str = choice_setting(
        CLASSIFIER,
        (CLASSIFIER, MATCHING, DOUBLE),
        "How the weights are found.",
    )
    trimmed: float = setting(
        0.3,
        0.0,
        0.95,
        "Of double weighting: how far the target may be cut to what training rows "
        "cover; 0 not at all.",
    )
    ignored: str = feature_setting(
        "Features that follow from the target, to be left out of the comparison.",
        is_required=False,
    )
    strength: float = setting(
        1.0,
        0.0,
        1.0,
        "Exponent of the weights: 0 leaves the rows as they are.",
        is_dial=True,
    )

    def weights(self, train: AuditFrame, seed: int) -> Floats:
        """Return the weights to the power of the strength, averaging about 1.

        Raises
        ------
        DataError
            No row matches the target, all do, or nothing is left to compare.
        """
        if self.table:
            return self._flattened(self._beside(train, seed), train)
        inside = inside_of(train, self.target)
        if train.weights[inside].sum() <= 0 or train.weights[~inside].sum() <= 0:
            raise DataError(
                f"The target '{self.target}' holds all or no training rows in reach "
                "(by weight). Choose a narrower rule, or a wider cohort."
            )
        columns = compared(train, self.target, features_named(train, self.ignored))
        source, target = columns.iloc[~inside], columns.iloc[inside]
        table = basis(source, target)
        if self.estimate == CLASSIFIER:
            found = _ratios(table, train.weights, inside, seed)
        else:
            trimmed = self.trimmed if self.estimate == DOUBLE else 0.0
            found = _matched(table, train.weights, inside, trimmed, seed)
        return self._flattened(found, train)

    def _flattened(self, found: Floats, train: AuditFrame) -> Floats:
        flattened: Floats = found**self.strength
        return flattened * train.weights.sum() / float(flattened @ train.weights)

    def _beside(self, train: AuditFrame, seed: int) -> Floats:
        """Return the weights that make all training rows look like another table."""
        other = self.target_among(train)
        left_out = {*features_named(train, self.ignored)}
        shared = [f for f in train.features if f in other.features]
        kept = [f for f in shared if f not in left_out]
        if not kept:
            raise DataError(
                "No feature is left to find similar rows by: the other table has none "
                "of them, or all are ignored. Ignore fewer."
            )
        table = basis(train.features[kept], other.features[kept])
        own = train.weights, other.weights
        if self.estimate == CLASSIFIER:
            at_train, _ = fit_density_ratio(table, *own, seed=seed).log_ratio()
            ratios: Floats = np.exp(at_train - at_train.max())
            return ratios
        features = random_features(table.columns, seed)
        n = table.n_source
        trimmed = self.trimmed if self.estimate == DOUBLE else 0.0
        return match_means(features[:n], features[n:], *own, trimmed).source


def compared(
    train: AuditFrame, rule: str, ignored: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return the features that the rule does not name and are not ignored, [n, d].

    Raises
    ------
    DataError
        There are none.
    """
    named = {condition.feature for condition in parse(rule).conditions} | {*ignored}
    kept = [name for name in train.features if name not in named]
    if not kept:
        raise DataError(
            f"No feature is left to find rows like those of '{rule}' by: all are named "
            "in it or ignored. Ignore fewer."
        )
    return train.features[kept]


def _ratios(table: Basis, weights: Floats, inside: Bools, seed: int) -> Floats:
    """Return p_target / p_all of each row, float[n]."""
    own = weights[~inside], weights[inside]
    odds = np.empty(len(weights))
    odds[~inside], odds[inside] = fit_density_ratio(table, *own, seed=seed).log_ratio()
    share = own[1].sum() / weights.sum()
    # r / (p r + 1 - p) with r = exp(odds), without overflow.
    ratio: Floats = 1 / (share + (1 - share) * np.exp(np.minimum(-odds, 700)))
    return ratio


def _matched(
    table: Basis, weights: Floats, inside: Bools, trimmed: float, seed: int
) -> Floats:
    """Return beta of each row; the source is all rows, the target among them."""
    by_part = random_features(table.columns, seed)
    features = np.empty_like(by_part)
    features[~inside], features[inside] = (
        by_part[: table.n_source],
        by_part[table.n_source :],
    )
    beta = match_means(
        features, features[inside], weights, weights[inside], trimmed
    ).source
    if float(beta @ weights) <= 0:
        raise DataError(
            "Matching leaves no weight on any training row. Trim the target less, or "
            "choose the estimate 'classifier'."
        )
    return beta
