"""Records as JSON types, in the shapes that the command line promises."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from analysis.attribution.attribution import Attribution
from analysis.compare import Flips, PairedComparison
from analysis.estimates import Estimate
from analysis.evaluation import Evaluation
from analysis.subgroups.disaggregate import Disaggregation
from analysis.verdict import alarms

Json = dict[str, Any]


def groups_of(
    evaluation: Evaluation, attributes: tuple[str, ...]
) -> list[dict[str, str]]:
    """Return what each group of an intersection is, in the order of its codes."""
    if not attributes:
        return [{}]
    evaluation.grouping(attributes)  # refuses unknown attributes and too many groups
    names = (evaluation.groups[a].names for a in attributes)
    return [dict(zip(attributes, values, strict=True)) for values in product(*names)]


def overall_json(overall: Mapping[str, Estimate]) -> Json:
    """Return metrics over everyone."""
    return {metric: estimate.to_json() for metric, estimate in overall.items()}


def gaps_json(
    table: Disaggregation, metrics: Sequence[str], asked: Sequence[str]
) -> Json:
    """Return gaps, ratios and worst groups.

    Parameters
    ----------
    table : Disaggregation
    metrics : sequence of str
        Metrics to give the worst group of.
    asked : sequence of str
        Metrics and named differences or ratios; empty for all that the table has.
    """
    gaps = [name for name in table.gaps if not asked or name in asked]
    ratios = [n for n in table.ratios if not asked or n in asked]
    return {
        "gaps": {name: table.gaps[name].to_json() for name in gaps},
        "ratios": {name: table.ratios[name].to_json() for name in ratios},
        "worst": {m: table.worst[m].to_json() for m in metrics if m in table.worst},
    }


def attribution_json(result: Attribution) -> Json:
    """Return a split of a change."""
    return {
        "metric": result.metric,
        "source": result.source.to_json(),
        "target": result.target.to_json(),
        "change": result.change.to_json(),
        "parts": [
            {"component": p.component, **_ends(p.value, p.low, p.high)}
            for p in result.parts
        ],
        "residual": number(result.residual),
        "effective_sample_size": result.effective_sample_size,
        "warnings": list(result.warnings),
    }


def paired_json(result: PairedComparison, groups: list[dict[str, str]]) -> Json:
    """Return before, after and change, overall and by group."""
    before, after = result.before, result.after
    return {
        "overall": {
            metric: {
                "before": before.overall[metric].to_json(),
                "after": after.overall[metric].to_json(),
                "change": change.to_json(),
            }
            for metric, change in result.overall.items()
        },
        "groups": [
            {
                "group": group,
                **_hidden(bool(result.hidden[g])),
                "metrics": {m: _change(result, m, g) for m in result.change},
            }
            for g, group in enumerate(groups)
        ],
    }


def flips_json(run: str, flipped: Flips, groups: list[dict[str, str]]) -> list[Json]:
    """Return the rows of each group whose decision changed."""
    return [
        {
            "run": run,
            "group": group,
            **_hidden(bool(flipped.hidden[g])),
            "n": _whole(flipped.n[g]),
            "newly_right": _whole(flipped.newly_right[g]),
            "newly_wrong": _whole(flipped.newly_wrong[g]),
            "changed": flipped.changed.at(g).to_json(),
        }
        for g, group in enumerate(groups)
    ]


def harmed_json(
    run: str, result: PairedComparison, groups: list[dict[str, str]]
) -> list[Json]:
    """Return every group and metric that surely got worse."""
    by_name = dict(zip(result.names, groups, strict=True))
    return [
        {"run": run, "group": by_name[name], "metric": metric}
        for name, metric in result.harmed
    ]


def _change(result: PairedComparison, metric: str, g: int) -> Json:
    change = result.change[metric]
    return {
        "before": result.before.by_group[metric].at(g).to_json(),
        "after": result.after.by_group[metric].at(g).to_json(),
        "change": change.estimates.at(g).to_json(),
        "q_value": number(float(change.q_value[g])),
    }


def _hidden(is_hidden: bool) -> Json:
    """Return the mark of a group withheld for privacy; nothing for any other."""
    return {"hidden": True} if is_hidden else {}


def _whole(rows: float) -> int | None:
    return None if np.isnan(rows) else int(rows)


def _ends(value: float, low: float, high: float) -> Json:
    ends = Estimate(value, low, high, 0).to_json()
    del ends["n"]
    return ends


def number(value: float) -> float | None:
    """Return a number as JSON, None where it is undefined or infinite."""
    return float(value) if np.isfinite(value) else None


def alarms_json(shown: Evaluation) -> list[Json]:
    """Return where a model decides one class for everyone, or for a whole group.

    `groups` is empty for everyone; `by` is then, too.
    """
    found = alarms(shown, (), np.zeros(1, dtype=bool))
    if found:
        return [{"decided": found[0].decided, "by": "", "groups": []}]
    return [
        {"decided": alarm.decided, "by": name, "groups": list(alarm.groups)}
        for name, grouping in shown.groups.items()
        for alarm in alarms(shown, (name,), np.zeros(len(grouping.names), dtype=bool))
    ]
