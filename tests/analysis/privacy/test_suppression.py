from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from analysis.counts import Counts
from analysis.errors import SettingError
from analysis.privacy.suppression import hidden_rows
from analysis.privacy.table import PROTECTED

PARTS = {
    "people": [(0, 0), (0, 1), (1, 0), (1, 1)],
    "positive": [(1, 0), (1, 1)],
    "negative": [(0, 0), (0, 1)],
    "selected": [(0, 1), (1, 1)],
    "rejected": [(0, 0), (1, 0)],
}


def spread(n):
    """Return a table of n people with as many of each label and decision."""
    return np.full((2, 2), n / 4)


def all_negative(n):
    return np.array([[n, 0.0], [0.0, 0.0]])


def published(cells, levels, depth=None):
    """Return groups and counts with all margins, from finest cells to tables."""
    names, groups, tables = list(levels), [], []
    for size in range((len(names) if depth is None else depth) + 1):
        for chosen in combinations(names, size):
            for values in product(*(levels[name] for name in chosen)):
                group = dict(zip(chosen, values, strict=True))
                groups.append(group)
                tables.append(
                    sum(
                        table
                        for cell, table in cells.items()
                        if group.items() <= dict(zip(names, cell, strict=True)).items()
                    )
                )
    n = np.array(tables)
    return groups, Counts(tuple(map(str, range(len(n)))), n, n, n)


def hidden_groups(cells, levels, k, **how):
    groups, counts = published(cells, levels, **how)
    hidden = hidden_rows(groups, counts, levels, k)
    return [
        tuple(g.values())
        for g, is_hidden in zip(groups, hidden, strict=True)
        if is_hidden
    ]


SEX, AGE = {"sex": ("F", "M")}, {"age": ("young", "middle", "old")}


def test_in_two_by_two_one_small_cell_takes_all_four_cells_with_it():
    levels = SEX | {"age": ("young", "old")}
    cells = {
        ("F", "young"): all_negative(3),
        ("F", "old"): spread(20),
        ("M", "young"): spread(32),
        ("M", "old"): spread(40),
    }
    # 23 women and 35 young are shown: 3 = 23 - 20 = 35 - 32, and 20 = 60 - 40
    assert sorted(hidden_groups(cells, levels, 5)) == sorted(cells)


def test_in_two_by_three_only_the_smallest_second_column_is_hidden_too():
    cells = {
        ("F", "young"): all_negative(3),
        ("F", "middle"): spread(40),
        ("F", "old"): spread(24),
        ("M", "young"): spread(32),
        ("M", "middle"): spread(80),
        ("M", "old"): spread(36),
    }
    kept = {("F", "middle"), ("M", "middle")}
    assert sorted(hidden_groups(cells, SEX | AGE, 5)) == sorted(set(cells) - kept)


def test_without_the_margins_a_second_cell_suffices():
    cells = {("a",): all_negative(3), ("b",): spread(20), ("c",): spread(28)}
    levels = {"group": ("a", "b", "c")}
    assert hidden_groups(cells, levels, 5) == [("a",), ("b",)]


def test_two_small_groups_whose_sum_is_small_need_a_third():
    cells = {("a",): all_negative(2), ("b",): all_negative(2), ("c",): spread(20)}
    cells[("d",)] = spread(28)
    levels = {"group": ("a", "b", "c", "d")}
    assert hidden_groups(cells, levels, 5) == [("a",), ("b",), ("c",)]
    assert hidden_groups(cells, levels, 4) == [("a",), ("b",)]


def test_an_empty_group_is_no_cover_for_a_small_one():
    cells = {("a",): all_negative(3), ("b",): all_negative(0), ("c",): spread(20)}
    assert hidden_groups(cells, {"group": ("a", "b", "c")}, 5) == [("a",), ("c",)]


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("decision", [0, 1])
def test_a_large_group_with_a_small_number_of_one_kind_is_hidden(label, decision):
    table = spread(80)
    table[label], table[:, decision] = 0, 20
    table[label] = [1, 1]  # two people of this label
    cells = {("a",): table, ("b",): spread(100), ("c",): spread(120)}
    levels = {"group": ("a", "b", "c")}
    assert hidden_groups(cells, levels, 5) == [("a",), ("b",)]


def test_the_number_that_was_too_small_stays_unknown_as_well():
    positive = np.array([[10.0, 10.0], [1.0, 1.0]])
    none = np.array([[10.0, 14.0], [0.0, 0.0]])
    cells = {("a",): positive, ("b",): none, ("c",): spread(40)}
    levels = {"group": ("a", "b", "c")}
    # with a and b hidden, their two positives are known to be two in all
    assert hidden_groups(cells, levels, 5) == [("a",), ("b",), ("c",)]


@pytest.mark.parametrize("k", [0, 1])
def test_without_a_threshold_nothing_is_hidden(k):
    cells = {("F",): all_negative(1), ("M",): spread(4)}
    assert hidden_groups(cells, SEX, k) == []


