import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.costs import Costs, costs_from_text
from analysis.errors import SettingError

price = st.integers(-1_000, 1_000).map(lambda cents: cents / 4)


def test_costs_are_read_in_the_order_right_rejection_flag_miss_right_flag():
    costs = costs_from_text("0/1/5/-2")
    assert costs == Costs(0, 1, 5, -2)
    assert costs.matrix.tolist() == [[0, 1], [5, -2]]  # by label, then decision


def test_each_wrong_decision_costs_one_unless_said_otherwise():
    assert str(Costs()) == "0/1/1/0"


@given(price, price, price, price)
def test_what_is_printed_reads_back(tn, fp, fn, tp):
    costs = Costs(tn, fp, fn, tp)
    assert costs_from_text(str(costs)) == costs


@pytest.mark.parametrize("text", ["", "1/2/3", "1/2/3/4/5", "a/b/c/d", "1,2,3,4"])
def test_a_text_that_is_no_cost_matrix_is_answered_with_an_example(text):
    with pytest.raises(SettingError, match="such as 0/1/5/0"):
        costs_from_text(text)


@pytest.mark.parametrize("cost", [np.nan, np.inf, -np.inf, 2e9])
def test_a_cost_of_insane_size_is_refused_with_advice(cost):
    with pytest.raises(SettingError, match="larger unit"):
        Costs(false_negative=cost)
