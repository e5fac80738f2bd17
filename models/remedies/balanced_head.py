"""Balanced head: fit the last layer anew on held-out rows, equal by group and label."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from models.remedies.calibration_rows import rows_to_fit
from models.remedies.head_cells import LabelCells, even, joined_words, label_cells
from models.remedies.model_change import ModelChange
from models.remedies.settings import attribute_setting, setting

if TYPE_CHECKING:
    from analysis.arrays import Floats, Ints
    from analysis.frame import AuditFrame
    from models.changed_network import ChangedNetwork
    from models.heads import Head
    from models.network_scorer import TorchScorer
    from models.remedies.base import Around

SEED = 20_230_501
"""Of the subsamples; the same rows give the same fit."""


@dataclass(frozen=True)
class BalancedHead(ModelChange):
    """Fit the last layer to held-out rows with as many of each group and label.

    Calibration rows, which training has not seen, are cut into cells of group and
    label; subsamples are drawn with equal cells, no row twice; to each a penalised
    logistic regression of the label on the last layer's inputs is fitted; and the mean
    of their weights is the new last layer. The members of an ensemble share the
    subsamples out, one at least for each. All other layers stay as they are. A group
    with too few rows of a label counts with the largest group that has it.

    Unlike the remedy that retrains the last layer in the training loop, this sees no
    training row, on which a finished network is too sure to show its shortcuts. What
    is fitted on these rows next, such as a calibrator, needs others: a chain sees to
    that.

    References
    ----------
    Kirichenko, Izmailov & Wilson (2023), Last Layer Re-Training is Sufficient for
    Robustness to Spurious Correlations, ICLR, section 5. The penalty there is L1, and
    tuned; ours is L2, and a setting. Evenness between the rows' and equal cells is
    ours, and so are row weights, which count within a cell.
    """

    title: ClassVar[str] = "Refit the last layer on held-out equal groups (DFR)"
    name: ClassVar[str] = "balanced_head"
    mends: ClassVar[str] = (
        "a shortcut by group in a network whose earlier layers know better"
    )
    costs: ClassVar[str] = (
        "accuracy overall where groups differ in their rates, and calibration rows "
        "that nothing after it may use"
    )
    source: ClassVar[str] = (
        "Kirichenko, Izmailov & Wilson (2023), Last Layer Re-Training is Sufficient "
        "for Robustness to Spurious Correlations, ICLR"
    )
    slowness: ClassVar[float] = 0.1

    attribute: str = attribute_setting(
        "Groups of which equally many rows are drawn, with each label.",
        is_required=True,
    )
    evenness: float = setting(
        1.0,
        0.0,
        1.0,
        "0 draws cells as large as they are, 1 all of one size.",
        is_dial=True,
    )
    subsamples: int = setting(10, 1, 100, "Subsamples whose fits are averaged.")
    penalty: float = setting(
        1.0, 0.0001, 10_000.0, "How strongly weights are drawn to zero."
    )
    min_rows: int = setting(
        10, 2, 100_000, "A group with fewer rows of a label joins the largest one."
    )

    def changed_along(
        self,
        network: TorchScorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around,
    ) -> Iterator[ChangedNetwork]:
        """Give the network with the new last layer at each evenness.

        Raises
        ------
        DataError
            A class has no rows, the frame lacks the attribute, or the model is a
            mixture.
        """
        from models.changed_network import LastInputs
        from models.heads import last_inputs, refuse_absent_classes, with_head

        shared = LastInputs(network)
        frame, labels = rows_to_fit(calibration)
        refuse_absent_classes(labels, frame.classes, self.title)
        cells = label_cells(frame, labels, self.attribute, self.min_rows)
        inputs = last_inputs(network, frame)
        k, weights = len(frame.classes), within_cells(frame.weights, cells)
        rows = Labelled(labels, weights, k)
        for evenness in strengths:
            counts = drawn_counts(cells, evenness)
            head = self._head(inputs, rows, cells, counts)
            found = {
                "method": self.name,
                "attribute": self.attribute,
                "evenness": evenness,
                "n": len(labels),
                "drawn": int(counts.sum()),
                "cells": cells.count,
                "joined": list(cells.joined),
            }
            yield with_head(network, head, found, shared)

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say on how many rows it was fitted, and which groups have too few."""
        # The rows drawn tell the size of the smallest cell.
        drawn = "some" if hidden is not None else f"{parameters['drawn']:,}"
        return (
            f"The last layer was fitted anew to {drawn} of {parameters['n']:,} "
            f"calibration rows at a time, in {parameters['cells']} cells of "
            f"{parameters['attribute']} and label; other layers stay.",
            *joined_words(parameters["joined"]),
        )

    def _head(
        self, inputs: Floats, rows: Labelled, cells: LabelCells, counts: Ints
    ) -> Head:
        """Return for each member the mean of the fits to its subsamples."""
        from models.heads import Head, fitted_head

        rng = np.random.default_rng(SEED)
        # Of all rows there is one subsample; members share the others out.
        is_whole = counts.sum() == len(rows.labels)
        each = 1 if is_whole else -(-self.subsamples // len(inputs))
        weights, biases = [], []
        for x in inputs:
            fits = []
            for _ in range(each):
                part = drawn_rows(cells, counts, rng)
                labels, mass = rows.labels[part], rows.weights[part]
                fits.append(fitted_head(x[part], labels, mass, rows.k, self.penalty))
            weights.append(np.mean([w for w, _ in fits], axis=0))
            biases.append(np.mean([b for _, b in fits], axis=0))
        return Head(np.array(weights), np.array(biases))


@dataclass(frozen=True, eq=False)
class Labelled:
    """Labels int[n] of k classes, and weights float64[n] that average 1 in a cell."""

    labels: Ints
    weights: Floats
    k: int


def drawn_counts(cells: LabelCells, evenness: float) -> Ints:
    """Return how many rows of each cell a subsample holds, int[c].

    As many as there can be without a row twice; equal at evenness 1, all at 0.
    """
    sizes = np.bincount(cells.codes).astype(float)
    shares = even(sizes, evenness)
    total = (sizes / shares).min()
    counts: Ints = np.maximum(1, np.floor(shares * total + 1e-9)).astype(np.int64)
    return counts


def drawn_rows(cells: LabelCells, counts: Ints, rng: np.random.Generator) -> Ints:
    """Return a subsample's rows in order, int[m], none twice."""
    order = rng.permutation(len(cells.codes))
    order = order[np.argsort(cells.codes[order], kind="stable")]
    sizes = np.bincount(cells.codes)
    place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    chosen: Ints = np.sort(order[place < np.repeat(counts, sizes)])
    return chosen


def within_cells(weights: Floats, cells: LabelCells) -> Floats:
    """Return weights that average 1 within each cell, float[n]."""
    sizes = np.bincount(cells.codes)
    mass = np.bincount(cells.codes, weights)
    scaled: Floats = weights * (sizes / mass)[cells.codes]
    return scaled
