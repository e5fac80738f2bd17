"""Target mix: give groups the shares that they have among a target's people."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from analysis.arrays import Floats
from analysis.errors import DataError
from analysis.frame import AuditFrame
from models.groupings import grouping_named
from models.remedies.base import Needs
from models.remedies.settings import attribute_setting, setting
from models.remedies.target_rows import LooksAtTarget
from models.remedies.weighing import Weighing


@dataclass(frozen=True, kw_only=True)
class TargetMix(LooksAtTarget, Weighing):
    """Weigh each group by its share among a target's people over its share here.

    Right if people are as they were within their group, and only the groups became
    rarer or commoner. A group that the target lacks gets no weight at a strength of 1;
    one that is not trained on cannot be weighed up.

    References
    ----------
    Horvitz & Thompson (1952), A Generalization of Sampling Without Replacement From a
    Finite Universe, JASA 47; as post-stratification. The strength is ours.
    """

    title: ClassVar[str] = "Weigh groups to a target's mix"
    mends: ClassVar[str] = "a model trained on another mix of groups than it will meet"
    costs: ClassVar[str] = "accuracy for groups that are rarer in the target"
    source: ClassVar[str] = "Horvitz & Thompson (1952), JASA 47"
    needs: ClassVar[tuple[Needs, ...]] = (
        "label at training",
        "group at training",
        "target data",
    )

    attribute: str = attribute_setting(
        "Groups, or several attributes for their intersections.", is_required=True
    )
    strength: float = setting(
        1.0,
        0.0,
        1.0,
        "Exponent of the weights: 0 leaves the rows as they are.",
        is_dial=True,
    )

    def weights(self, train: AuditFrame, seed: int) -> Floats:
        """Return (target share / own share) to the power of the strength, float[n].

        Raises
        ------
        DataError
            The target and the training rows share no group.
        """
        wanted = self.target_among(train)
        own, other = (grouping_named(f, self.attribute) for f in (train, wanted))
        masses = np.bincount(other.codes, wanted.weights, len(other.names))
        theirs = dict(zip(other.names, masses / masses.sum(), strict=True))
        shares = np.array([theirs.get(name, 0.0) for name in own.names])
        mine = np.bincount(own.codes, train.weights, len(own.names))
        mine = mine / mine.sum()
        if not (shares * mine).any():
            raise DataError(
                f"The target and the training rows share no group of "
                f"'{self.attribute}'. Choose another attribute."
            )
        ratios = np.divide(shares, mine, out=np.ones_like(mine), where=mine > 0)
        found: Floats = (ratios**self.strength)[own.codes]
        return found
