"""Emphasis: some people count more."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from analysis.arrays import Floats
from analysis.frame import AuditFrame
from models.remedies.base import Needs
from models.remedies.settings import cohort_setting, setting
from models.remedies.weighing import Weighing


@dataclass(frozen=True, kw_only=True)
class Emphasis(Weighing):
    """Multiply the weight of some people's rows by one number.

    The model that is trained minimises a mean over everyone in which these people have
    the share a p / (a p + 1 - p), for a share p of theirs and the factor a.

    References
    ----------
    Shimodaira (2000), Improving predictive inference under covariate shift by weighting
    the log-likelihood function, Journal of Statistical Planning and Inference 90: the
    weights of a population in which only the share of this cohort differs.
    """

    title: ClassVar[str] = "Count these people more"
    mends: ClassVar[str] = "a group that the model serves worse than others"
    costs: ClassVar[str] = "some accuracy for everyone else"
    source: ClassVar[str] = (
        "Shimodaira (2000), Journal of Statistical Planning and Inference 90"
    )
    needs: ClassVar[tuple[Needs, ...]] = ("label at training",)
    keeps_mass: ClassVar[bool] = False

    cohort: str = cohort_setting("The people who count more.", is_required=True)
    factor: float = setting(
        2.0, 1.0, 10.0, "How many times as much; 1 changes nothing.", is_dial=True
    )

    def weights(self, train: AuditFrame, seed: int) -> Floats:
        """Return the factor for every row in reach."""
        return np.full(len(train), self.factor)
