"""The registry of inquiries: a new one is a file with `Asked` and `answer`, and a line.

A file is imported when its inquiry is first asked for, so that the server, which only
reads answers, does not load what finds them.
"""

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, get_type_hints

from analysis.progress import Tick
from models.as_json import from_json, to_json
from models.inquiries.opening import Opened

INQUIRIES: Mapping[str, str] = {
    "attribution": "models.inquiries.attribution",
    "detection": "models.inquiries.detection",
    "evidence": "models.inquiries.evidence",
    "label_free": "models.inquiries.label_free",
    "risk_region": "models.inquiries.risk_region",
    "recovery": "models.inquiries.recovery",
    "sources": "models.inquiries.sources",
    "suggested_graph": "models.inquiries.suggested_graph",
}
"""Module of each inquiry by its name."""


def answered(name: str, opened: Opened, asked: Mapping[str, Any], tick: Tick) -> Any:
    """Carry an inquiry out; return its answer as JSON types."""
    module = _module(name)
    given = from_json(module.Asked, asked)
    return to_json(module.answer(opened, given, tick))


def record_of(name: str, answer: Any) -> Any:
    """Return an answer's JSON types as the record that the inquiry gives.

    Raises
    ------
    ValueError, TypeError, KeyError
        Another version of the product wrote it.
    """
    kind = get_type_hints(_module(name).answer)["return"]
    return from_json(kind, answer)


def settings_type(name: str) -> type[Any]:
    """Return the record that holds the settings of an inquiry."""
    found: type[Any] = _module(name).Asked
    return found


def _module(name: str) -> ModuleType:
    return import_module(INQUIRIES[name])
