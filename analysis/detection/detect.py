"""Everything that differs between two sides, found in one go."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Ints
from analysis.detection.columns import OneSided, missingness, one_sided
from analysis.detection.dependence import (
    Dependence,
    GroupMix,
    dependence,
    group_mix,
    label_shift,
)
from analysis.detection.shares import Shares
from analysis.detection.told_apart import ToldApart, told_apart
from analysis.errors import DataError, OverlapError
from analysis.evaluation import Evaluation
from analysis.frame import Grouping
from analysis.privacy.withheld import published
from analysis.progress import Tick, part_of, silent
from analysis.shifts.domain import Domain, Unlabelled
from analysis.shifts.shift import FeatureShift, feature_shifts

SCORE = "score"

NEEDS_LABELS = (
    "The target has no labels, so neither their shares nor how they go together with "
    "groups can be compared."
)


@dataclass(frozen=True)
class Detection:
    """What differs between source and target.

    Parameters
    ----------
    n_source, n_target : int
    whole : ToldApart
        All columns at once.
    columns : tuple of FeatureShift
        One column at a time, the furthest above its noise floor first.
    missing : tuple of Shares
        Of columns with missing values.
    one_sided : tuple of OneSided
        Categories that only one side has.
    score : FeatureShift
        How far the scores themselves moved.
    mix : tuple of GroupMix
        One per attribute.
    labels : tuple of Shares
        One per class; empty without labels.
    dependence : tuple of Dependence
        One per attribute; empty without labels.
    why_no_labels : str
        Why the last two are empty; empty where they are not.
    """

    n_source: int
    n_target: int
    whole: ToldApart
    columns: tuple[FeatureShift, ...]
    missing: tuple[Shares, ...]
    one_sided: tuple[OneSided, ...]
    score: FeatureShift
    mix: tuple[GroupMix, ...]
    labels: tuple[Shares, ...]
    dependence: tuple[Dependence, ...]
    why_no_labels: str


def detect(
    source: Domain,
    target: Domain | Unlabelled,
    *,
    k: int = 0,
    seed: int = 0,
    tick: Tick = silent,
) -> Detection:
    """Find everything that differs between two sides.

    Parameters
    ----------
    source, target : Domain, Domain or Unlabelled
        The same columns.
    k : int
        Groups and categories of fewer people are left out.
    seed : int
    tick : Tick

    Raises
    ------
    DataError, OverlapError
        Other columns on either side; a side without rows.
    """
    _check(source, target)
    first, second = source.evaluation, target.evaluation
    weights = first.weights, second.weights
    tables = source.columns, target.columns
    shown = _shown(source, target, k)
    tick(0.0, "comparing columns one by one")
    columns = feature_shifts(tables[0], tables[1], weights[0], weights[1], seed=seed)
    scores = [pd.DataFrame({SCORE: e.score}) for e in (first, second)]
    (score,) = feature_shifts(scores[0], scores[1], weights[0], weights[1], seed=seed)
    labelled = target if isinstance(target, Domain) else None
    return Detection(
        n_source=len(source),
        n_target=len(target),
        whole=told_apart(
            tables, weights, shown, seed=seed, tick=part_of(tick, 0.2, 1.0)
        ),
        columns=columns,
        missing=missingness(*tables, weights, k),
        one_sided=one_sided(*tables, weights, k),
        score=score,
        mix=tuple(group_mix(a, (g, shown[1][a]), weights) for a, g in shown[0].items()),
        labels=() if labelled is None else label_shift(first, second),
        dependence=()
        if labelled is None
        else tuple(dependence(a, first, second) for a in shown[0]),
        why_no_labels=NEEDS_LABELS if labelled is None else "",
    )


def of_group(
    side: Domain | Unlabelled, attribute: str, name: str
) -> Domain | Unlabelled:
    """Return the rows of one group.

    Raises
    ------
    OverlapError
        The side has none.
    """
    grouping = side.evaluation.groups.get(attribute)
    rows: Ints = np.zeros(0, np.int64)
    if grouping is not None and name in grouping.names:
        rows = np.flatnonzero(grouping.codes == grouping.names.index(name))
    if not len(rows):
        raise OverlapError(
            f"Nobody of {attribute} {name} is on one side. Choose another group."
        )
    return side.take(rows)


def _check(source: Domain, target: Domain | Unlabelled) -> None:
    if list(source.columns.columns) != list(target.columns.columns):
        raise DataError("Source and target have different columns.")
    for name, side in (("source", source), ("target", target)):
        if not len(side):
            raise OverlapError(f"The {name} has no row. Choose more of the table.")


def _shown(
    source: Domain, target: Domain | Unlabelled, k: int
) -> tuple[Mapping[str, Grouping], Mapping[str, Grouping]]:
    """Return the attributes compared: no group withheld, some people on both sides."""
    sides = source.evaluation, target.evaluation
    kept = []
    for attribute in sides[0].groups:
        if attribute not in sides[1].groups or _parts(sides, attribute):
            continue
        hidden = [published(e, [(attribute,)], k).of((attribute,)) for e in sides]
        if not any(h.any() for h in hidden):
            kept.append(attribute)
    source_groups, target_groups = ({a: e.groups[a] for a in kept} for e in sides)
    return source_groups, target_groups


def _parts(sides: tuple[Evaluation, Evaluation], attribute: str) -> bool:
    """Return whether no group has people on both sides, as of what parts them."""
    groupings = [e.groups[attribute] for e in sides]
    present = [{g.names[c] for c in set(g.codes.tolist())} for g in groupings]
    return not present[0] & present[1]
