"""A calibration as it is asked for without a browser: fit, then report elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.answers import (
    flips_json,
    groups_of,
    number,
    overall_json,
    paired_json,
)
from analysis.calibration.guard import guard
from analysis.errors import SettingError
from analysis.evaluation import Evaluation, Scores, Threshold, evaluate
from analysis.privacy.cohort import refuse_few
from analysis.privacy.withheld import hidden_groups, hidden_on_any
from analysis.subgroups.disaggregate import Disaggregation, disaggregate
from analysis.subgroups.listing import Listing
from models.evaluations import in_view, within_cohort
from models.named import Source
from models.names import joined, split
from models.recipe import Stage
from models.remedies import REMEDIES
from models.remedies.chain import stage
from models.remedies.fitting import fitted_on, notes_of
from models.remedies.settings import settings_of
from models.rescore import posthoc_of
from models.sides import HALF, RANKED, Sides, sides_of_run, sides_of_score
from models.store import Store
from models.surroundings import surroundings_of

Json = dict[str, Any]

BESIDE = ("expected_calibration_error", "auroc")
"""Given beside the losses, without a paired interval."""


@dataclass(frozen=True)
class Calibration:
    """What is asked for.

    Parameters
    ----------
    stage : Stage
        A remedy of scores with its settings.
    groups : tuple of str
        Attributes to report by; empty for everyone only.
    threshold : float or None
        Of decisions, before and after; None for the score's own.
    is_ranked : bool
        Whether a raw score is turned into ranks first.
    report : 'test' or 'validation'
        Rows of a run to report on.
    cohort, positive : str
        Whom to report on, and the class in view; empty for all and the last one.
    hide_below : int
        Smallest group that is shown.
    """

    stage: Stage
    groups: tuple[str, ...] = ()
    threshold: float | None = None
    is_ranked: bool = False
    report: str = "test"
    cohort: str = ""
    positive: str = ""
    hide_below: int = 0


def posthoc_stage(
    method: str, by: tuple[str, ...], settings: Mapping[str, Any]
) -> Stage:
    """Return the stage of a remedy that changes scores.

    Parameters
    ----------
    method : str
    by : tuple of str
        Attributes to fit by; given to the remedy as its `attribute`.
    settings : mapping
        As they were typed.

    Raises
    ------
    SettingError
        There is no such remedy, it trains anew, or a setting is wrong.
    """
    known = [name for name, kind in REMEDIES.items() if kind.kind == "posthoc"]
    if method not in known:
        raise SettingError(
            f"'{method}' does not change scores; choose one of {', '.join(known)}."
        )
    if by and not any(s.name == "attribute" for s in settings_of(REMEDIES[method])):
        raise SettingError(
            f"'{REMEDIES[method].title}' is fitted to everyone alike, not by group. "
            "Leave --by out, and name the groups to report with --groups."
        )
    attribute = {"attribute": joined(by)} if by else {}
    return stage(method, **attribute, **settings)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a fit did on the rows that it was not fitted on.

    Parameters
    ----------
    before, after : Evaluation
        The same rows, in the view that was asked for.
    n_fit : int
        Rows fitted on.
    notes : tuple of str
        What was fitted, and how the rows are decided.
    """

    before: Evaluation
    after: Evaluation
    n_fit: int
    notes: tuple[str, ...]


def outcome(store: Store, source: Source, asked: Calibration) -> Outcome:
    """Fit a remedy of scores and score rows that it was not fitted on.

    A run is fitted on its calibration rows and reported on its test or validation
    rows; a score that came with a table on two random halves.

    Raises
    ------
    AuditError
        The remedy cannot be fitted to this, or what is asked does not exist.
    """
    sides = _sides(store, source, asked)
    around = surroundings_of(store, source.dataset, source.run)
    fitted = fitted_on(posthoc_of(asked.stage), sides.scorer, sides.fit, around)
    cut = source.threshold if asked.threshold is None else asked.threshold
    cuts = sides.threshold(cut), HALF if sides.ranks else cut
    before, after = (
        _shown(scorer.score(sides.report), at, sides, source, asked)
        for scorer, at in zip((sides.scorer, fitted), cuts, strict=True)
    )
    refuse_few(before, asked.cohort, asked.hide_below)
    refuse_few(after, asked.cohort, asked.hide_below)
    said = (*notes_of(fitted.parameters(), _hidden(sides, asked)),)
    said += (RANKED.format(cut),) if sides.ranks else ()
    return Outcome(before, after, len(sides.fit), said)


