from dataclasses import replace

import numpy as np
import pytest
import torch

from models.epoch import Cancelled
from models.evaluations import splits_of
from models.prepare import methods_of, prepare, training_of
from models.recipe import Recipe, Stage
from models.remedies.chain import completed
from models.remedies.row_edit import Workshop
from models.sweep import Sweep, fit_together
from models.train import logits_of

CPU = torch.device("cpu")
WORKSHOP = Workshop(lambda name: None, lambda frame, epochs: None)


def prepared_of(recipe, dataset):
    class _Run:
        def __init__(self, recipe):
            self.recipe = recipe

    splits = splits_of(_Run(recipe), dataset)
    return prepare(completed(recipe), dataset, splits, WORKSHOP)


def alone(prepared):
    training = training_of(prepared, CPU)
    training.run(lambda epoch: None, lambda: False)
    return training


def together(prepared):
    members = [training_of(p, CPU) for p in prepared]
    done = []

    def ends(k, error):
        assert error is None
        done.append(k)

    Sweep(members).run([lambda epoch: None] * len(members), ends, lambda: False)
    assert sorted(done) == list(range(len(members)))
    return members


def reweighed(strength):
    return (Stage("reweighing", {"attribute": "group", "strength": strength}),)


SWEEPS = {
    "rates": [{"learning_rate": r} for r in (1e-3, 4e-3, 1e-2)],
    "restarts": [{"restart": r} for r in (0, 1, 2)],
    "strengths": [{"stages": reweighed(s)} for s in (0.0, 0.5, 1.0)],
    "clipped": [{"clip": 0.1, "weight_decay": w} for w in (0.0, 0.5)],
    "averaged": [{"ema": e} for e in (0.5, 0.9)],
    "linear": [{"architecture": "logistic", "stages": reweighed(s)} for s in (0.2, 1)],
    "one layer": [{"hidden": (6,), "dropout": 0.0, "weight_decay": w} for w in (0, 1)],
}


@pytest.mark.parametrize("name", SWEEPS)
def test_a_member_agrees_with_its_single_run(recipe, dataset, name):
    base = replace(recipe, hidden=(8, 4), dropout=0.2)
    parts = [prepared_of(replace(base, **change), dataset) for change in SWEEPS[name]]
    assert fit_together(parts, [])
    for single, member in zip(map(alone, parts), together(parts), strict=True):
        a, b = (logits_of(t.network, t.validation).softmax(1) for t in (single, member))
        assert torch.allclose(a, b, atol=1e-5)
        assert single.progress.best_epoch == member.progress.best_epoch


def test_members_that_stop_early_leave_the_others_as_they_are(recipe, dataset):
    base = replace(recipe, epochs=30, patience=2)
    rates = (0.3, 1e-3, 0.05)
    parts = [prepared_of(replace(base, learning_rate=r), dataset) for r in rates]
    singles, members = [alone(p) for p in parts], together(parts)
    epochs = [m.progress.epoch for m in members]
    assert len(set(epochs)) > 1
    assert epochs == [s.progress.epoch for s in singles]


def test_a_shared_optimiser_goes_on_when_a_member_is_over(recipe, dataset):
    base = replace(recipe, epochs=20, patience=2, learning_rate=0.02)
    parts = [
        prepared_of(replace(base, stages=reweighed(s)), dataset) for s in (0.0, 1.0)
    ]
    parts[0] = replace(parts[0], recipe=replace(parts[0].recipe, patience=1))
    singles, members = [alone(p) for p in parts], together(parts)
    for single, member in zip(singles, members, strict=True):
        assert single.progress.epoch == member.progress.epoch
        a, b = (logits_of(t.network, t.validation).softmax(1) for t in (single, member))
        assert torch.allclose(a, b, atol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        {"hidden": (9,)},
        {"epochs": 7},
        {"prune": 0.5},
        {"architecture": "boosting"},
        {"batch_size": 16},
    ],
)
def test_other_shapes_do_not_fit_together(recipe, dataset, change):
    parts = [prepared_of(r, dataset) for r in (recipe, replace(recipe, **change))]
    assert not fit_together(parts, [])


def test_another_seed_means_other_rows_and_so_another_pass(recipe, dataset):
    parts = [prepared_of(replace(recipe, seed=s), dataset) for s in (0, 1)]
    assert not fit_together(parts, [])


def test_a_sweep_stops_when_it_is_told(recipe, dataset):
    parts = [prepared_of(replace(recipe, learning_rate=r), dataset) for r in (1e-3, 1)]
    members = [training_of(p, CPU) for p in parts]
    with pytest.raises(Cancelled):
        Sweep(members).run([lambda epoch: None] * 2, lambda k, e: None, lambda: True)
    assert np.isfinite(members[0].progress.seconds)


def test_methods_of_a_plain_recipe_are_none():
    assert list(methods_of(Recipe(task="t"))) == []


def test_a_member_that_diverges_leaves_the_others_alone(recipe, dataset):
    parts = [
        prepared_of(replace(recipe, learning_rate=r), dataset) for r in (1e-3, 2e-3)
    ]
    members, ended = [training_of(p, CPU) for p in parts], {}
    members[0].stopping.loss = lambda logits: float("nan")
    reports = [lambda epoch: None] * 2
    Sweep(members).run(reports, ended.__setitem__, lambda: False)
    assert "diverged in epoch 1" in str(ended[0])
    assert ended[1] is None
    assert members[1].progress.epoch == recipe.epochs


def test_the_same_rows_with_other_labels_or_values_are_other_rows(recipe, dataset):
    parts = [prepared_of(replace(recipe, learning_rate=r), dataset) for r in (1e-3, 1)]
    assert fit_together(parts, [])
    train = parts[1].train
    labels = train.y_true.copy()
    labels[0] = 1 - labels[0]
    relabelled = replace(parts[1], train=replace(train, y_true=labels))
    assert not fit_together([parts[0], relabelled], [])
    older = train.features.assign(age=train.features["age"] + 1)
    shifted = replace(parts[1], train=replace(train, features=older))
    assert not fit_together([parts[0], shifted], [])


def test_the_last_one_left_keeps_the_moments_of_its_optimiser(recipe, dataset):
    """Its rate is then the only one, which must not start a new optimiser."""
    base = replace(recipe, epochs=24, dropout=0.0, schedule="constant")
    parts = [prepared_of(replace(base, learning_rate=r), dataset) for r in (0.01, 0.02)]
    parts[1] = replace(parts[1], recipe=replace(parts[1].recipe, patience=1))
    parts[0] = replace(parts[0], recipe=replace(parts[0].recipe, patience=24))
    members = together(parts)
    assert members[1].progress.epoch < members[0].progress.epoch == 24
    single = alone(parts[0])
    a, b = (logits_of(t.network, t.validation) for t in (single, members[0]))
    assert torch.allclose(a, b, atol=1e-2)
    assert single.progress.best_epoch == members[0].progress.best_epoch
