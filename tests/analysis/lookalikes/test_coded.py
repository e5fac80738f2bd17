import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.cohorts import Cohort, parse
from analysis.lookalikes.coded import coded
from analysis.matching import matches


def rules(column_codes):
    return [str(Cohort(rule)) for rule in column_codes.rules]


def test_a_number_with_many_values_is_cut_at_recorded_values():
    column_codes = coded(pd.Series(np.arange(100.0), name="age"), 4)
    assert rules(column_codes) == [
        "age < 25",
        "age >= 25 & age < 50",
        "age >= 50 & age < 74",
        "age >= 74",
    ]
    assert np.bincount(column_codes.codes).tolist() == [25, 25, 24, 26]
    assert not column_codes.has_missing


def test_a_number_with_few_values_is_taken_value_by_value():
    column_codes = coded(pd.Series([3.0, 0.5, np.nan, 3.0], name="k"), 4)
    assert rules(column_codes) == ["k = 0.5", "k = 3", "k = Missing"]
    assert column_codes.codes.tolist() == [1, 0, 2, 1]
    assert column_codes.has_missing


def test_where_most_rows_share_the_smallest_value_the_others_are_cut():
    values = np.concatenate([np.zeros(900), np.arange(1.0, 101.0)])
    column_codes = coded(pd.Series(values, name="gain"), 4)
    assert rules(column_codes)[:2] == ["gain < 1", "gain >= 1 & gain < 26"]
    assert np.bincount(column_codes.codes)[0] == 900


def test_categories_are_taken_by_their_text_and_the_word_missing_has_no_rule():
    column = pd.Series(pd.Categorical([1, "1", "Missing", None, "b c"]), name="kind")
    column_codes = coded(column, 4)
    assert column_codes.codes[0] == column_codes.codes[1]
    assert rules(column_codes)[column_codes.codes[3]] == "kind = Missing"
    assert rules(column_codes)[column_codes.codes[2]] == ""
    assert rules(column_codes)[column_codes.codes[4]] == 'kind = "b c"'


@given(
    st.lists(
        st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(0, 5)),
        min_size=1,
        max_size=60,
    ),
    st.integers(2, 12),
)
def test_every_row_of_a_bin_matches_its_printed_rule_and_no_other_row(values, n_bins):
    column = pd.Series(np.asarray(values, dtype=float), name="x y")
    column_codes = coded(column, n_bins)
    for code, rule in enumerate(rules(column_codes)):
        matched = matches(parse(rule), column.to_frame())
        assert np.array_equal(matched, column_codes.codes == code)


@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64"])
def test_whole_numbers_of_any_type_are_cut_alike(dtype):
    column = pd.Series(np.arange(50), name="x").astype(dtype)
    assert rules(coded(column, 2)) == ["x < 24", "x >= 24"]
