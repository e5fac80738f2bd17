import numpy as np
import pytest

from analysis.errors import DataError, SettingError
from models.remedies.cells import cells_of
from models.remedies.undersampling import Undersampling


def edited(frame, seed=0, **settings):
    return Undersampling(**settings).edited(frame, seed, None)


@pytest.mark.parametrize("level", ["class", "group", "both"])
def test_every_cell_has_as_many_rows_as_the_smallest(dataset, level):
    frame = dataset.frame
    before = np.bincount(cells_of(frame, level, "group").codes)
    left = edited(frame, level=level, attribute="group")
    after = np.bincount(cells_of(left, level, "group").codes)
    assert (after == before.min()).all()


def test_the_rows_that_stay_are_untouched_and_in_order(dataset):
    frame = dataset.frame
    left = edited(frame, attribute="group")
    assert (np.diff(left.row_ids) > 0).all()
    assert left.features.equals(frame.features.iloc[left.row_ids])
    np.testing.assert_array_equal(left.weights, frame.weights[left.row_ids])


def test_strength_0_changes_nothing_and_a_half_goes_half_the_way(dataset):
    frame = dataset.frame
    assert len(edited(frame, strength=0.0)) == len(frame)
    counts = np.bincount(frame.y_true)
    left = np.bincount(edited(frame, strength=0.5).y_true)
    np.testing.assert_allclose(left, (counts + counts.min()) / 2, atol=0.5)


def test_the_draw_follows_the_seed(dataset):
    ids = [edited(dataset.frame, seed).row_ids.tolist() for seed in (0, 0, 1)]
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]


def test_aimed_at_a_cohort_other_people_all_stay(dataset):
    frame = dataset.frame
    left = edited(frame, cohort="group = b")
    a = frame.groups["group"].codes == 0
    assert set(frame.row_ids[a]) <= set(left.row_ids)
    inside = left.y_true[left.groups["group"].codes == 1]
    assert len(set(np.bincount(inside))) == 1


def test_a_tiny_part_is_refused_by_name(dataset):
    few = np.flatnonzero(dataset.frame.y_true == 0)[:4]
    rows = np.concatenate([few, np.flatnonzero(dataset.frame.y_true == 1)])
    frame = dataset.frame.take(rows)
    with pytest.raises(DataError, match=r"'no' has 4 training rows.*min_rows"):
        edited(frame)
    assert np.bincount(edited(frame, min_rows=4).y_true).tolist() == [4, 4]


def test_groups_without_an_attribute_are_refused(dataset):
    with pytest.raises(SettingError, match="Choose an attribute"):
        edited(dataset.frame, level="group")
