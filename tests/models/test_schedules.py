import math

import pytest

from models.recipe import SCHEDULES
from models.schedules import FACTORS, LOWEST, WARM_UP, cosine, one_cycle


def test_every_schedule_of_a_recipe_exists():
    assert set(FACTORS) == set(SCHEDULES)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_factor_is_never_zero_and_never_above_the_peak(name):
    factors = [FACTORS[name](i / 200) for i in range(201)]
    assert all(0 < f <= 1 for f in factors)
    assert max(factors) == 1


def test_one_cycle_rises_to_its_peak_then_falls_to_almost_nothing():
    assert one_cycle(0.0) == LOWEST
    assert one_cycle(WARM_UP / 2) == pytest.approx(0.5)
    assert one_cycle(WARM_UP) == 1.0
    middle = WARM_UP + (1 - WARM_UP) / 2
    assert one_cycle(middle) == pytest.approx(0.5)
    assert one_cycle(1.0) == LOWEST


def test_cosine_is_half_a_cosine_from_the_start():
    assert cosine(0.0) == 1.0
    assert cosine(1 / 3) == pytest.approx(0.5 * (1 + math.cos(math.pi / 3)))
    assert cosine(1.0) == LOWEST
    assert cosine(1.2) == LOWEST


def test_a_constant_rate_stays():
    assert [FACTORS["constant"](x) for x in (0.0, 0.5, 1.0)] == [1.0, 1.0, 1.0]
