"""From who depends on whom to causes and effects, as far as that is determined."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

PValue = Callable[[int, int, Sequence[int]], float]
Pair = tuple[int, int]

MOST_GIVEN = 3
"""Variables conditioned on at once: more leave few rows alike."""

GIVEN, COLLIDER, SIDES, FOLLOWS, DEFAULT = (
    "given",
    "collider",
    "sides",
    "follows",
    "default",
)
"""Why an edge points where it does, from the surest reason to none."""


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Which variables stay dependent whatever few others are known.

    Parameters
    ----------
    p_values : mapping of (int, int) to float
        Of the pairs that stay dependent, i < j: the largest found.
    separators : mapping of (int, int) to set of int
        Of the other pairs: what makes them independent.
    """

    p_values: Mapping[Pair, float]
    separators: Mapping[Pair, frozenset[int]]


def skeleton(
    count: int,
    p_value: PValue,
    level: float,
    tick: Callable[[float, str], None],
) -> Skeleton:
    """Test all pairs given ever larger sets of neighbours.

    Of the sets that make a pair independent the one with the largest p-value is kept.

    Parameters
    ----------
    count : int
    p_value : callable
    level : float
        A pair whose p-value is above it given some set is independent.
    tick : callable
        Takes the share done and what is being done.

    References
    ----------
    Spirtes, Glymour & Scheines (2000), Causation, Prediction, and Search (PC);
    Colombo & Maathuis (2014), Order-Independent Constraint-Based Causal Structure
    Learning, JMLR 15 (PC-stable).
    """
    largest = dict.fromkeys(combinations(range(count), 2), 0.0)
    separators: dict[Pair, frozenset[int]] = {}
    for size in range(MOST_GIVEN + 1):
        near = {v: _neighbours(v, largest) for v in range(count)}
        pairs = list(largest)
        for done, (i, j) in enumerate(pairs):
            tick(
                (size + done / len(pairs)) / (MOST_GIVEN + 1),
                f"testing pairs given {size} others",
            )
            sets = {
                frozenset(chosen)
                for end, other in ((i, j), (j, i))
                for chosen in combinations(sorted(near[end] - {other}), size)
            }
            found = {s: p_value(i, j, sorted(s)) for s in sorted(sets, key=sorted)}
            best = max(found, key=lambda s: found[s], default=None)
            if best is None:
                continue
            largest[i, j] = max(largest[i, j], found[best])
            if found[best] > level:
                separators[i, j] = best
                del largest[i, j]
    return Skeleton(largest, separators)


@dataclass(eq=False)
class Orientation:
    """Edges that point somewhere, while they are being found.

    Parameters
    ----------
    loose : set of (int, int)
        Pairs without a direction yet, i < j.
    reasons : dict of (int, int) to str
        Why each cause points at its effect.
    """

    loose: set[Pair]
    reasons: dict[Pair, str] = field(default_factory=dict)

    def point(self, cause: int, effect: int, reason: str) -> bool:
        """Direct an edge unless it has a direction or would close a circle."""
        pair = (min(cause, effect), max(cause, effect))
        if pair not in self.loose or self._leads(effect, cause):
            return False
        self.loose.remove(pair)
        self.reasons[cause, effect] = reason
        return True

    def is_linked(self, a: int, b: int) -> bool:
        """Whether there is an edge between two variables."""
        pair = (min(a, b), max(a, b))
        return pair in self.loose or bool({(a, b), (b, a)} & set(self.reasons))

    def _leads(self, start: int, end: int) -> bool:
        seen, waiting = {start}, [start]
        while waiting:
            at = waiting.pop()
            after = {b for a, b in self.reasons if a == at} - seen
            seen |= after
            waiting += after
        return end in seen


