"""Which device and how many threads a run uses."""

import os

import torch

from analysis.errors import SettingError

MAX_THREADS = 8
"""More threads slow such small networks down."""


def device_named(name: str) -> torch.device:
    """Return the device of a recipe; 'auto' takes CUDA where there is one.

    Raises
    ------
    SettingError
        CUDA was asked for and there is none.
    """
    has_cuda = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if has_cuda else "cpu")
    if name == "cuda" and not has_cuda:
        raise SettingError(
            "This machine has no CUDA device. Choose the device 'auto' or 'cpu'."
        )
    return torch.device(name)


def use_threads() -> int:
    """Leave one core to the server; return the number of threads in use.

    The results of a run depend on this number in their last bits, so the worker and
    the command line share this rule.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    threads = min(MAX_THREADS, max(1, (cores or os.cpu_count() or 2) - 1))
    torch.set_num_threads(threads)
    return threads


def description(device: torch.device) -> str:
    """Return what a run ran on, in words."""
    if device.type == "cuda":
        return f"cuda, {torch.cuda.get_device_name(device)}"
    threads = torch.get_num_threads()
    return f"cpu, {threads} thread{'s' if threads > 1 else ''}"
