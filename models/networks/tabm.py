"""TabM: many perceptrons that share most of their weights, trained side by side."""

from tabm import EnsembleView, LinearEnsemble, make_tabm_backbone
from torch import Tensor, nn

from models.networks.embedded import Inputs
from models.networks.network import Network
from models.preprocess import Preprocessor
from models.recipe import Recipe

MEMBERS = 16
"""Half the paper's default: on a CPU an epoch takes as many times as long."""


class TabM(Network):
    """The package's backbone and ensemble head on embedded inputs.

    References
    ----------
    Gorishniy, Kotelnikov & Babenko (2025), TabM: Advancing Tabular Deep Learning with
    Parameter-Efficient Ensembling, ICLR; package tabm.
    """

    def __init__(self, inputs: Inputs, k: int, recipe: Recipe) -> None:
        super().__init__()
        self.inputs = inputs
        self.view = EnsembleView(k=MEMBERS)
        blocks = max(1, len(recipe.hidden))
        width = max(recipe.hidden, default=64)
        self.backbone = make_tabm_backbone(
            d_in=inputs.width,
            n_blocks=blocks,
            d_block=width,
            dropout=recipe.dropout,
            activation="ReLU",
            k=MEMBERS,
            arch_type="tabm",
            start_scaling_init="normal",
            start_scaling_init_chunks=inputs.chunks,
        )
        self.last = LinearEnsemble(width, k, k=MEMBERS)

    def stem(self, positions: Tensor, codes: Tensor) -> Tensor:
        """Return the embedded rows, [b, width]."""
        embedded: Tensor = self.inputs(positions, codes)
        return embedded

    def trunk(self, stem: Tensor) -> Tensor:
        """Return the outputs of each member's last block, [b, M, d]."""
        features: Tensor = self.backbone(self.view(stem))
        return features

    def last_layer(self) -> nn.Module:
        """Return the members' last layers."""
        return self.last


def tabm(preprocessor: Preprocessor, k: int, recipe: Recipe) -> TabM:
    """Return a TabM of the widest hidden layer's width and as many blocks as layers."""
    return TabM(Inputs(preprocessor), k, recipe)
