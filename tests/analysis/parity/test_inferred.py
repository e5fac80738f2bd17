import numpy as np
import pytest

from analysis.costs import Costs
from analysis.parity.constraints import CONSTRAINTS
from analysis.parity.frontier import Frontier
from analysis.parity.inferred import inferred_programme
from analysis.parity.roc import group_rates


@pytest.fixture
def rows(rng):
    """Draw scores, labels, weights and true groups."""
    codes = rng.integers(0, 3, 300)
    scores = rng.normal(size=300).round(1)
    labels = rng.random(300) < 1 / (1 + np.exp(-scores + 0.6 * codes))
    return scores, labels, rng.uniform(0.5, 2, 300), codes


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_groups_that_are_inferred_right_have_the_optimum_of_known_ones(
    rows, constraint
):
    *people, codes = rows
    names = CONSTRAINTS[constraint]
    found = inferred_programme(*people, (codes, codes), names, Costs())
    known = Frontier(group_rates(*people, codes, 3), constraint)
    tolerances = [0.0, 0.05, 1.0]
    for x, rules in zip(
        found.solutions(tolerances), known.by_lot(tolerances), strict=True
    ):
        assert found.outcome(x)["cost"] == pytest.approx(rules.cost)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_gaps_are_those_of_the_true_groups_under_the_lotteries(rows, rng, constraint):
    scores, labels, weights, codes = rows
    guessed = np.where(rng.random(300) < 0.7, codes, rng.integers(0, 3, 300))
    names = CONSTRAINTS[constraint]
    found = inferred_programme(
        scores, labels, weights, (codes, guessed), names, Costs()
    )
    for x in found.solutions([0.0, 0.1]):
        chance, drawn = np.zeros(300), np.zeros(300, bool)
        for h, lottery in found.lotteries(x).items():
            own = guessed == h
            above = scores[own, None] >= lottery.cuts
            chance[own] = above @ lottery.shares
            drawn[own] = lottery.is_drawn(scores[own])
        told = found.outcome(x)
        whole = {
            "false_positive_rate": ~labels,
            "true_positive_rate": labels,
            "selection_rate": np.ones(300, bool),
        }
        for name, gap in zip(names, told["gaps"], strict=True):
            rates = [
                np.average(chance[rows], weights=weights[rows])
                for rows in (whole[name] & (codes == g) for g in range(3))
            ]
            assert gap == pytest.approx(np.ptp(rates), abs=1e-9)
        wrong = np.where(labels, 1 - chance, chance)
        assert told["cost"] == pytest.approx(np.average(wrong, weights=weights))
        assert told["by_lot"] == pytest.approx(np.average(drawn, weights=weights))


def test_without_groups_that_are_held_together_the_cheapest_cuts_are_taken(rows):
    *people, codes = rows
    nobody = np.full(300, -1)
    rates = ("true_positive_rate",)
    found = inferred_programme(*people, (nobody, codes), rates, Costs())
    (x,) = found.solutions([0.0])
    tables = group_rates(*people, codes, 3)
    least = sum(table.cost(Costs()).min() for table in tables)
    assert found.outcome(x)["cost"] == pytest.approx(least / people[2].sum())
