"""The registry of inquiries: a new one is a file with `Asked` and `answer`, and a line.

A file is imported when its inquiry is first asked for, so that the server, which only
reads answers, does not load what finds them.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, get_type_hints

from analysis.progress import Tick
from models.as_json import from_json, to_json
from models.inquiries.opening import opened
from models.inquiry import Inquiry
from models.store import Store

INQUIRIES: Mapping[str, str] = {
    "attribution": "models.inquiries.attribution",
    "detection": "models.inquiries.detection",
    "evidence": "models.inquiries.evidence",
    "label_free": "models.inquiries.label_free",
    "path": "models.inquiries.path",
    "risk_region": "models.inquiries.risk_region",
    "recovery": "models.inquiries.recovery",
    "sources": "models.inquiries.sources",
    "suggested_graph": "models.inquiries.suggested_graph",
}
"""Module of each inquiry by its name."""


OF_SHIFTS = tuple(name for name in INQUIRIES if name != "path")
"""Inquiries about two sides."""


def opened_for(store: Store, inquiry: Inquiry) -> Any:
    """Return what an inquiry is answered from: two sides, or what its file opens."""
    own = getattr(_module(inquiry.name), "opened", None)
    return opened(store, inquiry) if own is None else own(store, inquiry)


def answered(
    name: str,
    opened: Any,
    asked: Mapping[str, Any],
    tick: Tick,
    keep: Callable[[Any], None] | None = None,
) -> Any:
    """Carry an inquiry out; return its answer as JSON types.

    Parameters
    ----------
    name : str
    opened : record
        As `opened_for` returns.
    asked : mapping
    tick : Tick
    keep : function of JSON types, or None
        Takes the answer so far, of an inquiry whose file says that it `FILLS`.
    """
    module = _module(name)
    given = from_json(module.Asked, asked)
    if not getattr(module, "FILLS", False):
        return to_json(module.answer(opened, given, tick))

    def kept(so_far: Any) -> None:
        if keep is not None:
            keep(to_json(so_far))

    return to_json(module.answer(opened, given, tick, kept))


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
