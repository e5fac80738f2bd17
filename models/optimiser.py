"""AdamW on what a recipe trains: every layer, or the last one alone."""

import torch

from models.networks import Network
from models.recipe import Recipe


def optimiser_of(
    network: Network, recipe: Recipe, device: torch.device
) -> torch.optim.AdamW:
    """Return the optimiser; parameters that are not trained are frozen."""
    trained = list(network.parameters())
    if recipe.layers == "last":
        trained = list(network.last_layer().parameters())
        chosen = {id(p) for p in trained}
        for parameter in network.parameters():
            parameter.requires_grad_(id(parameter) in chosen)
    return torch.optim.AdamW(
        trained,
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        fused=device.type in ("cpu", "cuda"),
    )
