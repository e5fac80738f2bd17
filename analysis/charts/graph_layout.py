"""Where the nodes of a graph of causes stand, and which way its arrows run."""

from dataclasses import dataclass

from analysis.arrays import Floats
from analysis.causes.graph import Edge, Graph

WIDTH = 940
"""Pixels that a chart across the page has, about; boxes keep their size by it."""

BOX, BOX_HEIGHT = 122, 46
ROW = 84
"""Pixels from one row to the next."""

ARC = 0.36
"""Rows that an arrow over boxes rises by, for each box it passes."""

LETTER = 7.2
"""Pixels that a letter in a box takes."""


@dataclass(frozen=True)
class Curve:
    """A cubic curve along an edge.

    Parameters
    ----------
    x, y : tuple of 4 floats
        Control points (Bézier).
    angle : float
        Which way the head points, clockwise from up, in degrees.
    mark : float
        Where the edge's mark stands, from 0 to 1.
    """

    x: tuple[float, float, float, float]
    y: tuple[float, float, float, float]
    angle: float
    mark: float

    def at(self, t: Floats) -> tuple[Floats, Floats]:
        """Return points of the curve, x[p] and y[p]."""
        return _bezier(t, *self.x), _bezier(t, *self.y)


@dataclass(frozen=True)
class Place:
    """Where a node stands.

    Parameters
    ----------
    x, y : float
        Centre of its box, in columns and rows.
    half : float
        Half the width of its box, in columns.
    letters : int
        That fit into a line of its box.
    """

    x: float
    y: float
    half: float
    letters: int


def places_of(graph: Graph) -> tuple[dict[str, Place], tuple[float, float]]:
    """Return where each node stands, and the lowest and highest place of any.

    Nodes of one layer stand under one another unless an arrow skips a layer: it would
    run through boxes, so all stand in a line then, and such arrows go over or under.
    """
    layers = graph.layers
    depth = {name: x for x, layer in enumerate(layers) for name in layer}
    if any(depth[b] - depth[a] > 1 for a, b in graph.edges):
        layers = tuple((m.node,) for m in graph.mechanisms)
    column = WIDTH / max(len(layers), 1)  # pixels
    half = min(0.37, BOX / 2 / column)
    letters = int((2 * half * column - 8) / LETTER)
    most = max((len(layer) for layer in layers), default=1)
    places = {}
    for x, layer in enumerate(layers):
        for k, name in enumerate(layer):
            places[name] = Place(float(x), (len(layer) - 1) / 2 - k, half, letters)
    return places, ((1 - most) / 2, (most - 1) / 2)


def curve_of(places: dict[str, Place], edge: Edge, graph: Graph) -> Curve:
    """Return an edge from the right of its cause to the left of its effect.

    Where boxes stand between, it goes from top to top or from bottom to bottom.
    """
    start, end = places[edge[0]], places[edge[1]]
    if round(end.x - start.x) > 1:
        return _arc(places, edge)
    x0, x3 = start.x + start.half, end.x - end.half
    middle = (x0 + x3) / 2
    ends, heights = (x0, middle, middle, x3), (start.y, start.y, end.y, end.y)
    return Curve(ends, heights, 90, _mark(edge, graph))


def _arc(places: dict[str, Place], edge: Edge) -> Curve:
    """Return an edge over or under the boxes between; neighbours go by turns."""
    start, end = places[edge[0]], places[edge[1]]
    span = round(end.x - start.x)
    side = 1 if round(start.x) % 2 == 0 else -1
    # ends at one box stand apart, the longest arrow outermost
    reach = 0.15 + 0.7 * (1 - span / max(len(places) - 1, 1))
    x0, x3 = start.x + reach * start.half, end.x - reach * end.half
    border = side * BOX_HEIGHT / 2 / ROW
    peak = border + side * ARC * (span - 1) * 4 / 3
    angle = 180 if side > 0 else 0
    return Curve((x0, x0, x3, x3), (border, peak, peak, border), angle, 0.5)


def _mark(edge: Edge, graph: Graph) -> float:
    """Return where on an edge its mark stands: those from one node apart."""
    outgoing = [e[1] for e in graph.edges if e[0] == edge[0]]
    return 0.38 + 0.24 * outgoing.index(edge[1]) / max(len(outgoing) - 1, 1)


def _bezier(t: Floats, a: float, b: float, c: float, d: float) -> Floats:
    u = 1 - t
    return u**3 * a + 3 * u**2 * t * b + 3 * u * t**2 * c + t**3 * d
