"""What torch says when memory runs out."""

import torch


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error says that a device, or the machine, has no memory left."""
    # On a CPU torch raises a plain RuntimeError that names its allocator.
    text = str(error)
    return isinstance(error, torch.OutOfMemoryError) or (
        "DefaultCPUAllocator" in text and "memory" in text
    )
