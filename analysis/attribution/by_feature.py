"""Split a change over the features in an order: P(X1), P(X2 | X1), ..., P(Y | X)."""

from collections.abc import Sequence

from analysis.attribution.attribution import Attribution, attribute_mechanisms
from analysis.attribution.quantity import Quantity
from analysis.causes.graph import LABEL_NODE, Graph, Node
from analysis.errors import SettingError
from analysis.progress import Tick, silent
from analysis.shifts.domain import Domain

Order = tuple[tuple[str, ...], ...]
"""Groups of columns, causes first."""


def attribute_features(  # noqa: PLR0913 - two tables, what, how, and three dials
    source: Domain,
    target: Domain,
    quantity: Quantity | str,
    order: Order = (),
    *,
    bootstrap: int = 200,
    seed: int = 0,
    tick: Tick = silent,
) -> Attribution:
    """Split a change over the conditionals of features in an order, the label last.

    Every conditional is given all features before it, so that the parts depend on the
    order; a feature's part is what it moved beyond what those before it explain.

    Parameters
    ----------
    source, target : Domain
    quantity : Quantity or str
    order : tuple of tuple of str
        Columns, or several as one; all columns one by one by default. Columns left
        out are left out of P(Y | X), too.
    bootstrap, seed, tick
        As for `attribute_mechanisms`.

    Raises
    ------
    SettingError
        A column is not one of the tables', stands twice, or a product of a feature
        with those before it is too large.
    """
    columns = order or tuple((str(name),) for name in source.columns)
    return attribute_mechanisms(
        source,
        target,
        quantity,
        ordered_graph(columns),
        bootstrap=bootstrap,
        seed=seed,
        tick=tick,
    )


def ordered_graph(order: Sequence[Sequence[str]]) -> Graph:
    """Return the graph in which every group of columns causes all later ones and Y.

    Raises
    ------
    SettingError
        There is no column.
    """
    nodes = [Node(", ".join(columns), tuple(columns)) for columns in order if columns]
    if not nodes:
        raise SettingError("There is no feature to split over; choose one or more.")
    names = [node.name for node in nodes] + [LABEL_NODE]
    edges = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    return Graph((*nodes, Node(LABEL_NODE, (LABEL_NODE,))), tuple(edges))
