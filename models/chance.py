"""The state of the process-wide generator, which starts weights and draws dropout."""

import torch
from torch import Tensor


def chance(device: torch.device) -> Tensor:
    """Return the state of the process-wide generator of a device."""
    if device.type == "cuda":
        return torch.cuda.get_rng_state(device)
    return torch.get_rng_state()


def set_chance(device: torch.device, state: Tensor) -> None:
    """Put the process-wide generator of a device where it was."""
    if device.type == "cuda":
        torch.cuda.set_rng_state(state, device)
    else:
        torch.set_rng_state(state)
