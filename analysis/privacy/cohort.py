"""Whether a cohort may be shown at all while small groups are hidden."""

from analysis.errors import DataError
from analysis.evaluation import Evaluation


def is_too_few(evaluation: Evaluation, k: int) -> bool:
    """Return whether what everyone in view shows would tell of fewer than k people.

    As for a group, its people, those of either label and those of either decision
    count: each must be nobody or k at least.
    """
    if k < 2:
        return False
    n = len(evaluation)
    told = [int(of.sum()) for of in (evaluation.is_positive, evaluation.decisions)]
    return n < k or any(0 < m < k or 0 < n - m < k for m in told)


def refuse_few(evaluation: Evaluation, cohort: str, k: int) -> None:
    """Refuse a cohort that tells of fewer than k people; the whole table never does.

    Raises
    ------
    DataError
        It does.
    """
    if cohort and is_too_few(evaluation, k):
        raise DataError(few_words(k))


def few_words(k: int) -> str:
    """Say why a cohort is not shown, and what to do."""
    return (
        f"Fewer than {k:,} people are in the cohort, or have one of the labels or "
        "decisions in it, so its numbers would tell of single people. Widen the rule, "
        "or lower the smallest group shown."
    )
