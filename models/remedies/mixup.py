"""Mixup: learn from blends of two people and of their labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from models.method import Method
from models.remedies.base import Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import setting

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from models.method import Loss
    from models.rows import Rows
    from models.train import Training


@dataclass(frozen=True)
class Mixup(InLoop):
    """Train on lambda x_i + (1 - lambda) x_j with both labels, in the same shares.

    One lambda ~ Beta(a, a) a batch, as in the paper's figure 1; people are scored as
    they are. Blending happens after the first layer: the same as blending one-hot rows
    for a perceptron, whose first layer is linear in them, and for other networks a
    blend of their embeddings, as columns with categories have nothing in between. A
    partner comes from the same batch, by chance in proportion to its weight, so that a
    row of weight 2 stands for two rows on either side of a blend.

    References
    ----------
    Zhang, Cisse, Dauphin & Lopez-Paz (2018), mixup: Beyond Empirical Risk Minimization,
    ICLR, section 2.
    """

    title: ClassVar[str] = "Blend people in training (Mixup)"
    mends: ClassVar[str] = "overconfident scores, also where classes overlap"
    costs: ClassVar[str] = "sharp borders that are really there"
    source: ClassVar[str] = "Zhang et al. (2018), ICLR"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training", "a network")
    name: ClassVar[str] = "mixup"
    slot: ClassVar[Slot] = "labels"

    a: float = setting(
        0.2,
        0.0,
        4.0,
        "How even the blends are: 0 blends nobody, 1 in all shares alike.",
        is_dial=True,
        label="How much is blended (alpha)",
    )

    def method(self) -> Method:
        """Return what takes part in the loop."""
        return Blend(self.a)


class Blend(Method):
    """Blends the first layer's outputs, and the losses of both labels."""

    def __init__(self, a: float) -> None:
        self.a = a
        self.share = 1.0  # lambda, of the row itself
        self.partners: Tensor | None = None  # [b], positions in the batch

    def mixed(self, training: Training, batch: Rows, stem: Tensor) -> Tensor:
        """Return the blended outputs of the first layer, [b, ...]."""
        import numpy as np
        import torch

        if not self.a:
            return stem
        generator = training.generator
        seed = int(torch.randint(2**62, (1,), generator=generator))
        self.share = float(np.random.default_rng(seed).beta(self.a, self.a))
        weights = None if training.recipe.draws else batch.weights
        drawn = partners(len(batch), weights, generator)
        self.partners = drawn.to(stem.device)
        return self.share * stem + (1 - self.share) * stem[self.partners]

    def losses(self, batch: Rows, logits: Tensor, loss: Loss) -> Tensor:
        """Return the blended losses [b] of both labels."""
        if self.partners is None:
            return loss(logits, batch.labels)
        other = loss(logits, batch.labels[self.partners])
        return self.share * loss(logits, batch.labels) + (1 - self.share) * other


def partners(n: int, weights: Tensor | None, generator: Generator) -> Tensor:
    """Return a partner for each row of a batch, int64[n] on the CPU.

    A permutation where all weigh the same, else drawn by weight with replacement.
    """
    import torch

    own = None if weights is None else weights.detach().double().cpu()
    if own is None or not bool(own.sum() > 0):
        return torch.randperm(n, generator=generator)
    return torch.multinomial(own, n, replacement=True, generator=generator)
