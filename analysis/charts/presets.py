"""Impact ratios in print: the table of a published audit as frame, Markdown and CSV."""

import re
from collections.abc import Iterable

import pandas as pd

from analysis.audits.presets import FOUR_FIFTHS, SMALL_SHARE, ImpactTable
from analysis.charts import numbers
from analysis.charts.theme import visible

HIT_COLUMNS = {
    "selection": ("selected", "selection rate"),
    "scoring": ("above the median", "scoring rate"),
}
NEGATIVE = ("decided negative", "rate")
"""The same where the decision that people want is the negative one."""

EXCLUDABLE = "under 2 %, may be left out"
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-!|<>~:$&^=@/\"'])")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def hit_columns(table: ImpactTable) -> tuple[str, str]:
    """Return what those counted are called, and their rate."""
    favoured = (table.measure, table.favourable)
    return (
        NEGATIVE if favoured == ("selection", "negative") else HIT_COLUMNS[favoured[0]]
    )


def printed(table: ImpactTable, people: str = "applicants") -> pd.DataFrame:
    """Return the columns that a published audit has, as texts.

    Parameters
    ----------
    table : ImpactTable
    people : str
        What a row is, in the plural.
    """
    selected, rate = hit_columns(table)
    rows = range(len(table.names))
    return pd.DataFrame(
        {
            "Category": [visible(name) for name in table.names],
            people.capitalize(): [numbers.count(n) for n in table.n],
            selected.capitalize(): [numbers.count(n) for n in table.selected],
            rate.capitalize(): [numbers.plain(table.rates.at(g).value) for g in rows],
            "Impact ratio": [_ratio(table, g) for g in rows],
            "Remark": [_remark(table, g) for g in rows],
        }
    )


def frame(table: ImpactTable) -> pd.DataFrame:
    """Return the numbers unrounded, with their intervals."""
    selected, rate = hit_columns(table)
    return pd.DataFrame(
        {
            "category": table.names,
            "people": table.n,
            selected: table.selected,
            "share of people": table.share,
            rate: table.rates.value,
            f"{rate}, low": table.rates.low,
            f"{rate}, high": table.rates.high,
            "impact ratio": table.ratios.value,
            "impact ratio, low": table.ratios.low,
            "impact ratio, high": table.ratios.high,
            "under 2 %": table.is_small,
        }
    )


def markdown(table: ImpactTable, people: str = "applicants") -> str:
    """Return the printed table in Markdown, with its notes; all names stay text."""
    shown = printed(table, people)
    lines = [_line(shown.columns), _line(["---"] + ["---:"] * 4 + ["---"], raw=True)]
    lines += [_line(row) for row in shown.itertuples(index=False)]
    return "\n".join([*lines, "", *(_escaped(n) for n in notes(table, people)), ""])


def csv(table: ImpactTable, people: str = "applicants") -> str:
    """Return the printed table as CSV.

    A name that a spreadsheet would run as a formula gets an apostrophe in front, as
    OWASP advises against CSV injection.
    """
    shown = printed(table, people)
    shown["Category"] = [
        f"'{name}" if name.startswith(_FORMULA) else name for name in shown["Category"]
    ]
    return str(shown.to_csv(index=False))


def notes(table: ImpactTable, people: str = "applicants") -> list[str]:
    """Say who was left out, what the median was, and which categories are small."""
    said = []
    if table.left_out:
        said.append(
            f"{table.left_out:,} {people} with an unknown category are not included "
            f"({', '.join(table.unknown)})."
        )
    if table.measure == "scoring":
        said.append(f"The median score of all {people} is {table.median:.4g}.")
    if (table.is_small & (table.ratios.value != table.ratios.value)).any():
        said.append(
            f"Categories with under {SMALL_SHARE:.0%} of the {people} are left out of "
            "the impact ratios; their number and rate are shown."
        )
    if table.reference < 0:
        said.append("No rate is above 0, so there is no impact ratio.")
    return said


def verdict(table: ImpactTable) -> str:
    """Say in one sentence which groups are below four fifths, and how surely."""
    if table.reference < 0:
        decided = "selected" if table.favourable == "positive" else "decided negative"
        return f"Nobody was {decided} in any group, so no ratio can be formed."
    best = table.names[table.reference]
    below = [g for g in range(len(table.names)) if table.is_below[g]]
    if not below:
        return f"No group is below four fifths of the rate of {best}."
    sure = [g for g in below if table.is_surely_below[g]]
    worst = min(sure or below, key=lambda g: table.ratios.value[g])
    at = (
        f"{table.names[worst]} at {numbers.full(table.ratios.at(worst), 'number', 2)} "
        f"(n = {numbers.count(table.n[worst])})"
    )
    of = f"of {len(table.names)} groups"
    rate = f"below four fifths of the rate of {best}"
    if len(below) == 1:
        how = "" if sure else ", though not surely"
        return f"1 {of} is {'surely ' if sure else ''}{rate}{how}: {at}."
    how = f"{len(sure)} of them surely" if sure else "none of them surely"
    lowest = "lowest of these is" if sure else "lowest is"
    return f"{len(below)} {of} are {rate}, {how}; {lowest} {at}."


def decision_words(table: ImpactTable, positive: str, people: str) -> str:
    """Say which decision the ratios compare, so that a burden is not read as a gain.

    Plain text, not escaped: the class's name comes from the data.

    Parameters
    ----------
    table : ImpactTable
    positive : str
        Who belongs to the positive class, in words.
    people : str
        What a row is, in the plural.
    """
    if table.measure == "scoring":
        return (
            f"Ratios compare which {people} score above the median; a high score "
            f"speaks for {positive}."
        )
    if table.favourable == "negative":
        return (
            f"Ratios compare which {people} are decided negative, that is, not taken "
            f"for {positive}."
        )
    return (
        f"Ratios compare which {people} are decided positive, here: taken for "
        f"{positive}. Where that is a burden, such as being flagged, the favourable "
        "decision is the negative one."
    )


def _ratio(table: ImpactTable, g: int) -> str:
    return numbers.plain(table.ratios.at(g).value, "number", 3)


def _remark(table: ImpactTable, g: int) -> str:
    words = [EXCLUDABLE] if table.is_small[g] else []
    if g == table.reference:
        words.append("highest rate")
    if table.is_below[g]:
        sure = "surely below" if table.is_surely_below[g] else "below"
        words.append(f"{sure} {FOUR_FIFTHS:g}")
    return "; ".join(words)


def _line(cells: Iterable[object], *, raw: bool = False) -> str:
    texts = [str(cell) for cell in cells]
    return f"| {' | '.join(texts if raw else map(_escaped, texts))} |"


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", visible(text))
