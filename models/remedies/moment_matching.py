"""Moment matching: the mildest weights that free labels from groups."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.errors import DataError
from analysis.frame import AuditFrame
from models.remedies.base import Needs
from models.remedies.cells import groupings_named
from models.remedies.nearest_weights import DISTANCES, LEAST_SQUARES, nearest_weights
from models.remedies.settings import attribute_setting, choice_setting, setting
from models.remedies.weighing import Weighing, labels_of

AS_THEY_ARE, EQUAL = "as they are", "equal"


@dataclass(frozen=True, kw_only=True)
class MomentMatching(Weighing):
    """Find the weights q closest to 1 with two moments where they should be.

    With s_k = 1 in group k, its target share pi_k and y_r = 1 in class r: the mean of
    q (s_k - pi_k) is 0, so that each group has its share, and so is that of
    q (s_k - pi_k) y_r, so that in each class it has the same one. Several attributes
    are balanced side by side, each on its own, not their intersections.

    References
    ----------
    Alabdulmohsin et al. (2024), CLIP the Bias: How Useful is Balancing Data in
    Multimodal Learning?, ICLR, section 3 (M4). There q is found by stochastic steps on
    the dual problem, over rows as they stream by, and bounded by a given Q; rows with
    the same groups and label have the same q, so we solve the dual over those cells
    exactly. The entropy distance and the strength are ours.
    """

    title: ClassVar[str] = "Balanced shares and labels (moment matching)"
    mends: ClassVar[str] = (
        "group shares that are off, and labels that depend on one of several attributes"
    )
    costs: ClassVar[str] = "some accuracy where base rates differ"
    source: ClassVar[str] = "Alabdulmohsin et al. (2024), CLIP the Bias, ICLR"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "group at training")

    attribute: str = attribute_setting(
        "Groups to balance; several attributes are balanced side by side.",
        is_required=True,
    )
    shares: str = choice_setting(
        AS_THEY_ARE,
        (AS_THEY_ARE, EQUAL),
        "Whether groups keep their shares or all get the same one.",
    )
    distance: str = choice_setting(
        LEAST_SQUARES,
        DISTANCES,
        "What 'closest to equal weights' means; entropy never cuts a weight to zero.",
    )
    strength: float = setting(
        1.0,
        0.0,
        1.0,
        "0 leaves the rows as they are, 1 brings the moments to their targets.",
        is_dial=True,
    )
    tolerance: float = setting(
        0.0, 0.0, 0.1, "How far each moment may stay from its target, a share of rows."
    )

    def weights(self, train: AuditFrame, seed: int) -> Floats:
        """Return 1 + s (q - 1), averaging 1.

        Raises
        ------
        DataError
            A group lacks a class, or no weights satisfy all attributes at once.
        """
        groupings = groupings_named(train, self.attribute)
        columns = [g.codes for g in groupings.values()]
        cells, inverse = np.unique(
            np.column_stack([*columns, labels_of(train)]), axis=0, return_inverse=True
        )  # [c, attributes + 1], [n]
        mass = np.bincount(inverse, train.weights, len(cells)) / train.weights.sum()
        moments = []
        for i, grouping in enumerate(groupings.values()):
            pairs = cells[:, [i, -1]]
            _refuse_missing(pairs, mass, grouping.names, train.classes)
            moments += _moments(pairs, mass, is_equal=self.shares == EQUAL)
        if not moments:
            raise DataError(
                f"Only one group of '{self.attribute}' is in reach: nothing is to be "
                "balanced. Choose another attribute or a wider cohort."
            )
        found = nearest_weights(
            np.array(moments), mass, self.distance, self.tolerance, self.cap
        )
        weights: Floats = 1 + self.strength * (found[inverse] - 1)
        return weights


def _moments(pairs: Ints, mass: Floats, *, is_equal: bool) -> list[Floats]:
    """Return s_k - pi_k, and its product with each y_r, of every cell, float[c] each.

    A row per group and per group and class; one group of each attribute follows from
    the others, which does no harm.
    """
    groups = np.unique(pairs[mass > 0, 0])
    if len(groups) < 2:
        return []
    found = []
    for k in groups:
        inside = (pairs[:, 0] == k).astype(float)
        share = 1 / len(groups) if is_equal else float(mass @ inside)
        off = np.where(mass > 0, inside - share, 0)
        found.append(off)
        found += [off * (pairs[:, 1] == r) for r in np.unique(pairs[mass > 0, 1])]
    return found


def _refuse_missing(
    pairs: Ints, mass: Floats, names: tuple[str, ...], classes: tuple[str, ...]
) -> None:
    """Refuse a group without some class: only losing that class would free it."""
    seen = {(int(g), int(r)) for g, r in pairs[mass > 0]}
    for g in sorted({g for g, _ in seen}):
        for r in sorted({r for _, r in seen}):
            if (g, r) not in seen:
                raise DataError(
                    f"Group '{names[g]}' has no training row with label "
                    f"'{classes[r]}', so labels cannot be made independent of groups. "
                    "Choose a coarser attribute, or a cohort without this group."
                )
