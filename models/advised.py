"""What was answered on the Shift page, as suggestions: remedies against what moved."""

from analysis.cohorts import Cohort, Condition
from analysis.datasets.load import Dataset
from analysis.faults.fault import Fault
from analysis.metrics.registry import metric_named
from analysis.shifts.sides import Sides, called, implied
from models.advice import Step, Target, is_worse, steps
from models.inquiries import record_of
from models.inquiries.evidence import Evidence
from models.remedies.chain import stage
from models.run import Run
from models.shortlist import Suggestion
from models.store import Store

CAUSES = {
    "features": "other people came",
    "label": "the classes became rarer or commoner",
    "mix": "the mix of groups changed",
    "outcomes": "outcomes changed for people who look the same",
}
"""What may have moved, in words that follow "because"."""

REASONS = {
    "features": "lets training rows weigh as they would among the people who came",
    "label": "moves scores to the class shares of the target",
    "mix": "lets groups weigh as they do at the target",
    "outcomes": "learns on from labels of the target",
}


def target_of(data: Dataset, sides: Sides) -> Target | None:
    """Return how remedies name the target; None where they cannot.

    A rule joins comparisons by 'and', so it names one value of a column.
    """
    if sides.table:
        return Target(table=sides.table)
    if len(sides.target) != 1:
        return None
    left_out = (*implied(data, sides.column), *sides.without)
    rule = Cohort((Condition(sides.column, "=", sides.target[0]),))
    return Target(str(rule), "", left_out)


def moved(store: Store, run: Run, data: Dataset) -> tuple[Suggestion, ...]:
    """Return what to try against what surely moved, of the last shift that was asked.

    Only of evidence about this run and everyone; empty where none was asked for, where
    nothing got worse, or where nothing is sure.
    """
    for inquiry in store.inquiries.answered(data.task.name, "evidence"):
        scope = inquiry.scope
        target = target_of(data, scope.sides)
        if scope.run != run.id or scope.cohort or target is None:
            continue
        try:
            found = record_of("evidence", store.inquiries.answer(inquiry.key))
        except (ValueError, TypeError, KeyError):  # another version wrote it
            continue
        return _against(found, target, scope.sides)
    return ()


def _against(found: Evidence, target: Target, sides: Sides) -> tuple[Suggestion, ...]:
    change, metric = found.split.change.value, found.split.metric
    if not is_worse(change, metric):
        return ()
    ranked = steps(change, found.split.parts, found.alone, found.region, target)
    return tuple(
        Suggestion(
            stage(proposal.remedy, **proposal.settings),
            _fault(step, metric, change, sides),
            REASONS[step.cause],
        )
        for step in ranked
        if step.is_sure
        for proposal in step.proposals[:1]
    )


def _fault(step: Step, metric: str, change: float, sides: Sides) -> Fault:
    source, target = called(sides)
    whose = f" by {step.attribute}" if step.attribute else ""
    title = metric_named(metric).title.lower()
    sentence = (
        f"From {source} to {target}, {title} got worse by {abs(change):.3f}, "
        f"{abs(step.explains.value):.3f} of it because {CAUSES[step.cause]}{whose}."
    )
    return Fault("moved", step.attribute, "", sentence, 0.0, is_sure=True)
