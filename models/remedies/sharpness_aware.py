"""Sharpness-aware minimisation: look for a flat place, not only a low one."""

from __future__ import annotations

from collections.abc import Callable
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

SMALLEST = 1e-12
"""Kept from dividing by the norm of no gradient."""


@dataclass(frozen=True)
class SharpnessAware(InLoop):
    """Step along the gradient at w + rho g / ||g||, g being the one at w.

    Both gradients are of the same batch with the same dropout and the same draws of
    other remedies, so that they are of one function.

    References
    ----------
    Foret, Kleiner, Mobahi & Neyshabur (2021), Sharpness-Aware Minimization for
    Efficiently Improving Generalization, ICLR, equations 2 and 3 and algorithm 1.
    Rangwani et al. (2022), Escaping Saddle Points for Effective Generalization on
    Class-Imbalanced Data, NeurIPS, on rare classes.
    """

    title: ClassVar[str] = "Prefer flat solutions (sharpness-aware training)"
    mends: ClassVar[str] = "rare classes and small groups that are learnt by heart"
    costs: ClassVar[str] = (
        "twice the time; what another remedy learns batch by batch, it learns twice"
    )
    source: ClassVar[str] = "Foret et al. (2021), ICLR"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    name: ClassVar[str] = "sharpness_aware"
    slot: ClassVar[Slot] = "step"
    slowness: ClassVar[float] = 2.0

    rho: float = setting(
        0.05,
        0.0,
        1.0,
        "How far around a solution the loss shall be low; 0 is plain training.",
        is_dial=True,
        label="Radius (rho)",
    )

    def method(self) -> Method:
        """Return what takes part in the loop."""
        return Ascent(self.rho)


class Ascent(Method):
    """Takes the gradient a step uphill, and comes back before the optimiser moves."""

    def __init__(self, rho: float) -> None:
        self.rho = rho

    def around(
        self, training: Training, batch: Rows, gradient: Callable[[], Tensor]
    ) -> Tensor:
        """Fill gradients with those at the worst point nearby; return the loss here."""
        import torch

        if not self.rho:
            return gradient()
        before = _chance(training)
        loss = gradient()
        after = _chance(training)
        moved = [p for p in training.network.parameters() if p.grad is not None]
        slopes = [p.grad for p in moved if p.grad is not None]
        norm = torch.stack([slope.norm() for slope in slopes]).norm()
        factor = self.rho / (norm + SMALLEST)
        kept = [p.detach().clone() for p in moved]
        with torch.no_grad():
            for parameter, slope in zip(moved, slopes, strict=True):
                parameter.add_(factor * slope)
        _draw_from(training, before)
        gradient()
        _draw_from(training, after)
        # Copied, not subtracted: a rounding error would add up over the steps.
        with torch.no_grad():
            for parameter, old in zip(moved, kept, strict=True):
                parameter.copy_(old)
        return loss


def _chance(training: Training) -> list[Tensor]:
    """Return the states of all generators that a gradient draws from."""
    import torch

    states = [training.generator.get_state(), torch.get_rng_state()]
    if training.device.type == "cuda":
        states.append(torch.cuda.get_rng_state(training.device))
    return states


def _draw_from(training: Training, states: list[Tensor]) -> None:
    """Put the generators back to a state."""
    import torch

    training.generator.set_state(states[0])
    torch.set_rng_state(states[1])
    if training.device.type == "cuda":
        torch.cuda.set_rng_state(states[2], training.device)
