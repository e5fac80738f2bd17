"""A causal graph over columns: parse, check and list its mechanisms."""

import re
from dataclasses import dataclass

from analysis.errors import SettingError


@dataclass(frozen=True)
class Mechanism:
    """One conditional distribution P(node | parents), a player of the attribution."""

    node: str
    parents: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"P({self.node}|{','.join(self.parents)})"
            if self.parents
            else (f"P({self.node})")
        )

    def renamed(self, old: str, new: str) -> "Mechanism":
        """Return the mechanism with one node called otherwise."""
        parents = tuple(new if p == old else p for p in self.parents)
        return Mechanism(new if self.node == old else self.node, parents)


def parse_graph(text: str) -> tuple[Mechanism, ...]:
    """Read edges written `G->Y,Y->X1` and return one mechanism per node.

    Returns
    -------
    tuple of Mechanism
        In an order in which parents come before their children.

    Raises
    ------
    SettingError
        An edge cannot be read, or the edges form a cycle.
    """
    parents: dict[str, list[str]] = {}
    for edge in filter(None, (part.strip() for part in text.split(","))):
        ends = [end.strip() for end in re.split(r"->", edge)]
        if len(ends) != 2 or not all(ends):
            raise SettingError(
                f"'{edge}' is not an edge; write edges as cause->effect joined by "
                "commas, such as G->Y,Y->X1."
            )
        cause, effect = ends
        parents.setdefault(cause, [])
        parents.setdefault(effect, [])
        if cause not in parents[effect]:
            parents[effect].append(cause)
    if not parents:
        raise SettingError("The graph has no edges; write at least one, such as G->Y.")
    return tuple(Mechanism(n, tuple(parents[n])) for n in _sorted(parents))


def _sorted(parents: dict[str, list[str]]) -> list[str]:
    """Order nodes with parents first (Kahn 1962)."""
    placed: list[str] = []
    waiting = dict(parents)
    while waiting:
        ready = [n for n, p in waiting.items() if all(q in placed for q in p)]
        if not ready:
            raise SettingError(
                f"The edges among {', '.join(waiting)} form a cycle; a cause cannot be "
                "its own effect. Remove or reverse one of them."
            )
        placed += ready
        for node in ready:
            del waiting[node]
    return placed
