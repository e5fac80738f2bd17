"""The further answers of an audit: what the Subgroups page shows beside its table."""

from typing import Any

from analysis import audit_answers as answers
from analysis.audits.presets import four_fifths, law_144
from analysis.audits.quality import quality
from analysis.cohorts import group_of
from analysis.costs import costs_from_text
from analysis.errors import SettingError
from analysis.frame import AuditFrame
from analysis.lookalikes.fares import fares
from analysis.lookalikes.similar import similar_groups
from analysis.lookalikes.suggested import suggested_groups
from analysis.metrics.registry import DECISION_METRICS
from analysis.subgroups.conditional import conditional
from analysis.subgroups.smooth import smooth_curve
from analysis.thresholds.curves import threshold_curves
from analysis.thresholds.outcomes import outcomes
from analysis.thresholds.strategies import STRATEGIES, choose
from models.named import Named
from models.request import Request

Json = dict[str, Any]


def wanted(request: Request, metrics: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the further answers that are asked for.

    Raises
    ------
    SettingError
        They would give away what is hidden, or no metric serves them.
    """
    asked = {
        "conditional": bool(request.controls),
        "along": bool(request.along),
        "strategies": request.strategies,
        "curves": request.curves,
        "preset": bool(request.preset),
        "similar": bool(request.similar),
        "suggested": request.suggest,
        "quality": request.check_quality,
    }
    names = tuple(name for name, is_asked in asked.items() if is_asked)
    if names and request.hide_below > 1:
        raise SettingError(
            f"{', '.join(names)} would give away small groups, which are hidden below "
            f"{request.hide_below:,}. Ask for them without --hide-below."
        )
    moved = [f"--{name}" for name in names if name in ("curves", "strategies")]
    if moved and not _decided(metrics):
        raise SettingError(
            f"{' and '.join(moved)} move thresholds and need a metric of decisions; "
            f"found {', '.join(metrics)}. Add one to --metrics, such as selection_rate."
        )
    return names


def further(
    found: Named, request: Request, metrics: tuple[str, ...], names: tuple[str, ...]
) -> Json:
    """Return the further answers of some names, see `wanted`."""
    return {name: _MADE_BY[name](found, request, metrics) for name in names}


def _decided(metrics: tuple[str, ...]) -> list[str]:
    return [m for m in metrics if m.split(":")[0] in DECISION_METRICS]


def _conditional(found: Named, request: Request, metrics: tuple[str, ...]) -> Json:
    held = conditional(found.shown, request.attributes, request.controls, metrics)
    return answers.conditional_json(held, metrics)


def _along(found: Named, request: Request, metrics: tuple[str, ...]) -> Json:
    values = found.dataset.numbers(request.along, found.shown.row_ids)
    curve = smooth_curve(found.shown, values, metrics[0], span=request.span)
    return answers.curve_json(request.along, curve)


def _strategies(found: Named, request: Request, _: tuple[str, ...]) -> Json:
    explored = found.explored
    curves = threshold_curves(explored, request.attributes)
    costs = costs_from_text(request.costs or "0/1/1/0")
    reported = threshold_curves(found.reported, request.attributes)
    chosen = [choose(curves, name, costs) for name in STRATEGIES]
    seen = [
        outcomes(reported.counts_at(c.thresholds), c.thresholds, costs) for c in chosen
    ]
    rows = len(explored), len(found.reported)
    return answers.choices_json(curves.names, chosen, seen, rows)


def _curves(found: Named, request: Request, metrics: tuple[str, ...]) -> Json:
    curves = threshold_curves(found.explored, request.attributes)
    return answers.thresholds_json(curves, _decided(metrics))


def _preset(found: Named, request: Request, _: tuple[str, ...]) -> list[Json]:
    attributes = request.attributes
    if request.preset == "four_fifths":
        table = four_fifths(found.shown, attributes, request.favourable)
        return [answers.impact_json(table)]
    if len(attributes) != 2:
        raise SettingError(
            "Local Law 144 compares by sex and by race or ethnicity; attributes "
            f"named: {len(attributes)}. Name the two in this order, such as: "
            "--groups sex,race"
        )
    kinds = ("selection", "scoring")
    tables = [
        table
        for kind in kinds
        for table in law_144(
            found.shown, *attributes, kind, favourable=request.favourable
        )
    ]
    return [answers.impact_json(table) for table in tables]


def _similar(found: Named, request: Request, metrics: tuple[str, ...]) -> Json:
    near = similar_groups(_frame(found), group_of(request.similar))
    return answers.similar_json(near, fares(found.shown, near, metrics[0]))


def _suggested(found: Named, request: Request, metrics: tuple[str, ...]) -> Json:
    suggested = suggested_groups(
        found.shown, _frame(found).features, metrics[0], clusters=request.clusters
    )
    return answers.suggested_json(suggested)


def _quality(found: Named, _: Request, __: tuple[str, ...]) -> Json:
    return answers.quality_json(quality(found.dataset.frame))


def _frame(found: Named) -> AuditFrame:
    return found.dataset.frame.take(found.dataset.positions(found.shown.row_ids))


_MADE_BY = {
    "conditional": _conditional,
    "along": _along,
    "strategies": _strategies,
    "curves": _curves,
    "preset": _preset,
    "similar": _similar,
    "suggested": _suggested,
    "quality": _quality,
}
