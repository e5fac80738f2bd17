"""From what moved to what to try: remedies ranked by what they could win back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from analysis.attribution.attribution import Part
from analysis.attribution.risk_region import RiskRegion
from analysis.estimates import Estimate
from analysis.metrics.registry import metric_named
from analysis.shifts.alone import Alone

Cause = Literal["features", "label", "mix", "outcomes"]


@dataclass(frozen=True)
class Target:
    """How remedies name the target.

    Parameters
    ----------
    rule : str
        Over the table's own rows, such as `year = 95`; empty for all of a table.
    table : str
        Name of the second table; empty where the target is part of this one.
    ignored : tuple of str
        Features that follow from the target.
    """

    rule: str = ""
    table: str = ""
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """A remedy with its settings.

    Parameters
    ----------
    remedy : str
        Its key in the registry.
    title : str
        What it is called here, in a few words.
    settings : mapping
    """

    remedy: str
    title: str
    settings: Mapping[str, str | float] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One thing that moved, what it explains, and what to try against it.

    Parameters
    ----------
    cause : 'features', 'label', 'mix' or 'outcomes'
    attribute : str
        Whose mix of groups moved.
    explains : Estimate
        Of the change, in the metric's unit and with its sign.
    is_sure : bool
        Whether it explains some of the change beyond chance.
    proposals : tuple of Proposal
        The best first.
    """

    cause: Cause
    attribute: str
    explains: Estimate
    is_sure: bool
    proposals: tuple[Proposal, ...]


CAP = 10.0
"""Largest weight proposed, in multiples of the mean one: what single rows may weigh."""

FEW_LABELS = 500

NOTHING = 1e-9
"""What a part explains at most that cannot explain anything, but for rounding."""


def steps(
    change: float,
    parts: Sequence[Part],
    shares: Sequence[Alone],
    region: RiskRegion | None,
    target: Target,
) -> tuple[Step, ...]:
    """Rank what explains a change, and say what is tried against each.

    What explains nothing, or the opposite, is left out: there is nothing to win back.
    Sure causes come first, then by size.

    Parameters
    ----------
    change : float
        Of the metric, target minus source.
    parts : sequence of Part
        P(X) and P(Y|X).
    shares : sequence of Alone
    region : RiskRegion or None
    target : Target
    """
    found = [_of_part(part, region, target) for part in parts]
    found += [_of_shares(one, target) for one in shares]
    sign = 1.0 if change > 0 else -1.0
    kept = [step for step in found if sign * step.explains.value > NOTHING]
    return tuple(
        sorted(kept, key=lambda s: (not _is_sure(s, sign), -sign * s.explains.value))
    )


WEIGHTS = {
    "classifier": "Importance weights (classifier)",
    "kernel mean matching": "Importance weights (kernel mean matching)",
    "double weighting": "Double weighting",
}
"""Estimates of importance weights, and what they are called."""


def is_worse(change: float, metric: str) -> bool:
    """Whether a change, target minus source, is one for the worse."""
    return change < 0 if metric_named(metric).better == "high" else change > 0


def _is_sure(step: Step, sign: float) -> bool:
    return step.is_sure and sign * step.explains.value > 0


def _of_part(part: Part, region: RiskRegion | None, target: Target) -> Step:
    explains = Estimate(part.value, part.low, part.high, 0)
    sure = part.low > 0 or part.high < 0
    if part.component == "P(X)":
        return Step("features", "", explains, sure, _weights(target))
    return Step("outcomes", "", explains, sure, _relearn(target, region))


def _of_shares(one: Alone, target: Target) -> Step:
    sure = one.explains.low > 0 or one.explains.high < 0
    if not one.attribute:
        return Step("label", "", one.explains, sure, _priors(target))
    settings = {"attribute": one.attribute, **_named(target)}
    title = f"Weights to the target’s mix by {one.attribute}"
    mix = Proposal("target_mix", title, settings)
    return Step("mix", one.attribute, one.explains, sure, (mix,))


def _named(target: Target) -> dict[str, str | float]:
    return {"target": target.rule, "table": target.table}


def _weights(target: Target) -> tuple[Proposal, ...]:
    """Propose importance weights: three estimates, none of which rules the others."""
    ignored = ",".join(target.ignored)
    return tuple(
        Proposal(
            "importance_weights",
            title,
            {**_named(target), "estimate": estimate, "cap": CAP, "ignored": ignored},
        )
        for estimate, title in WEIGHTS.items()
    )


def _priors(target: Target) -> tuple[Proposal, ...]:
    return tuple(
        Proposal(
            "prior_correction",
            f"Prior correction ({estimate})",
            {**_named(target), "estimate": estimate},
        )
        for estimate in ("EM", "black-box")
    )


def _relearn(target: Target, region: RiskRegion | None) -> tuple[Proposal, ...]:
    """Propose labels of the target: anywhere, and in the region that changed most."""
    labels = {"rows": FEW_LABELS}
    title = f"Fine-tuning on {FEW_LABELS} labels of the target"
    anywhere = Proposal("fine_tune", title, {**_named(target), **labels})
    if region is None or not region.is_found:
        return (anywhere,)
    rule = f"{target.rule} & {region.rule}" if target.rule else region.rule
    there = replace(target, rule=rule)
    inside = Proposal(
        "fine_tune", f"{title} in the region", {**_named(there), **labels}
    )
    return (anywhere, inside)
