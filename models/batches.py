"""Which rows make an epoch, and how many of them a batch."""

import math

import torch
from torch import Generator, Tensor

MIN_BATCHES = 16
"""Steps per epoch at least: a table of few rows is cut into smaller batches."""

MIN_BATCH_ROWS = 16


def batch_rows(n: int, asked: int) -> int:
    """Return the rows per batch for n training rows: what was asked, or fewer."""
    return min(asked, max(MIN_BATCH_ROWS, math.ceil(n / MIN_BATCHES)))


def drawn(weights: Tensor | None, n: int, generator: Generator) -> Tensor:
    """Return n rows drawn in proportion to their weights, with replacement."""
    if weights is None:
        return torch.randint(n, (n,), generator=generator)
    # Cumulated in float64: torch.multinomial takes no more than 2 ** 24 rows.
    edges = weights.double().cpu().cumsum(0)
    spots = torch.rand(n, generator=generator, dtype=torch.float64) * edges[-1]
    return torch.searchsorted(edges, spots, right=True).clamp(max=n - 1)
