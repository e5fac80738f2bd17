"""What draws come to on rows, and when one threshold each serves better."""

import numpy as np
import pytest

from analysis.costs import Costs
from analysis.parity.lottery import Lottery
from analysis.parity.realised import FAR, FEW, People, Realised, against_draws


def test_a_drawn_rule_by_hand():
    """Scores of 1 lie in the band of group 0: draws below 0.5 meet the cut of 2."""
    people = People(
        scores=np.array([3.0, 1.0, 1.0, 1.0, 0.0, 1.0, 9.0]),
        is_positive=np.array([1, 1, 1, 0, 1, 0, 1], bool),
        weights=np.array([1.0, 1, 2, 1, 1, 1, 5]),
        codes=np.array([0, 0, 0, 0, 1, 1, -1]),
        draws=np.array([0.1, 0.2, 0.7, 0.7, 0.0, 0.0, 0.0]),
    )
    lotteries = [
        Lottery(np.array([2.0, 0.5]), np.array([0.5, 0.5])),
        Lottery(np.array([0.5]), np.ones(1)),
    ]
    rates = ("true_positive_rate", "false_positive_rate", "selection_rate")
    found = people.outcome(lotteries, rates, Costs())
    # Group 0 selects 3 of 4 true and its one false; group 1 no true and its one false.
    assert found.gaps == pytest.approx([0.75, 0.0, 0.8 - 0.5])
    assert found.cost == pytest.approx((1 + 1 + 1 + 1) / 7)
    assert found.fewest == 2
    certain = people.outcome([lotteries[1]] * 2, rates, Costs())
    assert certain.fewest is None


@pytest.mark.parametrize(
    ("fewest", "drawn", "single", "cost", "against"),
    [
        (None, 0.5, 0.0, 0.3, ""),
        (5, 0.03, 0.03, 0.3, FEW),  # as near, and no luck needed
        (5, 0.03, 0.08, 0.3, ""),  # worse than the draws, few as they are
        (5, 0.03, 0.03, 0.31, FEW),
        (5, 0.03, 0.03, 0.6, ""),  # it agrees where nearly all are decided wrongly
        (300, 0.06, 0.02, 0.3, ""),  # not two points past the tolerance
        (300, 0.08, 0.02, 0.3, FAR),
        (300, 0.08, 0.02, 0.6, ""),
        (300, 0.08, 0.09, 0.3, ""),
    ],
)
def test_one_threshold_each_is_taken_only_where_it_serves_better(
    fewest, drawn, single, cost, against
):
    realised = Realised(np.array([drawn, 0.0]), 0.3, fewest)
    expected, other = np.array([0.05, 0]), np.array([single, 0])
    found = against_draws(0.05, expected, realised, other, cost)
    assert found == against
