"""TorchScorer: a trained network with its preprocessing."""

import json

import numpy as np
import safetensors.torch
import torch

from analysis.evaluation import Scores
from analysis.frame import AuditFrame
from models.networks import Network, network
from models.preprocess import Preprocessor
from models.probabilities import scores_of_logits
from models.recipe import Recipe
from models.rows import rows_on
from models.train import logits_of


class TorchScorer:
    """Score any frame that has the features of the training table.

    Parameters
    ----------
    trained : Network
    preprocessor : Preprocessor
    """

    def __init__(self, trained: Network, preprocessor: Preprocessor) -> None:
        self.network = trained
        self.preprocessor = preprocessor

    def score(self, frame: AuditFrame) -> Scores:
        """Return probabilities and float64 logits.

        Raises
        ------
        DataError
            The frame lacks a feature.
        """
        device = next(self.network.parameters()).device
        nothing = np.zeros(len(frame))
        encoded = self.preprocessor.transform(frame.features)
        rows = rows_on(device, encoded, nothing.astype(np.int64), nothing)
        logits = logits_of(self.network, rows).double().cpu().numpy()
        return scores_of_logits(logits)

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
    trained = network(preprocessor, k, recipe)
    trained.load_state_dict(safetensors.torch.load(weights))
    return TorchScorer(trained.to(device), preprocessor)
