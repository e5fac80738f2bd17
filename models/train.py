"""The one training loop: rows resident on the device, minibatches by index."""

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from analysis.errors import RunError
from models.batches import batch_rows, drawn
from models.chance import chance
from models.epoch import Cancelled, Epoch, Frames
from models.failures import OUT_OF_MEMORY
from models.graphs import Graph, graph_of
from models.groupings import grouping_named
from models.infobatch import InfoBatch
from models.memory import is_out_of_memory
from models.method import Method
from models.networks import Network, joint_logits
from models.objective import Objective
from models.optimiser import optimiser_of
from models.progress import Progress, diverged
from models.recipe import Recipe
from models.rows import Rows
from models.schedules import FACTORS
from models.stopping import Stopping

SCORING_ROWS = 16_384
"""Rows per forward pass when nothing is learnt."""

MAX_PARTS = 256
"""A batch that does not fit in so many parts will not fit at all."""


class Training:
    """A network on its way.

    Parameters
    ----------
    network : Network
        On the device of the rows.
    recipe : Recipe
    train, validation : Rows
    frames : Frames or None
        The same rows; methods that look at groups need them.
    methods : sequence of Method
        In the order in which they take part.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        train: Rows,
        validation: Rows,
        frames: Frames | None = None,
        methods: Sequence[Method] = (),
    ) -> None:
        self.network, self.recipe = network, recipe
        self.train, self.validation, self.frames = train, validation, frames
        self.methods = [*methods, *([InfoBatch(recipe)] if recipe.prune else [])]
        self.device = train.labels.device
        self.progress = Progress(rate=recipe.learning_rate)
        self.objective = Objective(network, recipe, self.methods)
        self.stopping = Stopping(
            recipe,
            validation,
            None if frames is None else frames.validation,
            self.objective.loss,
            self.methods,
        )
        self.optimiser = optimiser_of(network, recipe, self.device)
        # Row order has a generator of its own: what else draws cannot change it.
        self.order = torch.Generator().manual_seed(recipe.start_seed)
        # And so has the chance that methods need.
        self.generator = torch.Generator().manual_seed(recipe.start_seed + 1)
        self.average = (
            AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema))  # type: ignore[no-untyped-call]  # torch leaves it untyped
            if recipe.ema
            else None
        )
        self.start = copies(network)
        self.best = copies(network)
        # What the process-wide generator, and so dropout, goes on from.
        self.chance = chance(self.device)
        self._graph: Graph | None = None
        self._report: Callable[[Epoch], None] = lambda epoch: None
        self.should_stop: Callable[[], bool] = lambda: False
        self._began = time.perf_counter()

    def run(
        self,
        report: Callable[[Epoch], None],
        should_stop: Callable[[], bool],
    ) -> None:
        """Train to the end; `network` then holds the weights of the best epoch.

        Parameters
        ----------
        report : callable
            Called after each epoch; the place to keep a checkpoint.
        should_stop : callable
            Asked before each batch.

        Raises
        ------
        Cancelled
            `should_stop` said so.
        RunError
            The loss is no longer finite.
        """
        self.open(report, should_stop)
        alone = [method for method in self.methods if method.runs_alone()]
        if alone:
            self.average = None  # there is no single path of weights to average
            alone[0].run(self)
            return
        while not self.is_over():
            self.close_epoch(self.epoch(should_stop))
        self.keep_best()

    def open(
        self, report: Callable[[Epoch], None], should_stop: Callable[[], bool]
    ) -> None:
        """Get ready for the first epoch, or the first one after a resumption."""
        self._report, self.should_stop = report, should_stop
        self._began = time.perf_counter()
        if not self.progress.epoch:
            for method in self.methods:
                method.begin(self)

    def keep_best(self) -> None:
        """Give the network the weights of the best epoch."""
        self.network.load_state_dict(self.best)

    def is_over(self) -> bool:
        """Whether all epochs are done, or the last ones brought nothing."""
        stale = self.progress.epoch - self.progress.best_epoch
        return self.progress.epoch >= self.recipe.epochs or (
            self.progress.best_epoch > 0 and stale >= self.recipe.patience
        )

    def _keeps_last(self) -> bool:
        return any(method.keeps_last() for method in self.methods)

    def close_epoch(self, train_loss: float) -> None:
        """Judge what an epoch gave, keep it if it is the best, and report it.

        Raises
        ------
        RunError
            A loss is no longer finite.
        """
        for method in self.methods:
            method.after_epoch(self)
        logits = logits_of(self.judged, self.validation)
        loss = self.stopping.loss(logits)
        self._judge(train_loss, loss)
        now = time.perf_counter()
        self.progress.seconds += now - self._began
        self._began = now
        said = {
            type(m).__name__: told for m in self.methods if (told := dict(m.said()))
        }
        progress = Progress(**vars(self.progress))
        self._report(
            Epoch(progress, train_loss, loss, logits.double().cpu().numpy(), said)
        )

    @property
    def judged(self) -> Network:
        """The network that is judged and kept: the average of weights, if asked for."""
        if self.average is None:
            return self.network
        return cast(Network, self.average.module)

    def epoch(self, should_stop: Callable[[], bool]) -> float:
        """Pass once over the training rows; return the mean loss on the way."""
        self.network.train()
        order = self.shuffled()
        # Rows left out save steps: those that stay do not make smaller batches.
        size = batch_rows(max(len(order), len(self.train)), self.recipe.batch_size)
        if self._graph is None:
            self._graph = graph_of(self, size)
        batches = self.chosen(order).split(size)
        total = torch.zeros((), device=self.device)
        for i, batch in enumerate(batches):
            if should_stop():
                raise Cancelled
            done = (self.progress.epoch + i / len(batches)) / self.recipe.epochs
            self.set_rate(FACTORS[self.recipe.schedule](done))
            total += self.step(batch) * len(batch)
        return total.item() / len(order)

    def chosen(self, order: Tensor) -> Rows:
        """Return rows in an order; what was drawn by weight is not weighed again."""
        rows = self.train.take(order)
        return replace(rows, weights=None) if self.recipe.draws else rows

    def shuffled(self) -> Tensor:
        """Return the rows of the coming epoch in their order, int64[m]."""
        order = torch.randperm(len(self.train), generator=self.order)
        if self.recipe.draws:
            order = drawn(self.train.weights, len(order), self.order)
        for method in self.methods:
            order = method.order(self, order)
        return order.to(self.device)

    def step(self, batch: Rows) -> Tensor:
        """Learn from one batch; return its loss before the step."""

        def gradient() -> Tensor:
            return self.gradient(batch)

        for method in self.methods:
            gradient = _around(method, self, batch, gradient)
        loss = gradient()
        self.update()
        return loss

    def update(self) -> None:
        """Take the step that the gradients ask for."""
        if self.recipe.clip:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.clip)
        self.optimiser.step()
        if self.average is not None:
            self.average.update_parameters(self.network)

    def gradient(self, batch: Rows) -> Tensor:
        """Fill the parameters' gradients with those of a batch's loss; return it.

        A batch too large for the device is taken in parts, whose gradients add up.

        Raises
        ------
        RunError
            Not even a small part of the batch fits.
        """
        while True:
            try:
                return self._gradient(batch)
            except RuntimeError as error:
                self._halve(batch, error)
            # Only now is what the failed attempt held let go.
            torch.cuda.empty_cache()

    def _halve(self, batch: Rows, error: RuntimeError) -> None:
        """Cut batches into twice as many parts if memory was what an attempt lacked."""
        if not is_out_of_memory(error):
            raise error
        if self.progress.parts >= MAX_PARTS or len(batch) <= self.progress.parts:
            raise RunError(OUT_OF_MEMORY) from error
        self._graph = None  # it holds memory for whole batches
        self.progress.parts *= 2

    def _gradient(self, batch: Rows) -> Tensor:
        if self._graph is not None and self.progress.parts == 1:
            replayed = self._graph.gradient(batch)
            if replayed is not None:
                return replayed
        self.optimiser.zero_grad(set_to_none=True)
        if self.progress.parts == 1:
            whole = self.objective(self, batch)
            whole.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            return whole.detach()
        total = torch.zeros((), device=self.device)
        for part in batch.split(math.ceil(len(batch) / self.progress.parts)):
            loss = self.objective(self, part) * (len(part) / len(batch))
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            total += loss.detach()
        return total

    def codes(self, attribute: str) -> tuple[Tensor, tuple[str, ...]]:
        """Return each training row's group, int64[n] on the device, and the names.

        Raises
        ------
        RunError
            This training was started without its tables.
        DataError
            The table has no such attribute.
        """
        grouping = grouping_named(self.tables().train, attribute)
        return torch.tensor(grouping.codes, device=self.device), grouping.names

    def tables(self) -> Frames:
        """Return the rows as tables.

        Raises
        ------
        RunError
            This training was started without them.
        """
        if self.frames is None:
            raise RunError("This remedy needs the groups of the training rows.")
        return self.frames

    def rehearsed(self, epochs: int) -> Network:
        """Train a copy of the network plainly from the start, for some epochs.

        What a remedy learns from it, such as which rows are hard, it learns from
        training rows alone.
        """
        plain = replace(
            self.recipe, epochs=epochs, patience=epochs, methods=(), prune=0.0
        )
        twin = copy.deepcopy(self.network)
        twin.load_state_dict(self.start)
        other = Training(twin, plain, self.train, self.validation, self.frames)
        other.run(lambda epoch: None, self.should_stop)
        return twin

    def restart(self) -> None:
        """Forget which epoch was best so far, as another phase begins."""
        self.progress.best_epoch, self.progress.best_loss = 0, math.inf

    def set_rate(self, factor: float) -> None:
        """Set the learning rate to a share of its peak."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.progress.rate * factor

    def _judge(self, train_loss: float, loss: float) -> None:
        if not (math.isfinite(loss) and math.isfinite(train_loss)):
            raise RunError(diverged(self.progress, train_loss, loss))
        self.progress.epoch += 1
        if loss < self.progress.best_loss or self._keeps_last():
            self.progress.best_loss = loss
            self.progress.best_epoch = self.progress.epoch
            self.best = copies(self.judged)


def _around(
    method: Method, training: Training, batch: Rows, inner: Callable[[], Tensor]
) -> Callable[[], Tensor]:
    return lambda: method.around(training, batch, inner)


@torch.no_grad()
def logits_of(network: Network, rows: Rows) -> Tensor:
    """Return the logits of all rows, float32[n, k], in evaluation mode."""
    network.eval()
    parts = rows.split(SCORING_ROWS)
    each = [joint_logits(network(part.positions, part.codes)) for part in parts]
    return torch.cat(each)


def copies(network: nn.Module) -> dict[str, Tensor]:
    """Return a copy of a network's tensors by name."""
    return {name: t.detach().clone() for name, t in network.state_dict().items()}
