"""What an audit found beyond the table of metrics, as JSON types."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.answers import number
from analysis.arrays import Floats
from analysis.audits.presets import ImpactTable
from analysis.audits.quality import Quality
from analysis.estimates import Estimates
from analysis.lookalikes.fares import Fares
from analysis.lookalikes.similar import Similar
from analysis.lookalikes.suggested import Suggestions
from analysis.subgroups.conditional import Conditional
from analysis.subgroups.group_table import GroupTable
from analysis.subgroups.smooth import SmoothCurve
from analysis.thresholds.curves import ThresholdCurves
from analysis.thresholds.outcomes import Outcomes
from analysis.thresholds.strategies import STRATEGIES, Choice

Json = dict[str, Any]


def groups_json(table: GroupTable, metrics: Sequence[str], gap: float) -> list[Json]:
    """Return every group with its metrics, contrasts, pooled values and power."""
    needed = {m: table.columns[m].rows_needed(gap) for m in metrics}
    return [
        {
            "group": dict(group),
            "n": None if table.hidden[g] else int(table.n[g]),
            "effective_n": number(table.effective_n[g]),
            "hidden": bool(table.hidden[g]),
            "metrics": {m: table.columns[m].own.at(g).to_json() for m in metrics},
            "contrasts": {
                m: _contrast(table, m, g) | {"rows_needed": number(needed[m][g])}
                for m in metrics
            },
        }
        for g, group in enumerate(table.groups)
    ]


def conditional_json(found: Conditional, metrics: Sequence[str]) -> Json:
    """Return groups within levels of the controls, and standardised over them."""
    return {
        "controls": list(found.controls),
        "levels": [
            {
                "level": level,
                "n": number(float(np.nansum(table.n))),
                "groups": by_name(found.names, {m: table.by_group[m] for m in metrics}),
                "gaps": {m: table.gaps[m].to_json() for m in metrics},
            }
            for level, table in zip(found.levels, found.within, strict=True)
        ],
        "standardised": by_name(found.names, found.standardised),
        "gaps": {m: gap.to_json() for m, gap in found.gaps.items()},
    }


def by_name(names: Sequence[str], columns: Mapping[str, Estimates]) -> list[Json]:
    """Return estimates by group name."""
    return [
        {"name": name, "metrics": {m: e.at(g).to_json() for m, e in columns.items()}}
        for g, name in enumerate(names)
    ]


def curve_json(column: str, curve: SmoothCurve) -> Json:
    """Return a metric along a number."""
    return {
        "column": column,
        "metric": curve.metric,
        "span": curve.span,
        "n": curve.n,
        "missing": curve.missing,
        "overall": curve.overall.to_json(),
        "points": [
            {"at": number(x), **curve.estimates.at(i).to_json()}
            for i, x in enumerate(curve.x)
        ],
    }


def thresholds_json(curves: ThresholdCurves, metrics: Sequence[str]) -> Json:
    """Return metrics by group over the threshold."""
    at = curves.grid()
    answer: Json = {"thresholds": [number(t) for t in at], "groups": []}
    drawn = {m: curves.metric_curve(m, at) for m in metrics}
    for g, name in enumerate(curves.names):
        values = {
            m: {
                end: _numbers(getattr(curve, end)[g])
                for end in ("value", "low", "high")
            }
            for m, curve in drawn.items()
        }
        answer["groups"].append({"name": name, "metrics": values})
    return answer


def choices_json(
    names: Sequence[str],
    choices: Sequence[Choice],
    seen: Sequence[Outcomes],
    rows: tuple[int, int],
) -> Json:
    """Return the thresholds that each strategy chose, and what they do.

    Parameters
    ----------
    names : sequence of str
    choices : sequence of Choice
    seen : sequence of Outcomes
        Of the same strategies.
    rows : (int, int)
        Rows that thresholds were chosen on, and that outcomes are of.
    """
    return {
        "n": rows[0],
        "n_report": rows[1],
        "strategies": [
            {
                "strategy": choice.strategy,
                "title": STRATEGIES[choice.strategy].title,
                "thresholds": dict(
                    zip(names, _numbers(choice.thresholds), strict=True)
                ),
                "expected_cost": choice.cost.to_json(),
                "remaining_gap": choice.gap.to_json(),
                "overall": {m: e.to_json() for m, e in outcome.overall.items()},
                "groups": by_name(names, outcome.by_group),
                "note": choice.note,
            }
            for choice, outcome in zip(choices, seen, strict=True)
        ],
    }


def impact_json(table: ImpactTable) -> Json:
    """Return an impact-ratio table."""
    return {
        "attributes": list(table.attributes),
        "measure": table.measure,
        "favourable": table.favourable,
        "unknown": list(table.unknown),
        "median": number(table.median),
        "left_out": table.left_out,
        "categories": [
            {
                "category": name,
                "n": int(table.n[g]),
                "selected": int(table.selected[g]),
                "share": number(table.share[g]),
                "rate": table.rates.at(g).to_json(),
                "impact_ratio": table.ratios.at(g).to_json(),
                "excludable": bool(table.is_small[g]),
                "below_four_fifths": bool(table.is_below[g]),
                "surely_below": bool(table.is_surely_below[g]),
            }
            for g, name in enumerate(table.names)
        ],
    }


def quality_json(found: Quality) -> Json:
    """Return the groups whose data differ."""
    notes = [
        {
            "kind": note.kind,
            "attribute": note.attribute,
            "group": note.group,
            "inside": note.inside.to_json(),
            "outside": note.outside.to_json(),
            "difference": note.difference.to_json(),
            "q_value": number(note.q_value),
            "sentence": note.sentence,
        }
        for note in found.notes
    ]
    return {"compared": found.compared, "notes": notes}


def similar_json(found: Similar, fared: Fares) -> Json:
    """Return the neighbours of a group, and how they fare beside it."""
    return {
        "group": dict(found.group),
        "n": found.n,
        "too_small": found.too_small,
        "metric": fared.metric,
        "estimate": fared.own.to_json(),
        "neighbours": [
            {
                "group": dict(one.group),
                "n": one.n,
                "kind": one.kind,
                "distance": number(one.distance),
                "by_chance": number(one.by_chance),
                "beyond_chance": number(one.beyond_chance),
                "estimate": fared.others.at(i).to_json(),
                "difference": fared.difference.at(i).to_json(),
                "q_value": number(fared.q_value[i]),
            }
            for i, one in enumerate(found.neighbours)
        ],
    }


def suggested_json(found: Suggestions) -> Json:
    """Return suggested groups."""
    return {
        "metric": found.metric,
        "clusters": found.clusters,
        "rows_fitted": found.rows_fitted,
        "seed": found.seed,
        "suggestions": [
            {
                "rule": str(one.cohort),
                "n": one.n,
                "estimate": one.estimate.to_json(),
                "rest": one.rest.to_json(),
                "difference": one.difference.to_json(),
                "q_value": number(one.q_value),
            }
            for one in found.suggestions
        ],
    }


def _contrast(table: GroupTable, metric: str, g: int) -> Json:
    column = table.columns[metric]
    return {
        "difference": column.difference.at(g).to_json(),
        "ratio": column.ratio.at(g).to_json(),
        "q_value": number(column.q_value[g]),
        "effective_n": number(column.effective[g]),
        "detectable": number(column.detectable[g]),
        "shrunken": column.shrunken.at(g).to_json(),
    }


def _numbers(values: Floats) -> list[float | None]:
    return [number(v) for v in values]
