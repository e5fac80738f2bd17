import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.counts import Counts, counts_of
from analysis.privacy.hidden_counts import hidden_in, tells_apart
from analysis.privacy.withheld import hidden_groups
from analysis.subgroups.listing import Listing


def counts(*groups):
    """Return counts of groups given as ((tn, fp), (fn, tp))."""
    n = np.array(groups, dtype=float)
    return Counts(tuple("abcdef"[: len(n)]), n, n, n)


LARGE, SMALL = ((40, 40), (40, 40)), ((1, 1), (1, 1))


def test_the_next_smallest_is_hidden_beside_a_small_group():
    table = counts(LARGE, SMALL, ((20, 20), (20, 20)))
    assert hidden_in(table, 10).tolist() == [False, True, True]


@pytest.mark.parametrize("k", [0, 1])
def test_a_threshold_below_two_hides_nothing(k):
    assert not hidden_in(counts(LARGE, SMALL), k).any()


def test_few_people_of_one_label_are_few():
    few_positives = ((60, 60), (2, 2))
    assert hidden_in(counts(few_positives, LARGE, LARGE), 10)[0]


def test_a_group_of_nobody_is_shown_as_such():
    empty = ((0, 0), (0, 0))
    assert not hidden_in(counts(LARGE, empty, LARGE), 10).any()


def test_it_hides_what_a_listing_of_the_same_groups_hides(rng, make_evaluation):
    y, codes = (
        rng.integers(0, 2, 600),
        rng.choice(5, 600, p=[0.4, 0.3, 0.2, 0.08, 0.02]),
    )
    shown = make_evaluation(y, rng.uniform(size=600), codes)
    for k in (5, 20, 60, 500):
        listed = hidden_groups(shown, Listing((("group",),)), k)
        assert hidden_in(counts_of(shown, ("group",)), k).tolist() == listed.tolist()


def test_some_of_the_hidden_groups_give_the_others_away():
    hidden = np.array([False, True, True])
    assert tells_apart(np.array([True, True, False]), hidden)
    assert not tells_apart(np.array([True, True, True]), hidden)
    assert not tells_apart(np.array([True, False, False]), hidden)


@given(
    st.lists(
        st.lists(st.integers(0, 30), min_size=4, max_size=4), min_size=2, max_size=6
    ),
    st.integers(2, 25),
)
def test_no_small_group_is_left_and_none_is_alone(cells, k):
    table = counts(*(np.reshape(c, (2, 2)) for c in cells))
    hidden, n = hidden_in(table, k), table.n.sum((1, 2))
    assert not ((n > 0) & (n < k) & ~hidden).any()
    if hidden.any() and not hidden.all():
        assert n[hidden].sum() >= k
