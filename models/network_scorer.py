"""TorchScorer: a trained network with its preprocessing."""

import json

import numpy as np
import safetensors.torch
import torch

from analysis.evaluation import Scores
from analysis.frame import AuditFrame
from models.artefacts import json_bytes
from models.features import features_for
from models.networks import Mixture, Network, network
from models.preprocess import Preprocessor
from models.probabilities import scores_of_logits
from models.recipe import Recipe
from models.rows import rows_on
from models.train import logits_of

SHARES = "shares"
"""The stored tensor that only a mixture has."""


class TorchScorer:
    """Score any frame that has the features of the training table.

    Parameters
    ----------
    trained : Network
    preprocessor : Preprocessor
    recipe : Recipe
        As the remedies changed it.
    """

    def __init__(
        self, trained: Network, preprocessor: Preprocessor, recipe: Recipe
    ) -> None:
        self.network = trained
        self.preprocessor = preprocessor
        self.recipe = recipe

    def score(self, frame: AuditFrame) -> Scores:
        """Return probabilities and float64 logits.

        Raises
        ------
        DataError
            The frame lacks a feature, or groups that the model needs.
        """
        device = next(self.network.parameters()).device
        nothing = np.zeros(len(frame))
        encoded = self.preprocessor.transform(features_for(self.recipe, frame))
        rows = rows_on(device, encoded, nothing.astype(np.int64), nothing)
        logits = logits_of(self.network, rows).double().cpu().numpy()
        return scores_of_logits(logits)

    def files(self) -> dict[str, tuple[bytes, str]]:
        """Return what a run stores to rebuild this: content and suffix by role."""
        return {
            "weights": (self.weights_bytes(), "safetensors"),
            "preprocessing": (json_bytes(self.preprocessor.to_json()), "json"),
            "recipe": (json_bytes(self.recipe.to_json()), "json"),
        }

    def weights_bytes(self) -> bytes:
        """Return the network's weights as safetensors."""
        state = self.network.state_dict()
        on_cpu = {name: tensor.cpu().contiguous() for name, tensor in state.items()}
        return safetensors.torch.save(on_cpu)


def restored(
    weights: bytes, preprocessing: bytes, k: int, recipe: Recipe, device: torch.device
) -> TorchScorer:
    """Rebuild a scorer of k classes from its stored files."""
    preprocessor = Preprocessor.from_json(json.loads(preprocessing))
    tensors = safetensors.torch.load(weights)
    trained = network(preprocessor, k, recipe)
    if SHARES in tensors:
        shares = tensors[SHARES]
        members = [network(preprocessor, k, recipe) for _ in range(len(shares))]
        trained = Mixture(members, shares)
    trained.load_state_dict(tensors)
    return TorchScorer(trained.to(device), preprocessor, recipe)