def calibrated(store: Store, source: Source, asked: Calibration) -> Json:
    """Return what a fit did as JSON types; see `outcome`."""
    found = outcome(store, source, asked)
    return {
        "method": asked.stage.remedy,
        "settings": dict(asked.stage.settings),
        "n_fit": found.n_fit,
        "n_report": len(found.before),
        **_told(found.before, found.after, asked),
        "notes": [*source.dataset.notes, *found.notes],
    }


def _hidden(sides: Sides, asked: Calibration) -> set[str] | None:
    """Return the groups too small to be named among those fitted on; None for any."""
    attribute = str(asked.stage.settings.get("attribute", ""))
    if asked.hide_below < 2:
        return None
    if not attribute:
        return set()
    fit = evaluate("", sides.fit, sides.scorer.score(sides.fit), Threshold(HALF))
    by = split(attribute)
    withheld = hidden_groups(fit, Listing((by,)), asked.hide_below)
    names = fit.grouping(by).names
    return {name for name, is_hidden in zip(names, withheld, strict=True) if is_hidden}


def _sides(store: Store, source: Source, asked: Calibration) -> Sides:
    if source.run is None:
        return sides_of_score(source.dataset, is_ranked=asked.is_ranked)
    return sides_of_run(store, source.run, source.dataset, asked.report)


def _shown(
    scores: Scores, cut: float, sides: Sides, source: Source, asked: Calibration
) -> Evaluation:
    """Return scores of the rows to report on, in the view that was asked for."""
    title = source.dataset.task.title
    whole = evaluate(title, sides.report, scores, Threshold(cut))
    shown = in_view(whole, asked.positive)
    return within_cohort(shown, source.dataset, asked.cohort)


def _told(before: Evaluation, after: Evaluation, asked: Calibration) -> Json:
    """Return losses and errors before and after, overall and by group, and advice."""
    found = guard(before, after, asked.groups, asked.hide_below)
    hidden = hidden_on_any((before, after), asked.groups, asked.hide_below)
    hides = asked.hide_below > 1
    errors = [
        disaggregate(side, asked.groups, BESIDE, hidden) for side in (before, after)
    ]
    groups = groups_of(before, asked.groups)
    parts = [paired_json(part, groups) for part in (found.losses, found.rates)]
    overall = _apart([part["overall"] for part in parts])
    for end, table in zip(("before", "after"), errors, strict=True):
        overall[end] |= overall_json(table.overall)
    flipped = flips_json("", found.flips.overall(), [{}])[0]
    return {
        **overall,
        "advice": found.advice,
        "recommended": found.is_recommended,
        "harmed": list(found.harmed),
        # one person's number: not while small groups are hidden
        "largest_move": number(np.nan if hides else found.largest_move),
        "decisions": {k: flipped[k] for k in ("newly_right", "newly_wrong", "changed")},
        "groups": [
            _group([part["groups"][g] for part in parts], errors, g)
            for g in range(len(groups))
            if asked.groups
        ],
    }


def _group(parts: list[Json], errors: list[Disaggregation], g: int) -> Json:
    """Return one group, n first, its numbers apart by before, after and change."""
    told: Json = _apart([part["metrics"] for part in parts])
    for end, table in zip(("before", "after"), errors, strict=True):
        told[end] |= {m: e.at(g).to_json() for m, e in table.by_group.items()}
    named = {name: parts[0].get(name) for name in ("group", "hidden")}
    first: Json = {name: value for name, value in named.items() if value is not None}
    n = errors[0].n[g]
    return {**first, "n": None if np.isnan(n) else int(n), **told}


def _apart(parts: list[Json]) -> Json:
    """Return {metric: {before, after, change}} as {before: {metric: ...}, ...}."""
    joined = {m: found for part in parts for m, found in part.items()}
    return {
        end: {m: found[end] for m, found in joined.items()}
        for end in ("before", "after", "change")
    }
