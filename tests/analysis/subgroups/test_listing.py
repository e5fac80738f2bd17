import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import DataError, SettingError, TooManyGroupsError
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.frame import MAX_GROUPS, Grouping
from analysis.subgroups.listing import listing


def crossed(sizes, n=6):
    """An evaluation with attributes of these sizes; most intersections are empty."""
    return Evaluation(
        title="model",
        y_true=np.zeros(n, int),
        scores=binary_probabilities(np.full(n, 0.5)),
        classes=("no", "yes"),
        groups={
            name: Grouping(np.zeros(n, int), tuple(f"{name}{i}" for i in range(size)))
            for name, size in sizes.items()
        },
        weights=np.ones(n),
        row_ids=np.arange(n),
    )


SIZES = {"sex": 2, "race": 3, "age": 4}


def test_without_a_depth_all_attributes_are_crossed_and_nothing_else():
    listed = listing(crossed(SIZES), ["sex", "race"])
    assert listed.crossed == (("sex", "race"),)


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        (1, [("sex",), ("race",), ("age",)]),
        (2, [("sex", "race"), ("sex", "age"), ("race", "age")]),
        (3, [("sex", "race", "age")]),
        (9, []),
    ],
)
def test_a_depth_adds_its_crossings_to_those_of_every_lower_one(depth, expected):
    shallower = listing(crossed(SIZES), list(SIZES), depth - 1) if depth > 1 else None
    before = () if shallower is None else shallower.crossed
    listed = listing(crossed(SIZES), list(SIZES), depth).crossed
    assert listed == (*before, *expected)


def test_empty_intersections_are_listed_in_the_order_of_the_codes():
    evaluation = crossed(SIZES)
    listed = listing(evaluation, ["sex", "race"], 2)
    groups = listed.groups(evaluation)
    assert len(groups) == 2 + 3 + 6
    assert dict(groups[0]) == {"sex": "sex0"}
    names = evaluation.grouping(("sex", "race")).names
    assert [" · ".join(g.values()) for g in groups[5:]] == list(names)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 5))
def test_as_many_groups_are_listed_as_the_sizes_multiply_to(sizes, depth):
    named = {f"a{i}": size for i, size in enumerate(sizes)}
    evaluation = crossed(named)
    groups = listing(evaluation, list(named), depth).groups(evaluation)
    one_more = [1, *([0] * len(sizes))]  # sums of products by number of attributes
    for size in sizes:
        for d in range(len(sizes), 0, -1):
            one_more[d] += size * one_more[d - 1]
    assert len(groups) == sum(one_more[1 : depth + 1])
    assert len({tuple(g.items()) for g in groups}) == len(groups)


def test_an_attribute_named_twice_counts_once():
    assert listing(crossed(SIZES), ["sex", "sex"], 2).crossed == (("sex",),)


def test_no_attribute_lists_everyone():
    evaluation = crossed(SIZES)
    for depth in (None, 2):
        listed = listing(evaluation, [], depth)
        assert [dict(g) for g in listed.groups(evaluation)] == [{}]


@pytest.mark.parametrize("depth", [0, -1])
def test_a_depth_that_crosses_nothing_is_refused(depth):
    with pytest.raises(SettingError, match="give 1 or more"):
        listing(crossed(SIZES), ["sex"], depth)


@pytest.mark.parametrize("depth", [None, 1])
def test_an_unknown_attribute_is_answered_with_the_known_ones(depth):
    with pytest.raises(DataError, match="sex, race, age"):
        listing(crossed(SIZES), ["sex", "height"], depth)


def test_too_many_groups_are_refused_with_what_to_do():
    sizes = {"zip": 50, "job": 40, "age": 4}
    with pytest.raises(TooManyGroupsError, match="drop one attribute"):
        listing(crossed(sizes), list(sizes))
    # 50 × 40 alone is allowed; with each attribute by itself it is 2,090
    assert listing(crossed(sizes), ["zip", "job"]).crossed == (("zip", "job"),)
    with pytest.raises(TooManyGroupsError, match=r"zip × job up to 2.*2,090") as found:
        listing(crossed(sizes), ["zip", "job"], 2)
    assert f"{MAX_GROUPS:,}" in str(found.value)
