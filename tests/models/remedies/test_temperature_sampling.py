from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from analysis.errors import SettingError
from analysis.frame import AuditFrame, Grouping
from models.recipe import Recipe
from models.remedies.temperature_sampling import TemperatureSampling

COUNTS = np.array([8_000, 1_500, 500])


def training_of(weights=None, epoch=0, draws=False):
    """Return what the sampler looks at, with three groups of very different size."""
    n, codes = int(COUNTS.sum()), np.repeat([0, 1, 2], COUNTS)
    frame = AuditFrame(
        pd.DataFrame({"x": np.arange(n, dtype=float)}),
        np.tile([0, 1], n // 2),
        ("no", "yes"),
        {"g": Grouping(codes, ("a", "b", "c"))},
        np.ones(n),
    )
    own = None if weights is None else torch.tensor(weights / weights.mean())
    return SimpleNamespace(
        frames=SimpleNamespace(train=frame),
        train=SimpleNamespace(weights=own),
        recipe=Recipe("t", epochs=10, draws=draws),
        progress=SimpleNamespace(epoch=epoch),
        generator=torch.Generator().manual_seed(0),
        device=torch.device("cpu"),
    )


def drawn(training, **settings):
    """Return an epoch's rows."""
    made = {"level": "group", "attribute": "g", "cooldown": 1.0} | settings
    sampler = TemperatureSampling(**made).method()
    sampler.begin(training)
    n = int(COUNTS.sum())
    order = torch.randperm(n, generator=torch.Generator().manual_seed(1))
    return sampler.order(training, order).numpy(), order.numpy()


@pytest.mark.parametrize("tau", [2.0, 5.0, 100.0])
def test_groups_are_drawn_in_proportion_to_a_root_of_their_size(tau):
    rows, _ = drawn(training_of(), tau=tau)
    codes = np.repeat([0, 1, 2], COUNTS)
    found = np.bincount(codes[rows]) / len(rows)
    expected = COUNTS ** (1 / tau)
    np.testing.assert_allclose(found, expected / expected.sum(), atol=0.015)
    assert len(rows) == COUNTS.sum()


def test_within_a_group_every_row_is_as_likely_as_any_other():
    rows, _ = drawn(training_of(), tau=100.0)
    times = np.bincount(rows, minlength=COUNTS.sum())[-500:]  # the smallest group's
    assert times.mean() == pytest.approx(times.var(), rel=0.25)  # Poisson, about
    assert (times > 0).all()


def test_temperature_1_leaves_the_order_alone():
    rows, order = drawn(training_of(), tau=1.0)
    np.testing.assert_array_equal(rows, order)


def test_cooldown_ends_at_temperature_1_and_so_without_repeats():
    remedy = TemperatureSampling(tau=5.0, cooldown=0.5)
    taus = [remedy.tau_at(epoch, 11) for epoch in range(11)]
    assert taus[:6] == [5.0] * 6
    np.testing.assert_allclose(np.diff(taus[5:]), -0.8)
    assert taus[-1] == pytest.approx(1)
    rows, order = drawn(training_of(epoch=9), cooldown=0.5)
    np.testing.assert_array_equal(rows, order)


@pytest.mark.parametrize(("epochs", "cooldown"), [(1, 0.0), (1, 1.0), (5, 1.0)])
def test_odd_lengths_have_a_temperature(epochs, cooldown):
    remedy = TemperatureSampling(tau=3.0, cooldown=cooldown)
    assert all(1 <= remedy.tau_at(e, epochs) <= 3 for e in range(epochs))


@pytest.mark.parametrize("draws", [False, True])
def test_what_rows_weigh_counts(draws):
    """Weighed or drawn, a group's share of the loss is the root of its weight."""
    codes = np.repeat([0, 1, 2], COUNTS)
    weights = np.array([1.0, 1.0, 6.0])[codes] * np.where(np.arange(10_000) % 2, 1.5, 1)
    training = training_of(weights, draws=draws)
    rows, _ = drawn(training, tau=2.0)
    worth = np.ones(len(rows)) if draws else weights[rows]
    found = np.bincount(codes[rows], worth)
    expected = np.sqrt(np.bincount(codes, weights))
    np.testing.assert_allclose(
        found / found.sum(), expected / expected.sum(), atol=0.015
    )


def test_aimed_at_a_cohort_other_rows_stay_where_they_are():
    rows, order = drawn(training_of(), tau=100.0, cohort="g != a")
    codes = np.repeat([0, 1, 2], COUNTS)
    outside = codes[order] == 0
    np.testing.assert_array_equal(rows[outside], order[outside])
    counts = np.bincount(codes[rows])
    assert counts[0] == COUNTS[0]
    assert counts[1] == pytest.approx(counts[2], rel=0.1)


def test_groups_without_an_attribute_are_refused():
    with pytest.raises(SettingError, match="Choose an attribute"):
        drawn(training_of(), attribute="")


def test_empty_groups_and_rows_without_weight_are_never_drawn():
    weights = np.ones(10_000)
    weights[-100:] = 0
    training = training_of(weights, draws=True)
    frame = training.frames.train
    groups = {"g": Grouping(frame.groups["g"].codes, ("a", "b", "c", "nobody"))}
    training.frames = SimpleNamespace(train=replace(frame, groups=groups))
    rows, _ = drawn(training, tau=5.0)
    assert rows.max() < 9_900
