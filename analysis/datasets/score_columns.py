"""Which score column holds the probability of which class."""

import re
from collections.abc import Sequence

from analysis.datasets.task import ExistingScore


def in_class_order(
    columns: Sequence[str], natural: Sequence[str], classes: Sequence[str]
) -> tuple[str, ...]:
    """Return one score column per class, in the order of `classes`.

    A column belongs to the class that its name holds, where every column names one
    class and every class is named once (`p_low`, `p_mid`, `p_high`). Otherwise columns
    stand in the natural order of the classes.

    Parameters
    ----------
    columns : sequence of str, length k
        As the user gave them.
    natural : sequence of str, length k
        Classes in their own order: numbers by size, text by alphabet.
    classes : sequence of str, length k
        The same classes as the task has them, the positive one last.
    """
    owned = named_after(columns, natural)
    found = owned or dict(zip(natural, columns, strict=True))
    return tuple(found[name] for name in classes)


def named_after(columns: Sequence[str], classes: Sequence[str]) -> dict[str, str]:
    """Return each class's column by their names; empty where that leaves a doubt."""
    by_class = {class_named(column, classes): column for column in columns}
    is_clear = set(by_class) == set(classes) and len(columns) == len(classes)
    return by_class if is_clear else {}


def class_named(column: str, classes: Sequence[str]) -> str:
    """Return the class that a column's name holds; empty for none or several.

    Capitals count unless only ignoring them helps; the end of a name counts before the
    rest of it; of two class names that fit, the longer one does.
    """
    for written in (str, str.casefold):
        for fits in (_ends_in, _holds):
            found = [c for c in classes if fits(written(column), written(c))]
            found.sort(key=len)
            is_tied = len(found) > 1 and len(found[-1]) == len(found[-2])
            if found and not is_tied:
                return found[-1]
    return ""


def score_note(score: ExistingScore, classes: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence that says which column belongs to which class, if several."""
    if len(score.columns) != len(classes):
        return ()
    pairs = zip(score.columns, classes, strict=True)
    said = ", ".join(f"{column} is the probability of {name}" for column, name in pairs)
    return (f"Score columns: {said}.",)


def _ends_in(column: str, name: str) -> bool:
    """Return whether a column ends in a class name; 'p10' does not end in '0'."""
    before = column.removesuffix(name)[-1:]
    return column.endswith(name) and not (before.isdigit() and name[:1].isdigit())


def _holds(column: str, name: str) -> bool:
    """Return whether a class name stands in a column's name as a word of its own."""
    spans = [found.span() for found in re.finditer(re.escape(name), column)]
    return any(
        not _run_on(column[max(start - 1, 0) : start], name[:1])
        and not _run_on(name[-1:], column[end : end + 1])
        for start, end in spans
    )


def _run_on(a: str, b: str) -> bool:
    return (a.isalpha() and b.isalpha()) or (a.isdigit() and b.isdigit())
