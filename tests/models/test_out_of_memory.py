"""What training does when a batch does not fit the memory."""

import sys
from dataclasses import replace

import pytest
import torch

from analysis.errors import RunError
from models import train
from models.failures import OUT_OF_MEMORY
from models.memory import is_out_of_memory
from models.training import train_now


def parameters(network):
    return torch.cat([p.detach().flatten().clone() for p in network.parameters()])


def gradient(training):
    return torch.cat([p.grad.flatten() for p in training.network.parameters()])


def limited(training, most):
    """Let a training's objective fail for more than some rows."""
    real, sizes = training.objective, []

    def objective(own, batch):
        if len(batch) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB.")
        sizes.append(len(batch))
        return real(own, batch)

    training.objective = objective
    return sizes


@pytest.mark.parametrize("rows", [64, 61])
def test_a_batch_in_parts_gives_the_gradient_of_the_whole(recipe, training_on, rows):
    recipe = replace(recipe, dropout=0.0, survey_weights=True)
    whole, halved = (training_on(recipe) for _ in range(2))
    sizes = limited(halved, 20)
    loss = whole.gradient(whole.train.split(rows)[0])
    torch.testing.assert_close(halved.gradient(halved.train.split(rows)[0]), loss)
    torch.testing.assert_close(gradient(halved), gradient(whole), atol=1e-6, rtol=1e-5)
    assert halved.progress.parts == 4
    assert sum(sizes) == rows
    assert max(sizes) <= 20


def test_training_goes_on_with_smaller_parts(recipe, training_on):
    recipe = replace(recipe, dropout=0.0, epochs=2)
    plain, halved = (training_on(recipe) for _ in range(2))
    limited(halved, 20)
    for training in (plain, halved):
        training.run(lambda epoch: None, lambda: False)
    assert halved.progress.epoch == 2
    assert halved.progress.parts > 1
    torch.testing.assert_close(
        parameters(halved.network), parameters(plain.network), atol=1e-3, rtol=1e-2
    )


def test_what_the_failed_attempt_held_is_let_go_before_the_next(recipe, training_on):
    """An exception that is being handled keeps the tensors of its frames alive."""
    training = training_on(recipe)
    real = training.objective

    def objective(own, batch):
        assert sys.exception() is None
        if len(batch) > 30:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(own, batch)

    training.objective = objective
    training.gradient(training.train.split(50)[0])
    assert training.progress.parts == 2


def test_where_not_even_a_part_fits_it_says_what_to_do(
    store, recipe, training_on, monkeypatch
):
    training = training_on(recipe)
    limited(training, 0)
    with pytest.raises(RunError, match="Choose a smaller batch size"):
        training.gradient(training.train)
    assert training.progress.parts <= train.MAX_PARTS

    def full(*_):
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't "
            "allocate memory: you tried to allocate 10 bytes."
        )

    monkeypatch.setattr("models.objective.Objective.__call__", full)
    with pytest.raises(RunError, match="not enough memory"):
        train_now(store, recipe)
    assert store.runs()[0].reason == OUT_OF_MEMORY


def test_other_errors_are_not_taken_for_a_lack_of_memory(recipe, training_on):
    training = training_on(recipe)

    def wrong(own, batch):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    training.objective = wrong
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        training.gradient(training.train)
    assert training.progress.parts == 1
    assert not is_out_of_memory(RuntimeError("the memory format is wrong"))
