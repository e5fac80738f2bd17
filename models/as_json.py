"""Frozen records as JSON and back, by the types of their fields."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

R = TypeVar("R")

Json = Any
"""What the JSON module writes: numbers, text, lists, and objects by name."""

NUMBER = "__number__"
"""Key of what stands for a number that JSON does not have."""

KIND = "__type__"
"""Where a record is one of several types, its object names the type here."""


def to_json(value: Any) -> Json:
    """Return a record of plain fields as JSON types; NaN and infinities are named.

    Raises
    ------
    TypeError
        A field holds something else than records, mappings by text, sequences,
        numbers, text or None.
    """
    if is_dataclass(value) and not isinstance(value, type):
        content = {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
        return {**content, KIND: type(value).__name__}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {NUMBER: str(value)}
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"{type(value).__name__} cannot be kept as JSON.")


def from_json(kind: type[R], data: Json) -> R:
    """Rebuild a record of a type from `to_json`.

    Raises
    ------
    ValueError, TypeError, KeyError
        The data are of another shape; another version wrote them.
    """
    found: R = _read(kind, data)
    return found


def plain_json(data: Json) -> Json:
    """Return `to_json` without kinds, and with null for what is undefined."""
    if isinstance(data, dict):
        if set(data) == {NUMBER}:
            return None
        return {k: plain_json(v) for k, v in data.items() if k != KIND}
    if isinstance(data, list):
        return [plain_json(item) for item in data]
    return data


def _read(hint: Any, data: Json) -> Any:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _one_of(get_args(hint), data)
    if is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        return hint(
            **{f.name: _read(hints[f.name], data[f.name]) for f in fields(hint)}
        )
    if origin is tuple:
        return _tuple(get_args(hint), data)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _read(get_args(hint)[1], item) for key, item in data.items()}
    if origin is Literal or hint is Any:
        return data
    return _plain(hint, data)


def _tuple(hints: tuple[Any, ...], data: Json) -> tuple[Any, ...]:
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(_read(hints[0], item) for item in data)
    return tuple(_read(h, item) for h, item in zip(hints, data, strict=True))


def _one_of(hints: tuple[Any, ...], data: Json) -> Any:
    """Read what may be of several types: None, or the record that the data name."""
    if data is None and NoneType in hints:
        return None
    known = [h for h in hints if h is not NoneType]
    if len(known) > 1 and isinstance(data, dict):
        known = [h for h in known if getattr(h, "__name__", "") == data.get(KIND)]
    return _read(known[0], data)


def _plain(hint: Any, data: Json) -> Any:
    if hint not in (float, int, str, bool):
        raise TypeError(f"{hint} cannot be read from JSON.")
    if hint is float and isinstance(data, dict) and set(data) == {NUMBER}:
        return float(data[NUMBER])
    is_number = isinstance(data, int | float) and not isinstance(data, bool)
    if hint is float and is_number:
        return float(data)
    if not isinstance(data, hint) or (hint is int and isinstance(data, bool)):
        raise TypeError(f"{data!r} is not of type {hint.__name__}.")
    return data


@cache
def _hints(record: type) -> dict[str, Any]:
    return get_type_hints(record)
