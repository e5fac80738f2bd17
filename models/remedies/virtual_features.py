"""Virtual features: fit the last layer anew to draws from a Gaussian for each class."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from analysis.density.threads import one_thread
from models.remedies.calibration_rows import rows_to_fit
from models.remedies.head_cells import LabelCells, even, joined_words, label_cells
from models.remedies.model_change import ModelChange
from models.remedies.settings import attribute_setting, setting

if TYPE_CHECKING:
    from analysis.arrays import Floats, Ints
    from analysis.frame import AuditFrame
    from models.changed_network import ChangedNetwork
    from models.network_scorer import TorchScorer
    from models.remedies.base import Around

SEED = 20_211_206
"""Of the draws; the same rows give the same fit."""

RIDGE = 1e-6
"""Added to variances, as a share of their mean, so that each has a root."""


@dataclass(frozen=True)
class VirtualFeatures(ModelChange):
    """Fit the last layer to virtual people, equally many of each class.

    The last layer's inputs of each class's calibration rows are described by a mean and
    a covariance; from that Gaussian virtual inputs are drawn; and a logistic
    regression on these is the new last layer. All other layers stay. No row is needed
    for it any more once means and covariances are known, so several sites can give
    theirs alone.

    With groups, mean and covariance of a class are put together from those of its
    groups, mu = sum s_g mu_g and Sigma = sum s_g (Sigma_g + (mu_g - mu)(mu_g - mu)'),
    where s_g are the groups' shares of the class, made even as far as the classes are:
    at evenness 0 that is the class as it is, at 1 each group counts the same. A
    covariance of n rows and d inputs is drawn by d / (d + n) towards the mean of all
    classes', and where n is the effective number of rows.

    References
    ----------
    Luo, Chen, Hu, Zhang, Liang & Feng (2021), No Fear of Heterogeneity: Classifier
    Calibration for Federated Learning with Non-IID Data, NeurIPS, section 4, where the
    groups are clients and always count by their rows. Even groups, weights of rows,
    shrinkage and the penalty of the fit are ours.
    """

    title: ClassVar[str] = "Refit the last layer on virtual people (CCVR)"
    name: ClassVar[str] = "virtual_features"
    mends: ClassVar[str] = (
        "a last layer that leans to common classes, with few rows of the rare ones"
    )
    costs: ClassVar[str] = (
        "accuracy over all and calibration where classes are uneven; what a Gaussian "
        "does not describe is lost"
    )
    source: ClassVar[str] = (
        "Luo et al. (2021), No Fear of Heterogeneity: Classifier Calibration for "
        "Federated Learning with Non-IID Data, NeurIPS"
    )
    slowness: ClassVar[float] = 0.1

    evenness: float = setting(
        1.0,
        0.0,
        1.0,
        "0 draws classes as often as they occur, 1 all equally often.",
        is_dial=True,
    )
    attribute: str = attribute_setting(
        "Groups, or sites, whose means and covariances are put together; empty for "
        "one Gaussian per class.",
        is_required=False,
    )
    samples: int = setting(2_000, 50, 50_000, "Virtual people of each class.")
    penalty: float = setting(
        1.0, 0.0001, 10_000.0, "How strongly weights are drawn to zero."
    )
    min_rows: int = setting(
        10, 2, 100_000, "A group with fewer rows of a class joins the largest one."
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
        from models.heads import (
            Head,
            last_inputs,
            refuse_absent_classes,
            with_head,
        )

        shared = LastInputs(network)
        frame, labels = rows_to_fit(calibration)
        refuse_absent_classes(labels, frame.classes, self.title)
        cells = label_cells(frame, labels, self.attribute, self.min_rows)
        with one_thread():
            moments = [
                cell_moments(x, frame.weights, cells)
                for x in last_inputs(network, frame)
            ]
        mass = np.bincount(labels, frame.weights).astype(np.float64)
        noise = self._noise(len(mass), moments[0].means.shape[1])
        for evenness in strengths:
            shares = even(mass, evenness)
            fits = [self._fit(one, cells, shares, evenness, noise) for one in moments]
            head = Head(np.array([w for w, _ in fits]), np.array([b for _, b in fits]))
            found = self._found(evenness, frame, shares, mass, cells)
            yield with_head(network, head, found, shared)

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say of what classes the virtual people are."""
        listed = ", ".join(
            f"{one['name']} {100 * one['share']:.1f} % (of the rows "
            f"{100 * one['before']:.1f} %)"
            for one in parameters["classes"]
        )
        return (
            f"The last layer was fitted anew to virtual people drawn as "
            f"{parameters['n']:,} calibration rows spread: {listed}. Other layers "
            "stay.",
            *joined_words(parameters["joined"]),
        )

    def _fit(
        self,
        moments: Moments,
        cells: LabelCells,
        shares: Floats,
        evenness: float,
        noise: Floats,
    ) -> tuple[Floats, Floats]:
        from models.heads import fitted_head

        inputs, labels = drawn(moments, cells, evenness, noise)
        k = len(shares)
        return fitted_head(inputs, labels, k * shares[labels], k, self.penalty)

    def _noise(self, k: int, d: int) -> Floats:
        """Return draws that every strength and member shares, [k, samples, d]."""
        return np.random.default_rng(SEED).standard_normal((k, self.samples, d))

    def _found(
        self,
        evenness: float,
        frame: AuditFrame,
        shares: Floats,
        mass: Floats,
        cells: LabelCells,
    ) -> dict[str, Any]:
        return {
            "method": self.name,
            "attribute": self.attribute,
            "evenness": evenness,
            "n": len(frame),
            "samples": self.samples,
            "classes": [
                {"name": name, "share": float(s), "before": float(b)}
                for name, s, b in zip(
                    frame.classes, shares, mass / mass.sum(), strict=True
                )
            ],
            "joined": list(cells.joined),
        }


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean, covariance and rows of the last layer's inputs in each cell.

    Parameters
    ----------
    means : float64[c, d]
    covariances : float64[c, d, d]
        Divided by the mass, without a correction for few rows.
    mass : float64[c]
    effective : float64[c]
        Effective number of rows.
    """

    means: Floats
    covariances: Floats
    mass: Floats
    effective: Floats


def cell_moments(inputs: Floats, weights: Floats, cells: LabelCells) -> Moments:
    """Return the weighted moments of inputs [n, d] in each cell."""
    means, covariances, mass, effective = [], [], [], []
    for c in range(cells.count):
        rows = cells.codes == c
        x, w = inputs[rows], weights[rows]
        mean = np.average(x, axis=0, weights=w)
        off = x - mean
        means.append(mean)
        covariances.append((w[:, None] * off).T @ off / w.sum())
        mass.append(w.sum())
        effective.append(w.sum() ** 2 / (w**2).sum())
    return Moments(*(np.array(part) for part in (means, covariances, mass, effective)))


def drawn(
    moments: Moments, cells: LabelCells, evenness: float, noise: Floats
) -> tuple[Floats, Ints]:
    """Return virtual inputs [k * samples, d] and their labels, from standard draws."""
    means, covariances, n = class_moments(moments, cells, evenness)
    with one_thread():
        parts = [
            mean + own @ root(covariance).T
            for mean, covariance, own in zip(
                means, shrunk(covariances, n), noise, strict=True
            )
        ]
    return np.vstack(parts), np.repeat(np.arange(len(means)), noise.shape[1])


def class_moments(
    moments: Moments, cells: LabelCells, evenness: float
) -> tuple[Floats, Floats, Floats]:
    """Put the cells of each class together.

    Returns
    -------
    float64[k, d], float64[k, d, d], float64[k]
        Means, covariances and effective rows of the classes.
    """
    means, covariances, n = [], [], []
    for label in np.unique(cells.labels):
        own = cells.labels == label
        shares = even(moments.mass[own], evenness)
        mean = shares @ moments.means[own]
        off = moments.means[own] - mean
        within = np.tensordot(shares, moments.covariances[own], axes=1)
        means.append(mean)
        covariances.append(within + (shares[:, None] * off).T @ off)
        n.append(moments.effective[own].sum())
    return np.array(means), np.array(covariances), np.array(n)


def shrunk(covariances: Floats, n: Floats) -> Floats:
    """Draw covariances [k, d, d] towards their mean by d / (d + n)."""
    d = covariances.shape[1]
    share = (d / (d + n))[:, None, None]
    drawn: Floats = (1 - share) * covariances + share * covariances.mean(axis=0)
    return drawn


def root(covariance: Floats) -> Floats:
    """Return the symmetric root of a covariance, float64[d, d]."""
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, 0) + RIDGE * max(float(values.mean()), 0.0)
    found: Floats = (vectors * np.sqrt(values)) @ vectors.T
    return found
