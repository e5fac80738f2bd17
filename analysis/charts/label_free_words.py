"""What is said and listed of estimates without labels."""

from collections.abc import Sequence

import pandas as pd

from analysis.charts import numbers
from analysis.charts.groups import short_title, unit_of
from analysis.charts.numbers import Unit
from analysis.estimates import Estimate
from analysis.label_free.records import Guess, LabelFree, Part


def finding(record: LabelFree, metric: str, *, with_labels: bool) -> str:
    """Say what the metric is estimated to be, beside the source and the labels.

    Parameters
    ----------
    record : LabelFree
    metric : str
    with_labels : bool
        Whether realised values are shown.
    """
    title, unit = short_title(metric), unit_of(metric)
    if metric in record.left_out:
        return (
            f"{title} cannot be estimated without labels: it {record.left_out[metric]}."
        )
    guess = record.overall.metrics[metric]
    if guess.estimated.is_undefined:
        why = guess.why_not or record.overall.note
        return f"{title} is not estimated. {why}".rstrip()
    decimals = decimals_of([guess], unit)
    said = (
        f"{title} is estimated at {full(guess.estimated, unit, decimals)} on "
        f"the target without its labels (n = {numbers.count(guess.estimated.n)}); the "
        f"source shows {numbers.full(guess.reference, unit, decimals)}"
    )
    said += ". " if guess.is_moved else ", which could be the same. "
    if with_labels and not guess.realised.is_undefined:
        said += _truth(guess, unit, decimals)
    else:
        said += "It holds if the same people have the same outcomes as at the source."
    return said


def printed(record: LabelFree, *, with_labels: bool) -> pd.DataFrame:
    """Return all measures of everyone as texts."""
    found = []
    for metric, guess in record.overall.metrics.items():
        unit = unit_of(metric)
        decimals = decimals_of([guess], unit)
        row = {
            "Measure": short_title(metric),
            "Source": numbers.full(guess.reference, unit, decimals),
            "Estimated at the target": full(guess.estimated, unit, decimals),
            "Without weights": numbers.plain(guess.plain, unit, decimals),
        }
        if with_labels:
            real = guess.realised
            row["Labels say"] = numbers.value(real, unit, decimals)
            row["Inside"] = _inside_words(guess)
        found.append(row)
    return pd.DataFrame(found)


def table(record: LabelFree, *, with_labels: bool) -> pd.DataFrame:
    """Return every number: all parts, all metrics."""
    found = []
    for part in (record.overall, *record.groups, *record.chunks):
        for metric, guess in part.metrics.items():
            e = guess.estimated
            row = {
                "part": part.name or "Everyone",
                "metric": metric,
                "n": part.n,
                "effective reference rows": part.effective,
                "estimated": e.value,
                "low": e.low,
                "high": e.high,
                "without weights": guess.plain,
                "reference": guess.reference.value,
            }
            if with_labels:
                row["realised"] = guess.realised.value
            found.append(row)
    return pd.DataFrame(found)


def notes(parts: Sequence[Part]) -> str:
    """Say what was borrowed for which parts, and what was refused."""
    said: dict[str, list[str]] = {}
    for part in parts:
        if part.note:
            said.setdefault(part.note, []).append(part.name)
    return " ".join(f"{', '.join(names)}: {_dot(note)}" for note, names in said.items())


def groups_words(parts: Sequence[Part], metric: str) -> str:
    """Say for which groups the labels fell outside of the interval."""
    known = [
        (p, p.metrics[metric])
        for p in parts
        if not p.metrics[metric].realised.is_undefined
        and not p.metrics[metric].estimated.is_undefined
    ]
    if not known:
        return ""
    missed = [p.name for p, g in known if not _is_inside(g)]
    if not missed:
        return "What the labels say lies inside the interval for every one of them."
    return (
        f"What the labels say lies outside of the interval for {', '.join(missed)} "
        f"({len(missed)} of {len(known)}; chance alone would leave out one in twenty)."
    )


def full(estimate: Estimate, unit: Unit, decimals: int) -> str:
    """Return value and interval; what needs no label is known and has none."""
    if estimate.low == estimate.high:
        return numbers.value(estimate, unit, decimals)
    return numbers.full(estimate, unit, decimals)


def decimals_of(guesses: Sequence[Guess], unit: Unit) -> int:
    """Return the decimals of all numbers that stand together."""
    known = [e for g in guesses for e in (g.estimated, g.reference)]
    wide = [e for e in known if e.high > e.low]  # what needs no label has no width
    return min(numbers.shared_decimals(wide, unit), 3 if unit == "number" else 1)


def _truth(guess: Guess, unit: Unit, decimals: int) -> str:
    real = numbers.value(guess.realised, unit, decimals)
    if _is_inside(guess):
        return f"Its labels say {real}, inside the interval."
    e = guess.estimated
    is_below = guess.realised.value < e.low
    end = numbers.plain(e.low if is_below else e.high, unit, decimals)
    if end == real:  # rounded alike, so that outside would read as inside
        decimals += 1
        real = numbers.value(guess.realised, unit, decimals)
        end = numbers.plain(e.low if is_below else e.high, unit, decimals)
    way = "below the interval, which starts" if is_below else "above the interval, "
    way += "" if is_below else "which ends"
    return (
        f"Its labels say {real}, {way} at {end}: more has changed than who the "
        "people are, such as what happens to them, P(Y|X)."
    )


def _is_inside(guess: Guess) -> bool:
    e, real = guess.estimated, guess.realised.value
    return bool(e.low - 1e-12 <= real <= e.high + 1e-12)


def _inside_words(guess: Guess) -> str:
    if guess.realised.is_undefined or guess.estimated.is_undefined:
        return numbers.UNDEFINED
    return "yes" if _is_inside(guess) else "no"


def _dot(note: str) -> str:
    return note if note.endswith(".") else f"{note}."
