"""Who is marked: shares by hand, weights, and what hidden groups leave to be told."""

import numpy as np
import pytest

from analysis.marks import everyone_marked, marked, shares


def test_shares_are_of_each_groups_weight_with_wilsons_interval(make_evaluation):
    shown = make_evaluation([0, 1, 0, 1], [0.1, 0.9, 0.9, 0.1], [0, 0, 1, 1])
    mark = np.array([True, False, True, True])
    found = marked(shown, mark, ("group",))
    assert found.overall.value == 0.75
    assert found.by_group.value.tolist() == [0.5, 1.0]
    assert found.by_group.n.tolist() == [2, 2]
    # Wilson (1927) for one of two people: the centre is one half
    z = 1.959963984540054
    half = z * np.sqrt(1 / 8 + z**2 / 16) / (1 + z**2 / 2)
    assert found.by_group.low[0] == pytest.approx(0.5 - half)


def test_accuracy_is_of_those_who_are_not_marked(make_evaluation):
    shown = make_evaluation([0, 1, 0, 1], [0.1, 0.9, 0.9, 0.1], [0, 0, 1, 1])
    found = marked(shown, np.array([False, False, True, False]), ("group",))
    assert found.accuracy.value == pytest.approx(2 / 3)
    assert found.accuracy.n == 3
    assert found.accuracy_by_group.value.tolist() == [1.0, 0.0]


def test_weights_count_in_a_share(make_evaluation):
    shown = make_evaluation([0, 1], [0.1, 0.9], weights=[3.0, 1.0])
    found = marked(shown, np.array([True, False]), ())
    assert found.overall.value == 0.75
    assert found.overall.n == 2


def test_a_group_without_rows_has_no_share(make_evaluation):
    shown = make_evaluation([0, 1], [0.1, 0.9], [0, 0], g=2)
    grouping = shown.grouping(("group",))
    found, _ = shares(np.array([True, False]), shown.weights, grouping)
    assert np.isnan(found.value[1])
    assert found.n[1] == 0


def test_while_groups_hide_only_everyone_is_told(make_evaluation):
    shown = make_evaluation([0, 1] * 10, [0.2, 0.8] * 10, [0, 1] * 10)
    mark = np.arange(20) < 8
    found = marked(shown, mark, ("group",))
    told = everyone_marked(found, 5)
    assert told.names == ()
    assert len(told.by_group) == len(told.accuracy_by_group) == 0
    assert told.overall == found.overall
    assert everyone_marked(found, 9) is None  # 8 are marked
