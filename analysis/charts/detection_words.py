"""What is said of two sides that differ, or do not."""

from analysis.charts import numbers
from analysis.detection.detect import Detection
from analysis.estimates import Estimate
from analysis.shifts.shift import SMALL

GRADES = {
    "none": "cannot be told apart at all",
    "weak": "are told apart only weakly",
    "some": "are told apart somewhat",
    "clear": "are told apart clearly",
    "unknown": "could not be compared as a whole",
}


def finding(record: Detection, sides: tuple[str, str], whom: str = "") -> str:
    """Say how well both sides are told apart, what by, and how many columns moved.

    Parameters
    ----------
    record : Detection
    sides : (str, str)
        What source and target are called.
    whom : str
        The group looked at; empty for everyone.
    """
    who = f"Among {whom}, {sides[0]} and {sides[1]}" if whom else " and ".join(sides)
    said = f"{_first_up(who)} {GRADES[record.whole.grade]}"
    if record.whole.grade == "unknown":
        return f"{said}. {record.whole.why_not} {_columns_words(record)}"
    said += (
        f": of a row from either side, trees that have seen neither pick the target's "
        f"in {_percent(record.whole.area)} of pairs (AUROC; guessing is 50 %; "
        f"n = {numbers.count(record.whole.area.n)})."
    )
    telling = [c.feature for c in record.whole.columns if c.is_sure][:3]
    if record.whole.grade != "none" and telling:
        said += f" What gives them away most: {', '.join(telling)}."
    return f"{said} {_columns_words(record)}"


def labels_finding(record: Detection) -> str:
    """Say whether labels, groups or how they go together changed."""
    if record.why_no_labels:
        return record.why_no_labels
    moved = [s for s in record.labels if s.is_sure]
    if moved:
        last = moved[-1]
        decimals = numbers.shared_decimals([last.source, last.target])
        here, there = (
            numbers.full(e, "percent", decimals) for e in (last.source, last.target)
        )
        said = f"The share of {last.name} went from {here} to {there}."
    else:
        said = "The shares of the labels did not change beyond chance."
    tied = [d for d in record.dependence if d.is_sure]
    if not tied:
        return (
            f"{said} How labels and groups go together (correlation shift) did not "
            "change beyond chance."
        )
    names = ", ".join(d.attribute for d in tied)
    return (
        f"{said} Labels go together with {names} otherwise than before (correlation "
        "shift)."
    )


def missing_finding(record: Detection) -> str:
    """Say what is missing more often, and which values only one side has."""
    sure = [s for s in record.missing if s.is_sure]
    if sure:
        first = sure[0]
        change = numbers.full(first.change, "points")
        said = (
            f"{len(sure)} of {len(record.missing)} columns with missing values miss "
            f"more or fewer than before, most {first.name}: {change}."
        )
    elif record.missing:
        said = "No column misses more or fewer values than before, beyond chance."
    else:
        said = "No value is missing on either side."
    new = sum(v.side == "target" for v in record.one_sided)
    gone = len(record.one_sided) - new
    if not record.one_sided:
        return f"{said} Both sides have the same categories."
    return (
        f"{said} {new or 'No'} {_plural('category', new)} at the target "
        f"{'is' if new == 1 else 'are'} new, {gone or 'none'} of the source "
        f"{'has' if gone == 1 else 'have'} vanished."
    )


def groups_finding(record: Detection) -> str:
    """Say who moved most."""
    sure = [g for g in record.whole.groups if g.is_sure]
    if not sure:
        return "No group's rows are told apart beyond chance."
    most = max(sure, key=lambda g: g.area.low)
    return (
        f"The rows of {len(sure)} of {len(record.whole.groups)} groups are told apart "
        f"beyond chance; surest those of {most.name}: {_percent(most.area)} of pairs."
    )


def score_words(record: Detection) -> str:
    """Say how far the scores themselves moved."""
    moved = (
        "moved by more than noise"
        if record.score.is_sure
        else "did not move beyond noise"
    )
    return (
        f"The scores themselves {moved}: {numbers.plain(record.score.size)} of the "
        f"rows would need another one (noise stays under "
        f"{numbers.plain(record.score.noise_floor)})."
    )


def _columns_words(record: Detection) -> str:
    sure = sum(c.is_sure for c in record.columns)
    large = sum(c.is_large for c in record.columns)
    total = len(record.columns)
    if not sure:
        return f"None of {total} columns moved by more than noise."
    said = f"{sure} of {total} columns moved by more than noise"
    if large == sure:
        return f"{said}."
    few = "none" if large == 0 else f"only {large}"
    return (
        f"{said}, {few} of them in {SMALL:.0%} of the rows or more: with many rows, "
        "small moves are sure."
    ).replace("%", " %")


def _percent(estimate: Estimate) -> str:
    return numbers.full(estimate, "percent", 1)


def _plural(word: str, n: int) -> str:
    return word if n == 1 else f"{word[:-1]}ies"


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
