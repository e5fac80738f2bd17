from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from analysis.counts import Counts
from analysis.privacy import suppression as privacy
from analysis.privacy.margins import hidden_beside_total
from analysis.privacy.suppression import hidden_rows, suppression
from analysis.privacy.table import PROTECTED


def published(n, levels, depth):
    """Return groups and counts of all crossings up to a depth, the total first."""
    names, groups, tables = list(levels), [], []
    for size in range(depth + 1):
        for chosen in combinations(range(len(names)), size):
            others = tuple(a for a in range(len(names)) if a not in chosen)
            sums = n.sum(others)
            for at in product(*(range(n.shape[a]) for a in chosen)):
                groups.append(
                    {
                        names[a]: levels[names[a]][i]
                        for a, i in zip(chosen, at, strict=True)
                    }
                )
                tables.append(sums[at])
    tables = np.array(tables, dtype=float)
    return groups, Counts(tuple(map(str, range(len(tables)))), *[tables] * 3)


def levels_of(sizes):
    return {f"a{i}": tuple(map(str, range(s))) for i, s in enumerate(sizes)}


def width_by_programme(groups, counts, hidden, levels, row):
    """Return how far apart each of a row's four numbers can lie, by programmes."""
    cells = [dict(zip(levels, v, strict=True)) for v in product(*levels.values())]
    inside = np.array([[g.items() <= c.items() for c in cells] for g in groups], float)
    widths = []
    for number in counts.n.reshape(len(groups), 4).T:
        ends = [
            linprog(sign * inside[row], A_eq=inside[~hidden], b_eq=number[~hidden])
            for sign in (1, -1)
        ]
        assert all(end.status == 0 for end in ends)
        widths.append(-ends[1].fun - ends[0].fun)
    return np.array(widths)


def assert_nothing_small_is_told(groups, counts, hidden, levels, k):
    numbers = counts.n.reshape(len(groups), 4) @ PROTECTED.T
    small = (numbers > 0) & (numbers < k) & np.array([bool(g) for g in groups])[:, None]
    assert not (small.any(1) & ~hidden).any(), "a small number is shown"
    alone = [r for r, g in enumerate(groups) if len(g) == 1]
    for row in np.flatnonzero(small.any(1)):
        width = width_by_programme(groups, counts, hidden, levels, row) @ PROTECTED.T
        if not hidden[alone].all():  # else nothing more could be hidden
            assert width[0] >= k - 1e-5
            assert (width[small[row]] >= k - 1e-5).all()


@pytest.fixture
def coarse(monkeypatch):
    monkeypatch.setattr(privacy, "MAX_ROWS", 0)


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([(3, 3), (2, 4), (2, 2, 3), (3, 2, 2)]),
    st.integers(2, 12),
)
def test_without_programmes_no_small_number_can_be_had_either(seed, sizes, k):
    rng = np.random.default_rng(seed)
    scale = rng.choice([0, 1, 6, 30], size=(*sizes, 1, 1))
    n = rng.poisson(scale * rng.choice([0.1, 1, 2], size=(2, 2)))
    levels = levels_of(sizes)
    groups, counts = published(n, levels, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(privacy, "MAX_ROWS", 0)
        found = suppression(groups, (counts,), levels, k)
    assert not found.hidden[0]
    if found.is_coarse:
        assert found.hidden[[len(g) > 1 for g in groups]].all()
        assert_nothing_small_is_told(groups, counts, found.hidden, levels, k)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 12))
def test_margins_of_several_attributes_are_covered_without_programmes(seed, k):
    rng = np.random.default_rng(seed)
    n = rng.poisson(rng.choice([0, 1, 5, 20], size=(3, 4, 1, 1)) * np.ones((2, 2)))
    levels = levels_of((3, 4))
    groups, counts = published(n, levels, 1)
    hidden = hidden_rows(groups, counts, levels, k)
    for attribute in levels:
        of_it = np.array([g.keys() <= {attribute} for g in groups])
        part = Counts(tuple(map(str, range(of_it.sum()))), *[counts.n[of_it]] * 3)
        rows = [g for g, is_of_it in zip(groups, of_it, strict=True) if is_of_it]
        alone = hidden_rows(rows, part, {attribute: levels[attribute]}, k)
        assert hidden[of_it].tolist() == alone.tolist()


