"""All that is found wrong with a model on some rows."""

from analysis.evaluation import Evaluation
from analysis.faults.fault import Fault
from analysis.faults.gaps import gaps
from analysis.faults.labels import doubtful_labels
from analysis.faults.rare import few_rows, rare_class
from analysis.faults.scores import scores_off
from analysis.frame import AuditFrame


def faults(evaluation: Evaluation, train: AuditFrame, k: int = 0) -> tuple[Fault, ...]:
    """Return every fault, in no order.

    Parameters
    ----------
    evaluation : Evaluation
        Of rows that no model was trained on.
    train : AuditFrame
        The training rows.
    k : int
        Groups of fewer people are neither compared nor named; what is said of everyone
        stays.
    """
    return (
        *gaps(evaluation, k),
        *scores_off(evaluation, k),
        *rare_class(evaluation),
        *few_rows(evaluation, train, k),
        *doubtful_labels(evaluation),
    )
