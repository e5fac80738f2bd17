"""A causal graph suggested by the data of both sides: a start, never a proof."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.causes.association import bundled, coded, joined, sampled
from analysis.causes.graph import LABEL_NODE, Graph, Node
from analysis.causes.orientation import DEFAULT, Skeleton, oriented, skeleton
from analysis.causes.partial_tests import partial_tests
from analysis.errors import DataError, OverlapError
from analysis.progress import Tick, silent
from analysis.shifts.domain import Domain

LEVEL = 0.01
"""Of each test: a pair is linked if no test lets it pass for independent."""

MOST_NODES = 12
FIRST_NODES = 8
MOST_ROWS = 5_000
"""Rows read of each side: with more, links too weak to matter are found as well."""

MIN_ROWS = 100
BUNDLING_ROWS = 5_000


@dataclass(frozen=True)
class SuggestedEdge:
    """One cause and effect.

    Parameters
    ----------
    cause, effect : str
        Names of nodes.
    p_value : float
        The largest over all tests that could have dropped the edge.
    reason : str
        Why it points so: 'given', 'collider', 'sides', 'follows' or 'default'; see
        `REASONS`.
    """

    cause: str
    effect: str
    p_value: float
    reason: str

    @property
    def is_default(self) -> bool:
        """Whether the data leave the direction open."""
        return self.reason == DEFAULT


REASONS = {
    "given": "a sensitive attribute is taken as no feature's effect",
    "collider": "two causes that are independent otherwise",
    "sides": "what tells the sides apart can only be a cause",
    "follows": "the other way would contradict an edge that is known",
    "default": "not determined; drawn in the stated order",
}
"""What each reason says."""


@dataclass(frozen=True)
class Moved:
    """A node whose mechanism seems to differ between the sides, whatever its causes."""

    node: str
    p_value: float


@dataclass(frozen=True)
class Suggestion:
    """What the data say about causes and effects.

    Parameters
    ----------
    graph : Graph
    edges : tuple of SuggestedEdge
    moved : tuple of Moved
        Surest first.
    rows : int
        Read, of both sides together.
    of_rows : int
        That there are.
    level : float
        Of each test.
    """

    graph: Graph
    edges: tuple[SuggestedEdge, ...]
    moved: tuple[Moved, ...]
    rows: int
    of_rows: int
    level: float


def suggested_graph(
    source: Domain,
    target: Domain,
    attributes: Sequence[str] = (),
    *,
    nodes: int = FIRST_NODES,
    seed: int = 0,
    tick: Tick = silent,
) -> Suggestion:
    """Suggest causes and effects from both sides, and which mechanisms moved.

    What tells the sides apart is a variable like any other, that nothing causes: a
    mechanism moved if its node stays dependent on the side given few other nodes.
    Sensitive attributes are taken as nobody's effect but each other's. What stays open
    points from attributes to features, in the table's order, and on to the label.

    Parameters
    ----------
    source, target : Domain
    attributes : sequence of str
        Sensitive attributes to have nodes of their own.
    nodes : int
        At most so many, up to `MOST_NODES`; features that hang together share one.
    seed : int
        Of the rows that are read.
    tick : Tick

    Raises
    ------
    OverlapError
        A side has fewer than `MIN_ROWS` rows.
    DataError
        A sensitive attribute is not there.

    References
    ----------
    Huang et al. (2020), Causal Discovery from Heterogeneous/Nonstationary Data, JMLR
    21 (CD-NOD). Departures: tests of residuals instead of kernels (`PartialTests`), at
    most three variables given, and no directions by independent changes, which two
    domains do not determine.
    """
    _check(source, target, attributes)
    sides = [_read(d, seed) for d in (source, target)]
    drawn = _nodes(source, target, list(attributes), min(nodes, MOST_NODES))
    tick(0.0, "reading the rows")
    weights = np.concatenate([_balanced(d.evaluation.weights) for d in sides])
    is_target = np.repeat([-0.5, 0.5], [len(d) for d in sides])[:, None]
    variables = [*(_coded(node, sides) for node in drawn), is_target]
    tests = partial_tests(variables, weights)
    found = skeleton(len(variables), tests.p_value, LEVEL, tick)
    domain = len(drawn)
    roots = [i for i, node in enumerate(drawn) if node.name in attributes]
    reasons = oriented(found, domain, roots, range(len(variables)))
    edges = tuple(
        SuggestedEdge(drawn[a].name, drawn[b].name, _p_value(found, a, b), why)
        for (a, b), why in sorted(reasons.items())
        if a != domain
    )
    moved = [
        Moved(drawn[b].name, _p_value(found, a, b)) for a, b in reasons if a == domain
    ]
    return Suggestion(
        Graph(tuple(drawn), tuple((e.cause, e.effect) for e in edges)),
        edges,
        tuple(sorted(moved, key=lambda m: (m.p_value, m.node))),
        sum(map(len, sides)),
        len(source) + len(target),
        LEVEL,
    )


def _p_value(found: Skeleton, a: int, b: int) -> float:
    return found.p_values[min(a, b), max(a, b)]


def _check(source: Domain, target: Domain, attributes: Sequence[str]) -> None:
    for side, domain in (("source", source), ("target", target)):
        if len(domain) < MIN_ROWS:
            raise OverlapError(
                f"The {side} has {len(domain):,} rows; causes can be looked for in at "
                f"least {MIN_ROWS} on either side. Start from another graph."
            )
        for name in attributes:
            if name not in domain.columns and name not in domain.evaluation.groups:
                raise DataError(
                    f"'{name}' is neither a feature nor a sensitive attribute of the "
                    f"{side}. Leave it out."
                )


def _read(domain: Domain, seed: int) -> Domain:
    """Return rows drawn at random, at most `MOST_ROWS`."""
    if len(domain) <= MOST_ROWS:
        return domain
    rng = np.random.default_rng(seed)
    return domain.take(np.sort(rng.choice(len(domain), MOST_ROWS, replace=False)))


def _nodes(
    source: Domain, target: Domain, attributes: list[str], at_most: int
) -> list[Node]:
    """Return attributes first, then features, bundled if there are many, then Y."""
    first = [Node(name, (name,)) for name in attributes[: at_most - 2]]
    taken = {LABEL_NODE, *(node.name for node in first)}
    names = [c for c in source.columns.columns if str(c) not in taken]
    parts = [sampled(d.columns[names], BUNDLING_ROWS) for d in (source, target)]
    bundles = bundled(pd.concat(parts), at_most - 1 - len(first))
    features = [Node(joined(b), b) for b in bundles]
    return [*first, *features, Node(LABEL_NODE, (LABEL_NODE,))]


def _coded(node: Node, sides: Sequence[Domain]) -> Floats:
    """Return the numbers that stand for a node over the rows of both sides."""
    if node.is_label:
        labels = pd.Series(np.concatenate([d.evaluation.y_true for d in sides]))
        return coded(labels.map(str))
    parts = [coded(pd.concat([_column(d, c) for d in sides])) for c in node.columns]
    return np.column_stack(parts)


def _column(domain: Domain, name: str) -> pd.Series:
    if name in domain.columns:
        return domain.columns[name]
    grouping = domain.evaluation.groups[name]
    return pd.Series(np.asarray(grouping.names, dtype=object)[grouping.codes])


def _balanced(weights: Floats) -> Floats:
    return weights / weights.sum()
