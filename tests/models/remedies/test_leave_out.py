import numpy as np
import pytest

from analysis.errors import DataError
from models.remedies.leave_out import LeaveOut
from models.remedies.row_edit import Workshop

WORKSHOP = Workshop(None, None)


def test_the_rows_that_match_are_gone_and_the_others_stay(dataset):
    train = dataset.frame
    left = LeaveOut(cohort="group = b").edited(train, 0, WORKSHOP)
    group = left.groups["group"]
    assert {group.names[c] for c in group.codes} == {"a"}
    was = train.groups["group"]
    kept = train.row_ids[was.codes == was.names.index("a")]
    np.testing.assert_array_equal(left.row_ids, kept)


def test_leaving_everyone_out_is_refused(dataset):
    with pytest.raises(DataError, match="fewer than two classes"):
        LeaveOut(cohort="age < 1000").edited(
            dataset.frame.take(np.flatnonzero(dataset.frame.features["age"].notna())),
            0,
            WORKSHOP,
        )
