"""An audit as it is asked for without a browser: what the Subgroups page shows."""

from dataclasses import dataclass
from typing import Any

from analysis.answers import gaps_json, overall_json
from analysis.audit_answers import groups_json
from analysis.cohorts import group_of
from analysis.costs import costs_from_text
from analysis.errors import SettingError
from analysis.evaluation import Evaluation, GroupThresholds
from analysis.metrics.registry import metric_named, usable_metrics
from analysis.privacy.cohort import refuse_few
from analysis.privacy.withheld import Published, published
from analysis.subgroups.disaggregate import disaggregate
from analysis.subgroups.fairness import members_of
from analysis.subgroups.inequality import between_group_entropy, equity_scaled
from analysis.subgroups.listing import Listing, listing
from analysis.subgroups.tabulate import Options, group_table
from models.evaluations import in_view, within_cohort
from models.further import further, wanted
from models.named import Named
from models.request import Request

Json = dict[str, Any]

AUDITED = (
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "false_negative_rate",
    "true_negative_rate",
    "precision",
    "accuracy",
    "error_rate",
    "balanced_accuracy",
    "f1",
    "auroc",
    "brier_score",
    "log_loss",
    "expected_calibration_error",
)
"""What is given when no metric is named."""

COARSE = (
    "There are too many intersections to tell which of them can be shown beside their "
    "margins: all groups of two or more attributes are withheld for privacy."
)

NAMED_AT_MOST = 10


def audit(found: Named, request: Request) -> Json:
    """Return everything that was asked of what a name stands for.

    With a depth, gaps, ratios and worst groups are given by crossing, and those of
    the full crossing where it is listed.

    Raises
    ------
    AuditError
        What is asked cannot be had.
    """
    found = _looked_at(found, request)
    shown = found.shown
    refuse_few(shown, request.cohort, request.hide_below)
    asked = _with_costs(request, shown)
    metrics = _metrics(asked, shown)
    names = wanted(request, metrics)
    listed = listing(shown, request.attributes, request.depth)
    together = published(shown, listed.crossed, request.hide_below)
    view = _View(shown, listed, together, asked, metrics)
    overall = disaggregate(shown, (), metrics).overall
    return {
        "n": len(shown),
        "threshold": getattr(shown.rule, "value", None),
        "class": shown.classes[shown.view],
        "reference": group_of(request.reference) if request.reference else None,
        "overall": overall_json(overall),
        **_apart(view, request),
        "groups": _groups(view, request),
        **further(found, request, metrics, names),
        "notes": [*found.notes, *([COARSE] if together.is_coarse else [])],
    }


@dataclass(frozen=True)
class _View:
    """Whose groups are compared, and by what.

    Parameters
    ----------
    shown : Evaluation
    listed : Listing
    together : Published
        What of the listed groups is hidden.
    asked, metrics : tuple of str
        Metrics and measures as they were named; the metrics behind them.
    """

    shown: Evaluation
    listed: Listing
    together: Published
    asked: tuple[str, ...]
    metrics: tuple[str, ...]


def _looked_at(found: Named, request: Request) -> Named:
    """Return the cohort, class and rule that were asked for."""

    def change(evaluation: Evaluation) -> Evaluation:
        chosen = within_cohort(evaluation, found.dataset, request.cohort)
        chosen = in_view(chosen, request.positive)
        if request.group_thresholds is None:
            return chosen
        return chosen.decided_by(_group_rule(chosen, *request.group_thresholds))

    return found.changed(change)


def _group_rule(
    evaluation: Evaluation, attribute: str, values: tuple[float, ...]
) -> GroupThresholds:
    names = evaluation.grouping((attribute,)).names
    if len(names) != len(values):
        given = "threshold is" if len(values) == 1 else "thresholds are"
        has = "group" if len(names) == 1 else "groups"
        more = " and so on" if len(names) > NAMED_AT_MOST else ""
        raise SettingError(
            f"{len(values):,} {given} given for the {len(names):,} {has} of "
            f"{attribute}; give one for each of {', '.join(names[:NAMED_AT_MOST])}"
            f"{more}, in this order."
        )
    return GroupThresholds(attribute, values)


def _with_costs(request: Request, shown: Evaluation) -> tuple[str, ...]:
    """Return the metrics asked for, the expected cost under the costs in force."""
    if not request.costs:
        return request.metrics
    name = f"expected_cost:{costs_from_text(request.costs)}"
    usable = usable_metrics(AUDITED, shown.is_probability)
    given = request.metrics or (*usable, "expected_cost")
    if "expected_cost" not in given and not request.strategies:
        raise SettingError(
            f"The costs {request.costs} change none of {', '.join(given)}. Add "
            "expected_cost to --metrics, ask for --strategies, or leave --costs out."
        )
    return tuple(name if m == "expected_cost" else m for m in given)


def _metrics(asked: tuple[str, ...], shown: Evaluation) -> tuple[str, ...]:
    if not asked:
        return usable_metrics(AUDITED, shown.is_probability)
    named = (m for name in asked for m in members_of(name))
    return tuple(dict.fromkeys(metric_named(name).name for name in named))


def _groups(view: _View, request: Request) -> list[Json]:
    """Return every listed group."""
    options = Options(
        reference=group_of(request.reference) if request.reference else None,
        strength=request.strength,
        hidden=view.together.listed(view.listed),
    )
    table = group_table(view.shown, view.listed, view.metrics, options)
    return groups_json(table, view.metrics, request.gap)


def _apart(view: _View, request: Request) -> Json:
    """Return how far groups lie apart, in full and, with a depth, by crossing."""
    by_crossing = {c: _of_crossing(view, c, request) for c in view.listed.crossed}
    full = tuple(dict.fromkeys(request.attributes))
    nothing: Json = {"gaps": {}, "ratios": {}, "worst": {}}
    answer = dict(by_crossing.get(full, nothing))
    if request.depth is not None:
        answer["by_crossing"] = [
            {"attributes": list(crossed), **found}
            for crossed, found in by_crossing.items()
        ]
    return answer


def _of_crossing(view: _View, crossed: tuple[str, ...], request: Request) -> Json:
    hidden = view.together.of(crossed)
    table = disaggregate(view.shown, crossed, view.metrics, hidden)
    found = gaps_json(table, view.metrics, view.asked)
    if not crossed or request.hide_below > 1:
        return found  # one number over all groups tells of the hidden ones
    return found | _evenness(view, crossed)


def _evenness(view: _View, crossed: tuple[str, ...]) -> Json:
    """Return the one-number summaries over the groups."""
    named = {m: metric_named(m) for m in view.metrics}
    scaled = [m for m, x in named.items() if x.better == "high" and x.bounds[1] == 1]
    return {
        "equity_scaled": {
            m: equity_scaled(view.shown, crossed, m).to_json() for m in scaled
        },
        "between_group_entropy": between_group_entropy(view.shown, crossed).to_json(),
    }
