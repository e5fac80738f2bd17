"""Lookups with rules of their own for gradients and for members of a sweep."""

from typing import Any

import torch
from torch import Tensor, nn


class _SumOfPoints(torch.autograd.Function):
    """Sum weighted rows of a table; only the table receives a gradient.

    torch's own backward of `embedding_bag` sorts the indices first, which takes
    several times as long as adding the gradients up where they belong.
    """

    @staticmethod
    def forward(table: Tensor, left: Tensor, share: Tensor) -> Tensor:
        result: Tensor = nn.functional.embedding_bag(
            torch.cat([left, left + 1], dim=1),  # [b, 2 p]
            table,
            mode="sum",
            per_sample_weights=torch.cat([1 - share, share], dim=1),
        )
        return result

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        table, left, share = inputs
        ctx.save_for_backward(left, share)
        ctx.height = len(table)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        left, share = ctx.saved_tensors
        (gradient,) = gradients  # [b, h]
        table = gradient.new_zeros(ctx.height, gradient.shape[1])
        # Column by column: what is added stays in the processor's cache.
        for j in range(left.shape[1]):
            right = gradient * share[:, j : j + 1]
            table.index_add_(0, left[:, j] + 1, right)
            table.index_add_(0, left[:, j], gradient - right)
        return table, None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], *inputs: Tensor
    ) -> tuple[Tensor, int]:
        """Lay the members' tables under each other and look all of them up at once."""
        members = info.batch_size
        table, left, share = (
            x.expand(members, *x.shape) if d is None else x.movedim(d, 0)
            for x, d in zip(inputs, in_dims, strict=True)
        )
        height = table.shape[1]
        first = torch.arange(members, device=left.device) * height
        below = left + first[:, None, None]
        flat: Tensor = _SumOfPoints.apply(  # type: ignore[no-untyped-call]  # torch leaves it untyped
            table.flatten(0, 1), below.flatten(0, 1), share.flatten(0, 1)
        )
        return flat.view(members, -1, flat.shape[1]), 0


def sum_of_points(table: Tensor, left: Tensor, share: Tensor) -> Tensor:
    """Return the sum over p of the points between two neighbouring rows of a table.

    Parameters
    ----------
    table : Tensor, float32[t, h]
    left, share : Tensor, int64[b, p] and float32[b, p]
        A point lies at `share` of the way from row `left` to the row after it.

    Returns
    -------
    Tensor, float32[b, h]
    """
    result: Tensor = _SumOfPoints.apply(table, left, share)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return result


class _Lit(torch.autograd.Function):
    """Write a 1 into each row's slots; members of a sweep are rows like any other."""

    @staticmethod
    def forward(slots: Tensor, width: int) -> Tensor:
        lit = torch.zeros(len(slots), width, device=slots.device)
        return lit.scatter_(1, slots, 1.0)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.mark_non_differentiable(output)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None]:
        return None, None

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], slots: Tensor, width: int
    ) -> tuple[Tensor, int | None]:
        if in_dims[0] is None:
            alike: Tensor = _Lit.apply(slots, width)  # type: ignore[no-untyped-call]  # torch leaves it untyped
            return alike, None
        every = slots.movedim(in_dims[0], 0)
        flat: Tensor = _Lit.apply(every.flatten(0, 1), width)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return flat.view(info.batch_size, -1, width), 0


def lit_slots(slots: Tensor, width: int) -> Tensor:
    """Return rows of 0 with a 1 in each of a row's slots, float32[b, width].

    Parameters
    ----------
    slots : Tensor, int64[b, c]
    width : int
    """
    result: Tensor = _Lit.apply(slots, width)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return result
