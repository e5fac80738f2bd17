"""A recipe from names and values as a user typed them."""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from analysis.errors import SettingError
from models.names import is_text
from models.recipe import Recipe
from models.remedies import REMEDIES
from models.remedies.base import summary_of
from models.remedies.settings import settings_of

WRITTEN_BY_REMEDIES = {"row_weights", "draws", "methods", "edits", "masked", "shifts"}

CHOSEN_ELSEWHERE = {"task", "stages", "calibration_parts"}

LARGEST = 2**63
"""No setting is as large."""


def choosable() -> tuple[str, ...]:
    """Return the settings of a recipe that a user may give by name."""
    apart = WRITTEN_BY_REMEDIES | CHOSEN_ELSEWHERE
    return tuple(f.name for f in fields(Recipe) if f.name not in apart)


def changed(recipe: Recipe, given: Mapping[str, Any]) -> Recipe:
    """Return a recipe with some settings, as JSON types or as text.

    Raises
    ------
    SettingError
        There is no such setting, or the value is of another kind or out of range.
    """
    values = {name: _value(name, value, recipe) for name, value in given.items()}
    return replace(recipe, **values)


def _value(name: str, value: Any, recipe: Recipe) -> Any:
    if name not in choosable():
        raise SettingError(
            f"Training has no setting '{name}'; it has {', '.join(choosable())}."
        )
    now = getattr(recipe, name)
    if isinstance(now, tuple):
        return _widths(name, value)
    if isinstance(now, bool):
        return _bool(name, value)
    if isinstance(now, int | float):
        return _number(name, value, is_whole=isinstance(now, int))
    return _text(name, value)


def _text(name: str, value: Any) -> str:
    if value is None or isinstance(value, bool | list | dict):
        raise SettingError(f"'{name}' is {value}; give a word or a name.")
    if not is_text(str(value)):
        raise SettingError(f"'{name}' holds characters that are no text. Mend it.")
    return str(value)


def _widths(name: str, value: Any) -> tuple[int, ...]:
    parts = value if isinstance(value, list) else str(value).strip(" []").split(",")
    given = [str(part).strip() for part in parts if str(part).strip()]
    if not all(re.fullmatch("[0-9]{1,9}", part) for part in given):
        raise SettingError(
            f"'{name}' is {value}; give the width of each layer, such as 64,32."
        )
    return tuple(int(part) for part in given)


def _bool(name: str, value: Any) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False}
    text = str(value).lower()
    if text not in known:
        raise SettingError(f"'{name}' is {value}; give true or false.")
    return known[text]


def _number(name: str, value: Any, *, is_whole: bool) -> float | int:
    try:
        # Not float: a seed may have more digits than one holds.
        number = Decimal("nan" if isinstance(value, bool) else str(value))
    except InvalidOperation:
        number = Decimal("nan")
    fits = number.is_finite() and -LARGEST < number < LARGEST
    if not fits or (is_whole and number != int(number)):
        kind = "a whole number" if is_whole else "a number"
        raise SettingError(f"'{name}' is {value}; give {kind}.")
    return int(number) if is_whole else float(number)


def remedies_json() -> list[dict[str, Any]]:
    """Return every remedy with its settings as JSON types."""
    return [
        {
            "name": name,
            "title": remedy.title,
            "family": remedy.family,
            "kind": remedy.kind,
            "summary": summary_of(remedy),
            "source": remedy.source,
            "needs": list(remedy.needs),
            "settings": [
                {
                    "name": s.name,
                    "kind": s.kind,
                    "default": s.default,
                    "range": [s.low, s.high]
                    if s.kind in ("number", "integer")
                    else None,
                    "options": list(s.options),
                    "help": s.help,
                }
                for s in settings_of(remedy)
            ],
        }
        for name, remedy in REMEDIES.items()
    ]
