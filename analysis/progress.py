"""How long analyses say how far they are."""

from collections.abc import Callable

Tick = Callable[[float, str], None]
"""Takes the share done, in [0, 1], and what is being done; it may raise to stop."""


def silent(share: float, doing: str) -> None:
    """Say nothing."""


def part_of(tick: Tick, start: float, end: float) -> Tick:
    """Return a tick whose 0 to 1 is a part of another one's."""

    def scaled(share: float, doing: str) -> None:
        tick(start + share * (end - start), doing)

    return scaled
