"""The command line's `attribute` and `estimate`: two scored files, and what moved."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from analysis.answers import attribution_json, groups_of
from analysis.attribution.attribution import (
    Attribution,
    attribute_covariates,
    attribute_mechanisms,
)
from analysis.attribution.by_feature import attribute_features
from analysis.attribution.quantity import Quantity
from analysis.attribution.shared_support import shared_support
from analysis.attribution.valued import attributes_of
from analysis.causes.graph import parse_graph
from analysis.cohorts import group_of
from analysis.datasets.comparing import two_domains
from analysis.datasets.declared import ScoredColumns, scored_file, second_file
from analysis.errors import AuditError, DataError, SettingError
from analysis.label_free.case import Wanted
from analysis.label_free.estimate import estimates
from analysis.privacy.withheld import hidden_on_any, named_alike
from analysis.shifts.domain import Domain, Unlabelled
from models.as_json import plain_json, to_json
from models.names import split as names_of

Json = dict[str, Any]

COVARIATES, FEATURES, SHARED = "covariates", "features", "shared"
WAYS = (COVARIATES, FEATURES, SHARED)
"""How `attribute` splits a change without a graph."""

USUAL = ("accuracy", "selection_rate", "true_positive_rate", "false_positive_rate")
"""What `estimate` gives unless metrics are named; AUROC as well, of probabilities."""


_OUTSIDE_QUOTES = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
"""A semicolon with an even number of quotes behind it."""


@dataclass(frozen=True)
class Files:
    """The two files of a comparison.

    Parameters
    ----------
    source, target : str
        Paths, or names of embedded tasks with scores of their own.
    columns : ScoredColumns
    features : tuple of str
        Columns taken as X; empty for all that both have.
    threshold : float
    time : str
        Column that orders the rows; empty for none.
    """

    source: str
    target: str
    columns: ScoredColumns
    features: tuple[str, ...] = ()
    threshold: float = 0.5
    time: str = ""

    def domains(self) -> tuple[Domain, Domain | Unlabelled]:
        """Read both; the target has no labels where it has no column for them.

        Raises
        ------
        DataError
            They do not fit each other.
        """
        first = scored_file(self.source, self.columns)
        # the same groups on both sides, also where numbers are cut into groups
        columns = replace(self.columns, cut_points=first.task.cut_points)
        second = second_file(self.target, columns, first.task)
        return two_domains(
            first,
            second,
            features=self.features,
            threshold=self.threshold,
            time=self.time,
        )


@dataclass(frozen=True)
class Change:
    """What change is split, and how.

    Parameters
    ----------
    metric : str
    group, against : str
        Rules of one group each, such as `sex = Female`: the metric of the first, or
        its difference to the second.
    gap : str
        An attribute whose largest gap is asked for.
    graph : str
        Edges; empty for none.
    label : str
        How the graph may call the label, beside Y.
    way : str
        One of `WAYS`.
    order : str
        Of features: names joined by commas, stages with semicolons between. A name
        that holds one of these is quoted as in CSV.
    bootstrap, seed : int
    """

    metric: str
    group: str = ""
    against: str = ""
    gap: str = ""
    graph: str = ""
    label: str = ""
    way: str = COVARIATES
    order: str = ""
    bootstrap: int = 200
    seed: int = 0

    @property
    def quantity(self) -> Quantity:
        """The number that changed.

        Raises
        ------
        SettingError
            Two groups are of different attributes, or a gap is asked for beside one.
        """
        if self.gap and (self.group or self.against):
            raise SettingError(
                "A largest gap and single groups are different questions; ask for one."
            )
        if not self.group:
            return Quantity(self.metric, self.gap)
        first = group_of(self.group)
        other = group_of(self.against) if self.against else {}
        if other and list(other) != list(first):
            raise SettingError(
                f"'{self.group}' and '{self.against}' name different attributes, so "
                "they cannot be compared. Name the same ones in the same order."
            )
        names = " · ".join(first.values()), " · ".join(other.values())
        return Quantity(self.metric, ",".join(first), *names)

    @property
    def stages(self) -> tuple[tuple[str, ...], ...]:
        """The features in their order, those of one stage together."""
        stages = (names_of(stage) for stage in _OUTSIDE_QUOTES.split(self.order))
        return tuple(stage for stage in stages if stage)


def attributed(files: Files, asked: Change, hide_below: int = 0) -> Json:
    """Return a change split over its parts, and within each group asked for."""
    source, target = files.domains()
    if isinstance(target, Unlabelled):
        raise DataError(
            "The target has no label, so its performance cannot be counted and its "
            "change not be split. Estimate it without labels: cli.py estimate."
        )
    attributes = files.columns.groups
    quantity = _shown(source, target, asked.quantity, attributes, hide_below)
    if asked.way == SHARED and not asked.graph:
        return _shared(source, target, asked, quantity)
    split = _splitter(asked, quantity)
    answer = attribution_json(split(source, target))
    if attributes:
        answer["groups"] = _by_group(source, target, attributes, hide_below, split)
    return answer


def _shown(
    source: Domain,
    target: Domain,
    asked: Quantity,
    attributes: tuple[str, ...],
    k: int,
) -> Quantity:
    """Return what is asked for, of groups of k people at least on either side.

    Parameters
    ----------
    source, target : Domain
    asked : Quantity
    attributes : tuple of str
        Whose intersections are answered beside it; none for no groups.
    k : int

    Raises
    ------
    SettingError
        A group that is named is withheld, or fewer than two are left for a gap.
    """
    crossed = attributes_of(asked)
    if k < 2 or not crossed:
        return asked
    sides = [side.evaluation for side in (source, target)]
    beside = [attributes] if attributes else []
    withheld = hidden_on_any(sides, crossed, k, beside)
    names = named_alike(sides, crossed)[0].grouping(crossed).names
    hidden = {
        name for name, is_hidden in zip(names, withheld, strict=True) if is_hidden
    }
    for group in (asked.group, asked.against):
        if group in hidden:
            raise SettingError(
                f"The group '{group}' is withheld for privacy: fewer than {k:,} people "
                "of it are on one side, or it would give such a group away. Choose "
                "another group, or a smaller --hide-below."
            )
    if not asked.is_gap:
        return asked
    among = tuple(name for name in names if name not in hidden)
    if len(among) < 2:
        raise SettingError(
            f"Fewer than two groups of {asked.attribute} may be shown, so there is no "
            "gap to split. Choose a coarser attribute, or a smaller --hide-below."
        )
    return replace(asked, among=among)


def _shared(source: Domain, target: Domain, asked: Change, quantity: Quantity) -> Json:
    found = shared_support(
        source, target, quantity, bootstrap=asked.bootstrap, seed=asked.seed
    )
    return {"metric": asked.metric, **plain_json(to_json(found))}


def _splitter(
    asked: Change, quantity: Quantity
) -> Callable[[Domain, Domain], Attribution]:
    settings: dict[str, Any] = {"bootstrap": asked.bootstrap, "seed": asked.seed}
    if asked.graph:
        graph = parse_graph(asked.graph)
        if asked.label and any(n.name == asked.label for n in graph.nodes):
            graph = graph.renamed(asked.label, "Y")
        return lambda s, t: attribute_mechanisms(s, t, quantity, graph, **settings)
    if asked.way == FEATURES:
        return lambda s, t: attribute_features(s, t, quantity, asked.stages, **settings)
    return lambda s, t: attribute_covariates(s, t, quantity, **settings)


def _by_group(
    source: Domain,
    target: Domain,
    attributes: tuple[str, ...],
    hide_below: int,
    split: Callable[[Domain, Domain], Attribution],
) -> list[Json]:
    sides = [side.evaluation for side in (source, target)]
    withheld = hidden_on_any(sides, attributes, hide_below)
    answers: list[Json] = []
    groups = groups_of(named_alike(sides, attributes)[0], attributes)
    for is_hidden, group in zip(withheld, groups, strict=True):
        if is_hidden:
            part: Json = {"parts": [], "warnings": ["Withheld for privacy."]}
            answers.append({"group": group, "hidden": True, **part})
            continue
        try:
            part = attribution_json(
                split(source.of_group(group), target.of_group(group))
            )
        except AuditError as error:
            part = {"parts": [], "warnings": [str(error)]}
        answers.append({"group": group, **part})
    return answers


def estimated(
    files: Files,
    metrics: tuple[str, ...],
    *,
    bootstrap: int = 200,
    seed: int = 0,
    hide_below: int = 0,
) -> Json:
    """Return performance on the target as if its labels were unknown."""
    reference, target = files.domains()
    is_probability = reference.evaluation.is_probability
    usual = (*USUAL, "auroc") if is_probability else USUAL
    attributes = files.columns.groups
    wanted = Wanted(
        metrics or usual,
        (attributes,) if attributes else (),
        bootstrap=bootstrap,
        seed=seed,
        k=hide_below,
    )
    return estimates(reference, target, wanted).to_json()
