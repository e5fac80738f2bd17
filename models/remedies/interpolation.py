"""Interpolation: the weights between two finished runs of one shape."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from models.probabilities import log_softmax
from models.remedies.base import Needs
from models.remedies.calibration_rows import rows_to_fit
from models.remedies.model_change import ModelChange
from models.remedies.settings import run_setting, setting

if TYPE_CHECKING:
    from analysis.arrays import Ints
    from analysis.frame import AuditFrame
    from models.changed_network import ChangedNetwork
    from models.network_scorer import TorchScorer
    from models.remedies.base import Around

HIGHER = 0.01
"""Nats by which a loss between two runs stands out above both."""


@dataclass(frozen=True)
class Interpolation(ModelChange):
    """Take the weights (1 - alpha) theta_other + alpha theta_this.

    Between a model and what it was trained on into, much of what the second gained is
    often kept while little of the first is lost, and fewer people get another
    decision. Both ends are the runs themselves, bit for bit.

    It is sound where one run was trained on from the other, or both from the same
    weights: then the loss seldom rises in between. Two networks that started apart
    have ordered their layers differently, and between them may lie nothing of use;
    what the notes say was measured on calibration rows.

    References
    ----------
    Wortsman et al. (2022), Robust Fine-Tuning of Zero-Shot Models, CVPR, section 3
    (WiSE-FT); Schumann et al. (2024), Backward Compatibility During Data Updates by
    Weight Interpolation, EACL (BCWI).
    """

    title: ClassVar[str] = "Go between two runs (weight interpolation)"
    name: ClassVar[str] = "interpolation"
    mends: ClassVar[str] = (
        "decisions that flip for the worse after a model was trained anew, and what "
        "its change cost elsewhere"
    )
    costs: ClassVar[str] = "part of what either run is better at"
    source: ClassVar[str] = (
        "Wortsman et al. (2022), Robust Fine-Tuning of Zero-Shot Models, CVPR; "
        "Schumann et al. (2024), Backward Compatibility During Data Updates by Weight "
        "Interpolation, EACL"
    )
    needs: ClassVar[tuple[Needs, ...]] = (
        "a network",
        "a finished run",
        "another run",
    )

    run: str = run_setting(
        "The other run, by its id; empty for the one that this was made from.",
        is_required=False,
    )
    alpha: float = setting(
        0.5,
        0.0,
        1.0,
        "0 is the other run, 1 this one.",
        is_dial=True,
        label="Share of this run",
    )

    def changed_along(
        self,
        network: TorchScorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around,
    ) -> Iterator[ChangedNetwork]:
        """Give the network between the two at each alpha.

        Raises
        ------
        DataError
            The other run is not a network of the same shape that reads the table in
            the same way, or it is this one.
        """
        from models.changed_network import (
            ChangedNetwork,
            blended,
            network_of,
            refuse_other_shapes,
            refuse_same_weights,
        )

        called = self.run or "it was made from"
        other = network_of(around.other(self.run), self.title)
        refuse_other_shapes(network, other, called)
        refuse_same_weights([("", network), (called, other)])
        frame, labels = rows_to_fit(calibration)
        found = {
            "method": self.name,
            "run": self.run,
            "shares_start": _share_start(network, other, self.run),
            "n": len(labels),
            "loss_of_this": _log_loss(network, frame, labels),
            "loss_of_other": _log_loss(other, frame, labels),
        }
        for alpha in strengths:
            between = blended((network.network, other.network), (alpha, 1 - alpha))
            changed = ChangedNetwork(network, between, {})
            loss = _log_loss(changed, frame, labels)
            yield ChangedNetwork(
                network, between, found | {"alpha": alpha, "loss": loss}
            )

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say where between the runs it stands, and how high the loss is there."""
        ends = parameters["loss_of_other"], parameters["loss_of_this"]
        said = [
            f"{100 * parameters['alpha']:.0f} % of the way from the other run to this "
            f"one. Log loss on {parameters['n']:,} calibration rows: "
            f"{parameters['loss']:.3f}; of the other run {ends[0]:.3f}, of this one "
            f"{ends[1]:.3f}."
        ]
        if not parameters["shares_start"]:
            said.append(
                "The two runs are not known to have started from the same weights; "
                "between them the loss may be higher than at both ends."
            )
        if parameters["loss"] > max(ends) + HIGHER:
            said.append(
                "Here it is higher than at both ends: these runs do not mix. Choose "
                "one that was trained on from the other."
            )
        return tuple(said)


def _share_start(this: TorchScorer, other: TorchScorer, run: str) -> bool:
    """Whether one is known to come from the other, or both from the same draw."""
    if not run:
        return True
    warm = this.recipe.warm_start
    if warm and (warm.startswith(run) or run.startswith(warm)):
        return True
    is_cold = not (warm or other.recipe.warm_start)
    return is_cold and this.recipe.start_seed == other.recipe.start_seed


def _log_loss(scorer: TorchScorer, frame: AuditFrame, labels: Ints) -> float:
    """Return the weighted log loss in nats."""
    logits = scorer.score(frame).logits
    if logits is None:  # a network always gives them
        return float("inf")
    losses = -log_softmax(logits)[np.arange(len(labels)), labels]
    return float(np.average(losses, weights=frame.weights))