def test_a_small_intersection_of_two_large_groups_takes_a_margin_with_it(coarse):
    # 12 people in a row and 12 in a column, of opposite labels and decisions but one:
    # that each part of the row is large where that of the column is small says that
    # they share at most 2 people
    n = np.full((3, 3, 2, 2), 50.0)
    n[0], n[:, 0] = 0, 0
    n[0, 1:, 1, 1], n[0, 1:, 0, 0] = 15, 15
    n[1:, 0, 0, 1], n[1:, 0, 1, 0] = 15, 15
    n[0, 0, 1, 1] = 1
    levels = levels_of((3, 3))
    groups, counts = published(n, levels, 2)
    found = suppression(groups, (counts,), levels, 5)
    assert found.is_coarse
    own = [i for i, g in enumerate(groups) if g in ({"a0": "0"}, {"a1": "0"})]
    assert found.hidden[own].any()
    assert_nothing_small_is_told(groups, counts, found.hidden, levels, 5)


def test_a_table_of_large_groups_is_shown_in_full_at_any_size():
    n = np.full((30, 20, 2, 2), 50.0)
    levels = levels_of((30, 20))
    groups, counts = published(n, levels, 2)
    found = suppression(groups, (counts,), levels, 20)
    assert not found.hidden.any()
    assert not found.is_coarse


def test_a_large_table_keeps_its_margins_and_says_so():
    n = np.full((30, 20, 2, 2), 50.0)
    n[0, 0] = 1
    levels = levels_of((30, 20))
    groups, counts = published(n, levels, 2)
    found = suppression(groups, (counts,), levels, 20)
    assert found.is_coarse
    assert found.hidden.tolist() == [len(g) == 2 for g in groups]


def test_too_many_programmes_end_in_the_coarse_rule(monkeypatch, rng):
    n = rng.poisson(rng.choice([1, 9], size=(4, 5, 1, 1)) * np.ones((2, 2)))
    levels = levels_of((4, 5))
    groups, counts = published(n, levels, 2)
    fine = suppression(groups, (counts,), levels, 5)
    monkeypatch.setattr(privacy, "MAX_PROGRAMMES", 3)
    rough = suppression(groups, (counts,), levels, 5)
    assert (fine.is_coarse, rough.is_coarse) == (False, True)
    assert fine.hidden.sum() < rough.hidden.sum()
    assert_nothing_small_is_told(groups, counts, rough.hidden, levels, 5)


def test_nineteen_hundred_groups_are_decided_in_closed_form(monkeypatch):
    n = np.full((1900, 2, 2), 10.0)
    n[:3] = 1
    levels = levels_of((1900,))
    groups, counts = published(n, levels, 1)
    monkeypatch.setattr(privacy, "MAX_PROGRAMMES", 0)
    hidden = hidden_rows(groups, counts, levels, 8)
    # three of four people hide themselves: 6 of each label, so one more is hidden
    assert np.flatnonzero(hidden).tolist() == [1, 2, 3, 4]


def test_without_a_total_a_table_that_is_too_large_is_hidden_altogether(coarse):
    n = np.full((3, 3, 2, 2), 50.0)
    n[0, 0] = 1
    levels = levels_of((3, 3))
    groups, counts = published(n, levels, 2)
    part = Counts(counts.names[1:], *[counts.n[1:]] * 3)
    found = suppression(groups[1:], (part,), levels, 8)
    assert found.is_coarse
    assert found.hidden.all()


@pytest.mark.parametrize(("label", "decision"), [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("k", [2, 5, 30, 10_000])
def test_everyone_decided_alike_is_no_fault(label, decision, k, rng):
    n = np.zeros((2, 3, 2, 2))
    n[:, :, label] = rng.integers(1, 40, size=(2, 3, 2))
    n[:, :, :, 1 - decision] = 0
    levels = levels_of((2, 3))
    groups, counts = published(n, levels, 2)
    hidden = hidden_rows(groups, counts, levels, k)
    assert not hidden[0]
    assert hidden[
        (counts.n.sum((1, 2)) < k) & np.array([bool(g) for g in groups])
    ].all()


def test_a_table_of_nobody_hides_nothing():
    levels = levels_of((2, 3))
    groups, counts = published(np.zeros((2, 3, 2, 2)), levels, 2)
    assert not hidden_rows(groups, counts, levels, 5).any()


def test_a_large_row_that_must_be_hidden_is_not_hidden_alone():
    numbers = np.array([[5.0, 5, 5, 5], [7, 7, 7, 7], [6, 6, 6, 6], [0, 0, 0, 0]])
    nothing, hidden = (
        np.zeros((4, 5), dtype=bool),
        np.array([True, False, False, False]),
    )
    listed, others = np.full(4, np.nan), np.ones(4)
    found = hidden_beside_total(numbers, nothing, hidden, listed, 10)
    assert found.tolist() == [True, False, True, False]
    # people of no listed row are cover as well
    found = hidden_beside_total(numbers, nothing, hidden, others, 10)
    assert found.tolist() == hidden.tolist()
