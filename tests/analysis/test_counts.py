import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from analysis.counts import Counts, count
from analysis.errors import DataError
from analysis.frame import Grouping


@st.composite
def coded_rows(draw):
    n = draw(st.integers(0, 60))
    g = draw(st.integers(1, 5))
    column = lambda top: draw(  # noqa: E731 -- three columns of one shape
        st.lists(st.integers(0, top), min_size=n, max_size=n)
    )
    weights = draw(st.lists(st.floats(0.1, 9), min_size=n, max_size=n))
    names = tuple("abcde"[:g])
    return (
        np.array(column(1), dtype=np.int64),
        np.array(column(1), dtype=np.int64),
        Grouping(np.array(column(g - 1), dtype=np.int64), names),
        np.array(weights, dtype=float),
    )


@given(coded_rows())
def test_each_group_agrees_with_scikit_learn(rows):
    labels, decisions, grouping, weights = rows
    counts = count(labels, decisions, grouping, weights)
    for g in range(len(grouping.names)):
        mine = grouping.codes == g
        if not mine.any():
            assert not counts.n[g].any()
            continue
        expected = confusion_matrix(
            labels[mine], decisions[mine], labels=[0, 1], sample_weight=weights[mine]
        )
        assert counts.w[g] == pytest.approx(expected, abs=1e-9)
        assert counts.n[g].sum() == mine.sum()


@given(coded_rows(), st.integers(0, 60))
def test_counts_of_two_parts_add_up(rows, cut):
    labels, decisions, grouping, weights = rows

    def part(chosen):
        return count(
            labels[chosen], decisions[chosen], grouping.take(chosen), weights[chosen]
        )

    everything = np.arange(len(labels))
    whole, both = part(everything), part(everything[:cut]) + part(everything[cut:])
    for table in ("n", "w", "w2"):
        assert getattr(both, table) == pytest.approx(getattr(whole, table))


def test_unit_weights_and_no_weights_are_the_same(rng):
    labels, decisions = rng.integers(0, 2, (2, 50))
    grouping = Grouping(rng.integers(0, 3, 50), ("a", "b", "c"))
    plain = count(labels, decisions, grouping)
    unit = count(labels, decisions, grouping, np.ones(50))
    assert np.array_equal(plain.w, unit.w)
    assert not unit.is_weighted


def test_one_class_against_the_rest_collapses_by_hand():
    table = np.array([[[5, 1, 2], [3, 7, 4], [6, 8, 9]]])
    counts = Counts(("a",), table, table, table)
    assert counts.versus_rest(1).n[0].tolist() == [[22, 9], [7, 7]]


def test_counts_survive_json(rng):
    labels, decisions = rng.integers(0, 2, (2, 40))
    grouping = Grouping(rng.integers(0, 2, 40), ("a", "b"))
    counts = count(labels, decisions, grouping, rng.uniform(size=40))
    again = Counts.from_json(counts.to_json())
    assert np.array_equal(again.w2, counts.w2)
    assert again.names == counts.names


def test_counts_of_other_groups_do_not_add():
    table = np.zeros((1, 2, 2))
    with pytest.raises(DataError, match="cannot be added"):
        Counts(("a",), table, table, table) + Counts(("b",), table, table, table)


def test_counts_cannot_be_written_to():
    counts = count([0, 1], [1, 1], Grouping(np.array([0, 0]), ("a",)))
    with pytest.raises(ValueError, match="read-only"):
        counts.n[0, 0, 0] = 5
