"""A shift of one mechanism, planted into a table by weights or by other labels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd

from analysis.arrays import Bools, Floats, Ints
from analysis.errors import SettingError
from analysis.evaluation import Evaluation
from analysis.frame import MISSING
from analysis.planted.tilting import flipped, standardised, tilted
from analysis.shifts.domain import Domain

Mechanism = Literal["feature", "group", "label", "outcome"]

MECHANISMS: Mapping[str, str] = MappingProxyType(
    {
        "feature": "A feature",
        "group": "The mix of groups",
        "label": "The share of the label",
        "outcome": "The label given the features",
    }
)
"""What can be moved, in words."""

MOST_VALUES = 50
"""Categories of a feature that can be chosen, the commonest."""


@dataclass(frozen=True)
class Plant:
    """Which mechanism moves, and which way.

    Parameters
    ----------
    mechanism : 'feature', 'group', 'label' or 'outcome'
    column : str
        The feature or sensitive attribute; of 'outcome' the attribute, if only one of
        its groups has its labels changed. Empty otherwise.
    value : str
        The category or group that becomes commoner, or whose labels change; of a
        numeric feature empty.
    is_up : bool
        Whether values rise, the share grows, or labels become positive.
    is_within : bool
        For a feature: hold the label share and the mix of groups, so that only the
        feature given them moves.
    """

    mechanism: Mechanism
    column: str = ""
    value: str = ""
    is_up: bool = True
    is_within: bool = False


def values_of(domain: Domain, plant: Plant) -> tuple[str, ...]:
    """Return what can become commoner under a plant, the commonest first; or nothing.

    A numeric feature has no such values: it rises or falls as a whole.
    """
    if plant.mechanism == "feature" and _is_numeric(domain.columns[plant.column]):
        return ()
    if plant.mechanism == "feature":
        counts = _texts(domain.columns[plant.column]).value_counts()
        return tuple(map(str, counts.index[:MOST_VALUES]))
    if plant.column:
        grouping = domain.evaluation.groups[plant.column]
        present = np.bincount(grouping.codes, minlength=len(grouping.names)) > 0
        return tuple(n for n, p in zip(grouping.names, present, strict=True) if p)
    return ()


def planter(
    domain: Domain, plant: Plant, seed: int
) -> Callable[[float], Evaluation | None]:
    """Return what gives the rows under a strength, or None where it cannot be.

    Parameters
    ----------
    domain : Domain
    plant : Plant
    seed : int
        Of the rows whose labels change, which grow with the strength.

    Raises
    ------
    SettingError
        There is no such column or value.
    """
    own = domain.evaluation
    if plant.mechanism == "outcome":
        return lambda share: _relabelled(own, plant, share, seed)
    z, cells = _direction(domain, plant), _cells(own, plant)

    def at(distance: float) -> Evaluation | None:
        weights = tilted(own.weights, z, distance, cells)
        return None if weights is None else replace(own, weights=weights)

    return at


def _direction(domain: Domain, plant: Plant) -> Floats:
    """Return what becomes commoner, float[n]."""
    own, sign = domain.evaluation, 1.0 if plant.is_up else -1.0
    if plant.mechanism == "label":
        return sign * own.is_positive.astype(np.float64)
    if plant.mechanism == "group":
        return sign * _members(own, plant).astype(np.float64)
    if plant.column not in domain.columns:
        raise SettingError(
            f"'{plant.column}' is not among the features compared: "
            f"{', '.join(map(str, domain.columns))}. Choose one of these."
        )
    values = domain.columns[plant.column]
    if _is_numeric(values):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        return sign * standardised(numbers, own.weights)
    texts = _texts(values)
    if not (texts == plant.value).any():
        known = texts.value_counts().index[:MOST_VALUES]
        raise SettingError(
            f"'{plant.value}' is no value of {plant.column}. Choose one of "
            f"{', '.join(map(str, known))}."
        )
    return sign * (texts == plant.value).to_numpy(dtype=np.float64)


def _cells(own: Evaluation, plant: Plant) -> Ints:
    """Return what keeps its weight: everyone, or each label within each group."""
    if not plant.is_within:
        return np.zeros(len(own), np.int64)
    cells = own.y_true
    for grouping in own.groups.values():
        cells = np.unique(
            cells * len(grouping.names) + grouping.codes, return_inverse=True
        )[1]
    return np.asarray(cells, dtype=np.int64)


def _members(own: Evaluation, plant: Plant) -> Bools:
    if plant.column not in own.groups:
        raise SettingError(
            f"'{plant.column}' is not a sensitive attribute of this table. Choose one "
            f"of {', '.join(own.groups) or 'none'}."
        )
    grouping = own.groups[plant.column]
    if plant.value not in grouping.names:
        raise SettingError(
            f"'{plant.value}' is not a group of {plant.column}. Choose one of "
            f"{', '.join(grouping.names)}."
        )
    return np.asarray(grouping.codes == grouping.names.index(plant.value))


def _relabelled(
    own: Evaluation, plant: Plant, share: float, seed: int
) -> Evaluation | None:
    """Return the rows with a share of their labels made positive, or made another."""
    eligible = ~own.is_positive if plant.is_up else own.is_positive
    if plant.column:
        eligible = eligible & _members(own, plant)
    chosen = flipped(eligible, own.weights, share, np.random.default_rng(seed))
    if chosen is None:
        return None
    other = next(c for c in range(len(own.classes)) if c != own.view)
    label = own.view if plant.is_up else other
    return replace(own, y_true=np.where(chosen, label, own.y_true))


def _is_numeric(values: pd.Series) -> bool:
    is_number = pd.api.types.is_numeric_dtype(values)
    return bool(is_number and not pd.api.types.is_bool_dtype(values))


def _texts(values: pd.Series) -> pd.Series:
    return values.astype(object).map(str).where(values.notna().to_numpy(), MISSING)
