"""CVaR DRO: train for the worst share of people, whoever they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from models.method import Method
from models.remedies.base import Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import setting

if TYPE_CHECKING:
    from torch import Tensor

    from models.rows import Rows
    from models.train import Training


@dataclass(frozen=True)
class CVaRDRO(InLoop):
    """Minimise the mean loss of the share alpha of each batch that loses most.

    Over a batch this is sup_q sum q_i l_i for q_i at most p_i / alpha: Levy et al.'s
    batch estimator of the conditional value at risk, biased towards the mean in small
    batches. With row weights p the worst rows are taken until their weight is alpha of
    the batch's, the last one in part.

    References
    ----------
    Rockafellar & Uryasev (2000), Optimization of conditional value-at-risk, Journal of
    Risk 2; Levy, Carmon, Duchi & Sidford (2020), Large-Scale Methods for
    Distributionally Robust Optimization, NeurIPS, equation 2 and section 3.
    """

    title: ClassVar[str] = "Train for the worst share of people (CVaR DRO)"
    mends: ClassVar[str] = "people who are always wrong, without naming their group"
    costs: ClassVar[str] = "accuracy on easy people, most of all where labels are noisy"
    source: ClassVar[str] = "Levy et al. (2020), NeurIPS"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    name: ClassVar[str] = "cvar_dro"
    slot: ClassVar[Slot] = "risk"

    alpha: float = setting(
        0.7,
        0.02,
        1.0,
        "Share of each batch that is learnt from, the worst first; 1 is all of it.",
        is_dial=True,
        label="Worst share learnt from (alpha)",
    )

    def method(self) -> Method:
        """Return what takes part in the loop."""
        return WorstShare(self.alpha)


class WorstShare(Method):
    """Keeps the losses of the worst share, scaled up so that their mean is its."""

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha
        self.draws = False

    def begin(self, training: Training) -> None:
        """Note whether losses have row weights in them."""
        self.draws = training.recipe.draws

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Note it again; nothing else is learnt."""
        self.begin(training)

    def weighed(self, batch: Rows, losses: Tensor, logits: Tensor) -> Tensor:
        """Return losses [b] times the part of each row that counts, over alpha."""
        if self.alpha >= 1:
            return losses
        weights = None if self.draws else batch.weights
        found = parts_of_worst(losses.detach(), weights, self.alpha)
        return losses * (found / self.alpha)

    def risk(self, losses: Tensor, weights: Tensor | None) -> Tensor | None:
        """Return the mean loss of the worst share of all rows."""
        own = losses if weights is None else losses * weights
        mass = float(len(losses)) if weights is None else float(weights.sum())
        found = parts_of_worst(own, weights, self.alpha)
        return (own * found).sum() / (self.alpha * mass)


def parts_of_worst(losses: Tensor, weights: Tensor | None, alpha: float) -> Tensor:
    """Return which part of each row is in the worst share, float[b] in [0, 1].

    Parameters
    ----------
    losses : Tensor, float[b]
        With the weights in them.
    weights : Tensor, float[b], or None
        None where all weigh the same. A row without weight has no part.
    alpha : float
    """
    import torch

    own = torch.ones_like(losses) if weights is None else weights
    weighs = own > 0
    each = torch.where(weighs, losses / own.clamp(min=1e-12), float("-inf"))
    order = each.argsort(descending=True, stable=True)
    before = own[order].cumsum(0) - own[order]
    left = alpha * own.sum() - before
    parts = (left / own[order].clamp(min=1e-12)).clamp(0, 1)
    return torch.zeros_like(losses).scatter(0, order, parts) * weighs
