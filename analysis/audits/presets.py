"""Audit presets: impact ratios as a regulation asks for them, ready for publication."""

from dataclasses import dataclass, replace

import numpy as np

from analysis.arrays import Bools, Floats, frozen
from analysis.audits.unknown import known_categories
from analysis.counts import Counts, count
from analysis.errors import SettingError
from analysis.estimates import Estimates
from analysis.evaluation import Evaluation
from analysis.frame import Grouping, everyone, intersection
from analysis.intervals import wilson
from analysis.metrics.kinds import ALL, SELECTED, effective, within
from analysis.subgroups.contrasts import ratio_limits

FOUR_FIFTHS = 0.8
"""Below this share of the highest rate, federal agencies see adverse impact."""

SMALL_SHARE = 0.02
"""Categories under this share of the people may be left out of impact ratios."""

ROUNDING = 1e-9
"""A ratio of exactly four fifths may come out this much lower in floating point."""

MEASURES = {
    "selection": "Decided positive",
    "scoring": "Scored above the median",
}
"""The two kinds of rates: of a decision, and of a score without one."""

FAVOURABLE = {"positive": "Decided positive", "negative": "Decided negative"}
"""Which decision is the good one for whom it is made."""


@dataclass(frozen=True, eq=False)
class ImpactTable:
    """Rates by category and their ratio to the highest one.

    Parameters
    ----------
    attributes : tuple of str
        The attributes crossed.
    measure : str
        One of `MEASURES`.
    names : tuple of str, length g
        Categories; one without any person keeps its place.
    n, selected : float[g]
        People, and those who were selected or scored above the median; unweighted.
    share : float[g]
        Each category's share of the people in the table.
    rates, ratios : Estimates [g]
        A ratio is NaN where a category was left out, and everywhere when the highest
        rate is 0.
    reference : int
        Position of the category with the highest rate; -1 for none.
    left_out : int
        People left out because a category of theirs is unknown.
    unknown : tuple of str
        The categories that were taken as unknown.
    median : float
        Of the scores, where the rate is that of scoring above it; else NaN.
    favourable : str
        One of `FAVOURABLE`: whose rates these are, where they are of decisions.
    """

    attributes: tuple[str, ...]
    measure: str
    names: tuple[str, ...]
    n: Floats
    selected: Floats
    share: Floats
    rates: Estimates
    ratios: Estimates
    reference: int
    left_out: int = 0
    unknown: tuple[str, ...] = ()
    median: float = np.nan
    favourable: str = "positive"

    def __post_init__(self) -> None:
        for name in ("n", "selected", "share"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def is_small(self) -> Bools:
        """Whether a category may be left out of the ratios, bool[g]."""
        return _is_small(self.share)

    @property
    def is_below(self) -> Bools:
        """Whether the ratio is below four fifths, bool[g]; not where undefined."""
        below: Bools = self.ratios.value < FOUR_FIFTHS - ROUNDING
        return below

    @property
    def is_surely_below(self) -> Bools:
        """Whether the whole interval of the ratio is below four fifths, bool[g]."""
        below: Bools = self.is_below & (self.ratios.high < FOUR_FIFTHS)
        return below


def four_fifths(
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    favourable: str = "positive",
) -> ImpactTable:
    """Compare each group's selection rate with that of the most selected group.

    The most selected group is looked for among those with at least 2 % of the people,
    by weight (among all, where none is that large); every group is compared with it, so
    a smaller one can have a ratio above 1. It was chosen for being highest, which makes
    ratios a little low by chance; the intervals take the choice as given. People with
    an unknown category are left out and counted.

    Parameters
    ----------
    evaluation : Evaluation
    attributes : tuple of str
        Sensitive attributes, crossed in full.
    favourable : str
        'positive' where being decided positive is what people want, as being hired;
        'negative' where it is a burden, as being flagged: rates are then of the other
        decision.

    Raises
    ------
    SettingError
        There is no such decision.

    References
    ----------
    Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4 (D). Donner & Zou
    (2012), Statistical Methods in Medical Research 21, for the interval of a ratio.
    """
    parts = {name: evaluation.grouping((name,)) for name in attributes}
    kept, rows, unknown = known_categories(parts, len(evaluation))
    hit = _favoured(evaluation, favourable)[rows]
    grouping = intersection(kept) if kept else everyone(len(rows))
    counts = _selected(hit, grouping, evaluation.weights[rows])
    leading = ~_is_small(_share(counts))
    if not leading.any():
        leading = np.ones(len(counts.names), bool)
    table = _table(
        (attributes, "selection"), counts, leading, np.ones(len(leading), bool)
    )
    left_out = len(evaluation) - len(rows)
    return replace(table, left_out=left_out, unknown=unknown, favourable=favourable)


def law_144(
    evaluation: Evaluation,
    sex: str,
    race: str,
    measure: str = "selection",
    *,
    excluding_small: bool = True,
    favourable: str = "positive",
) -> tuple[ImpactTable, ImpactTable, ImpactTable]:
    """Return the tables of a bias audit under New York City's Local Law 144.

    Individuals are counted, so weights play no part. People whose sex or race is
    unknown are left out of all three tables and counted; the median is that of the
    full sample, theirs included.

    Parameters
    ----------
    evaluation : Evaluation
    sex, race : str
        Names of the two sensitive attributes.
    measure : str
        'selection' for the rate of positive decisions, 'scoring' for the rate of
        scores above the sample's median.
    excluding_small : bool
        Leave categories under 2 % of the people out of the impact ratios, as an
        auditor may; their number and rate are shown all the same.
    favourable : str
        The decision that is a selection, as in `four_fifths`.

    Returns
    -------
    (ImpactTable, ImpactTable, ImpactTable)
        By sex, by race or ethnicity, and by both.

    Raises
    ------
    SettingError
        The measure is unknown, or both attributes are the same.
    DataError
        An attribute is not among the groups.

    References
    ----------
    Rules of the City of New York, title 6, sections 5-300 (definitions) and 5-301
    (bias audit), enforced since 5 July 2023.
    """
    _check(sex, race, measure)
    parts = {name: evaluation.grouping((name,)) for name in (sex, race)}
    kept, rows, unknown = known_categories(parts, len(evaluation))
    hit, median = _favoured(evaluation, favourable), np.nan
    if measure == "scoring":
        median = float(np.median(evaluation.score))
        hit = evaluation.score > median
    tables = []
    for attributes in ((sex,), (race,), (sex, race)):
        counts = _selected(hit[rows], intersection({a: kept[a] for a in attributes}))
        compared = ~_is_small(_share(counts)) | (not excluding_small)
        table = _table((attributes, measure), counts, compared, compared)
        tables.append(
            replace(
                table,
                left_out=len(evaluation) - len(rows),
                unknown=unknown,
                median=median,
                favourable=favourable,
            )
        )
    return tables[0], tables[1], tables[2]


def _check(sex: str, race: str, measure: str) -> None:
    if measure not in MEASURES:
        raise SettingError(
            f"'{measure}' is not a kind of rate here; choose one of "
            f"{', '.join(MEASURES)}."
        )
    if sex == race:
        raise SettingError(
            f"'{sex}' was given both as sex and as race or ethnicity; the tables need "
            "two different attributes. Choose another column for one of them."
        )


def _favoured(evaluation: Evaluation, favourable: str) -> Bools:
    """Return who is decided as people want to be, bool[n]."""
    if favourable not in FAVOURABLE:
        raise SettingError(
            f"'{favourable}' is not a decision; choose one of {', '.join(FAVOURABLE)}."
        )
    decided = np.asarray(evaluation.decisions, dtype=bool)
    return decided if favourable == "positive" else ~decided


def _selected(hit: Bools, grouping: Grouping, weights: Floats | None = None) -> Counts:
    """Count who was selected; the label, which plays no part, stands at 0."""
    return count(np.zeros(len(hit), np.int64), hit, grouping, weights)


def _share(counts: Counts) -> Floats:
    w = within(counts.w, ALL)
    return np.divide(w, w.sum(), out=np.zeros_like(w), where=w.sum() > 0)


def _is_small(share: Floats) -> Bools:
    small: Bools = share < SMALL_SHARE - ROUNDING
    return small


def _table(
    what: tuple[tuple[str, ...], str], counts: Counts, leading: Bools, compared: Bools
) -> ImpactTable:
    """Return the table; `leading` may be the reference, `compared` have a ratio."""
    n, w = within(counts.n, ALL), within(counts.w, ALL)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = within(counts.w, SELECTED) / w
    rates = Estimates(rate, *wilson(rate, effective(counts, ALL)), n)
    highest = np.where(leading & (rate > 0), rate, -1.0)
    reference = int(highest.argmax()) if (highest > 0).any() else -1
    return ImpactTable(
        attributes=what[0],
        measure=what[1],
        names=counts.names,
        n=n,
        selected=within(counts.n, SELECTED),
        share=_share(counts),
        rates=rates,
        ratios=_ratios(rates, reference, compared),
        reference=reference,
    )


def _ratios(rates: Estimates, reference: int, compared: Bools) -> Estimates:
    """Return each compared group's rate over that of the reference, itself 1."""
    if reference < 0:
        nothing = np.full(len(rates), np.nan)
        return Estimates(nothing, nothing, nothing, rates.n)
    at = np.full(len(rates), reference)
    best = Estimates(rates.value[at], rates.low[at], rates.high[at], rates.n[at])
    low, high = ratio_limits(rates, best)
    value, n = rates.value / best.value, rates.n + best.n
    ends = np.stack([value, low, np.where(np.isinf(high), np.nan, high)])
    ends[:, reference], n[reference] = 1.0, rates.n[reference]
    ends[:, ~compared] = np.nan
    return Estimates(ends[0], ends[1], ends[2], n)