def test_groups_that_are_large_enough_stay():
    cells = {cell: spread(40) for cell in product(*(SEX | AGE).values())}
    assert hidden_groups(cells, SEX | AGE, 20) == []
    assert len(hidden_groups(cells, SEX | AGE, 21)) >= len(cells)


def test_everyone_is_shown_even_where_that_leaves_nothing_else():
    cells = {("F",): all_negative(2), ("M",): all_negative(1)}
    assert hidden_groups(cells, SEX, 5) == [("F",), ("M",)]


def test_people_of_no_listed_group_are_cover_enough():
    groups = [{}, {"sex": "F"}]
    n = np.array([spread(100), all_negative(3)])
    counts = Counts(("all", "F"), n, n, n)
    assert hidden_rows(groups, counts, SEX, 5).tolist() == [False, True]


def test_too_many_finest_groups_hide_every_intersection_at_most():
    levels = {f"a{i}": tuple(map(str, range(9))) for i in range(5)}
    groups = [{}, *({name: "0"} for name in levels), {"a0": "0", "a1": "0"}]
    n = np.array([spread(100), all_negative(3), *[spread(40)] * 4, all_negative(3)])
    hidden = hidden_rows(groups, Counts(tuple("0123456"), n, n, n), levels, 5)
    # the other values of each attribute are listed nowhere: cover enough
    assert hidden.tolist() == [False, True, False, False, False, False, True]


def test_a_value_that_is_not_named_is_refused():
    n = spread(3)[None]
    with pytest.raises(SettingError, match=r"'sex' = 'X'.*Name every value"):
        hidden_rows([{"sex": "X"}], Counts(("X",), n, n, n), SEX, 5)


def possible_range(groups, counts, hidden, levels, row, part):
    """Return how far apart a number of a row can lie, by one joint programme.

    Unknowns are the people of each finest group, label and decision; shown rows are
    pairs of inequalities rather than equalities.
    """
    cells = [dict(zip(levels, v, strict=True)) for v in product(*levels.values())]
    unknowns = [(c, part) for c in range(len(cells)) for part in PARTS["people"]]
    upper, ends = [], []
    for r, group in enumerate(groups):
        inside = [group.items() <= cell.items() for cell in cells]
        for which in PARTS["people"]:
            if not hidden[r]:
                known = counts.n[r][which]
                line = np.array([inside[c] and p == which for c, p in unknowns], float)
                upper += [line, -line]
                ends += [known, -known]
    inside = [groups[row].items() <= cell.items() for cell in cells]
    goal = np.array([inside[c] and p in PARTS[part] for c, p in unknowns], float)
    solved = [
        linprog(sign * goal, A_ub=upper, b_ub=ends, method="highs-ds")
        for sign in (1, -1)
    ]
    assert all(s.status == 0 for s in solved)
    return -solved[1].fun - solved[0].fun


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from([(4,), (2, 2), (2, 3), (3, 3), (2, 2, 2)]),
    st.integers(2, 8),
)
def test_no_hidden_number_can_be_had_by_subtraction(seed, sizes, k):
    rng = np.random.default_rng(seed)
    levels = {f"a{i}": tuple(map(str, range(s))) for i, s in enumerate(sizes)}
    scale = rng.choice([1, 4, 15], size=(*sizes, 1, 1))
    n = rng.poisson(scale * np.array([[2, 1], [1, 2]]))
    cells = {
        tuple(map(str, at)): n[at].astype(float)
        for at in product(*(range(s) for s in sizes))
    }
    groups, counts = published(cells, levels)
    hidden = hidden_rows(groups, counts, levels, k)
    assert not hidden[0]
    numbers = {
        part: np.array([sum(table[at] for at in where) for table in counts.n])
        for part, where in PARTS.items()
    }
    small = {part: (v > 0) & (v < k) for part, v in numbers.items()}
    for part in PARTS:
        assert not (small[part] & ~hidden)[1:].any(), "a small number is shown"
    if hidden[1:].all():
        return  # nothing else could be hidden
    for row in np.flatnonzero(hidden):
        for part in PARTS:
            if part == "people" or small[part][row]:
                width = possible_range(groups, counts, hidden, levels, row, part)
                assert width >= k - 1e-5


def test_a_full_table_of_three_attributes_is_audited_and_mostly_kept(rng):
    sizes = (4, 3, 5)
    levels = {f"a{i}": tuple(map(str, range(s))) for i, s in enumerate(sizes)}
    share = rng.dirichlet(np.full(60, 0.7)).reshape(*sizes, 1, 1)
    n = rng.poisson(20_000 * share * np.array([[0.5, 0.1], [0.1, 0.3]]))
    cells = {
        tuple(map(str, at)): n[at].astype(float)
        for at in product(*(range(s) for s in sizes))
    }
    groups, counts = published(cells, levels)
    hidden = hidden_rows(groups, counts, levels, 10)
    people = counts.n.sum((1, 2))
    primary = (counts.n.reshape(-1, 4) @ PROTECTED.T > 0) & (
        counts.n.reshape(-1, 4) @ PROTECTED.T < 10
    )
    assert primary.any(1).sum() < hidden.sum() < len(groups) / 2
    assert people[hidden].mean() < people[~hidden].mean() / 3
