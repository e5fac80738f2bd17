"""Label-distributionally robust loss: single wrong labels cannot cost too much."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from models.method import Method
from models.remedies.base import Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import setting

if TYPE_CHECKING:
    from torch import Tensor

    from models.method import Loss


@dataclass(frozen=True)
class LabelRobustLoss(InLoop):
    """Minimise the worst mean of margins over label distributions near the uniform one.

    LDR-KL is max over p of sum_k p_k (f_k - f_y + c_k) - lambda KL(p, 1 / K), which is
    lambda log mean_k exp((f_k - f_y + c_k) / lambda), with the margin c for k != y and
    0 for k = y. Its robustness rests on scores f of bounded size; the authors' code
    divides them by their mean absolute value. We write u = f / lambda, with a mean
    absolute value of at most 1 / lambda around the row's mean, and so

    - leave scores as they are within the bound, so that doubt can be expressed, where
      the paper stretches them to it;
    - give the loss and the margin in units of lambda, so that the softmax of u, which
      is what is stored, is what the loss takes for the probabilities.

    Temperature 0 is then no bound and, without a margin, cross-entropy. ALDR-KL, the
    adaptive variant, gives row i a temperature of its own, lambda_i = lambda (1 - a
    KL(p_i, 1 / K) / log K), less a quadratic price of leaving lambda. That is one step
    from lambda, where the authors' code goes on from the row's last temperature. Both
    formulas are from memory, checked against the authors' code.

    References
    ----------
    Zhu, Ying & Yang (2023), Label Distributionally Robust Losses for Multi-class
    Classification: Consistency, Robustness and Adaptivity, ICML, sections 3 and 5.
    """

    title: ClassVar[str] = "Robust to wrong labels (LDR-KL loss)"
    mends: ClassVar[str] = "models that bend to people whose label is wrong"
    costs: ClassVar[str] = "scores that stop short of 0 and 1, by a bound"
    source: ClassVar[str] = "Zhu, Ying & Yang (2023), ICML"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    name: ClassVar[str] = "label_robust"
    slot: ClassVar[Slot] = "loss"

    temperature: float = setting(
        0.5,
        0.0,
        5.0,
        "How tightly scores are bounded; 0 is no bound, and plain training.",
        is_dial=True,
        label="Doubt about labels (lambda)",
    )
    margin: float = setting(
        0.0, 0.0, 5.0, "Lead that the own label shall have over any other, in logits."
    )
    adaptivity: float = setting(
        0.0,
        0.0,
        0.9,
        "Share by which the temperature falls where the model is sure (ALDR-KL).",
    )

    def method(self) -> Method:
        """Return the loss as the training loop takes it."""
        return LabelRobust(self)


class LabelRobust(Method):
    """Takes cross-entropy's place."""

    def __init__(self, remedy: LabelRobustLoss) -> None:
        self.remedy = remedy

    def loss(self) -> Loss:
        """Return the robust loss, in units of its temperature."""
        return self._loss

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        from models.losses import row_losses

        scores = bounded(logits, self.remedy.temperature)
        if not self.remedy.adaptivity:
            return row_losses(self._with_margin(scores, labels), labels)
        log_k = math.log(logits.shape[1])
        ratio = self._ratios(scores.detach(), log_k)  # lambda_i / lambda
        margins = self._with_margin(scores, labels) / ratio.unsqueeze(1)
        losses = ratio * (row_losses(margins, labels) - log_k) + log_k
        return losses - log_k / (2 * self.remedy.adaptivity) * (1 - ratio).square()

    def _with_margin(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Return scores with the margin added to every class but a row's own."""
        if not self.remedy.margin:
            return scores
        own = scores.gather(1, labels.unsqueeze(1))
        return (scores + self.remedy.margin).scatter(1, labels.unsqueeze(1), own)

    def _ratios(self, scores: Tensor, log_k: float) -> Tensor:
        """Return 1 - a KL(p, 1 / K) / log K of each row, [m], p being its softmax."""
        log_p = scores.log_softmax(1)
        divergence = log_k + (log_p.exp() * log_p).sum(1)
        return (1 - self.remedy.adaptivity * divergence / log_k).clamp(max=1)


def bounded(logits: Tensor, temperature: float) -> Tensor:
    """Return logits [m, k] whose mean distance from their mean is at most 1 / t."""
    size = (logits - logits.mean(1, keepdim=True)).abs().mean(1, keepdim=True)
    return logits / (temperature * size).clamp(min=1)
