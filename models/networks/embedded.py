"""Networks on embedded inputs: numeric columns in pieces, categories one-hot."""

import warnings

import torch
from rtdl_num_embeddings import PiecewiseLinearEmbeddings
from torch import Tensor, nn

from models.networks.dropout import Dropout
from models.networks.network import Network
from models.networks.spread import Spread
from models.preprocess import Preprocessor
from models.recipe import Recipe

EMBEDDING = 12
"""Numbers that a numeric column becomes."""


class Inputs(nn.Module):
    """Numeric positions as learnt vectors, codes one-hot, side by side.

    Positions already run from 0 to m over a column's m bins, so the piecewise-linear
    embedding has its edges at the whole numbers.

    References
    ----------
    Gorishniy, Rubachev & Babenko (2022), On Embeddings for Numerical Features in
    Tabular Deep Learning, NeurIPS, section 3.2; package rtdl_num_embeddings.
    """

    def __init__(self, preprocessor: Preprocessor) -> None:
        super().__init__()
        self.spread = Spread(preprocessor)
        bins = [
            torch.arange(c.bins + 1, dtype=torch.float32) for c in preprocessor.numeric
        ]
        self.numeric = _embeddings(bins) if bins else None
        self.chunks = [EMBEDDING] * len(bins) + list(preprocessor.code_counts)
        self.width = sum(self.chunks)

    def forward(self, positions: Tensor, codes: Tensor) -> Tensor:
        """Return float[b, width]."""
        lit = self.spread.lit(codes)
        if self.numeric is None:
            return lit
        return torch.cat([self.numeric(positions).flatten(1), lit], dim=1)


def _embeddings(bins: list[Tensor]) -> PiecewiseLinearEmbeddings:
    with warnings.catch_warnings():
        # A column of two values has one bin, which the package takes for a mistake.
        warnings.filterwarnings("ignore", "The .* feature has just two bin edges")
        return PiecewiseLinearEmbeddings(bins, EMBEDDING, activation=False, version="B")


class EmbeddedPerceptron(Network):
    """A multilayer perceptron on embedded inputs."""

    def __init__(self, inputs: Inputs, hidden: nn.Sequential, last: nn.Linear) -> None:
        super().__init__()
        self.inputs, self.hidden, self.last = inputs, hidden, last

    def stem(self, positions: Tensor, codes: Tensor) -> Tensor:
        """Return the embedded rows, [b, width]."""
        embedded: Tensor = self.inputs(positions, codes)
        return embedded

    def trunk(self, stem: Tensor) -> Tensor:
        """Return the outputs of the last hidden layer, [b, d]."""
        features: Tensor = self.hidden(stem)
        return features

    def last_layer(self) -> nn.Module:
        """Return the last linear layer."""
        return self.last


def mlp_embeddings(
    preprocessor: Preprocessor, k: int, recipe: Recipe
) -> EmbeddedPerceptron:
    """Return a perceptron whose numeric columns are embedded first."""
    inputs, layers = Inputs(preprocessor), list[nn.Module]()
    width = inputs.width
    for hidden in recipe.hidden:
        layers += [nn.Linear(width, hidden), nn.ReLU(), Dropout(recipe.dropout)]
        width = hidden
    return EmbeddedPerceptron(inputs, nn.Sequential(*layers), nn.Linear(width, k))
