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


def test_a_category_that_is_called_missing_joins_the_missing():
    groups = grouping_of(pd.Series(pd.Categorical(["Missing", None, "x"])))
    assert groups.names == ("Missing", "x")
    assert groups.codes.tolist() == [0, 0, 1]


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
