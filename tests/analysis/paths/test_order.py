"""The order of strengths fills a path evenly."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from analysis.paths.order import filling


def test_the_ends_come_first_then_the_middle_then_the_quarters():
    assert filling([0, 1, 2, 3, 4]) == [0, 4, 2, 1, 3]


def test_one_strength_and_none_stay_as_they_are():
    assert filling([0.3]) == [0.3]
    assert filling([]) == []


@given(st.lists(st.integers(0, 60), unique=True, min_size=3))
def test_every_strength_comes_once(strengths):
    order = filling(strengths)
    assert sorted(order) == sorted(strengths)
    assert set(order[:2]) == {min(strengths), max(strengths)}


@given(st.integers(3, 80), st.data())
def test_wherever_it_stops_no_stretch_is_far_wider_than_another(count, data):
    done = sorted(filling(range(count))[: data.draw(st.integers(2, count))])
    widths = [after - before for before, after in pairwise(done)]
    assert max(widths) <= 2 * min(widths) + 2
