from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.errors import DataError
from models.remedies.group_dro import CELL, GroupDRO
from models.train import logits_of


def batch_of(training, rows):
    return training.train.take(torch.as_tensor(rows))


def test_group_weights_follow_algorithm_1(training_for, recipe, dataset):
    remedy = GroupDRO(attribute="group", eta=0.3)
    training = training_for(remedy, recipe, dataset)
    method = training.methods[0]
    codes = dataset.frame.groups["group"].codes[:600]
    n = np.bincount(codes)
    q = n / 600
    rng = np.random.default_rng(0)
    for _ in range(3):
        rows = rng.permutation(600)[:200]
        losses = torch.tensor(rng.gamma(1, size=200), dtype=torch.float32)
        found = method.weighed(batch_of(training, rows), losses, None)
        means = [losses[codes[rows] == g].mean().item() for g in (0, 1)]
        q = q * np.exp(0.3 * np.array(means))
        q = q / q.sum()
        np.testing.assert_allclose(method.q, q, rtol=1e-5)
        by_hand = losses * torch.tensor((q / (n / 600))[codes[rows]])
        torch.testing.assert_close(found.double(), by_hand, rtol=1e-5, atol=1e-6)


def test_the_value_of_a_full_batch_is_the_weighted_sum_of_group_losses(
    training_for, recipe, dataset
):
    """With survey weights too: sum_g q_g L_g, as equation 4 has it."""
    remedy = GroupDRO(attribute="group", eta=1.0)
    training = training_for(remedy, replace(recipe, survey_weights=True), dataset)
    batch, method = batch_of(training, np.arange(600)), training.methods[0]
    plain = torch.rand(600)
    value = method.weighed(batch, plain * batch.weights, None).mean()
    codes = dataset.frame.groups["group"].codes[:600]
    w = dataset.frame.weights[:600]
    losses = [
        np.average(plain.numpy()[codes == g], weights=w[codes == g]) for g in (0, 1)
    ]
    assert value.item() == pytest.approx(float(method.q @ torch.tensor(losses).float()))


def test_small_groups_get_the_adjustment(training_for, recipe, dataset):
    remedy = GroupDRO(attribute="work", eta=1.0, adjustment=3.0)
    training = training_for(remedy, recipe, dataset)
    n = np.bincount(dataset.frame.groups["work"].codes[:600])
    np.testing.assert_allclose(training.methods[0].extra, 3 / np.sqrt(n), rtol=1e-5)


def test_without_steps_it_is_plain_training(training_for, recipe, dataset):
    found = {}
    for remedy in (None, GroupDRO(attribute="group", eta=0.0)):
        training = training_for(remedy, recipe, dataset)
        if remedy is not None:
            training.stopping = training_for(None, recipe, dataset).stopping
        training.run(lambda epoch: None, lambda: False)
        found[remedy] = logits_of(training.network, training.validation)
    plain, none = found.values()
    torch.testing.assert_close(none, plain, rtol=1e-3, atol=1e-4)


def test_the_group_with_the_largest_loss_gains_weight_and_ends_better(
    training_for, recipe, dataset
):
    """Planted: the labels of a few people of group b go the other way round."""
    frame = dataset.frame
    codes = frame.groups["group"].codes
    y = np.where(codes == 1, 1 - frame.y_true, frame.y_true)
    few = np.sort(
        np.r_[np.flatnonzero(codes == 0)[:500], np.flatnonzero(codes == 1)[:80]]
    )
    shuffled = np.random.default_rng(0).permutation(few)
    planted = replace(dataset, frame=replace(frame, y_true=y).take(shuffled))
    losses = {}
    for eta in (0.0, 0.5):
        training = training_for(
            GroupDRO(attribute="group", eta=eta),
            replace(recipe, epochs=15, patience=15),
            planted,
            rows=290,
        )
        training.run(lambda epoch: None, lambda: False)
        logits = logits_of(training.network, training.train)
        each = torch.nn.functional.cross_entropy(
            logits, training.train.labels, reduction="none"
        )
        inside = training.codes("group")[0] == 1
        losses[eta] = each[inside].mean().item()
    assert losses[0.5] < losses[0.0] - 0.1
    assert training.methods[0].said()["b"] > 0.3


def test_cells_of_group_and_label_have_names_and_shares(training_for, recipe, dataset):
    training = training_for(GroupDRO(attribute="group", by=CELL), recipe, dataset)
    said = training.methods[0].said()
    assert list(said) == ["a, no", "a, yes", "b, no", "b, yes"]
    assert sum(said.values()) == pytest.approx(1)


def test_an_empty_group_and_extreme_losses_leave_weights_finite(
    training_for, recipe, dataset
):
    inside = dataset.frame.groups["group"].codes == 0
    one = replace(dataset, frame=dataset.frame.take(np.flatnonzero(inside)))
    training = training_for(GroupDRO(attribute="group", eta=5.0), recipe, one, rows=100)
    method = training.methods[0]
    for _ in range(20):
        method.weighed(
            batch_of(training, np.arange(50)), torch.full((50,), 900.0), None
        )
    np.testing.assert_array_equal(method.q, [1, 0])


def test_a_group_that_a_batch_misses_goes_by_its_last_loss(
    training_for, recipe, dataset
):
    training = training_for(GroupDRO(attribute="group", eta=0.5), recipe, dataset)
    method = training.methods[0]
    codes = dataset.frame.groups["group"].codes[:600]
    all_rows = batch_of(training, np.arange(600))
    method.weighed(all_rows, torch.tensor(np.where(codes == 1, 2.0, 1.0)).float(), None)
    before = method.q.clone()
    only_a = np.flatnonzero(codes == 0)
    method.weighed(batch_of(training, only_a), torch.ones(len(only_a)), None)
    assert method.q[1] > before[1]


def test_the_worst_group_decides_when_to_stop_unless_the_recipe_says(recipe, dataset):
    remedy = GroupDRO(attribute="group")
    assert remedy.change(recipe, dataset.frame).stop_by == "group"
    asked = replace(recipe, stop_by="work")
    assert remedy.change(asked, dataset.frame).stop_by == "work"
    with pytest.raises(DataError, match="is not a sensitive attribute"):
        GroupDRO(attribute="shoe size").change(recipe, dataset.frame)
