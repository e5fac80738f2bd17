"""The networks of the architectures. Adding one: a new file, one function here."""

from collections.abc import Callable

from models.networks.mixture import Mixture
from models.networks.network import Network, joint_logits
from models.networks.perceptron import logistic, mlp
from models.preprocess import Preprocessor
from models.recipe import Recipe

__all__ = ["ARCHITECTURES", "Mixture", "Network", "joint_logits", "network"]


# Their packages are imported when they are asked for.
def _mlp_embeddings(preprocessor: Preprocessor, k: int, recipe: Recipe) -> Network:
    from models.networks.embedded import mlp_embeddings

    return mlp_embeddings(preprocessor, k, recipe)


def _tabm(preprocessor: Preprocessor, k: int, recipe: Recipe) -> Network:
    from models.networks.tabm import tabm

    return tabm(preprocessor, k, recipe)


def _ft_transformer(preprocessor: Preprocessor, k: int, recipe: Recipe) -> Network:
    from models.networks.ft_transformer import ft_transformer

    return ft_transformer(preprocessor, k, recipe)


ARCHITECTURES: dict[str, Callable[[Preprocessor, int, Recipe], Network]] = {
    "mlp": mlp,
    "logistic": logistic,
    "mlp_embeddings": _mlp_embeddings,
    "tabm": _tabm,
    "ft_transformer": _ft_transformer,
}


def network(preprocessor: Preprocessor, k: int, recipe: Recipe) -> Network:
    """Return the untrained network of a recipe, drawn from torch's global generator."""
    return ARCHITECTURES[recipe.architecture](preprocessor, k, recipe)
