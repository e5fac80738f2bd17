import pytest

from analysis.errors import DataError
from analysis.privacy.cohort import is_too_few, refuse_few


@pytest.mark.parametrize(
    ("labels", "scores", "tells"),
    [
        ([1], [0.9], True),  # one person
        ([0, 1] * 10, [0.1, 0.9] * 10, False),
        ([0] * 19 + [1], [0.1] * 20, True),  # one of a label
        ([0] * 20, [0.1] * 20, False),  # nobody of a label tells of nobody
        ([0, 1] * 10, [0.1] * 18 + [0.9] * 2, True),  # two of a decision
    ],
)
def test_people_labels_and_decisions_count(make_evaluation, labels, scores, tells):
    assert is_too_few(make_evaluation(labels, scores), 5) is tells


def test_only_a_cohort_is_refused_and_only_while_groups_are_hidden(make_evaluation):
    one = make_evaluation([1], [0.9])
    refuse_few(one, "", 5)
    refuse_few(one, "age > 3", 0)
    with pytest.raises(DataError, match="Widen the rule, or lower the smallest group"):
        refuse_few(one, "age > 3", 5)
