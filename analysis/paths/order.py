"""The order in which strengths are worked out, so that a path fills evenly."""

from collections import deque
from collections.abc import Iterable


def filling(strengths: Iterable[float]) -> list[float]:
    """Return strengths with the ends first, then the middle, then the quarters.

    However soon it is stopped, no stretch of the path is then more than about twice
    as wide as another.
    """
    line = sorted(set(strengths))
    if len(line) < 3:
        return line
    order = [line[0], line[-1]]
    stretches = deque([(0, len(line) - 1)])
    while stretches:
        low, high = stretches.popleft()
        middle = (low + high) // 2
        if middle == low:
            continue
        order.append(line[middle])
        stretches += [(low, middle), (middle, high)]
    return order
