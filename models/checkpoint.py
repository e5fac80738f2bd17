"""Checkpoint: all that an interrupted training needs to end as if it had not been."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor

from models.artefacts import write_atomically
from models.progress import Progress


def write_checkpoint(
    path: Path, progress: Progress, tensors: Mapping[str, Tensor]
) -> None:
    """Write a checkpoint in one atomic step.

    Weights, optimiser and generator states are safetensors; the progress is JSON in
    the header of the same file, so that the two can never disagree.

    Raises
    ------
    StoreError
        The disk is full or the folder is read-only; the previous checkpoint stays.
    """
    header = {"progress": json.dumps(asdict(progress))}
    on_cpu = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    write_atomically(path, safetensors.torch.save(on_cpu, metadata=header))


def read_checkpoint(path: Path) -> tuple[Progress, dict[str, Tensor]] | None:
    """Read a checkpoint; None when there is none or it cannot be read."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            progress = Progress(**json.loads(file.metadata()["progress"]))
            return progress, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (OSError, safetensors.SafetensorError, KeyError, TypeError, ValueError):
        return None
