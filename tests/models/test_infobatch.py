from dataclasses import replace

import numpy as np
import pytest
import torch

from models.infobatch import InfoBatch
from models.live import network_payload
from models.losses import row_losses


@pytest.fixture
def pruned(recipe):
    return replace(
        recipe, architecture="logistic", prune=0.5, epochs=8, patience=8, dropout=0.0
    )


@pytest.fixture
def training(pruned, training_on):
    """A training whose rows have all been seen, with their true losses."""
    made = training_on(pruned)
    (method,) = made.methods
    method.begin(made)
    rows = made.train
    with torch.no_grad():
        logits = made.network(rows.positions, rows.codes)
        method.last = row_losses(logits, rows.labels)
    return made


def flat_gradient(network):
    return torch.cat([p.grad.flatten() for p in network.parameters()])


def test_what_stays_counts_for_what_is_left_out_row_by_row(training):
    """Section 2.2: rows below the mean are kept with 1 - r and weigh 1 / (1 - r)."""
    (method,) = training.methods
    is_easy = (method.last < method.last.mean()).numpy()
    sums, draws = np.zeros(len(is_easy)), 400
    for _ in range(draws):
        order = training.shuffled()
        assert sorted(order.tolist()) == torch.nonzero(method.kept)[:, 0].tolist()
        sums += method.kept.numpy() * method.factors.numpy()
    assert 0.2 < is_easy.mean() < 0.8
    assert (sums[~is_easy] == draws).all()
    assert set(np.unique(method.factors.numpy()[is_easy])) == {2.0}
    np.testing.assert_allclose(sums[is_easy] / draws, 1, atol=5.5 / np.sqrt(draws))


def test_the_expected_gradient_of_an_epoch_is_that_of_all_rows(training):
    (method,), n = training.methods, len(training.train)
    losses = method.last.clone()
    training.objective.methods = []
    training.gradient(training.train)
    full = flat_gradient(training.network)
    training.objective.methods = [method]
    draws = []
    for _ in range(150):
        method.last = losses.clone()
        order = training.shuffled()
        training.gradient(training.train.take(order))
        draws.append(flat_gradient(training.network) * len(order) / n)
    draws = torch.stack(draws)
    error = draws.mean(0) - full
    spread = draws.std(0) / len(draws) ** 0.5
    assert error.norm() < 2.5 * spread.norm()
    assert error.norm() < 0.1 * full.norm()
    # Without the factors the mean is another one, so the test can fail.
    assert (draws.mean(0) / 2 - full).norm() > 0.3 * full.norm()


def test_the_first_epoch_and_the_last_eighth_see_every_row(pruned, training_on):
    made, shares = training_on(pruned), []
    (method,) = made.methods
    made.run(
        lambda epoch: shares.append(1 - method.kept.double().mean().item()),
        lambda: False,
    )
    assert shares[0] == 0
    assert shares[-1] == 0
    assert all(0.1 < share < 0.5 for share in shares[1:-1])


def test_rows_left_out_save_steps_and_leave_batches_as_large(pruned, training_on):
    made, sizes = training_on(pruned), []
    real = made.step
    made.step = lambda batch: sizes[-1].append(len(batch)) or real(batch)
    made.open(lambda epoch: None, lambda: False)
    for _ in range(2):
        sizes.append([])
        made.close_epoch(made.epoch(lambda: False))
    assert sizes[0][0] == sizes[1][0]
    assert len(sizes[1]) < len(sizes[0])


def test_the_event_tells_each_groups_share(pruned, training_on, prepared_for):
    made, prepared = training_on(pruned), prepared_for(pruned)
    made.open(lambda epoch: None, lambda: False)
    for _ in range(2):
        made.close_epoch(made.epoch(lambda: False))
    told = network_payload(made, prepared)["pruned"]
    (method,) = made.methods
    for name, groups in prepared.train.groups.items():
        assert told[name]["names"] == list(groups.names)
        for g, share in enumerate(told[name]["share"]):
            inside = groups.codes == g
            if inside.any():
                assert share == pytest.approx(1 - method.kept.numpy()[inside].mean())
            else:
                assert share is None
    assert max(told["group"]["share"]) > 0


def test_rows_that_are_all_alike_are_all_kept(recipe, training_on):
    made = training_on(replace(recipe, prune=0.9))
    (method,) = made.methods
    method.begin(made)
    method.last = torch.full((len(made.train),), 0.7)
    assert len(made.shuffled()) == len(made.train)


def test_what_it_has_seen_survives_being_stored(training):
    (method,) = training.methods
    other = InfoBatch(training.recipe)
    other.load(training, method.state())
    assert torch.equal(other.last, method.last)
    assert len(other.kept) == len(training.train)
