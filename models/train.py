"""The one training loop: rows resident on the device, minibatches by index."""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from analysis.arrays import Floats
from analysis.errors import RunError
from models.checkpoint import Progress
from models.losses import cross_entropy
from models.recipe import Recipe
from models.rows import Rows

WARM_UP = 0.1
"""Share of all steps in which the learning rate rises to its peak."""

SCORING_ROWS = 16_384
"""Rows per forward pass when nothing is learnt."""

MIN_BATCHES = 16
"""Steps per epoch at least: a table of few rows is cut into smaller batches."""

MIN_BATCH_ROWS = 16


class Cancelled(Exception):  # noqa: N818 (a request, not an error)
    """Training was asked to stop."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave.

    Parameters
    ----------
    progress : Progress
        A copy, after this epoch.
    train_loss, stopping_loss : float
        Mean log loss over the training rows while they were learnt, and over the
        validation rows after; both with the weights of the recipe.
    logits : float64[n, k]
        Of the validation rows.
    """

    progress: Progress
    train_loss: float
    stopping_loss: float
    logits: Floats


class Training:
    """A network on its way.

    Parameters
    ----------
    network : nn.Module
        On the device of the rows.
    recipe : Recipe
    train, validation : Rows
    """

    def __init__(
        self, network: nn.Module, recipe: Recipe, train: Rows, validation: Rows
    ) -> None:
        self.network, self.recipe = network, recipe
        self.train, self.validation = train, validation
        self.device = train.labels.device
        self.progress = Progress()
        self.optimiser = torch.optim.AdamW(
            network.parameters(),
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            fused=self.device.type in ("cpu", "cuda"),
        )
        # Row order has a generator of its own: what else draws cannot change it.
        self.order = torch.Generator().manual_seed(recipe.seed)
        self.best = _copies(network)

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
        while not self._is_over():
            began = time.perf_counter()
            train_loss = self.epoch(should_stop)
            logits = logits_of(self.network, self.validation)
            loss = cross_entropy(
                logits, self.validation.labels, self.validation.weights
            )
            self._judge(loss.item())
            self.progress.seconds += time.perf_counter() - began
            report(
                Epoch(
                    Progress(**vars(self.progress)),
                    train_loss,
                    loss.item(),
                    logits.double().cpu().numpy(),
                )
            )
        self.network.load_state_dict(self.best)

    def _is_over(self) -> bool:
        stale = self.progress.epoch - self.progress.best_epoch
        return self.progress.epoch >= self.recipe.epochs or (
            self.progress.best_epoch > 0 and stale >= self.recipe.patience
        )

    def epoch(self, should_stop: Callable[[], bool]) -> float:
        """Pass once over the training rows; return the mean loss on the way."""
        self.network.train()
        order = torch.randperm(len(self.train), generator=self.order).to(self.device)
        size = batch_rows(len(order), self.recipe.batch_size)
        batches = self.train.take(order).split(size)
        step = self.progress.epoch * len(batches)
        total = torch.zeros((), device=self.device)
        for batch in batches:
            if should_stop():
                raise Cancelled
            self._set_rate(step / (self.recipe.epochs * len(batches)))
            total += self._step(batch) * len(batch)
            step += 1
        return total.item() / len(order)

    def _step(self, batch: Rows) -> Tensor:
        with self._precision():
            logits = self.network(batch.positions, batch.codes)
        loss = cross_entropy(logits.float(), batch.labels, batch.weights)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.optimiser.step()
        return loss.detach()

    def _precision(self) -> AbstractContextManager[None]:
        return torch.autocast(
            self.device.type,
            dtype=torch.bfloat16,
            enabled=self.device.type == "cuda" and self.recipe.precision == "auto",
        )

    def _set_rate(self, done: float) -> None:
        """Set the learning rate: a linear rise, then half a cosine down to 0."""
        rise = done / WARM_UP
        fall = 0.5 * (1 + math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP)))
        factor = max(min(rise, 1.0) if done < WARM_UP else fall, 1e-3)
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.learning_rate * factor

    def _judge(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise RunError(
                f"Training diverged: the validation log loss is {loss}. Choose a lower "
                "learning rate on the Model page and train again."
            )
        self.progress.epoch += 1
        if loss < self.progress.best_loss:
            self.progress.best_loss = loss
            self.progress.best_epoch = self.progress.epoch
            self.best = _copies(self.network)

    def state(self) -> dict[str, Tensor]:
        """Return all tensors that decide how training goes on."""
        tensors = {f"now.{k}": v for k, v in self.network.state_dict().items()}
        tensors |= {f"best.{k}": v for k, v in self.best.items()}
        for i, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{i}.{k}": v for k, v in state.items()}
        tensors["generator.order"] = self.order.get_state()
        tensors["generator.cpu"] = torch.get_rng_state()
        if self.device.type == "cuda":
            tensors["generator.cuda"] = torch.cuda.get_rng_state(self.device)
        return tensors

    def accepts(self, tensors: Mapping[str, Tensor]) -> bool:
        """Whether tensors fit this network, and so were its own."""
        mine = {name: t.shape for name, t in self.network.state_dict().items()}
        theirs = {name: t.shape for name, t in _below("now.", tensors).items()}
        return mine == theirs

    def resume(self, progress: Progress, tensors: Mapping[str, Tensor]) -> None:
        """Take up a training where `state` and `progress` were taken."""
        self.progress = progress
        self.network.load_state_dict(_below("now.", tensors))
        self.best = {
            name: tensor.to(self.device)
            for name, tensor in _below("best.", tensors).items()
        }
        packed = self.optimiser.state_dict()
        packed["state"] = {}
        for name, tensor in _below("optimiser.", tensors).items():
            number, key = name.split(".", 1)
            packed["state"].setdefault(int(number), {})[key] = tensor
        self.optimiser.load_state_dict(packed)
        self.order.set_state(tensors["generator.order"])
        torch.set_rng_state(tensors["generator.cpu"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["generator.cuda"], self.device)


def batch_rows(n: int, asked: int) -> int:
    """Return the rows per batch for n training rows: what was asked, or fewer."""
    return min(asked, max(MIN_BATCH_ROWS, math.ceil(n / MIN_BATCHES)))


@torch.no_grad()
def logits_of(network: nn.Module, rows: Rows) -> Tensor:
    """Return the logits of all rows, float32[n, k], in evaluation mode."""
    network.eval()
    parts = rows.split(SCORING_ROWS)
    return torch.cat([network(part.positions, part.codes) for part in parts])


def _copies(network: nn.Module) -> dict[str, Tensor]:
    return {name: t.detach().clone() for name, t in network.state_dict().items()}


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)
    }