def oriented(
    found: Skeleton, domain: int, roots: Sequence[int], order: Sequence[int]
) -> dict[Pair, str]:
    """Return the direction of every edge, as (cause, effect), and why it is that.

    Parameters
    ----------
    found : Skeleton
    domain : int
        The variable that tells the sides apart, which nothing causes.
    roots : sequence of int
        Variables that no other one but each other causes.
    order : sequence of int
        All others: what is not determined points from the earlier to the later.

    References
    ----------
    Huang, Zhang, Zhang, Ramsey, Sanchez-Romero, Glymour & Schölkopf (2020), Causal
    Discovery from Heterogeneous/Nonstationary Data, JMLR 21, algorithm 1 and section
    4: the domain as a variable. Directions by independent changes (section 4.2) need
    many domains; two leave them open. Meek (1995), Causal Inference and Causal
    Explanation with Background Knowledge, UAI, for rules 1 to 3.
    """
    now = Orientation(set(found.p_values))
    rank = dict.fromkeys(roots, 1) | {domain: 0}
    for pair in sorted(found.p_values):
        first, second = sorted(pair, key=lambda v: rank.get(v, 2))
        if rank.get(first, 2) < rank.get(second, 2):
            now.point(first, second, GIVEN)
    for low, middle, high in _open_triples(found):
        if middle not in found.separators[low, high]:
            why = SIDES if domain in (low, high) else COLLIDER
            now.point(low, middle, why)
            now.point(high, middle, why)
    _follow(now, domain)
    place = {v: k for k, v in enumerate(order)}
    for a, b in sorted(now.loose, key=lambda p: sorted(place[v] for v in p)):
        first, second = sorted((a, b), key=lambda v: place[v])
        if not now.point(first, second, DEFAULT):
            now.point(second, first, FOLLOWS)
        _follow(now, domain, DEFAULT)
    return now.reasons


def _open_triples(found: Skeleton) -> list[tuple[int, int, int]]:
    """Return a, m, b with edges a - m - b and none between a and b, surest first."""
    triples = [
        (a, m, b)
        for a, b in sorted(found.separators)
        for m in sorted(_neighbours(a, found.p_values) & _neighbours(b, found.p_values))
    ]
    return sorted(
        triples,
        key=lambda t: max(
            found.p_values[min(t[0], t[1]), max(t[0], t[1])],
            found.p_values[min(t[2], t[1]), max(t[2], t[1])],
        ),
    )


def _follow(now: Orientation, domain: int, reason: str = "") -> None:
    """Apply Meek's rules until nothing follows any more."""
    while True:
        found = _implied(now)
        if found is None:
            return
        cause, effect, by = found
        why = reason or (SIDES if by == domain else FOLLOWS)
        if not now.point(cause, effect, why):
            now.point(effect, cause, why)


def _implied(now: Orientation) -> tuple[int, int, int] | None:
    """Return one more cause and effect that follow, and what they follow from."""
    for pair in sorted(now.loose):
        for cause, effect in (pair, pair[::-1]):
            by = _follows(now, cause, effect)
            if by is not None:
                return cause, effect, by
    return None


def _follows(now: Orientation, cause: int, effect: int) -> int | None:
    """Return what makes cause -> effect follow by one of Meek's rules 1, 2 and 3."""
    into_cause = sorted(a for a, b in now.reasons if b == cause)
    for a in into_cause:  # rule 1: else a new collider at the cause
        if not now.is_linked(a, effect):
            return a
    for b in sorted(b for a, b in now.reasons if a == cause):
        if (b, effect) in now.reasons:  # rule 2: else a circle
            return b
    into_effect = sorted(a for a, b in now.reasons if b == effect)
    for a, b in combinations(into_effect, 2):  # rule 3: else a circle or a collider
        is_loose = all((min(cause, v), max(cause, v)) in now.loose for v in (a, b))
        if is_loose and not now.is_linked(a, b):
            return a
    return None


def _neighbours(v: int, pairs: Mapping[Pair, float]) -> set[int]:
    return {_other(pair, v) for pair in pairs if v in pair}


def _other(pair: Pair, v: int) -> int:
    return pair[0] if pair[1] == v else pair[1]
