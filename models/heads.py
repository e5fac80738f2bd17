"""The head of a network: its last layer, taken out, fitted anew and put back."""

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from analysis.arrays import Floats, Ints
from analysis.density.threads import one_thread
from analysis.errors import DataError
from analysis.frame import AuditFrame
from models.changed_network import ChangedHead, ChangedNetwork, LastInputs
from models.features import features_for
from models.network_scorer import TorchScorer
from models.networks import Mixture
from models.rows import rows_on
from models.train import SCORING_ROWS

STEPS, TOLERANCE = 500, 1e-8
"""Steps of a fit at most, of which most need fewer than ten, and its largest slope."""


@dataclass(frozen=True, eq=False)
class Head:
    """The last layers of a network's M members; one for most.

    Parameters
    ----------
    weights : float64[M, k, d]
    biases : float64[M, k]
    """

    weights: Floats
    biases: Floats


def last_inputs(scorer: TorchScorer, frame: AuditFrame) -> Floats:
    """Return what the last layer works on, float64[M, n, d].

    Raises
    ------
    DataError
        The model is a mixture of networks, which has no one last layer.
    """
    _refuse_mixture(scorer)
    network = scorer.network
    device = next(network.parameters()).device
    nothing = np.zeros(len(frame))
    encoded = scorer.preprocessor.transform(features_for(scorer.recipe, frame))
    rows = rows_on(device, encoded, nothing.astype(np.int64), nothing)
    network.eval()
    with torch.no_grad():
        parts = [
            network.last_inputs(part.positions, part.codes).double().cpu()
            for part in rows.split(SCORING_ROWS)
        ]
    inputs: Floats = torch.cat(parts).numpy()
    return inputs[None] if inputs.ndim == 2 else inputs.transpose(1, 0, 2)


def head_of(scorer: TorchScorer) -> Head:
    """Return the last layer of a network in float64.

    Raises
    ------
    DataError
        As `last_inputs`.
    """
    _refuse_mixture(scorer)
    layer = scorer.network.last_layer()
    weights, biases = (
        layer.get_parameter(name).detach().double().cpu().numpy()
        for name in ("weight", "bias")
    )
    if isinstance(layer, nn.Linear):
        return Head(weights[None], biases[None])
    # An ensemble of layers keeps inputs before outputs.
    return Head(weights.transpose(0, 2, 1), biases)


def with_head(
    scorer: TorchScorer,
    head: Head,
    found: Mapping[str, Any],
    inputs: LastInputs | None = None,
) -> ChangedNetwork:
    """Return a copy of a network with another last layer; all else bit for bit.

    Copies that are given the same `inputs` of the network share its other layers' work.
    """
    network = copy.deepcopy(scorer.network)
    layer = network.last_layer()
    weights, biases = head.weights, head.biases
    if isinstance(layer, nn.Linear):
        weights, biases = weights[0], biases[0]
    else:
        weights = weights.transpose(0, 2, 1)
    with torch.no_grad():
        layer.get_parameter("weight").copy_(torch.tensor(weights))
        layer.get_parameter("bias").copy_(torch.tensor(biases))
    return ChangedHead(scorer, network, found, inputs or LastInputs(scorer))


def fitted_head(
    inputs: Floats, labels: Ints, weights: Floats, k: int, penalty: float
) -> tuple[Floats, Floats]:
    """Fit a multinomial logistic regression with an L2 penalty.

    The sum of weighted log losses plus penalty / 2 times the squared norm of the
    weights, on inputs that are standardised first; weights average 1. An input that
    does not vary gets no weight.

    Parameters
    ----------
    inputs : float64[n, d]
    labels : int[n]
        Every class occurs.
    weights : float64[n]
    k : int
        Number of classes.
    penalty : float
        Above 0.

    Returns
    -------
    float64[k, d], float64[k]
        Weights and biases for the inputs as they are.
    """
    from sklearn.linear_model import LogisticRegression

    mass = weights / weights.mean()
    centre = np.average(inputs, axis=0, weights=mass)
    spread = np.sqrt(np.average((inputs - centre) ** 2, axis=0, weights=mass))
    varies = spread > 1e-9 * (1 + np.abs(centre))
    scale = np.where(varies, spread, 1.0)
    x = np.where(varies, (inputs - centre) / scale, 0.0)
    # Of two classes it fits the difference of their weights, whose squared norm is
    # twice that of two opposite halves.
    strength = (2.0 if k == 2 else 1.0) / penalty
    model = LogisticRegression(
        C=strength, solver="newton-cholesky", tol=TOLERANCE, max_iter=STEPS
    )
    with one_thread(), warnings.catch_warnings():
        # Where the curvature is singular it goes on by another method, and says so.
        warnings.simplefilter("ignore")
        model.fit(x, labels, sample_weight=mass)
    w, b = model.coef_, model.intercept_
    if k == 2:
        w, b = np.vstack([-w, w]) / 2, np.append(-b, b) / 2
    w = np.where(varies, w / scale, 0.0)
    return w, b - w @ centre


def refuse_absent_classes(labels: Ints, classes: tuple[str, ...], title: str) -> None:
    """Refuse a fit for which a class has no rows.

    Raises
    ------
    DataError
        A class has none.
    """
    absent = np.bincount(labels, minlength=len(classes)) == 0
    if absent.any():
        name = classes[int(np.flatnonzero(absent)[0])]
        raise DataError(
            f"No calibration row with weight is '{name}'; '{title}' needs rows of "
            "every class, or the new last layer would never decide for it. Choose "
            "another split or seed, or a larger table."
        )


def _refuse_mixture(scorer: TorchScorer) -> None:
    if isinstance(scorer.network, Mixture):
        raise DataError(
            "This model is a mixture of several networks, so it has no one last layer. "
            "Choose a run that is a single network."
        )
