import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.estimates import Estimates, Z
from analysis.intervals import wilson
from analysis.subgroups.shrinkage import MIN_GROUPS, shrunken


def normal(value, error):
    value = np.asarray(value, float)
    half = Z * np.broadcast_to(error, value.shape)
    return Estimates(value, value - half, value + half, np.full(len(value), 50.0))


WIDE = (-np.inf, np.inf)
VALUES = np.array([0.1, 0.2, 0.35, 0.5, 0.55, 0.9])


def test_morris_formula_worked_by_hand():
    """Equal errors: the pull is (k - 3) v / sum of squares, the centre the mean."""
    y, v = np.array([1.0, 2.0, 3.0, 4.0, 10.0]), 4.0
    squares = ((y - 4) ** 2).sum()  # 50, so that the groups spread by 50 / 4 - 4
    pull = 2 / 4 * v / (squares / 4)
    found = shrunken(normal(y, 2.0), bounds=WIDE)
    assert found.value == pytest.approx(y - pull * (y - 4))
    error = np.sqrt(v * (1 - pull * 4 / 5) + 2 / 2 * pull**2 * (y - 4) ** 2)
    assert found.high - found.value == pytest.approx(Z * error)
    assert found.value - found.low == pytest.approx(Z * error)


def test_strength_0_leaves_the_raw_values():
    raw = normal(VALUES, 0.1)
    found = shrunken(raw, strength=0)
    for field in ("value", "low", "high", "n"):
        assert getattr(found, field).tolist() == getattr(raw, field).tolist()


@pytest.mark.parametrize("strength", [0.5, 1.0, 2.0, 3.0])
def test_strength_is_the_power_of_what_a_pull_leaves(strength):
    """The same five groups: Morris's pull of 0.16 leaves 0.84 of each distance."""
    y = np.array([1.0, 2.0, 3.0, 4.0, 10.0])
    left = 1 - 2 / 4 * 4.0 / (50 / 4)
    assert left == pytest.approx(0.84)
    found = shrunken(normal(y, 2.0), strength=strength, bounds=WIDE)
    assert found.value - 4 == pytest.approx(left**strength * (y - 4))


def test_a_share_is_known_as_well_as_its_centre_lets_it_be_worked_by_hand():
    """Five groups of 20 around a centre of 0.3: variance 0.3 x 0.7 / 20 for each."""
    y, n = np.array([0.0, 0.2, 0.3, 0.4, 0.6]), np.full(5, 20.0)
    raw = Estimates(y, *wilson(y, n), n)
    v, squares = 0.3 * 0.7 / 20, ((y - 0.3) ** 2).sum()
    pull = 2 / 4 * v / (squares / 4)
    assert v < squares / 4
    found = shrunken(raw, rows=n)
    assert found.value == pytest.approx(y - pull * (y - 0.3))


def test_shares_that_are_all_0_stay_0():
    n = np.array([10.0, 200.0, 30.0, 4.0, 1_000.0])
    zero = np.zeros(5)
    found = shrunken(Estimates(zero, *wilson(zero, n), n), rows=n)
    assert found.value.tolist() == zero.tolist()
    assert (found.high > 0).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_values_move_towards_the_centre_with_strength_and_never_past_it(seed):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=8)
    raw = normal(y, rng.uniform(0.1, 2, 8))
    centre = shrunken(raw, strength=1e12, bounds=WIDE).value
    before = np.abs(y - centre)
    for strength in (0.1, 0.5, 1.0, 1.5, 4.0, 100.0):
        found = shrunken(raw, strength=strength, bounds=WIDE).value
        distance = np.abs(found - centre)
        assert (distance <= before + 1e-9).all()
        assert ((found - centre) * (y - centre) >= -1e-9).all()
        before = distance


def test_the_less_is_known_the_stronger_the_pull():
    raw = normal([0.2, 0.8, 0.2, 0.8, 0.2, 0.8], [0.01, 0.01, 0.1, 0.1, 0.3, 0.3])
    moved = np.abs(shrunken(raw).value - raw.value)
    assert moved[0] < moved[2] < moved[4]
    assert moved[1] < moved[3] < moved[5]


