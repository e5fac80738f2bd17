"""An audit as it is asked for without a browser: what the Subgroups page shows."""

from dataclasses import dataclass
from typing import Any

from analysis import audit_answers as answers
from analysis.answers import audit_json
from analysis.audits.presets import four_fifths, law_144
from analysis.audits.quality import quality
from analysis.cohorts import group_of
from analysis.costs import costs_from_text
from analysis.errors import SettingError
from analysis.evaluation import Evaluation, GroupThresholds
from analysis.frame import AuditFrame
from analysis.lookalikes.similar import similar_groups
from analysis.lookalikes.suggested import suggested_groups
from analysis.metrics.registry import DECISION_METRICS, metric_named, usable_metrics
from analysis.subgroups.conditional import conditional
from analysis.subgroups.disaggregate import disaggregate
from analysis.subgroups.fairness import members_of
from analysis.subgroups.inequality import between_group_entropy, equity_scaled
from analysis.subgroups.listing import listing
from analysis.subgroups.smooth import smooth_curve
from analysis.subgroups.tabulate import Options, group_table
from analysis.thresholds.curves import threshold_curves
from analysis.thresholds.strategies import STRATEGIES, choose
from models.evaluations import in_view, within_cohort
from models.named import Named

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


@dataclass(frozen=True)
class Request:
    """What to look at, and which of the page's further answers to add.

    Parameters
    ----------
    attributes : tuple of str
        Crossed in full, or up to `depth` at once.
    metrics : tuple of str
        Metrics, or named differences and ratios of them; empty for `AUDITED`.
    depth : int or None
    reference : str
        A group to compare with, as a rule over attributes; empty for everyone else.
    cohort, positive : str
        Rule of the rows looked at; class in view. Empty for all, and the task's own.
    group_thresholds : tuple of (str, tuple of float) or None
        An attribute and one threshold per group, in the order of its names.
    costs : str
        Cost matrix of `expected_cost`, such as '0/1/5/0'; empty for 0/1/1/0.
    hide_below : int
        Groups of fewer people are withheld.
    strength, gap : float
        Of the shrinkage; difference for which the rows needed are given.
    controls : tuple of str
        Attributes held fixed.
    along : str
        Numeric column along which the first metric is drawn.
    similar : str
        A group, as a rule, whose neighbours are wanted.
    strategies, curves, suggest, check_quality : bool
        Thresholds of every strategy; metrics over all thresholds; suggested groups;
        groups whose data differ.
    preset : str
        'four_fifths' or 'law_144'; empty for none.
    """

    attributes: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    depth: int | None = None
    reference: str = ""
    cohort: str = ""
    positive: str = ""
    group_thresholds: tuple[str, tuple[float, ...]] | None = None
    costs: str = ""
    hide_below: int = 0
    strength: float = 1.0
    gap: float = 0.05
    controls: tuple[str, ...] = ()
    along: str = ""
    similar: str = ""
    strategies: bool = False
    curves: bool = False
    suggest: bool = False
    check_quality: bool = False
    preset: str = ""


def audit(found: Named, request: Request) -> Json:
    """Return everything that was asked of what a name stands for.

    Raises
    ------
    AuditError
        What is asked cannot be had.
    """
    found = _looked_at(found, request)
    shown = found.shown
    asked = _with_costs(request, shown)
    metrics = _metrics(asked, shown)
    table = group_table(
        shown,
        listing(shown, request.attributes, request.depth),
        metrics,
        Options(
            group_of(request.reference) if request.reference else None,
            request.strength,
            request.hide_below,
        ),
    )
    members = tuple(dict.fromkeys(m for name in asked for m in members_of(name)))
    whole = disaggregate(
        shown, request.attributes, members or metrics, request.hide_below
    )
    return {
        "n": len(shown),
        "threshold": getattr(shown.rule, "value", None),
        "class": shown.classes[shown.view],
        "reference": dict(table.reference) if table.reference else None,
        **audit_json(whole, metrics, asked),
        "groups": answers.groups_json(table, metrics, request.gap),
        **_evenness(shown, request, metrics),
        **_extras(found, request, metrics),
        "notes": list(found.notes),
    }


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
        raise SettingError(
            f"{len(values)} thresholds are given for the {len(names)} groups of "
            f"{attribute}; give one for each of {', '.join(names)}, in this order."
        )
    return GroupThresholds(attribute, values)


