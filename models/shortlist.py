"""From what an audit found to what to try first: a ranked shortlist of remedies."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from analysis.faults.fault import Fault, Kind
from models.names import joined
from models.recipe import Stage
from models.remedies import REMEDIES
from models.remedies.chain import stage
from models.remedies.fits import Facts, reason_against

MOST = 6
"""Remedies on the list."""

TIERS: Mapping[Kind, int] = {
    "missed": 0,
    "wrongly_flagged": 0,
    "scores_by_group": 1,
    "moved": 1,
    "rare_class": 2,
    "selected": 2,
    "decided_wrong": 2,
    "scores": 3,
    "few_rows": 4,
    "doubtful_labels": 4,
}
"""Harms of single decisions first, then scores and what moved, then what may follow
from people who differ, then hints; within a tier by how large each surely is."""

ENOUGH_FOR_STEPS = 1_000
"""Calibration rows of a group from which a step function no longer follows noise."""


@dataclass(frozen=True)
class Suggestion:
    """A remedy to try, and why.

    Parameters
    ----------
    stage : Stage
        With all its settings.
    fault : Fault
        What it is against.
    reason : str
        What it does about that, one clause.
    """

    stage: Stage
    fault: Fault
    reason: str


@dataclass(frozen=True)
class Proposed:
    """A remedy for a kind of fault.

    Parameters
    ----------
    remedy : str
    reason : str
        What it does about the fault, one clause in lower case.
    settings : mapping
        Beside the attribute, which comes from the fault.
    by_group : bool
        Whether it is given the fault's attribute.
    """

    remedy: str
    reason: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    by_group: bool = True


PROPOSED: Mapping[Kind, tuple[Proposed, ...]] = {
    "missed": (
        Proposed(
            "equal_opportunity",
            "moves each group's threshold until about the same share of each is found",
        ),
        Proposed("gap_penalty", "trains with the gap itself as a price"),
        Proposed("group_dro", "trains for whichever group does worst at the moment"),
    ),
    "wrongly_flagged": (
        Proposed(
            "equal_false_positive_rate",
            "moves each group's threshold until false alarms are about as frequent",
        ),
        Proposed(
            "equalized_odds",
            "equalises both kinds of mistakes, down to the gap you allow",
        ),
    ),
    "selected": (
        Proposed(
            "demographic_parity",
            "moves each group's threshold until about the same share is selected",
        ),
        Proposed("reweighing", "trains as if the label did not depend on the group"),
    ),
    "decided_wrong": (
        Proposed("group_dro", "trains for whichever group does worst at the moment"),
        Proposed(
            "balanced_head", "weighs up anew what the model sees, on equal groups"
        ),
    ),
    "scores": (Proposed("beta", "maps scores so that they come true", by_group=False),),
    "rare_class": (
        Proposed(
            "logit_factors",
            "lifts the scores of the rare class by how rare it is",
            by_group=False,
        ),
        Proposed(
            "class_balanced", "lets rows of the rare class weigh more", by_group=False
        ),
    ),
    "few_rows": (
        Proposed("temperature_sampling", "shows rows of small groups more often"),
    ),
    "doubtful_labels": (
        Proposed(
            "suspicious_rows", "leaves out rows that look mislabelled", by_group=False
        ),
        Proposed(
            "label_robust",
            "trains with a loss that wrong labels bend less",
            by_group=False,
        ),
    ),
}
"""What is tried against each kind of fault, the first choice first. Thresholds come
before retraining, as no retrained model was found beyond their frontier (Cruz & Hardt
2024, Unprocessing Seven Years of Algorithmic Fairness, ICLR), and they take a second.
What moved between two sides brings its own proposals, see `advice`."""


def shortlist(
    faults: Sequence[Fault],
    facts: Facts,
    moved: Iterable[Suggestion] = (),
    calibration_rows: Callable[[Fault], int] = lambda fault: 0,
) -> tuple[Suggestion, ...]:
    """Rank remedies: the first choice against each fault, then the second, and so on.

    Parameters
    ----------
    faults : sequence of Fault
        In any order.
    facts : Facts
        What the run and its table can offer; remedies that ask for more are left out.
    moved : iterable of Suggestion
        Against what moved between two sides, the best first.
    calibration_rows : function of a fault
        How many calibration rows its group has.

    Returns
    -------
    tuple of Suggestion
        At most `MOST`; no remedy twice: it stands for the fault that comes first.
    """
    ranked = sorted(faults, key=lambda f: (not f.is_sure, TIERS[f.kind], -f.size))
    columns = [
        [
            Suggestion(_stage(proposed, fault), fault, proposed.reason)
            for proposed in _proposals(fault, calibration_rows)
            if proposed.remedy in REMEDIES
            and not reason_against(REMEDIES[proposed.remedy], facts)
        ]
        for fault in ranked
    ]
    place = sum(TIERS[f.kind] < TIERS["moved"] and f.is_sure for f in ranked)
    columns.insert(place, list(moved))
    found = dict[str, Suggestion]()
    for row in zip_longest(*columns):
        for one in row:
            if one is not None and len(found) < MOST:
                found.setdefault(one.stage.remedy, one)
    return tuple(found.values())


def _stage(proposed: Proposed, fault: Fault) -> Stage:
    by = {"attribute": joined([fault.attribute])} if _is_by(proposed, fault) else {}
    return stage(proposed.remedy, **by, **proposed.settings)


def _is_by(proposed: Proposed, fault: Fault) -> bool:
    return proposed.by_group and bool(fault.attribute)


def _proposals(
    fault: Fault, calibration_rows: Callable[[Fault], int]
) -> tuple[Proposed, ...]:
    if fault.kind != "scores_by_group":
        return PROPOSED.get(fault.kind, ())
    # Steps bend to any shape of error, and with few rows to its noise.
    enough = calibration_rows(fault) >= ENOUGH_FOR_STEPS
    first, second = ("isotonic", "beta") if enough else ("beta", "temperature")
    reason = "maps the scores of each group so that they come true there"
    return Proposed(first, reason), Proposed(second, reason)
