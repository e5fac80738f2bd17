"""Write down where a training stands, and take it up again there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor

from models.chance import chance, set_chance
from models.progress import Progress

if TYPE_CHECKING:
    from models.train import Training


def state_of(training: Training) -> dict[str, Tensor]:
    """Return all tensors that decide how training goes on."""
    tensors = {f"now.{k}": v for k, v in training.network.state_dict().items()}
    tensors |= {f"best.{k}": v for k, v in training.best.items()}
    for i, state in training.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{i}.{k}": v for k, v in state.items()}
    for i, method in enumerate(training.methods):
        tensors |= {f"method.{i}.{k}": v for k, v in method.state().items()}
    if training.average is not None:
        tensors |= {f"average.{k}": v for k, v in training.average.state_dict().items()}
    tensors["generator.order"] = training.order.get_state()
    tensors["generator.methods"] = training.generator.get_state()
    tensors["generator.chance"] = chance(training.device)
    return tensors


def fits(training: Training, tensors: Mapping[str, Tensor]) -> bool:
    """Whether tensors fit this network, and so were its own."""
    mine = {name: t.shape for name, t in training.network.state_dict().items()}
    theirs = {name: t.shape for name, t in _below("now.", tensors).items()}
    return mine == theirs


def take_up(
    training: Training, progress: Progress, tensors: Mapping[str, Tensor]
) -> None:
    """Take up a training where `state_of` and its progress were taken."""
    training.progress = progress
    training.network.load_state_dict(_below("now.", tensors))
    training.best = {
        name: tensor.to(training.device)
        for name, tensor in _below("best.", tensors).items()
    }
    packed = training.optimiser.state_dict()
    packed["state"] = {}
    for name, tensor in _below("optimiser.", tensors).items():
        number, key = name.split(".", 1)
        packed["state"].setdefault(int(number), {})[key] = tensor
    training.optimiser.load_state_dict(packed)
    for i, method in enumerate(training.methods):
        method.load(training, _below(f"method.{i}.", tensors))
    if training.average is not None:
        training.average.load_state_dict(_below("average.", tensors))
    training.order.set_state(tensors["generator.order"])
    training.generator.set_state(tensors["generator.methods"])
    set_chance(training.device, tensors["generator.chance"])


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)
    }
