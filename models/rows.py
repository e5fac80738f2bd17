"""Encoded rows, resident on the device that trains on them."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from analysis.arrays import Floats, Ints
from models.preprocess import Encoded


@dataclass(frozen=True, eq=False)
class Rows:
    """Encoded rows with labels and weights, resident on one device.

    Parameters
    ----------
    positions : Tensor, float32[n, p]
    codes : Tensor, int64[n, c]
    labels : Tensor, int64[n]
    weights : Tensor, float32[n], or None
        Averaging 1; None where all rows weigh the same.
    index : Tensor, int64[n], or None
        Position of each row among all training rows; None for all in their order.
    """

    positions: Tensor
    codes: Tensor
    labels: Tensor
    weights: Tensor | None
    index: Tensor | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, order: Tensor) -> "Rows":
        """Return some rows in an order, int64[m]."""
        return self._part(order, order if self.index is None else self.index[order])

    def split(self, size: int) -> list["Rows"]:
        """Return the rows in parts of a size, without copying them."""
        parts = [slice(start, start + size) for start in range(0, len(self), size)]
        return [
            self._part(part, None if self.index is None else self.index[part])
            for part in parts
        ]

    def _part(self, part: Tensor | slice, index: Tensor | None) -> "Rows":
        return Rows(
            self.positions[part],
            self.codes[part],
            self.labels[part],
            None if self.weights is None else self.weights[part],
            index,
        )


def rows_on(
    device: torch.device, encoded: Encoded, labels: Ints, weights: Floats
) -> Rows:
    """Copy encoded rows to a device, once; weights are scaled to average 1."""
    is_flat = bool((weights == weights[:1]).all())
    mean_one = None if is_flat else (weights / weights.mean()).astype(np.float32)
    return Rows(
        torch.tensor(encoded.positions, device=device),
        torch.tensor(encoded.codes, device=device, dtype=torch.int64),
        torch.tensor(labels, device=device),
        None if mean_one is None else torch.tensor(mean_one, device=device),
    )
