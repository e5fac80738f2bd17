"""Values of many weightings of a table's rows: sets of ratios times replicates.

A world is never drawn: the rows of one table are weighted until they look like it.
"""

from collections.abc import Sequence

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.attribution.valued import Valued

NUMBERS_AT_ONCE = 500_000
"""Weights held at a time: sets times rows, so that they stay in the cache."""

NUMBERS_OF_RANKINGS = 4_000_000
"""The same where all rows of a weighting are needed together."""


def values_of(
    valued: Valued,
    own: Floats,
    log_ratios: Sequence[Floats],
    sets: Ints,
    copies: Floats | None = None,
) -> Floats:
    """Return the quantities for every set of ratios and every replicate.

    The weight of a row is its own, times its copies, times the ratios of the set; the
    product of ratios is cut at sqrt(n) times its mean (Ionides 2008, Truncated
    Importance Sampling, JCGS 17). What is valued does not see the scale of weights.

    Parameters
    ----------
    valued : Valued
    own : float[n]
    log_ratios : sequence of float[r, n]
        One per component, and at least one.
    sets : int[s]
        Whose bits say which ratios are multiplied.
    copies : float[n, r] or None
        How often each row stands in a replicate.

    Returns
    -------
    float[r, s, q]
    """
    found = []
    for r in range(len(log_ratios[0])):
        with np.errstate(over="ignore"):
            ratios = np.array([np.exp(ratio[r]) for ratio in log_ratios])  # [m, n]
        weights = own if copies is None else own * copies[:, r]
        if valued.is_summed:
            found.append(_summed(valued, weights, ratios, sets))
        else:
            found.append(_whole(valued, weights, ratios, sets))
    return np.array(found)


def products(ratios: Floats, sets: Ints) -> Floats:
    """Return the product of each set's ratios, float[s, b] of float[m, b].

    Sets are looked up in two tables of products, one for the lower half of the ratios
    and one for the upper half: one multiplication per set and row.
    """
    half = len(ratios) // 2
    low, high = _table(ratios[:half]), _table(ratios[half:])
    return low[sets & (2**half - 1)] * high[sets >> half]


def _table(ratios: Floats) -> Floats:
    """Return the products of all sets of a few ratios, float[2^m, b]."""
    table = np.ones((1, ratios.shape[1]))
    for ratio in ratios:
        table = np.concatenate([table, table * ratio])
    return table


def _summed(valued: Valued, weights: Floats, ratios: Floats, sets: Ints) -> Floats:
    """Sum over blocks of rows; a second pass serves the sets that need clipping."""
    n, step = len(weights), max(256, NUMBERS_AT_ONCE // len(sets))
    blocks = [slice(s, min(s + step, n)) for s in range(0, n, step)]
    total, largest = np.zeros(len(sets)), np.zeros(len(sets))
    sums: Floats | float = 0.0
    for rows in blocks:
        product = products(ratios[:, rows], sets)
        np.maximum(largest, product.max(axis=1), out=largest)
        product *= weights[rows]
        total += product.sum(axis=1)
        sums = sums + valued.sums(product, rows)
    limit = np.sqrt(n) * total / weights.sum()
    cut = np.flatnonzero(largest > limit)
    if len(cut):
        clipped: Floats | float = 0.0
        for rows in blocks:
            product = products(ratios[:, rows], sets[cut])
            np.minimum(product, limit[cut, None], out=product)
            clipped = clipped + valued.sums(product * weights[rows], rows)
        np.asarray(sums)[cut] = clipped
    return valued.of_sums(np.asarray(sums))


def _whole(valued: Valued, weights: Floats, ratios: Floats, sets: Ints) -> Floats:
    n, step = len(weights), max(1, NUMBERS_OF_RANKINGS // len(weights))
    found = []
    for start in range(0, len(sets), step):
        product = products(ratios, sets[start : start + step])
        limit = np.sqrt(n) * (product @ weights) / weights.sum()
        np.minimum(product, limit[:, None], out=product)
        product *= weights
        found.append(valued.sums(product, slice(0, n)))
    return valued.of_sums(np.concatenate(found))
