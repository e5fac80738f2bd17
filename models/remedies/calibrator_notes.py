"""What a calibrator found, in plain sentences."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

MAX_LISTED = 8
"""Groups or cohorts that one sentence names."""

HIDDEN, FEW = "withheld", "has too few calibration rows"


Said = Callable[[Mapping[str, Any]], str]
"""Says what one fit found in a few words."""


def notes(
    said_of: Said,
    parameters: Mapping[str, Any],
    hidden: Collection[str] | None = None,
) -> tuple[str, ...]:
    """Return sentences on a fit, its fallbacks and its rounds.

    Parameters
    ----------
    said_of : callable
        Says what one fit found in a few words.
    parameters : mapping
        What it found.
    hidden : collection of str, optional
        Names of groups whose numbers are withheld; None where nothing is, and where
        something is, cohorts of the rounds are not named either.
    """
    said = [_found(said_of, parameters, hidden), _absent(parameters["everyone"])]
    said += _fallbacks(parameters.get("fell_back", {}), hidden)
    said += _rounds(parameters, hidden)
    if parameters.get("weights_ignored"):
        said.append(
            "This method takes no weights: each calibration row counted once, whatever "
            "it weighs."
        )
    return tuple(sentence for sentence in said if sentence)


def line(factor: float, shift: float) -> str:
    """Return a factor and a shift as they are written after what they act on."""
    return f"× {factor:.2f} {'−' if shift < 0 else '+'} {abs(shift):.2f}"


def _found(
    said_of: Said, parameters: Mapping[str, Any], hidden: Collection[str] | None
) -> str:
    by_group = parameters.get("by_group", {})
    everyone = _said(said_of, parameters["everyone"])
    if not by_group:
        return f"Fitted for everyone: {everyone}." if everyone else ""
    if not everyone:
        return f"Fitted for each of {len(by_group)} groups alone."
    told = [
        f"{name} {HIDDEN if name in (hidden or ()) else _said(said_of, fit)}"
        for name, fit in by_group.items()
    ]
    listed = _listed(told, "; " if "," in everyone else ", ")
    return f"Fitted by group: {listed}; everyone else: {everyone}."


def _said(said_of: Said, fit: Mapping[str, Any]) -> str:
    return said_of(fit.get("of_present", fit))


def _absent(fit: Mapping[str, Any]) -> str:
    if "present" not in fit:
        return ""
    return (
        f"Only {len(fit['present'])} of the classes have calibration rows; the others "
        "keep their probabilities."
    )


def _fallbacks(reasons: Mapping[str, str], hidden: Collection[str] | None) -> list[str]:
    told = [
        f"'{name}' {FEW if name in (hidden or ()) else why}"
        for name, why in reasons.items()
    ]
    if not told:
        return []
    takes = "It takes" if len(told) == 1 else "They take"
    return [f"{_listed(told, '; ')}. {takes} the fit of everyone."]


def _rounds(parameters: Mapping[str, Any], hidden: Collection[str] | None) -> list[str]:
    if "stopped" not in parameters:
        return []
    tried = parameters["history"]
    accepted = [r["cohort"] for r in tried if r["accepted"]]
    words = (
        f"{len(accepted)} of {len(tried)} patches kept"
        if tried
        else "No patch was made"
    )
    if accepted and hidden is None:
        words += f": {_listed(accepted)}"
    return [f"{words}. {parameters['stopped']}"]


def _listed(names: Iterable[str], joint: str = ", ") -> str:
    every = list(names)
    more = f" and {len(every) - MAX_LISTED} more" if len(every) > MAX_LISTED else ""
    return joint.join(every[:MAX_LISTED]) + more
