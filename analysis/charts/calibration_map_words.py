"""Which groups' scores promise too much or too little, in sentences."""

from dataclasses import dataclass

from analysis.calibration.everywhere import FEW, MiscalibrationMap
from analysis.charts import numbers
from analysis.charts.withheld import withheld_words
from analysis.estimates import Estimate


@dataclass(frozen=True)
class Terms:
    """How it is said that scores lie above or below what came true."""

    score: str
    axis: str
    off: str
    orange: str
    either: str
    above: str
    below_too: str
    too_much: str
    too_little: str


SCORES = Terms(
    score="score",
    off="off",
    axis="the score promises too much",
    orange="promised more than came true",
    either="promised too much or too little",
    above="promised too much",
    below_too="too little",
    too_much="promised {} too much",
    too_little="promised {} too little",
)
RANKS = Terms(
    score="rank",
    off="away from the rate",
    axis="the rank is above the rate",
    orange="a rank above the rate that came true",
    either="ranked above or below its rate",
    above="ranked above it",
    below_too="below",
    too_much="ranked {} above its rate",
    too_little="ranked {} below its rate",
)


def alt(
    record: MiscalibrationMap, people: str = "people", *, is_ranked: bool = False
) -> str:
    """Say how many groups are surely off, and the first ones."""
    said = words(record, people, is_ranked=is_ranked)
    return f"{said} {withheld_words(record.hidden)}".rstrip()


def words(
    record: MiscalibrationMap, people: str = "people", *, is_ranked: bool = False
) -> str:
    """Say which groups' scores are surely off on average, the largest first.

    Plain text, not escaped: group names come from the data.
    """
    order, sure = record.worst_first, record.is_sure
    if not len(order):
        return _nobody(record, people)
    terms = RANKS if is_ranked else SCORES
    off = [int(g) for g in order if sure[g]]
    of = f"{len(order):,} groups of {FEW} {people} or more"
    if record.hidden.any():  # none of fewer is shown either
        of = f"the {len(order):,} groups shown"
    more = _elsewhere(record, terms, is_first=not off)
    if not off:
        text = f"Of {of}, none is surely {terms.either} on average."
        return f"{text} {more}".rstrip()
    said = [_said(record, g, terms) for g in off[:2]]
    many = record.difference.value[off] > 0
    sides = (
        f"{int(many.sum()):,} {terms.above}, {int((~many).sum()):,} {terms.below_too}"
    )
    number = "1 is" if len(off) == 1 else f"{len(off):,} are"
    text = f"Of {of}, {number} surely {terms.off} on average ({sides})."
    return f"{text} Furthest: {'; '.join(said)}. {more}".rstrip()


def few_words(record: MiscalibrationMap, people: str = "people") -> str:
    """Say how many groups are too small for anything to be said; empty for none."""
    few = int(record.is_few.sum())
    if not few:
        return ""
    who = "1 group has" if few == 1 else f"{few:,} groups have"
    return f"{who} fewer than {FEW} {people}; nothing is said of them."


def _nobody(record: MiscalibrationMap, people: str) -> str:
    if record.hidden.any():
        return "Every group with enough to go by is withheld for privacy."
    return f"No group has enough {people} to say whether its scores are off."


def _said(record: MiscalibrationMap, g: int, terms: Terms) -> str:
    found = record.difference.at(g)
    side = terms.too_much if found.value > 0 else terms.too_little
    if found.value < 0:
        found = Estimate(-found.value, -found.high, -found.low, found.n)
    size = numbers.full(found, "points").replace("+", "")
    n = numbers.count(found.n)
    return f"{record.names[g]}, {side.format(size)} (n = {n})"


def _elsewhere(record: MiscalibrationMap, terms: Terms, *, is_first: bool) -> str:
    """Say how many groups are off at some scores though not surely on average."""
    many = int((record.is_off_somewhere & ~record.is_sure).sum())
    if not many:
        return ""
    which = "one is" if many == 1 else f"{many:,} are"
    more = "Yet" if is_first else "Beside them"
    where = f"{terms.off} at some {terms.score}s"
    return f"{more}, {which} {where} that cancel out on average."
