"""Stacked: several networks of one shape, computed as one."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from models.networks import Network
from models.networks.dropout import Dropout
from models.networks.spread import Spread


class Stacked:
    """K networks whose weights lie behind each other.

    Each network goes on to hold its own weights: they are views of the stack, so that
    whatever reads or writes a single network reads and writes its part.

    Parameters
    ----------
    networks : sequence of Network
        Of the same architecture and sizes, on one device.
    dropouts : sequence of torch.Generator
        What each network's dropout draws from.
    """

    def __init__(
        self, networks: Sequence[Network], dropouts: Sequence[torch.Generator]
    ) -> None:
        self.networks, self.dropouts = list(networks), list(dropouts)
        self.parameters, _ = stack_module_state(self.networks)
        self._shell = copy.deepcopy(self.networks[0])
        self._shell.train()
        for module in self._shell.modules():
            if isinstance(module, Spread):
                module.is_stacked = True
        self._layers = [
            (f"{name}.given", layer)
            for name, layer in self._shell.named_modules()
            if isinstance(layer, Dropout) and layer.cut
        ]
        for name, stack in self.parameters.items():
            for k, network in enumerate(self.networks):
                network.get_parameter(name).data = stack.data[k]

    def logits(self, positions: Tensor, codes: Tensor) -> Tensor:
        """Return each network's logits of its own rows in training, float[K, b, k].

        Parameters
        ----------
        positions : Tensor, float32[K, b, p]
        codes : Tensor, int64[K, b, c]
        """
        # Other buffers are constants of the table: the shell has them for all.
        masks = self._masks(positions.shape[1], positions.device)
        logits: Tensor = torch.vmap(self._one)(self.parameters, masks, positions, codes)
        return logits

    def _one(
        self,
        parameters: dict[str, Tensor],
        masks: dict[str, Tensor],
        positions: Tensor,
        codes: Tensor,
    ) -> Tensor:
        state = (parameters, masks)
        result: Tensor = functional_call(self._shell, state, (positions, codes))
        return result

    def _masks(self, rows: int, device: torch.device) -> dict[str, Tensor]:
        """Draw which units each network keeps, as it would have drawn alone."""
        widths = _widths(self._shell)
        return {
            name: layer.drawn((rows, width), device, self.dropouts)
            for (name, layer), width in zip(self._layers, widths, strict=True)
        }

    def share_gradients(self) -> None:
        """Hand each network its part of the stack's gradients."""
        for name, stack in self.parameters.items():
            for k, network in enumerate(self.networks):
                gradient = stack.grad
                network.get_parameter(name).grad = (
                    None if gradient is None else gradient[k]
                )


def _widths(network: nn.Module) -> list[int]:
    """Return the width that each dropout layer of a perceptron sees."""
    width, widths = 0, list[int]()
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            width = layer.out_features
        elif isinstance(layer, Dropout) and layer.cut:
            widths.append(width)
    return widths