def test_equal_groups_shrink_to_their_centre():
    """Twenty groups of one rate: pooled, they err far less than each alone."""
    rng = np.random.default_rng(3)
    n = np.full(20, 60.0)
    p = rng.binomial(60, 0.3, 20) / 60
    found = shrunken(Estimates(p, *wilson(p, n), n))
    assert np.std(found.value) < 0.3 * np.std(p)
    same = np.full(6, 0.4)
    found = shrunken(normal(same, 0.1))
    assert found.value == pytest.approx(same)


@pytest.mark.parametrize("known", [2, MIN_GROUPS - 1])
def test_too_few_known_groups_stay_as_they_are(known):
    value = np.append(VALUES[:known], [np.nan] * 4)
    raw = normal(value, 0.2)
    assert shrunken(raw).value[:known].tolist() == value[:known].tolist()


def test_unknown_groups_stay_unknown_and_pull_nobody():
    raw = normal(VALUES, 0.2)
    more = normal(np.append(VALUES, [np.nan, 0.3]), 0.2)
    high = more.high.copy()
    high[-1] = np.nan  # a value whose upper end is not known
    more = Estimates(more.value, more.low, high, more.n)
    found, alone = shrunken(more), shrunken(raw)
    assert found.value[:6] == pytest.approx(alone.value)
    assert np.isnan(found.value[6])
    assert found.value[7] == 0.3


def test_intervals_stay_within_the_bounds_of_the_metric():
    found = shrunken(normal([0.01, 0.02, 0.03, 0.98, 0.99], 0.2))
    assert found.low.min() >= 0
    assert found.high.max() <= 1
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()


def test_main_effects_of_intersections_are_the_centre():
    """Cells that are sums of their levels' effects have nothing to be pulled from."""
    rng = np.random.default_rng(1)
    rows, columns = np.indices((4, 5)).reshape(2, -1)
    truth = np.array([0.1, 0.3, 0.5, 0.6])[rows] + np.linspace(0, 0.3, 5)[columns]
    raw = normal(truth + 0.05 * rng.normal(size=20), 0.05)
    additive = shrunken(raw, [rows, columns]).value
    single = shrunken(raw).value
    errors = [np.sqrt(((v - truth) ** 2).mean()) for v in (raw.value, single, additive)]
    assert errors[2] < 0.75 * min(errors[:2])
    exact = shrunken(normal(truth, 0.05), [rows, columns])
    assert exact.value == pytest.approx(truth)


def test_intersections_without_room_for_main_effects_stay_as_they_are():
    rows, columns = np.indices((2, 2)).reshape(2, -1)
    raw = normal([0.1, 0.4, 0.5, 0.2], 0.1)
    assert shrunken(raw, [rows, columns]).value.tolist() == raw.value.tolist()


@pytest.mark.parametrize("spread", [0.0, 0.05, 0.2])
def test_intervals_cover_on_average_over_groups(spread):
    rng = np.random.default_rng(7)
    groups, draws = 12, 300
    inside = 0.0
    for _ in range(draws):
        truth = 0.5 + spread * rng.normal(size=groups)
        error = rng.uniform(0.03, 0.1, groups)
        found = shrunken(normal(truth + error * rng.normal(size=groups), error))
        inside += ((found.low <= truth) & (truth <= found.high)).mean() / draws
    # equal groups are covered nearly always: their doubtful spread costs width
    assert 0.93 <= inside <= (0.999 if spread == 0 else 0.98)


def test_shrunken_values_err_less_than_raw_ones():
    rng = np.random.default_rng(9)
    raw_error = new_error = 0.0
    for _ in range(100):
        truth = 0.5 + 0.05 * rng.normal(size=15)
        y = truth + 0.08 * rng.normal(size=15)
        raw_error += ((y - truth) ** 2).sum()
        new_error += ((shrunken(normal(y, 0.08)).value - truth) ** 2).sum()
    assert new_error < 0.6 * raw_error  # v b / (v + b) over v is 0.28
