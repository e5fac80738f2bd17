"""A batch's forward and backward pass as one CUDA graph, for small networks.

A small network's step is some forty kernels of a few microseconds each; launching them
takes longer than computing them. Captured once, they are launched as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from models.rows import Rows
    from models.train import Training

WARM_UP_STEPS = 3


class Graph:
    """Fill the gradients of full batches by replaying what was captured once.

    Parameters
    ----------
    training : Training
        On CUDA and without methods: what they do may differ from batch to batch.
    size : int
        Rows of a full batch; others are computed as usual.
    """

    def __init__(self, training: Training, size: int) -> None:
        self.training, self.size = training, size
        self.index = torch.zeros(size, dtype=torch.int64, device=training.device)
        self.loss = torch.zeros((), device=training.device)
        self._graph = torch.cuda.CUDAGraph()
        self._capture()

    def _capture(self) -> None:
        # Kernels choose their algorithms on a side stream first, as torch asks for.
        side = torch.cuda.Stream(self.training.device)  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream(self.training.device))
        state = torch.cuda.get_rng_state(self.training.device)
        with torch.cuda.stream(side):
            for _ in range(WARM_UP_STEPS):
                self._pass()
        torch.cuda.current_stream(self.training.device).wait_stream(side)
        self.training.optimiser.zero_grad(set_to_none=True)
        with torch.cuda.graph(self._graph):
            self.loss = self._pass()
        torch.cuda.set_rng_state(state, self.training.device)
        # A batch of another size gives parameters other gradients in between.
        self._gradients = [
            (p, p.grad)
            for p in self.training.network.parameters()
            if p.grad is not None
        ]

    def _pass(self) -> Tensor:
        batch = self.training.chosen(self.index)
        self.training.optimiser.zero_grad(set_to_none=True)
        loss = self.training.objective(self.training, batch)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return loss.detach()

    def gradient(self, batch: Rows) -> Tensor | None:
        """Fill the parameters' gradients; None for a batch of another size."""
        if batch.index is None or len(batch) != self.size:
            return None
        self.index.copy_(batch.index)
        self._graph.replay()
        for parameter, gradient in self._gradients:
            parameter.grad = gradient
        return self.loss.clone()


def graph_of(training: Training, size: int) -> Graph | None:
    """Return a graph of a training's full batches, where one can be captured."""
    is_plain = not training.methods and training.progress.parts == 1
    if training.device.type != "cuda" or not is_plain:
        return None
    try:
        return Graph(training, size)
    except RuntimeError:  # an operation that cannot be captured: go on without
        torch.cuda.synchronize(training.device)
        return None
