"""The base of remedies that change training rows or columns."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.arrays import Floats
from analysis.datasets.load import Dataset
from analysis.frame import AuditFrame
from models.recipe import Recipe, Stage
from models.remedies.base import Family, Kind


@dataclass(frozen=True)
class Workshop:
    """What an edit may use beside the training rows.

    Parameters
    ----------
    table : callable
        Returns another data set by its task's name.
    rehearsed : callable
        Trains the recipe's network plainly for some epochs on a frame's rows and
        returns its log probabilities of them, float64[n, k].
    """

    table: Callable[[str], Dataset]
    rehearsed: Callable[[AuditFrame, int], Floats]


@dataclass(frozen=True)
class RowEdit:
    """Train on other rows; a subclass says which, and declares its key as `name`."""

    kind: ClassVar[Kind] = "retraining"
    family: ClassVar[Family] = "Data"
    slowness: ClassVar[float] = 1.0
    name: ClassVar[str]

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe with this edit noted."""
        own = Stage(self.name, asdict(self))
        return replace(recipe, edits=(*recipe.edits, own))

    def edited(self, train: AuditFrame, seed: int, workshop: Workshop) -> AuditFrame:
        """Return the rows to train on instead; added rows have negative row ids."""
        raise NotImplementedError


def joined(first: AuditFrame, second: AuditFrame) -> AuditFrame:
    """Return the rows of two frames of the same declaration, the second's ids negative.

    Numbers below any id in the first are used, so that no row is taken for another.
    """
    lowest = min(0, int(first.row_ids.min(initial=0)))
    ids = lowest - 1 - np.arange(len(second))
    features = pd.concat([first.features, second.features], ignore_index=True)
    for name, kind in first.features.dtypes.items():
        features[name] = features[name].astype(kind)
    return AuditFrame(
        features=features,
        y_true=_both(first.y_true, second.y_true),
        classes=first.classes,
        groups={
            name: replace(g, codes=_both(g.codes, second.groups[name].codes))
            for name, g in first.groups.items()
        },
        weights=np.concatenate([first.weights, second.weights]),
        domain=None
        if first.domain is None or second.domain is None
        else replace(
            first.domain, codes=_both(first.domain.codes, second.domain.codes)
        ),
        row_ids=np.concatenate([first.row_ids, ids]),
    )


def _both(first: object, second: object) -> NDArray[Any]:
    return np.concatenate([np.asarray(first), np.asarray(second)])
