"""Calibration against equal error rates: identities that hold for any numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from analysis.calibration.parity import parity
from analysis.errors import NeedsProbabilitiesError
from analysis.evaluation import Evaluation, Scores, Threshold, binary_probabilities
from analysis.frame import Grouping


def shown(probability, labels, groups, threshold=0.5, weights=None):
    n = len(labels)
    return Evaluation(
        title="t",
        y_true=np.asarray(labels),
        scores=binary_probabilities(np.asarray(probability, float)),
        classes=("no", "yes"),
        groups={"g": Grouping(np.asarray(groups), ("a", "b", "empty"))},
        weights=np.ones(n) if weights is None else weights,
        row_ids=np.arange(n),
        rule=Threshold(threshold),
    )


@pytest.fixture
def people(rng):
    g = (rng.random(20_000) < 0.4).astype(int)
    p = expit(rng.normal(size=20_000) * 1.5 + np.where(g == 1, -1.2, 0.4))
    return p, rng.binomial(1, p), g


def test_the_required_rate_is_chouldechovas_by_hand():
    # a: 3 of 4 have it; b: 1 of 4. Flagged: two of a (both right), two of b (one right)
    y = [1, 1, 1, 0, 1, 0, 0, 0]
    p = [0.9, 0.8, 0.1, 0.2, 0.9, 0.7, 0.1, 0.2]
    found = parity(shown(p, y, [0] * 4 + [1] * 4), ("g",))
    precision, misses = 3 / 4, 1 / 4
    for group, base in enumerate((0.75, 0.25)):
        rate = base / (1 - base) * (1 - precision) / precision * (1 - misses)
        assert found.required.value[group] == pytest.approx(rate)
    assert np.isnan(found.required.value[2])
    assert found.required.n[2] == 0


def test_with_equal_precision_and_misses_the_required_rate_is_the_one_there_is():
    """Chouldechova's equation is an identity: one group alone fulfils it exactly."""
    rng = np.random.default_rng(0)
    p = rng.random(500)
    y = rng.binomial(1, p)
    found = parity(shown(p, y, np.zeros(500, int)), ("g",))
    rate = found.rates.by_group["false_positive_rate"].value[0]
    assert found.required.value[0] == pytest.approx(rate)


def test_true_scores_promise_the_rates_that_come(people):
    p, y, g = people
    found = parity(shown(p, y, g), ("g",))
    for metric, promised in (
        ("false_positive_rate", found.promised_false_positive),
        ("false_negative_rate", found.promised_false_negative),
    ):
        rates = found.rates.by_group[metric]
        assert ((rates.low - 0.01 < promised) & (promised < rates.high + 0.01))[
            :2
        ].all()
    assert found.is_bound
    assert found.required_gap.low > 0


def test_equal_base_rates_bind_nobody(rng):
    bound = 0
    for _ in range(100):
        g = rng.integers(0, 2, 600)
        p = np.full(600, 0.3)
        bound += parity(shown(p, rng.binomial(1, p), g), ("g",)).is_bound
    assert bound <= 10  # a simultaneous interval at 96 % leaves 0 out 4 times in 100


@given(st.integers(1, 5))
def test_a_weight_of_k_is_k_people(k):
    rng = np.random.default_rng(k)
    p, g = rng.random(60), rng.integers(0, 2, 60)
    y = rng.binomial(1, p)
    once = parity(shown(p, y, g, weights=np.full(60, float(k))), ("g",))
    rows = np.repeat(np.arange(60), k)
    many = parity(shown(p[rows], y[rows], g[rows]), ("g",))
    np.testing.assert_allclose(once.required.value, many.required.value)
    np.testing.assert_allclose(
        once.promised_false_negative, many.promised_false_negative
    )


def test_withheld_groups_have_no_number(people):
    p, y, g = people
    hidden = np.array([False, True, False])
    found = parity(shown(p, y, g), ("g",), hidden)
    assert np.isnan(found.required.value[1])
    assert np.isnan(found.promised_false_positive[1])
    assert np.isnan(found.rates.by_group["precision"].value[1])


def test_nobody_flagged_and_everybody_positive_are_undefined_not_zero():
    nobody = parity(shown([0.1, 0.2], [0, 1], [0, 1]), ("g",))
    assert np.isnan(nobody.required.value).all()
    everybody = parity(shown([0.9, 0.8], [1, 1], [0, 1]), ("g",))
    assert not np.isfinite(everybody.required.value).any()


def test_raw_scores_imply_nothing(people):
    p, y, g = people
    raw = Evaluation(
        "t",
        y,
        Scores(p[:, None] * 9, "raw"),
        ("no", "yes"),
        {"g": Grouping(g, ("a", "b"))},
        np.ones(len(y)),
        np.arange(len(y)),
    )
    with pytest.raises(NeedsProbabilitiesError):
        parity(raw, ("g",))
