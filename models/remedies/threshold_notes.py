"""What a remedy by thresholds found, in plain sentences."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from scipy.special import expit

from analysis.parity.programme import EXACT
from analysis.parity.realised import FEW as FEW_DRAWS
from analysis.parity.realised import MIN_DRAWS
from analysis.parity.single import ROUGHLY
from models.remedies.calibrator_notes import FEW, HIDDEN, MAX_LISTED

MOVED = (
    "Scores are moved so that one half is where each group is decided; how true they "
    "are is for the model before to say."
)

DRAWN, ONE_EACH = "drawn where needed", "one threshold each"
"""Decisions, under the first of which a draw may decide."""


def notes(
    parameters: Mapping[str, Any], hidden: Collection[str] | None = None
) -> tuple[str, ...]:
    """Return sentences on the thresholds, what they give, and who fell back.

    Parameters
    ----------
    parameters : mapping
    hidden : collection of str, optional
        Names of groups whose numbers are withheld; gaps, to which such a group may
        contribute, are then withheld too, and cohorts not named.
    """
    said = [
        *_aim(parameters, hidden),
        *_thresholds(parameters, hidden),
        MOVED,
        *_outcome(parameters, hidden),
        *_fallbacks(parameters, hidden),
        *_one_sided(parameters, hidden),
    ]
    return tuple(said)


def notes_naming_no_group(
    parameters: Mapping[str, Any], hidden: Collection[str] | None
) -> tuple[str, ...]:
    """Return the sentences that do not tell which groups have cuts of their own."""
    return (*_aim(parameters, hidden), *_fallbacks(parameters, hidden))


def listed(told: Sequence[str]) -> str:
    """Return what is told with semicolons between, of many only the first."""
    more = f" and {len(told) - MAX_LISTED} more" if len(told) > MAX_LISTED else ""
    return "; ".join(told[:MAX_LISTED]) + more


def percent(share: float) -> str:
    """Return a share in per cent with one decimal."""
    return f"{100 * share:.1f} %"


def _aim(
    parameters: Mapping[str, Any], hidden: Collection[str] | None
) -> tuple[str, ...]:
    if not parameters["cohort"]:
        return ()
    whom = f"who match '{parameters['cohort']}'" if hidden is None else "aimed at"
    return (f"Only people {whom} are touched; all others keep their decisions.",)


def _thresholds(
    parameters: Mapping[str, Any], hidden: Collection[str] | None
) -> tuple[str, ...]:
    by_group = parameters["by_group"]
    told = [
        f"{name} {HIDDEN if name in (hidden or ()) else where(fit)}"
        for name, fit in by_group.items()
    ]
    rest = "everyone else" if told else "everyone"
    everyone = f"{rest} {where(parameters['everyone'])}"
    own = f"{listed(told)}; {everyone}" if told else everyone
    return (f"Decided positive from a score of: {own}.",)


def where(fit: Mapping[str, Any]) -> str:
    """Return the score from which people are decided positive, in a few words."""
    high, low = fit["cuts"][0], fit["cuts"][-1]
    if high == low:
        return _score(high)
    return f"{_score(low)} to {_score(high)} by lot"


def _score(cut: float) -> str:
    score = float(expit(cut))
    if score >= 1 - EXACT:
        return "above 1 (nobody)"
    return "0 (everybody)" if score <= EXACT else f"{score:.3f}"


def _outcome(
    parameters: Mapping[str, Any], hidden: Collection[str] | None
) -> tuple[str, ...]:
    """Say gaps and costs before, after, and of the choice that was not made."""
    if "before" not in parameters:
        return ()
    chosen = parameters["drawn" if _taken(parameters) == DRAWN else "one_each"]
    if hidden:
        return (
            "Gaps are not shown, as a group that is too small to be shown is among "
            f"them. {_by_lot(chosen)}",
            *_instead_of_draws(parameters),
        )
    before, drawn = parameters["before"], _as_drawn(chosen)
    gaps = " and ".join(
        f"{rate.replace('_', ' ')} from {percent(was)} to "
        f"{_both(percent(gap), percent(drawn['gaps'][place]) if drawn else None)}"
        for place, (rate, was, gap) in enumerate(
            zip(parameters["rates"], before["gaps"], chosen["gaps"], strict=True)
        )
    )
    said = (
        f"On the rows it was fitted on, the gap between groups goes in {gaps}, and the "
        f"cost per person from {before['cost']:.4f} to {_cost(chosen)}. "
        f"{_by_lot(chosen)}"
    )
    return (
        said,
        *_instead_of_draws(parameters),
        *_not_within(chosen, parameters["tolerance"]),
        *_other(parameters),
    )


def _taken(parameters: Mapping[str, Any]) -> str:
    """Return how people are really decided; in older runs as was chosen."""
    return str(parameters.get("taken", parameters["decisions"]))


def _as_drawn(outcome: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what draws come to, where any decide and this is known."""
    return outcome.get("as_drawn") if outcome["by_lot"] > 0 else None


