"""How strongly each group still pulls at a network: gradient norms by group."""

import numpy as np
import torch

from analysis.arrays import Floats
from analysis.frame import Grouping
from models.networks import Network
from models.rows import Rows

MAX_ROWS = 4_096
"""Rows that are looked at, evenly spaced; enough for a norm to two digits."""


@torch.no_grad()
def last_layer_norms(network: Network, rows: Rows, groups: Grouping) -> Floats:
    """Return the norm of the gradient of each group's mean log loss in the last layer.

    For logits W h + c the gradient in W is the mean of (p - y) h', so all groups come
    from one product. Of a network of M members, each of which is trained on its own
    loss, it is the mean over the members of the norm in each one's last layer.

    Parameters
    ----------
    network : Network
    rows : Rows
    groups : Grouping
        Of the same rows.

    Returns
    -------
    float[g]
        In nats per unit of weight, row weights counted; NaN for a group without rows,
        or without weight, among those looked at.
    """
    network.eval()
    # Not the first ones: a table may lie in the order of its groups.
    seen = torch.arange(0, len(rows), 1 + (len(rows) - 1) // MAX_ROWS)
    part = rows.take(seen.to(rows.labels.device))
    inputs = network.last_inputs(part.positions, part.codes).float()
    logits = network(part.positions, part.codes).float()
    inputs, logits = (x if x.dim() == 3 else x.unsqueeze(1) for x in (inputs, logits))
    residual = logits.softmax(-1)
    residual[torch.arange(len(part)), :, part.labels] -= 1  # [b, M, k]
    inputs = torch.cat([inputs, torch.ones_like(inputs[..., :1])], dim=-1)
    weights = torch.ones(len(part)) if part.weights is None else part.weights
    residual = residual * weights.to(inputs.device)[:, None, None]
    codes = groups.codes[seen.numpy()]
    masses = np.bincount(codes, weights.cpu().numpy(), len(groups.names))
    norms = np.full(len(groups.names), np.nan)
    for g in np.flatnonzero(masses > 0):
        inside = torch.tensor(codes == g, device=inputs.device)
        each = torch.einsum("bmk,bmd->mkd", residual[inside], inputs[inside])
        norms[g] = float(each.flatten(1).norm(dim=1).mean()) / masses[g]
    return norms
