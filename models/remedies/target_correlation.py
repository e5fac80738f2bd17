"""Target correlation: set how strongly label and group go together in training."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from analysis.arrays import Floats
from analysis.errors import DataError, SettingError
from analysis.frame import AuditFrame
from models.groupings import grouping_named
from models.remedies.base import Needs
from models.remedies.settings import attribute_setting, choice_setting, setting
from models.remedies.weighing import DRAWS, WEIGHTS, Weighing, labels_of

TINY = 1e-9


@dataclass(frozen=True, kw_only=True)
class TargetCorrelation(Weighing):
    """Resample so that label and group correlate as they will where the model is used.

    With P(g) and P(y) kept, cell (g, y) gets P(g) P(y) + t (P(g, y) - P(g) P(y)). The
    correlation is then t times what it was, for two groups and two classes the signed
    phi, otherwise Cramer's V, which has no sign.

    References
    ----------
    Roh, Lee, Whang & Suh (2023), Improving Fair Training under Correlation Shifts,
    ICML, section 4. They search the cell ratios of two groups and two classes within an
    interval of correlations, by a relaxed optimisation; we keep both marginals and
    scale the dependence, which is the one solution for two by two and has a closed
    form for more.
    """

    title: ClassVar[str] = "Set how label and group correlate"
    mends: ClassVar[str] = (
        "a link between label and group that is weaker or stronger where the model "
        "will be used than in the training rows"
    )
    costs: ClassVar[str] = "accuracy if the link does not change as assumed"
    source: ClassVar[str] = "Roh, Lee, Whang & Suh (2023), ICML"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "group at training")

    by: str = choice_setting(
        DRAWS,
        (WEIGHTS, DRAWS),
        "Whether rows are weighed, or drawn more or less often for the same mix.",
    )
    attribute: str = attribute_setting(
        "Groups whose link with the label is set.", is_required=True
    )
    correlation: float = setting(
        0.0,
        -1.0,
        1.0,
        "Above 0 the last group has more of the last class; with more than two "
        "groups or classes it is Cramer's V, from 0.",
    )

    def weights(self, train: AuditFrame, seed: int) -> Floats:
        """Return the new share of each row's cell over the old, 0 / 0 being 1.

        Raises
        ------
        DataError
            There is only one group or one class, or a group without a class that it
            would need.
        SettingError
            The correlation is out of reach.
        """
        grouping, k = grouping_named(train, self.attribute), len(train.classes)
        cells = grouping.codes * k + labels_of(train)
        mass = np.bincount(cells, train.weights, len(grouping.names) * k)
        shares = (mass / mass.sum()).reshape(-1, k)  # [g, k]
        rows, columns = shares.sum(axis=1) > 0, shares.sum(axis=0) > 0
        part = shares[np.ix_(rows, columns)]
        if min(part.shape) < 2:
            raise DataError(
                f"Label and '{self.attribute}' cannot correlate: only one class or "
                "one group is in reach. Choose another attribute or a wider cohort."
            )
        wanted = _scaled(part, self.correlation)
        missing = np.argwhere((part <= 0) & (wanted > 0))
        if len(missing):
            names = np.array(grouping.names)[rows], np.array(train.classes)[columns]
            raise _empty_cell(*(n[i] for n, i in zip(names, missing[0], strict=True)))
        factors = np.ones_like(shares)
        ratio = np.divide(wanted, part, out=np.ones_like(part), where=part > 0)
        factors[np.ix_(rows, columns)] = ratio
        return factors.ravel()[cells]


def correlation_of(shares: Floats) -> float:
    """Return the phi of a 2 x 2 table of shares, Cramer's V of a larger one.

    Phi is the correlation of the two positions, so above 0 where the last row and the
    last column go together.
    """
    product = shares.sum(axis=1, keepdims=True) * shares.sum(axis=0, keepdims=True)
    if shares.shape == (2, 2):
        difference = shares[1, 1] - product[1, 1]
        return float(difference / np.sqrt(product[1, 1] * product[0, 0]))
    chi_square = ((shares - product) ** 2 / product).sum()
    return float(np.sqrt(chi_square / (min(shares.shape) - 1)))


def _scaled(shares: Floats, correlation: float) -> Floats:
    """Return a table with the same marginals and the wanted correlation.

    Raises
    ------
    SettingError
        There is none without a negative cell, or no dependence to be scaled.
    """
    product = shares.sum(axis=1, keepdims=True) * shares.sum(axis=0, keepdims=True)
    unit, low, high = _direction(shares, product)
    if not low - TINY <= correlation <= high + TINY:
        raise SettingError(
            f"A correlation of {correlation:g} cannot be reached with these shares of "
            f"groups and classes: it would need a negative share. Choose a value from "
            f"{low:.3f} to {high:.3f}."
        )
    wanted: Floats = np.maximum(product + correlation * unit, 0)
    return np.where(wanted < TINY, 0, wanted)


def _direction(shares: Floats, product: Floats) -> tuple[Floats, float, float]:
    """Return what one unit of correlation adds to the cells, and the range allowed."""
    if shares.shape == (2, 2):
        signs = np.array([[1.0, -1.0], [-1.0, 1.0]])
        unit = signs * np.sqrt(product[1, 1] * product[0, 0])
    else:
        now = correlation_of(shares)
        unit = (shares - product) / now if now > TINY else np.zeros_like(shares)
    falls, rises = unit < 0, unit > 0
    high = float((product[falls] / -unit[falls]).min(initial=np.inf))
    low = float(-(product[rises] / unit[rises]).min(initial=np.inf))
    if not falls.any():
        return unit, 0.0, 0.0
    return unit, (low if shares.shape == (2, 2) else 0.0), min(high, 1.0)


def _empty_cell(group: str, label: str) -> DataError:
    return DataError(
        f"Group '{group}' has no row with label '{label}', and this correlation needs "
        "some. Choose a coarser attribute, or a cohort in which every group has every "
        "class."
    )
