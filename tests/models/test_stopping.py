import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.errors import DataError
from analysis.frame import Grouping
from models.rows import Rows
from models.stopping import MIN_ROWS, Stopping
from models.training import train_now


def rows_of(labels, weights=None):
    n = len(labels)
    empty = torch.zeros(n, 0)
    labels = torch.tensor(labels)
    weights = None if weights is None else torch.tensor(weights, dtype=torch.float32)
    return Rows(empty, empty.long(), labels, weights)


@pytest.fixture
def frame_with(dataset):
    def build(codes, names):
        part = dataset.frame.take(np.arange(len(codes)))
        return replace(part, groups={"group": Grouping(np.array(codes), names)})

    return build


@pytest.fixture
def by_group(recipe):
    return replace(recipe, stop_by="group")


def mean_losses(logits, labels, weights, codes, g):
    """Return each group's weighted mean log loss, by hand."""
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    losses = -np.log(p[np.arange(len(labels)), labels])
    return [np.average(losses[codes == i], weights=weights[codes == i]) for i in g]


def test_the_worst_groups_loss_by_hand_with_weights(rng, by_group, frame_with):
    n = 90
    logits, labels = rng.normal(size=(n, 3)), rng.integers(0, 3, n)
    weights, codes = rng.uniform(0.2, 3, n), rng.integers(0, 2, n)
    logits[codes == 1] *= 2
    rows = rows_of(labels, weights)
    stopping = Stopping(by_group, rows, frame_with(codes, ("a", "b")))
    found = stopping.loss(torch.tensor(logits, dtype=torch.float32))
    expected = mean_losses(logits, labels, weights, codes, (0, 1))
    assert found == pytest.approx(max(expected), rel=1e-5)
    assert max(expected) > min(expected) + 0.1


def test_without_an_attribute_everyone_decides(rng, recipe, frame_with):
    n = 60
    logits, labels = rng.normal(size=(n, 2)), rng.integers(0, 2, n)
    rows = rows_of(labels)
    found = Stopping(recipe, rows, frame_with([0, 1] * 30, ("a", "b"))).loss(
        torch.tensor(logits, dtype=torch.float32)
    )
    (expected,) = mean_losses(logits, labels, np.ones(n), np.zeros(n), (0,))
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_small_group_does_not_decide(by_group, frame_with):
    small = MIN_ROWS - 1
    codes = np.array([0] * 50 + [1] * small)
    logits = torch.zeros(len(codes), 2)
    logits[50:, 0] = 9.0  # the small group is badly wrong
    labels = [1] * len(codes)
    rows, names = rows_of(labels), ("large", "small")
    found = Stopping(by_group, rows, frame_with(codes, names)).loss(logits)
    assert found == pytest.approx(math.log(2))
    codes[49] = 1
    logits[49, 0] = 9.0
    found = Stopping(by_group, rows, frame_with(codes, names)).loss(logits)
    assert found == pytest.approx(9.0, rel=1e-3)


def test_where_all_groups_are_small_the_largest_decides(by_group, frame_with):
    codes = [0, 0, 0, 1, 2]
    logits = torch.tensor([[0.0, 0.0]] * 3 + [[9.0, 0.0]] * 2)
    frame = frame_with(codes, ("a", "b", "c"))
    found = Stopping(by_group, rows_of([1] * 5), frame).loss(logits)
    assert found == pytest.approx(math.log(2))


def test_a_group_without_weight_or_rows_has_no_say(by_group, frame_with):
    codes, weights = [0] * 30 + [1] * 40, [0.0] * 30 + [1.0] * 40
    logits = torch.zeros(70, 2)
    logits[:30, 0] = 9.0
    frame = frame_with(codes, ("weightless", "b", "nobody"))
    found = Stopping(by_group, rows_of([1] * 70, weights), frame).loss(logits)
    assert found == pytest.approx(math.log(2))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_stays_none(by_group, frame_with, bad):
    logits = torch.zeros(50, 2)
    logits[0, 1] = bad
    frame = frame_with([0] * 50, ("a",))
    assert math.isnan(Stopping(by_group, rows_of([0] * 50), frame).loss(logits))


@pytest.mark.parametrize("architecture", ["mlp", "boosting"])
def test_the_run_keeps_the_epoch_that_is_best_for_the_worst_group(
    store, recipe, dataset, architecture
):
    recipe = replace(recipe, architecture=architecture, stop_by="group,work", epochs=4)
    heard = []
    run = train_now(store, recipe, heard.append)
    epochs = [e.payload for e in heard if e.kind == "epoch"]
    stopping = [e["stopping_loss"] for e in epochs]
    assert run.best_epoch == 1 + int(np.argmin(stopping))
    assert all(e["stopping_loss"] > e["validation_loss"] for e in epochs)


@pytest.mark.parametrize("architecture", ["mlp", "boosting"])
def test_an_unknown_attribute_is_refused_in_words(store, recipe, architecture):
    recipe = replace(recipe, architecture=architecture, stop_by="shoe size")
    with pytest.raises(DataError, match="'shoe size' is not a sensitive attribute"):
        train_now(store, recipe)
    assert "choose one of these" in store.runs()[0].reason
