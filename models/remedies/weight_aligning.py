"""Weight aligning: as much weight in the last layer for rare classes as for common."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from models.remedies.calibration_rows import rows_to_fit
from models.remedies.model_change import ModelChange
from models.remedies.settings import setting

if TYPE_CHECKING:
    from analysis.arrays import Bools, Floats
    from analysis.frame import AuditFrame
    from models.changed_network import ChangedNetwork
    from models.network_scorer import TorchScorer
    from models.remedies.base import Around


@dataclass(frozen=True)
class WeightAligning(ModelChange):
    """Multiply the last layer's weights of rare classes by gamma to the strength.

    gamma = mean norm of the common classes' weights / mean norm of the rare ones'. A
    class is rare if fewer calibration rows have it than if all were equally common.
    Training moves the weights of a class oftener the commoner it is, so they tend to
    be longer. Biases stay.

    Adding one vector to the weights of every class changes no score, and yet changes
    the norms: what this does depends on where training left them, most of all with two
    classes, so look at what came out. Nothing is changed if classes are even.

    References
    ----------
    Zhao, Xiao, Gan, Zhang & Xia (2020), Maintaining Discrimination and Fairness in
    Class Incremental Learning, CVPR, section 4.2, where the classes are those learnt
    before and those learnt last, and where weights are kept above zero in training,
    which ours are not. The strength is ours.
    """

    title: ClassVar[str] = "Align the weights of rare classes"
    name: ClassVar[str] = "weight_aligning"
    mends: ClassVar[str] = (
        "a network that decides for common classes because it has learnt longer "
        "weights for them"
    )
    costs: ClassVar[str] = (
        "accuracy over all, calibration, and more false alarms for the rare classes"
    )
    source: ClassVar[str] = (
        "Zhao et al. (2020), Maintaining Discrimination and Fairness in Class "
        "Incremental Learning, CVPR"
    )

    strength: float = setting(
        1.0,
        0.0,
        1.0,
        "0 leaves the weights as they are, 1 makes their norms equal on average.",
        is_dial=True,
    )

    def changed_along(
        self,
        network: TorchScorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around,
    ) -> Iterator[ChangedNetwork]:
        """Give the network with aligned weights at each strength.

        Raises
        ------
        DataError
            The rows have no labels or all the same, or the model is a mixture.
        """
        from models.heads import Head, head_of, with_head

        frame, labels = rows_to_fit(calibration)
        shares = np.bincount(labels, frame.weights, len(frame.classes))
        shares = shares / shares.sum()
        rare = shares < 1 / len(shares) - 1e-12
        head = head_of(network)
        gammas = _gammas(head.weights, rare)
        for strength in strengths:
            factors = np.where(rare, gammas[:, None] ** strength, 1.0)  # [M, k]
            aligned = Head(head.weights * factors[:, :, None], head.biases)
            found = {
                "method": self.name,
                "strength": strength,
                "gamma": float(gammas.mean()),
                "n": len(labels),
                "classes": [
                    {"name": n, "share": s, "is_rare": bool(r), "before": b, "after": a}
                    for n, s, r, b, a in zip(
                        frame.classes,
                        shares.tolist(),
                        rare,
                        _norms(head.weights).tolist(),
                        _norms(aligned.weights).tolist(),
                        strict=True,
                    )
                ],
            }
            yield with_head(network, aligned, found)

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say the norms before and after, beside the classes' shares."""
        classes = parameters["classes"]
        if not any(one["is_rare"] for one in classes):
            return ("No class is rarer than the others, so nothing was changed.",)
        listed = "; ".join(_words(one) for one in classes)
        return (
            f"Length of the last layer's weights by class, of {parameters['n']:,} "
            f"calibration rows: {listed}.",
        )


def _words(one: Mapping[str, Any]) -> str:
    share = f"{one['name']} ({100 * one['share']:.1f} % of the rows)"
    if not one["is_rare"]:
        return f"{share} {one['before']:.2f}, as before"
    return f"{share} {one['before']:.2f}, now {one['after']:.2f}"


def _gammas(weights: Floats, rare: Bools) -> Floats:
    """Return each member's factor for rare classes, float64[M]; 1 if there is none."""
    norms = np.linalg.norm(weights, axis=2)  # [M, k]
    if not rare.any():
        return np.ones(len(norms))
    common_norm, rare_norm = norms[:, ~rare].mean(axis=1), norms[:, rare].mean(axis=1)
    known = (rare_norm > 0) & (common_norm > 0)
    gammas: Floats = np.where(known, common_norm / np.where(known, rare_norm, 1), 1.0)
    return gammas


def _norms(weights: Floats) -> Floats:
    """Return each class's norm, averaged over members, float64[k]."""
    norms: Floats = np.linalg.norm(weights, axis=2).mean(axis=0)
    return norms