def _with_costs(request: Request, shown: Evaluation) -> tuple[str, ...]:
    """Return the metrics asked for, the expected cost under the costs in force."""
    if not request.costs:
        return request.metrics
    name = f"expected_cost:{costs_from_text(request.costs)}"
    usable = usable_metrics(AUDITED, shown.is_probability)
    given = request.metrics or (*usable, "expected_cost")
    return tuple(name if m == "expected_cost" else m for m in given)


def _metrics(asked: tuple[str, ...], shown: Evaluation) -> tuple[str, ...]:
    if not asked:
        return usable_metrics(AUDITED, shown.is_probability)
    named = (m for name in asked for m in members_of(name))
    return tuple(dict.fromkeys(metric_named(name).name for name in named))


def _evenness(shown: Evaluation, request: Request, metrics: tuple[str, ...]) -> Json:
    """Return the one-number summaries over the groups; none of hidden groups."""
    if not request.attributes or request.hide_below > 1:
        return {}
    scaled = [
        m
        for m in metrics
        if metric_named(m).better == "high" and metric_named(m).bounds[1] == 1
    ]
    return {
        "equity_scaled": {
            m: equity_scaled(shown, request.attributes, m).to_json() for m in scaled
        },
        "between_group_entropy": between_group_entropy(
            shown, request.attributes
        ).to_json(),
    }


def _extras(found: Named, request: Request, metrics: tuple[str, ...]) -> Json:
    """Return the further answers that were asked for."""
    wanted = {
        "conditional": (bool(request.controls), _conditional),
        "along": (bool(request.along), _along),
        "strategies": (request.strategies, _strategies),
        "curves": (request.curves, _curves),
        "preset": (bool(request.preset), _preset),
        "similar": (bool(request.similar), _similar),
        "suggested": (request.suggest, _suggested),
        "quality": (request.check_quality, _quality),
    }
    asked = [name for name, (is_wanted, _) in wanted.items() if is_wanted]
    if asked and request.hide_below > 1:
        raise SettingError(
            f"{', '.join(asked)} would give away small groups, which are hidden below "
            f"{request.hide_below}. Ask for them without --hide-below."
        )
    return {name: wanted[name][1](found, request, metrics) for name in asked}


def _conditional(found: Named, request: Request, metrics: tuple[str, ...]) -> Json:
    held = conditional(found.shown, request.attributes, request.controls, metrics)
    return answers.conditional_json(held, metrics)


def _along(found: Named, request: Request, metrics: tuple[str, ...]) -> Json:
    values = found.dataset.numbers(request.along, found.shown.row_ids)
    curve = smooth_curve(found.shown, values, metrics[0])
    return answers.curve_json(request.along, curve)


def _strategies(found: Named, request: Request, _: tuple[str, ...]) -> Json:
    explored = found.explored
    curves = threshold_curves(explored, request.attributes)
    costs = costs_from_text(request.costs or "0/1/1/0")
    chosen = [choose(curves, name, costs) for name in STRATEGIES]
    return answers.choices_json(curves.names, chosen, len(explored))


def _curves(found: Named, request: Request, metrics: tuple[str, ...]) -> Json:
    curves = threshold_curves(found.explored, request.attributes)
    usable = [m for m in metrics if m.split(":")[0] in DECISION_METRICS]
    return answers.thresholds_json(curves, usable)


def _preset(found: Named, request: Request, _: tuple[str, ...]) -> list[Json]:
    attributes = request.attributes
    if request.preset == "four_fifths":
        return [answers.impact_json(four_fifths(found.shown, attributes))]
    if len(attributes) != 2:
        raise SettingError(
            "Local Law 144 compares by sex and by race or ethnicity; attributes "
            f"named: {len(attributes)}. Name the two in this order, such as: "
            "--groups sex,race"
        )
    kinds = ("selection", "scoring")
    tables = [t for kind in kinds for t in law_144(found.shown, *attributes, kind)]
    return [answers.impact_json(table) for table in tables]


def _similar(found: Named, request: Request, _: tuple[str, ...]) -> Json:
    frame = _frame(found)
    least = max(30, request.hide_below)
    group = group_of(request.similar)
    return answers.similar_json(similar_groups(frame, group, min_rows=least))


def _suggested(found: Named, request: Request, metrics: tuple[str, ...]) -> Json:
    frame = _frame(found)
    least = max(30, request.hide_below)
    suggested = suggested_groups(
        found.shown, frame.features, metrics[0], min_rows=least
    )
    return answers.suggested_json(suggested)


def _frame(found: Named) -> AuditFrame:
    return found.dataset.frame.take(found.dataset.positions(found.shown.row_ids))


def _quality(found: Named, request: Request, _: tuple[str, ...]) -> Json:
    return answers.quality_json(quality(found.dataset.frame))
