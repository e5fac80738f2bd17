"""Cells of group and label among training rows: how much they weigh, and draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.errors import RunError
from models.groupings import grouping_named

if TYPE_CHECKING:  # remedies use this module, and the server never imports torch
    from torch import Generator, Tensor

    from models.train import Training


@dataclass(frozen=True, eq=False)
class Cells:
    """Which cell each training row is in: its label, or its label within its group.

    Parameters
    ----------
    codes : Tensor, int64[n]
        On the CPU.
    labels : Tensor, int64[c]
        Of each cell.
    masses : Tensor, float64[c]
        Sum of the weights of its rows, which average 1 over all rows.
    weights : Tensor, float64[n]
        Of the rows, on the CPU.
    """

    codes: Tensor
    labels: Tensor
    masses: Tensor
    weights: Tensor

    def quota(self, shares: Tensor, n: int, generator: Generator) -> Tensor:
        """Return n positions in `shares` that occur in proportion to it, shuffled.

        Systematic rather than independent draws: no count is off by more than one.
        """
        import torch

        edges = shares.double().cumsum(0)
        start = torch.rand(1, generator=generator, dtype=torch.float64)
        spots = (torch.arange(n) + start) / n * edges[-1]
        chosen = torch.searchsorted(edges, spots, right=True)
        last = int(torch.nonzero(shares > 0).max())
        return chosen.clamp(max=last)[torch.randperm(n, generator=generator)]

    def drawn(self, chosen: Tensor, generator: Generator) -> Tensor:
        """Return one row of each chosen cell, drawn by weight with replacement.

        Parameters
        ----------
        chosen : Tensor, int64[m]
            Cells with mass.
        generator : Generator

        Returns
        -------
        Tensor, int64[m]
            Positions among the training rows.
        """
        import torch

        weighed = torch.nonzero(self.weights > 0).flatten()
        codes, order = self.codes[weighed].sort(stable=True)
        edges = self.weights[weighed][order].cumsum(0)
        cells = torch.arange(len(self.masses))
        first = torch.searchsorted(codes, cells)
        last = torch.searchsorted(codes, cells, right=True) - 1
        low = torch.where(first > 0, edges[(first - 1).clamp(min=0)], 0.0)[chosen]
        high = edges[last.clamp(min=0)][chosen]
        chance = torch.rand(len(chosen), generator=generator, dtype=torch.float64)
        found = torch.searchsorted(edges, low + chance * (high - low), right=True)
        found = torch.minimum(found, last[chosen]).maximum(first[chosen])
        return weighed[order[found]]


def cells_of(training: Training, attribute: str = "") -> Cells:
    """Return the cells of a training's rows: g * k + y, or the label y alone.

    Parameters
    ----------
    training : Training
    attribute : str
        A sensitive attribute, or several joined by commas; empty for labels alone.

    Raises
    ------
    DataError
        The table has no such attribute.
    RunError
        The training was started without its tables.
    """
    import torch

    if training.frames is None:
        raise RunError("This remedy needs the classes and groups of the training rows.")
    train, labels = training.frames.train, training.train.labels.cpu()
    k = len(train.classes)
    codes, groups = labels, 1
    if attribute:
        grouping = grouping_named(train, attribute)
        groups = len(grouping.names)
        codes = torch.tensor(grouping.codes) * k + labels
    weights = training.train.weights
    weights = torch.ones(len(labels)) if weights is None else weights.cpu()
    weights = weights.double()
    return Cells(
        codes,
        torch.arange(k).repeat(groups),
        torch.bincount(codes, weights, minlength=groups * k),
        weights,
    )
