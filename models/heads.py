"""The head of a network: its last layer, taken out, fitted anew and put back."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize
from torch import nn

from analysis.arrays import Floats, Ints
from analysis.density.threads import one_thread
from analysis.errors import DataError
from analysis.frame import AuditFrame
from models.changed_network import ChangedHead, ChangedNetwork, LastInputs
from models.features import features_for
from models.network_scorer import TorchScorer
from models.networks import Mixture
from models.probabilities import log_softmax
from models.rows import rows_on
from models.train import SCORING_ROWS

STEPS = 500
"""Steps of a fit at most; most need fewer than ten, or without curvature hundreds."""

MOST_EXACT = 400
"""Numbers of a head up to which its fit goes by the curvature of the loss."""

LEAST_GAIN, LEAST_SHARE = 1e-14, 1e-6
"""Where a fit stops: nats that a step would gain, and the share of it to be taken."""


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
    inputs: Floats,
    labels: Ints,
    weights: Floats,
    k: int,
    penalty: float,
    start: tuple[Floats, Floats] | None = None,
) -> tuple[Floats, Floats]:
    """Fit a multinomial logistic regression with an L2 penalty.

    The sum of weighted log losses plus penalty / 2 times the squared norm of the
    weights, on inputs that are standardised first; weights average 1. An input that
    does not vary gets no weight. It is convex: where it starts has no say but in the
    last digits.

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
    start : pair of float64[k, d] and float64[k], optional
        A fit to rows much like these, from which fewer steps are needed.

    Returns
    -------
    float64[k, d], float64[k]
        Weights and biases for the inputs as they are.
    """
    mass = weights / weights.mean()
    centre = np.average(inputs, axis=0, weights=mass)
    spread = np.sqrt(np.average((inputs - centre) ** 2, axis=0, weights=mass))
    varies = spread > 1e-9 * (1 + np.abs(centre))
    scale = np.where(varies, spread, 1.0)
    x = np.where(varies, (inputs - centre) / scale, 0.0)
    centre = np.where(varies, centre, 0.0)
    first = np.zeros((k, x.shape[1] + 1))
    if start is not None:
        kept = np.where(varies, start[0], 0.0)
        first = np.column_stack([kept * scale, start[1] + kept @ centre])
    with one_thread():
        found = _minimum(x, np.eye(k)[labels], mass, penalty, first)
    w = found[:, :-1] / scale
    return w, found[:, -1] - w @ centre


def _minimum(
    x: Floats, own: Floats, mass: Floats, penalty: float, start: Floats
) -> Floats:
    """Return weights and, last, biases [k, d + 1] of the least penalised loss.

    Labels come as 0 and 1, `own` [n, k].
    """
    n, k = own.shape
    inputs = np.column_stack([x, np.ones(n)])  # [n, d + 1]
    drawn = np.append(np.full(x.shape[1], penalty), 0.0)  # biases are not

    def loss(flat: Floats) -> tuple[float, Floats]:
        w = flat.reshape(k, -1)
        log_scores = log_softmax(inputs @ w.T)
        value = -(mass @ (own * log_scores).sum(axis=1)) + (drawn * w**2).sum() / 2
        off = mass[:, None] * (np.exp(log_scores) - own)  # [n, k]
        return float(value) / n, (off.T @ inputs + drawn * w).ravel() / n

    def curvature(flat: Floats) -> Floats:
        scores = np.exp(log_softmax(inputs @ flat.reshape(k, -1).T))
        blocks = np.zeros((k, k, inputs.shape[1], inputs.shape[1]))
        for a, b in combinations(range(k), 2):
            pull = (inputs * (mass * scores[:, a] * scores[:, b])[:, None]).T @ inputs
            # The scores of a row sum to 1, and so the blocks of a class to 0.
            blocks[[a, b], [b, a]] = -pull
            blocks[[a, b], [a, b]] += pull
        found: Floats = np.block([list(row) for row in blocks])
        return (found + np.diag(np.tile(drawn, k))) / n

    if start.size <= MOST_EXACT:
        return _newton(loss, curvature, start.ravel()).reshape(k, -1)
    answer = minimize(
        loss,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": STEPS, "ftol": 1e-9, "gtol": 1e-5, "maxcor": 30},
    )
    found: Floats = answer.x.reshape(k, -1)
    return found


def _newton(
    loss: Callable[[Floats], tuple[float, Floats]],
    curvature: Callable[[Floats], Floats],
    start: Floats,
) -> Floats:
    """Return where a convex loss is least, by steps that are halved until it falls."""
    at, (value, slope) = start, loss(start)
    for _ in range(STEPS):
        bent = curvature(at)
        # One number added to all biases changes nothing, so the matrix has no inverse.
        ridge = 1e-10 * max(float(np.trace(bent)), 1e-10)
        step = np.linalg.solve(bent + ridge * np.eye(len(at)), slope)
        gain = float(slope @ step)
        share = 1.0
        while share > LEAST_SHARE:
            found, found_slope = loss(at - share * step)
            if found <= value - share * gain / 4:
                break
            share /= 2
        if gain < LEAST_GAIN or share <= LEAST_SHARE:
            return at
        at, value, slope = at - share * step, found, found_slope
    return at


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