def _both(expected: str, drawn: str | None) -> str:
    """Return a number in expectation and as drawn, or the only one there is."""
    return f"{expected} in expectation ({drawn} as drawn)" if drawn else expected


def _cost(outcome: Mapping[str, Any]) -> str:
    drawn = _as_drawn(outcome)
    return _both(f"{outcome['cost']:.4f}", f"{drawn['cost']:.4f}" if drawn else None)


def _gap(outcome: Mapping[str, Any]) -> str:
    drawn = _as_drawn(outcome)
    return _both(
        percent(max(outcome["gaps"])), percent(max(drawn["gaps"])) if drawn else None
    )


def _by_lot(outcome: Mapping[str, Any]) -> str:
    if outcome["by_lot"] == 0:
        return "Nobody is decided by lot."
    return (
        f"For {percent(outcome['by_lot'])} of people a draw decides, always the same "
        "for the same person; people with equal features and an equal score draw alike."
    )


def _instead_of_draws(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Say why no draws are made where they were chosen."""
    against = parameters.get("against_draws")
    if not against:
        return ()
    why = "the draws, as they fell on these rows, leave a larger gap than was meant"
    if against == FEW_DRAWS:
        why = (
            f"some group has fewer than {MIN_DRAWS} different people between its "
            "thresholds, too few draws for their shares to come near the chances"
        )
    return (f"One threshold for each group is taken instead of draws, as {why}.",)


def _not_within(chosen: Mapping[str, Any], tolerance: float) -> tuple[str, ...]:
    if chosen["is_within"]:
        return ()
    gap = max(chosen["gaps"])
    if tolerance < ROUGHLY and gap <= ROUGHLY + EXACT:
        return (
            "With one threshold for each group, a tolerance of less than "
            f"{percent(ROUGHLY)} counts as that, as a smaller gap is often found only "
            "where nearly everybody is decided alike; a gap of "
            f"{100 * gap:.2f} % remains.",
        )
    return (
        "No thresholds tried, one for each group, come within the tolerance without "
        f"deciding everybody alike; a gap of {percent(gap)} remains.",
    )


def _other(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what the other way to decide would give, where it differs."""
    drawn, single = parameters.get("drawn"), parameters.get("one_each")
    if not drawn or not single or _is_same(drawn, single):
        return ()
    if _taken(parameters) == DRAWN:
        return (
            "With one threshold for each group instead, a gap of "
            f"{percent(max(single['gaps']))} would remain at a cost of "
            f"{single['cost']:.4f}{_against(_as_drawn(drawn))}.{_why(drawn, single)}",
        )
    if drawn["by_lot"] == 0:
        return (
            "The cheapest rule within the tolerance leaves a gap of "
            f"{percent(max(drawn['gaps']))} at a cost of {drawn['cost']:.4f}; it needs "
            f"no draw either, but may decide everybody of a group alike."
            f"{_why(drawn, single)}",
        )
    return (
        f"With draws for {percent(drawn['by_lot'])} of people, the gap would be "
        f"{_gap(drawn)}, at a cost of {_cost(drawn)}.{_why(drawn, single)}",
    )


def _against(drawn: Mapping[str, Any] | None) -> str:
    """Return what one threshold each is to be held against: draws as they fell."""
    if drawn is None:
        return ""
    return f", against {percent(max(drawn['gaps']))} at {drawn['cost']:.4f} as drawn"


def _why(drawn: Mapping[str, Any], single: Mapping[str, Any]) -> str:
    """Say what makes one threshold each the cheaper, where it is."""
    fell = _as_drawn(drawn) or drawn
    if single["cost"] >= fell["cost"] or max(single["gaps"]) <= max(fell["gaps"]):
        return ""
    return " One threshold each costs less only because it leaves the larger gap."


def _is_same(drawn: Mapping[str, Any], single: Mapping[str, Any]) -> bool:
    told = ("gaps", "cost", "by_lot")
    return all(drawn[name] == single[name] for name in told)


def _fallbacks(
    parameters: Mapping[str, Any], hidden: Collection[str] | None
) -> tuple[str, ...]:
    if not parameters["attribute"]:
        return ()
    told = [
        f"'{name}' {FEW if name in (hidden or ()) else why}"
        for name, why in parameters["fell_back"].items()
    ]
    whoever = "A group that had no calibration rows"
    if not told:
        return (f"{whoever} takes {parameters['fallback']}.",)
    takes = "It takes" if len(told) == 1 else "They take"
    return (
        f"{listed(told)}. {takes} {parameters['fallback']}, as does any group that had "
        "no calibration rows.",
    )


def _one_sided(
    parameters: Mapping[str, Any], hidden: Collection[str] | None
) -> tuple[str, ...]:
    alike: Sequence[str] = [
        name for name in parameters["one_sided"] if name not in (hidden or ())
    ]
    if not alike:
        return ()
    return (
        f"Everybody or nobody is decided positive in {listed(alike)}, although both "
        "labels occur: the scores no longer have a say there.",
    )
