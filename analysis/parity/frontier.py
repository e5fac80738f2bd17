"""Parity at every tolerance: the optimum by lot, and one threshold for each group."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from analysis.arrays import Floats, Ints, frozen
from analysis.costs import Costs
from analysis.parity.constraints import rates_of
from analysis.parity.lottery import Lottery, drawn_share, lottery_at
from analysis.parity.programme import Programme
from analysis.parity.roc import GroupRates
from analysis.parity.single import SingleThresholds


@dataclass(frozen=True, eq=False)
class GroupRules:
    """How each group is decided, and what follows on the rows it was found on.

    Parameters
    ----------
    lotteries : tuple of Lottery, length g
    cost : float
        Expected cost per person.
    gaps : float[r]
        Largest minus smallest of each constrained rate, in expectation.
    selected : float[g]
        Share decided positive, in expectation.
    drawn : float[g]
        Share of each group whose decision a draw can change.
    drawn_overall : float
    is_within : bool
        Whether the gaps are within the tolerance.
    """

    lotteries: tuple[Lottery, ...]
    cost: float
    gaps: Floats
    selected: Floats
    drawn: Floats
    drawn_overall: float
    is_within: bool = True

    def __post_init__(self) -> None:
        for name in ("gaps", "selected", "drawn"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))


@dataclass(frozen=True, eq=False)
class Frontier:
    """One constraint on some groups, over all tolerances.

    Parameters
    ----------
    tables : tuple of GroupRates, length g
        Each with people of both labels.
    constraint : str
        Name in `CONSTRAINTS`.
    costs : Costs
        A wrong decision costs at least as much as a right one of the same label.

    Raises
    ------
    SettingError
        There is no such constraint.
    """

    tables: tuple[GroupRates, ...]
    constraint: str
    costs: Costs = Costs()  # noqa: RUF009 (frozen)

    def __post_init__(self) -> None:
        rates_of(self.constraint)

    @property
    def rates(self) -> tuple[str, ...]:
        """Names of the constrained rates."""
        return rates_of(self.constraint)

    def by_lot(self, tolerances: Sequence[float]) -> Iterator[GroupRules]:
        """Give the optimum at each tolerance, with draws where they are needed."""
        starts = np.cumsum([len(hull.cuts) for hull in self._hulls])[:-1]
        for x in self._programme.solutions(tolerances):
            mixed = zip(self.tables, self._hulls, np.split(x, starts), strict=True)
            yield self.rules(
                [
                    lottery_at(
                        table,
                        float(own @ hull.false_positives),
                        float(own @ hull.true_positives),
                    )
                    for table, hull, own in mixed
                ]
            )

    def one_each(self, tolerance: float) -> GroupRules:
        """Return one threshold for each group, and what gap remains."""
        found = self._single.at(tolerance)
        cuts = [t.cuts[[p]] for t, p in zip(self.tables, found.positions, strict=True)]
        rules = self.rules([Lottery(cut, np.ones(1)) for cut in cuts])
        return replace(rules, is_within=found.is_within)

    def rules(self, lotteries: Sequence[Lottery]) -> GroupRules:
        """Return what follows from draws between any cuts."""
        weight = np.array([table.weight for table in self.tables])
        pairs = list(zip(self.tables, lotteries, strict=True))
        reached = np.array(
            [[expected(t, lot, t.rate(r)) for t, lot in pairs] for r in self.rates]
        )
        drawn = np.array([drawn_share(t, lot) for t, lot in pairs])
        cost = sum(expected(t, lot, t.cost(self.costs)) for t, lot in pairs)
        selected = [expected(t, lot, t.rate("selection_rate")) for t, lot in pairs]
        return GroupRules(
            lotteries=tuple(lotteries),
            cost=cost / weight.sum(),
            gaps=np.ptp(reached, axis=1),
            selected=np.array(selected),
            drawn=drawn,
            drawn_overall=float(drawn @ weight / weight.sum()),
        )

    @cached_property
    def _hulls(self) -> list[GroupRates]:
        return [table.at(table.hull) for table in self.tables]

    @cached_property
    def _single(self) -> SingleThresholds:
        return SingleThresholds(self.tables, self.rates, self.costs)

    @cached_property
    def _programme(self) -> Programme:
        sizes = np.array([len(hull.cuts) for hull in self._hulls])
        blocks: Ints = np.repeat(np.arange(len(sizes)), sizes)
        cost = np.concatenate([hull.cost(self.costs) for hull in self._hulls])
        places, shape = np.arange(len(blocks)), (len(sizes), len(blocks))
        rates = [
            np.concatenate([hull.rate(name) for hull in self._hulls])
            for name in self.rates
        ]
        weight = sum(table.weight for table in self.tables)
        return Programme(
            blocks,
            cost / weight,
            tuple(
                sparse.csr_array((rate, (blocks, places)), shape=shape)
                for rate in rates
            ),
        )


def expected(table: GroupRates, lottery: Lottery, values: Floats) -> float:
    """Return the expectation of values float[t] by cut, over a group's draw."""
    at = [table.position(float(cut)) for cut in lottery.cuts]
    return float(lottery.shares @ values[at])
