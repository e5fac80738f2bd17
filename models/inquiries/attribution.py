"""How much of a change each part of the distribution explains."""

from dataclasses import dataclass

from analysis.attribution.attribution import (
    Attribution,
    attribute_covariates,
    attribute_mechanisms,
)
from analysis.attribution.by_feature import Order, attribute_features
from analysis.attribution.by_group import ByGroup, attribute_by_group
from analysis.attribution.quantity import Quantity
from analysis.attribution.shared_support import SharedSupport, shared_support
from analysis.causes.graph import Graph, parse_graph
from analysis.errors import DataError, SettingError
from analysis.progress import Tick
from analysis.shifts.domain import Domain
from models.inquiries.opening import Opened

WAYS = ("covariates", "mechanisms", "features", "groups", "shared")


@dataclass(frozen=True)
class Asked:
    """What change is split over what.

    Parameters
    ----------
    way : str
        One of `WAYS`: P(X) and P(Y|X); the mechanisms of `graph`; the features in
        `order`; every group of `attribute` by `graph`, or by P(X) and P(Y|X) without
        one; or over the X that both sides share.
    metric, attribute, group, against, among
        As for `Quantity`.
    graph : str
        As `parse_graph` reads it; empty for none.
    order : tuple of tuple of str
        As for `attribute_features`.
    bootstrap, seed : int
        0 or more.

    Raises
    ------
    SettingError
        There is no such way, it lacks its graph or attribute, or a setting is of
        another type.
    """

    way: str
    metric: str
    attribute: str = ""
    group: str = ""
    against: str = ""
    among: tuple[str, ...] = ()
    graph: str = ""
    order: Order = ()
    bootstrap: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        if self.way not in WAYS:
            raise SettingError(
                f"'{self.way}' is no way to split a change; choose one of "
                f"{', '.join(WAYS)}."
            )
        if self.way == "mechanisms" and not self.graph:
            raise SettingError(
                "The way 'mechanisms' splits over a graph, and none is given. Give "
                "one, such as G->Y,Y->X1, or choose the way 'covariates'."
            )
        if self.way == "groups" and not self.attribute:
            raise SettingError(
                "The way 'groups' splits within each group of an attribute, and none "
                "is given. Name one, or choose the way 'covariates'."
            )
        for name in ("bootstrap", "seed"):
            given = getattr(self, name)
            if type(given) is not int or given < 0:
                raise SettingError(f"{name} is {given!r}; give a whole number from 0.")
        if not _is_order(self.order):
            raise SettingError(
                f"The order {self.order!r} is no list of lists of names; write it such "
                'as [["age", "sex"], ["income"]].'
            )

    @property
    def quantity(self) -> Quantity:
        """Return what changed."""
        return Quantity(
            self.metric, self.attribute, self.group, self.against, self.among
        )


def _is_order(given: object) -> bool:
    """Whether it is a tuple of tuples of names; from outside anything may come."""
    if not isinstance(given, tuple):
        return False
    return all(
        isinstance(stage, tuple) and all(isinstance(name, str) for name in stage)
        for stage in given
    )


@dataclass(frozen=True)
class Answer:
    """The one of the three that was asked for."""

    split: Attribution | None = None
    groups: ByGroup | None = None
    shared: SharedSupport | None = None


def answer(opened: Opened, asked: Asked, tick: Tick) -> Answer:
    """Split the change between the two sides."""
    source, target = opened.source, opened.target
    if not isinstance(target, Domain):
        raise DataError(
            "The target has no labels, so how far performance changed is not known. "
            "Estimate it under Without labels."
        )
    effort = {"bootstrap": asked.bootstrap, "seed": asked.seed}
    graph = parse_graph(asked.graph) if asked.graph else None
    if asked.way == "groups":
        return Answer(groups=_groups(source, target, asked, graph, tick))
    if asked.way == "shared":
        shared = shared_support(source, target, asked.quantity, **effort, tick=tick)
        return Answer(shared=shared)
    if asked.way == "features":
        split = attribute_features(
            source, target, asked.quantity, asked.order, **effort, tick=tick
        )
    elif graph is not None:
        split = attribute_mechanisms(
            source, target, asked.quantity, graph, **effort, tick=tick
        )
    else:
        split = attribute_covariates(
            source, target, asked.quantity, **effort, tick=tick
        )
    return Answer(split=split)


def _groups(
    source: Domain, target: Domain, asked: Asked, graph: Graph | None, tick: Tick
) -> ByGroup:
    return attribute_by_group(
        source,
        target,
        asked.metric,
        asked.attribute,
        graph,
        bootstrap=asked.bootstrap,
        seed=asked.seed,
        tick=tick,
    )
