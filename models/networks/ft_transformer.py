"""FT-Transformer: attention between the columns of a row."""

import torch
from rtdl_revisiting_models import FTTransformer as Reference
from torch import Tensor, nn

from models.networks.network import Network
from models.networks.spread import Spread
from models.preprocess import Preprocessor
from models.recipe import Recipe

WIDTH, HEADS, BLOCKS = 64, 8, 2
"""Smaller than the paper's default of 192, 8 and 3, which takes minutes on a CPU."""


class FTTransformer(Network):
    """The package's tokens and backbone, with a last layer of our own on top.

    References
    ----------
    Gorishniy, Rubachev, Khrulkov & Babenko (2021), Revisiting Deep Learning Models for
    Tabular Data, NeurIPS, section 3.3; package rtdl_revisiting_models.
    """

    def __init__(self, preprocessor: Preprocessor, k: int, recipe: Recipe) -> None:
        super().__init__()
        self.spread = Spread(preprocessor)
        self.reference = Reference(
            n_cont_features=len(preprocessor.numeric),
            # One more than a column's codes: 0 stands for what is unknown.
            cat_cardinalities=[count + 1 for count in preprocessor.code_counts],
            d_out=None,
            n_blocks=BLOCKS,
            d_block=WIDTH,
            attention_n_heads=HEADS,
            attention_dropout=recipe.dropout,
            ffn_d_hidden_multiplier=4 / 3,
            ffn_dropout=recipe.dropout,
            residual_dropout=0.0,
        )
        self.norm = nn.LayerNorm(WIDTH)
        self.last = nn.Linear(WIDTH, k)

    def stem(self, positions: Tensor, codes: Tensor) -> Tensor:
        """Return one token per column and one for the answer, [b, t, d]."""
        parts = [self.reference.cls_embedding(positions.shape[:1])]
        if self.reference.cont_embeddings is not None:
            values = self.spread.standardised(positions)
            parts.append(self.reference.cont_embeddings(values))
        if self.reference.cat_embeddings is not None:
            parts.append(self.reference.cat_embeddings(codes))
        return torch.cat(parts, dim=1)

    def trunk(self, stem: Tensor) -> Tensor:
        """Return the answer's token after the last block, [b, d]."""
        features: Tensor = self.norm(self.reference.backbone(stem)).relu()
        return features

    def last_layer(self) -> nn.Module:
        """Return the last linear layer."""
        return self.last


def ft_transformer(preprocessor: Preprocessor, k: int, recipe: Recipe) -> FTTransformer:
    """Return an FT-Transformer; its sizes do not follow the recipe's hidden layers."""
    return FTTransformer(preprocessor, k, recipe)
