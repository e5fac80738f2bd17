import numpy as np
import pytest

from models.remedies.head_cells import even, joined_words, label_cells


def test_groups_with_few_rows_of_a_label_join_the_largest_that_has_it(labelled):
    labels = np.repeat([0, 0, 0, 1, 1, 1], [5, 9, 1, 6, 0, 2])
    codes = np.repeat([0, 1, 2, 0, 1, 2], [5, 9, 1, 6, 0, 2])
    _, frame = labelled(np.zeros((23, 2)), labels, codes)
    cells = label_cells(frame, labels, "group", 4)
    np.testing.assert_array_equal(np.bincount(cells.codes), [5, 10, 8])
    np.testing.assert_array_equal(cells.labels, [0, 0, 1])
    assert cells.joined == ("w",)
    every = label_cells(frame, labels, "group", 100)
    np.testing.assert_array_equal(np.bincount(every.codes), [15, 8])
    assert every.joined == ("u", "w")


def test_without_an_attribute_cells_are_labels(labelled):
    labels = np.array([0, 2, 2, 1])
    _, frame = labelled(np.zeros((4, 3)), labels)
    cells = label_cells(frame, labels, "", 10)
    np.testing.assert_array_equal(cells.codes, labels)
    assert cells.joined == ()


@pytest.mark.parametrize(
    ("evenness", "shares"), [(0, [0.9, 0.1]), (0.5, [0.7, 0.3]), (1, [0.5, 0.5])]
)
def test_shares_go_from_the_masses_to_equal_ones(evenness, shares):
    np.testing.assert_allclose(even(np.array([9.0, 1.0]), evenness), shares)


def test_joined_groups_are_named():
    assert joined_words([]) == []
    assert joined_words(["a"])[0].startswith("'a' has too few calibration rows")
    assert "and 2 more have" in joined_words(list("abcdefghij"))[0]
