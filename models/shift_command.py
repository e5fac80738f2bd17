"""The command line's `shift`: what the Shift page asks of a run or a scored task."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, get_type_hints

from analysis.datasets.load import load
from analysis.errors import SettingError
from analysis.evaluation import Threshold
from analysis.privacy.sides import refuse_withheld_sides
from analysis.progress import silent
from analysis.shifts.sides import SCORE, Sides, grouping_of_sides
from models.as_json import from_json, plain_json, to_json
from models.inquiries import OF_SHIFTS, answered, settings_type
from models.inquiries.opening import Opened, opened
from models.inquiry import Inquiry, Scope
from models.named import Source
from models.store import Store


@dataclass(frozen=True)
class Question:
    """What is asked about two sides.

    Parameters
    ----------
    ask : str
        One of `OF_SHIFTS`.
    sides : Sides
        Without values the last one of the column is the target, the others the source.
    settings : mapping of str to str
        As they were typed: text, or JSON.
    cohort, positive : str
    threshold : float or None
        None takes the scorer's own.
    """

    ask: str
    sides: Sides
    settings: Mapping[str, str]
    cohort: str = ""
    positive: str = ""
    threshold: float | None = None
    hide_below: int = 0
    seed: int = 0


def asked(store: Store, source: Source, question: Question) -> dict[str, Any]:
    """Answer what the Shift page asks, in this process.

    Raises
    ------
    SettingError
        There is no such inquiry, setting, column or value.
    """
    if question.ask not in OF_SHIFTS:
        raise SettingError(
            f"'{question.ask}' is nothing that can be asked; choose one of "
            f"{', '.join(OF_SHIFTS)}."
        )
    if not source.dataset.task.table:
        raise SettingError(
            "'shift' asks of a run or of a task; of files ask by attribute or estimate."
        )
    sides = _complete(source, question.sides)
    other = load(store.task(sides.table), store.tables) if sides.table else None
    cut = source.threshold if question.threshold is None else question.threshold
    scope = Scope(
        run=source.run.id if source.run is not None else "",
        cohort=question.cohort,
        positive=question.positive,
        rule=Threshold(cut),
        other_rule=Threshold(cut),
        sides=sides,
        other_digest="" if other is None else other.digest,
    )
    data = source.dataset
    given = to_json(_settings(question))
    inquiry = Inquiry(question.ask, data.task, data.digest, scope, given)
    both = opened(store, inquiry)
    _refuse_few(both, question)
    found = answered(question.ask, both, given, silent)
    return {
        "ask": question.ask,
        "sides": plain_json(to_json(sides)),
        **plain_json(found),
    }


def _refuse_few(both: Opened, question: Question) -> None:
    """Refuse sides of which one would give away a group of too few people."""
    k, sides = question.hide_below, both.inquiry.scope.sides
    if k < 2:
        return
    if sides.table:
        few = min(len(both.source), len(both.target)) < k
        if few:
            raise SettingError(
                f"A side has fewer than {k:,} people and is withheld. Choose others."
            )
        return
    rows = both.rows
    by = grouping_of_sides(both.dataset, sides.column)
    own = by.take(both.dataset.positions(rows.row_ids))
    refuse_withheld_sides(rows, own, (sides.source, sides.target), k, sides.column)


def _complete(source: Source, sides: Sides) -> Sides:
    """Return sides whose values exist, the customary ones where none is given."""
    data = source.dataset
    known = (*data.task.features, *(() if source.run else (SCORE,)))
    stray = [f for f in sides.without if f not in known]
    if stray:
        raise SettingError(
            f"'{stray[0]}' is no feature of '{data.task.title}', so it cannot be left "
            "out."
        )
    if sides.table:
        return sides
    column = sides.column or data.task.time or data.task.domain or ""
    column = column or next(iter(data.task.comparisons), "")
    if not column:
        raise SettingError(
            "Nothing tells the two sides apart; name a column with --by, or a second "
            "table with --table."
        )
    names = grouping_of_sides(data, column).names
    unknown = [v for v in (*sides.source, *sides.target) if v not in names]
    if unknown:
        raise SettingError(
            f"'{unknown[0]}' is no value of '{column}'; it has {', '.join(names[:20])}."
        )
    declared = data.task.comparisons.get(column)
    first, last = names[:-1], names[-1:]
    if declared is not None:
        first, last = (declared.source,), (declared.target,)
    last = sides.target or last
    first = sides.source or tuple(n for n in first if n not in last)
    if both := set(first) & set(last):
        raise SettingError(
            f"'{min(both)}' stands on both sides. Give different values."
        )
    return replace(sides, column=column, source=first, target=last)


def _settings(question: Question) -> Any:
    """Return an inquiry's settings from what was typed."""
    kind = settings_type(question.ask)
    hints, known = get_type_hints(kind), {f.name: f for f in fields(kind)}
    unknown = [name for name in question.settings if name not in known]
    if unknown:
        raise SettingError(
            f"'{unknown[0]}' is no setting of '{question.ask}'; it has "
            f"{', '.join(known)}."
        )
    missing = [
        name
        for name, f in known.items()
        if f.default is MISSING and name not in question.settings
    ]
    if missing:
        raise SettingError(f"'{question.ask}' needs --set {missing[0]}=...")
    read = {n: _read(t, hints[n]) for n, t in question.settings.items()}
    if "seed" in known:
        read.setdefault("seed", question.seed)
    if question.hide_below > 1:
        if "k" not in known:
            raise SettingError(
                f"'{question.ask}' cannot be asked while small groups are hidden: its "
                "parts and rules could give single people away. Ask without "
                "--hide-below."
            )
        read["k"] = question.hide_below
    try:
        return from_json(kind, to_json(kind(**read)))  # checks the types
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise SettingError(
            f"The settings of '{question.ask}' cannot be read: {error}. Numbers are "
            "written plainly, lists as JSON."
        ) from None


def _read(text: str, hint: Any) -> Any:
    if hint is str:
        return text
    try:
        value = json.loads(text)
    except ValueError:
        raise SettingError(
            f"'{text}' cannot be read; write a number, or a list such as "
            '["accuracy", "auroc"].'
        ) from None
    return _tuples(value)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
