"""The base of remedies that decide by group: whose rows, and what they share."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.costs import Costs
from analysis.errors import SettingError
from analysis.frame import AuditFrame, Grouping, everyone
from analysis.parity.lottery import Lottery
from analysis.parity.programme import EXACT
from analysis.parity.realised import People as WithDraws
from analysis.parity.roc import GroupRates, group_rates
from models.groupings import grouping_named
from models.remedies.base import Family, Kind, Layer, Needs
from models.remedies.calibration_rows import rows_to_fit
from models.remedies.decided import Decided, draws, inside, margins
from models.remedies.settings import attribute_setting, cohort_setting, setting
from models.remedies.threshold_notes import notes
from models.scorer import Scorer

ALWAYS = np.ones(1)
"""The share of a cut that is the only one."""


@dataclass(frozen=True, eq=False)
class People:
    """The calibration rows aimed at, as tables by group.

    Parameters
    ----------
    frame : AuditFrame
        The rows themselves.
    names : tuple of str, length g
        Groups that have the rows for cuts of their own.
    tables : tuple of GroupRates, length g
    everyone : GroupRates
        Of all rows, those of other groups too.
    fell_back : mapping of str to str
        Why other groups take the fallback.
    others : mapping of str to GroupRates
        Their tables, where they have rows.
    margin : float[n]
    codes : int[n]
        Place of each row's group among the names, -1 for other groups.
    """

    frame: AuditFrame
    names: tuple[str, ...]
    tables: tuple[GroupRates, ...]
    everyone: GroupRates
    fell_back: Mapping[str, str]
    others: dict[str, GroupRates]
    margin: Floats
    codes: Ints

    def with_draws(self) -> WithDraws:
        """Return the rows with what each person draws."""
        return WithDraws(
            self.margin,
            np.asarray(self.frame.y_true) == 1,
            self.frame.weights,
            self.codes,
            draws(self.frame.features, self.margin),
        )


@dataclass(frozen=True)
class GroupThresholds:
    """Decide each group by thresholds of its own, found on calibration rows.

    A group with too few of them, or with one label only, or one that appears later,
    takes the fallback, which is said.
    """

    kind: ClassVar[Kind] = "posthoc"
    family: ClassVar[Family] = "Thresholds"
    layer: ClassVar[Layer] = "decisions"
    needs: ClassVar[tuple[Needs, ...]] = ("two classes", "group at prediction")
    slowness: ClassVar[float] = 0.0
    name: ClassVar[str]

    attribute: str = attribute_setting(
        "Groups with thresholds of their own.", is_required=True
    )
    min_rows: int = setting(
        50,
        2,
        100_000,
        "Calibration rows that a group needs for thresholds of its own.",
    )
    cohort: str = cohort_setting(
        "Only these people are touched, and only their rates count; empty for all."
    )

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> Decided:
        """Wrap a scorer with cuts that `fit` found."""
        return Decided(scorer, parameters)

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say in sentences what was fitted, without numbers of hidden groups."""
        return notes(parameters, hidden)

    def people(self, scorer: Scorer, calibration: AuditFrame) -> People:
        """Return the tables of the rows aimed at.

        Raises
        ------
        DataError
            There are no labels or all are the same, there are not two classes, or an
            attribute is not one of the frame's.
        SettingError
            Nobody matches the aim.
        """
        aimed = inside(self.cohort, calibration)
        if not aimed.any():
            raise SettingError(
                f"No calibration row matches the cohort '{self.cohort}'. Widen the "
                "rule, or leave it out."
            )
        frame, labels = rows_to_fit(calibration.take(np.flatnonzero(aimed)))
        margin = margins(scorer.score(frame))
        grouping = everyone(len(frame))
        if self.attribute:
            grouping = grouping_named(frame, self.attribute)
        rows = (margin, labels == 1, frame.weights)
        tables = group_rates(*rows, grouping.codes, len(grouping.names))
        (whole,) = group_rates(*rows, np.zeros(len(frame), np.int64), 1)
        by_name = dict(zip(grouping.names, tables, strict=True))
        reasons = {n: _reason_against(t, self.min_rows) for n, t in by_name.items()}
        own = [name for name, reason in reasons.items() if not reason]
        left_out = {name: reason for name, reason in reasons.items() if reason}
        return People(
            frame,
            tuple(own),
            tuple(by_name[name] for name in own),
            whole,
            {name: why for name, why in left_out.items() if by_name[name].n},
            {name: by_name[name] for name in left_out if by_name[name].n},
            margin,
            codes_among(grouping, own),
        )

    def parameters_of(
        self,
        people: People,
        lotteries: Mapping[str, Mapping[str, Any]],
        otherwise: float,
        fallback: str,
    ) -> dict[str, Any]:
        """Return what every remedy of this kind stores.

        Parameters
        ----------
        people : People
        lotteries : mapping of str to mapping
            Cuts and shares by group, as `as_json` writes them.
        otherwise : float
            The cut of everybody else.
        fallback : str
            What everybody else takes, such as "everyone's threshold".
        """
        tables = dict(zip(people.names, people.tables, strict=True)) | people.others
        fits = {name: lotteries.get(name, one_cut(otherwise)) for name in tables}
        return {
            "method": self.name,
            "attribute": self.attribute,
            "cohort": self.cohort,
            "by_group": {name: dict(fit) for name, fit in lotteries.items()},
            "everyone": one_cut(otherwise),
            "fell_back": dict(people.fell_back),
            "fallback": fallback,
            "one_sided": [n for n in tables if _is_one_sided(tables[n], fits[n])],
        }


def codes_among(grouping: Grouping, names: Sequence[str]) -> Ints:
    """Return each row's place among some of the groups, int[n]; -1 for the others."""
    places = {name: place for place, name in enumerate(names)}
    of_group = np.array([places.get(name, -1) for name in grouping.names], np.int64)
    return of_group[grouping.codes]


def one_cut(cut: float) -> dict[str, list[float]]:
    """Return one cut without a draw, as JSON types."""
    return {"cuts": [float(cut)], "shares": [1.0]}


def cheapest_cut(table: GroupRates, costs: Costs) -> float:
    """Return the cut of least cost, of several the highest."""
    cost = table.cost(costs)
    least = cost.min() + EXACT * max(table.weight, EXACT)
    return float(table.cuts[np.flatnonzero(cost <= least)[0]])


def lotteries_now(names: Sequence[str]) -> list[Lottery]:
    """Return the decisions as they are, at a score of one half, for each name."""
    return [Lottery(np.zeros(1), ALWAYS) for _ in names]


def _reason_against(table: GroupRates, min_rows: int) -> str:
    """Say why a group cannot have cuts of its own; empty if it can."""
    if table.n < min_rows:
        return f"has {table.n:,} calibration rows, and {min_rows:,} are needed"
    if not (table.positives > 0 and table.negatives > 0):
        return "has calibration rows of one class only"
    return ""


def _is_one_sided(table: GroupRates, fit: Mapping[str, Any]) -> bool:
    """Whether people of both labels are all decided alike."""
    if not (table.positives > 0 and table.negatives > 0):
        return False
    share: Floats = table.rate("selection_rate")
    reached = share[[table.position(cut) for cut in fit["cuts"]]]
    return bool((reached <= EXACT).all() or (reached >= 1 - EXACT).all())
