"""Groups of a column: cut points, missing values, names."""

import numpy as np
import pandas as pd
import pytest

from analysis.datasets.groups import default_cut_points, grouping_of
from analysis.errors import DataError, TooManyGroupsError


def test_cut_points_put_an_edge_into_the_upper_group_and_missing_apart():
    column = pd.Series([24, 25, 39, 40, None], name="age")
    groups = grouping_of(column, (25, 40))
    assert groups.names == ("under 25", "25-39", "40 and over", "Missing")
    assert groups.codes.tolist() == [0, 1, 1, 2, 3]


def test_fractions_are_named_by_their_limits():
    groups = grouping_of(pd.Series([0.1, 0.5, 0.9]), (0.25, 0.75))
    assert groups.names == ("under 0.25", "0.25 to 0.75", "0.75 and over")


def test_categories_are_groups_and_unused_ones_are_not():
    column = pd.Series(pd.Categorical(["b", None, "b"], categories=["a", "b"]))
    groups = grouping_of(column)
    assert groups.names == ("b", "Missing")
    assert groups.codes.tolist() == [0, 1, 0]


def test_a_category_that_is_called_missing_stands_apart_from_the_missing():
    groups = grouping_of(pd.Series(pd.Categorical(["Missing", None, "x"])))
    assert groups.names == ("Missing", "x", "Missing (not recorded)")
    assert groups.codes.tolist() == [0, 2, 1]
    both = ["Missing", "Missing (not recorded)", None]
    assert len(set(grouping_of(pd.Series(pd.Categorical(both))).codes)) == 3


@pytest.mark.parametrize("dtype", ["float64", "category", "datetime64[us]"])
def test_a_column_without_any_value_is_one_group(dtype):
    groups = grouping_of(pd.Series([None, None], dtype=object).astype(dtype))
    assert groups.names == ("Missing",)
    assert groups.codes.tolist() == [0, 0]


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_whole_numbers_that_floats_cannot_tell_apart_are_groups_by_value(dtype):
    column = pd.Series(2**60 + np.arange(100) % 20, dtype=dtype)
    assert default_cut_points(column) == ()
    groups = grouping_of(column)
    assert len(groups.names) == 20
    assert groups.names[1] == str(2**60 + 1)


def test_close_cut_points_keep_different_names():
    edges = (1234567.25, 1234567.5, 1234567.75)
    names = grouping_of(pd.Series([1.5]), edges).names
    assert names[:2] == ("under 1234567.25", "1234567.25 to 1234567.5")
    whole = grouping_of(pd.Series([25, 26]), (25.2, 25.5, 25.7))
    assert whole.names[1:3] == ("25.2 to 25.5", "25.5 to 25.7")


def test_close_numbers_keep_different_names():
    groups = grouping_of(pd.Series([1234.5671, 1234.5672, 2.0]))
    assert groups.names == ("2", "1234.5671", "1234.5672")


def test_bad_cut_points_are_refused_with_advice():
    with pytest.raises(DataError, match="Write them from small to large"):
        grouping_of(pd.Series([1, 2], name="age"), (40, 25))
    with pytest.raises(DataError, match="Remove its cut points"):
        grouping_of(pd.Series(pd.Categorical(["x"]), name="sex"), (1,))


def test_a_value_per_row_is_too_many_groups():
    with pytest.raises(TooManyGroupsError, match="set cut points if it is a number"):
        grouping_of(pd.Series(np.arange(3_000), name="id"))


def test_default_cut_points_are_rounded_quartiles_of_many_values(rng):
    assert default_cut_points(pd.Series(np.arange(101))) == (25, 50, 75)
    assert default_cut_points(pd.Series([0, 1, 1, 0])) == ()
    assert default_cut_points(pd.Series(pd.Categorical(["x", "y"]))) == ()
    skewed = pd.Series(np.r_[np.zeros(95), np.arange(1, 21)])
    edges = default_cut_points(skewed)
    assert len(np.unique(grouping_of(skewed, edges).codes)) == len(edges) + 1
