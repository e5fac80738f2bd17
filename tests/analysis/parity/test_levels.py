import numpy as np
import pytest

from analysis.costs import Costs
from analysis.errors import SettingError
from analysis.parity.levels import LEVELS, levelled_up


def test_only_the_group_that_falls_short_moves_and_to_the_cheapest_cut(table):
    well = table([0.9, 0.8, 0.3, 0.1], [1, 1, 0, 0])
    short = table([0.9, 0.4, 0.3, 0.2, 0.1], [1, 0, 1, 0, 1])
    now = np.array([well.position(0.5), short.position(0.5)])
    then = levelled_up([well, short], now, "true_positive_rate", 0.6, Costs())
    assert then[0] == now[0]
    # Two of three are found from a cut of 0.25 on, at one false alarm and one missed.
    assert short.cuts[then[1]] == pytest.approx(0.25)
    dear = Costs(false_negative=3.0)
    then = levelled_up([well, short], now, "true_positive_rate", 0.6, dear)
    assert short.cuts[then[1]] == -np.inf


@pytest.mark.parametrize("rate", LEVELS)
def test_the_minimum_is_reached_at_the_least_cost(drawn_groups, rate):
    tables = drawn_groups(4)
    minimum = min(np.nanmax(table.rate(rate)) for table in tables)
    now = np.array([table.position(0.5) for table in tables])
    then = levelled_up(tables, now, rate, minimum, Costs())
    for table, before, after in zip(tables, now, then, strict=True):
        reached = table.rate(rate)
        if reached[before] >= minimum:
            assert after == before
            continue
        serves = np.flatnonzero(reached >= minimum)
        assert after in serves
        assert table.cost(Costs())[after] == table.cost(Costs())[serves].min()


def test_a_minimum_out_of_reach_is_refused_with_the_highest_that_is_not(drawn_groups):
    tables = drawn_groups(3)
    reach = min(np.nanmax(table.rate("accuracy")) for table in tables)
    now = np.zeros(3, int)
    with pytest.raises(SettingError, match="Lower the minimum to that") as refused:
        levelled_up(tables, now, "accuracy", 0.999, Costs())
    said = float(str(refused.value).split("can reach is ")[1].split(". ")[0])
    assert said <= reach < said + 0.001
    levelled_up(tables, now, "accuracy", said, Costs())
