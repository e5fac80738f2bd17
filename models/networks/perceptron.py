"""Multilayer perceptron, and logistic regression as the one without hidden layers."""

from torch import Tensor, nn

from models.networks.dropout import Dropout
from models.networks.network import Network
from models.networks.spread import Spread
from models.preprocess import Preprocessor
from models.recipe import Recipe


class Perceptron(Network):
    """A body of layers on the dense inputs of `spread`.

    Explainers work on `body`. Its first layer never sees dense inputs in training:
    `Spread.into` gives the same output without spreading the rows out.
    """

    def __init__(self, spread: Spread, body: nn.Sequential) -> None:
        super().__init__()
        self.spread = spread
        self.body = body

    @property
    def _is_linear(self) -> bool:
        return len(self.body) == 1

    def stem(self, positions: Tensor, codes: Tensor) -> Tensor:
        """Return the first layer's output, [b, h]; the logits if it is the only one."""
        first = self.body[0]
        if not isinstance(first, nn.Linear):
            raise TypeError("The first layer of a body must be linear.")
        return self.spread.into(first, positions, codes)

    def trunk(self, stem: Tensor) -> Tensor:
        """Return the outputs of the last hidden layer, [b, d]."""
        for layer in list(self.body)[1:-1]:
            stem = layer(stem)
        return stem

    def last_inputs(self, positions: Tensor, codes: Tensor) -> Tensor:
        """Return the inputs of the last layer: the spread rows if it is alone."""
        if self._is_linear:
            spread: Tensor = self.spread(positions, codes)
            return spread
        return super().last_inputs(positions, codes)

    def last_layer(self) -> nn.Module:
        """Return the last linear layer."""
        return self.body[-1]

    def finish(self, features: Tensor) -> Tensor:
        """Return logits of the last hidden layer's outputs."""
        if self._is_linear:
            return features
        logits: Tensor = self.body[-1](features)
        return logits


def mlp(preprocessor: Preprocessor, k: int, recipe: Recipe) -> Perceptron:
    """Return a multilayer perceptron; each ReLU is a module of its own, used once."""
    spread, layers = Spread(preprocessor), list[nn.Module]()
    width = spread.width
    for hidden in recipe.hidden:
        layers += [nn.Linear(width, hidden), nn.ReLU()]
        layers += [Dropout(recipe.dropout)] if recipe.dropout else []
        width = hidden
    return Perceptron(spread, nn.Sequential(*layers, nn.Linear(width, k)))


def logistic(preprocessor: Preprocessor, k: int, recipe: Recipe) -> Perceptron:
    """Return a (multinomial) logistic regression."""
    spread = Spread(preprocessor)
    return Perceptron(spread, nn.Sequential(nn.Linear(spread.width, k)))
