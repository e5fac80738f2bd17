import json
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch

from analysis.errors import DataError
from models.recipe import BASE, Recipe, Stage
from models.remedies.last_layer import LastLayer, even_shares
from models.training import train_now


@pytest.mark.parametrize("architecture", ["mlp", "tabm"])
def test_all_layers_but_the_last_are_those_of_the_finished_run_to_the_bit(
    store, recipe, architecture
):
    recipe = replace(recipe, architecture=architecture, dropout=0.3, epochs=3)
    base = train_now(store, recipe)
    stage = Stage("last_layer", {"attribute": "group", "passes": 4})
    run = train_now(store, replace(recipe, stages=(stage,)))
    assert run.base == base.id
    before, after = (
        safetensors.torch.load(store.artefact(r, "weights")) for r in (base, run)
    )
    last = {n for n in before if n.startswith(("body.3.", "last."))}
    assert len(last) == 2
    for name in before:
        assert torch.equal(before[name], after[name]) == (name not in last)
    kept = Recipe.from_json(json.loads(store.artefact(run, "recipe")))
    assert (kept.warm_start, kept.layers, kept.epochs) == (BASE, "last", 4)
    assert run.best_epoch == 4


def test_every_cell_is_drawn_equally(training_for, recipe, dataset):
    remedy = LastLayer(attribute="group")
    training = training_for(remedy, replace(recipe, survey_weights=True), dataset)
    method = training.methods[0]
    order = method.order(training, torch.arange(600))
    counts = torch.bincount(method.cells.codes[order], minlength=4)
    assert counts.sum() == 600
    assert counts.max() - counts.min() <= 1
    assert not training.network.training


def test_rows_of_a_cell_are_drawn_by_weight_and_not_weighed_again(
    training_for, recipe, dataset
):
    remedy = LastLayer(attribute="group")
    training = training_for(remedy, replace(recipe, survey_weights=True), dataset)
    method = training.methods[0]
    batch = training.train.take(torch.arange(40))
    found = method.weighed(batch, 3 * batch.weights, None)
    torch.testing.assert_close(found, torch.full((40,), 3.0))
    drawn = torch.cat([method.order(training, torch.arange(600)) for _ in range(200)])
    times = torch.bincount(drawn, minlength=600).double()
    cells, w = method.cells.codes, method.cells.weights
    expected = 200 * 150 * w / method.cells.masses[cells]
    # Poisson noise: the mean of squared standardised counts is 1.
    assert ((times - expected) ** 2 / expected).mean().item() == pytest.approx(
        1, abs=0.2
    )


def test_evenness_goes_from_what_occurs_to_equal_cells():
    masses = torch.tensor([6.0, 0, 2]).double()
    np.testing.assert_allclose(even_shares(masses, 0.0), [0.75, 0, 0.25])
    np.testing.assert_allclose(even_shares(masses, 1.0), [0.5, 0, 0.5])
    np.testing.assert_allclose(even_shares(masses, 0.5), [0.625, 0, 0.375])


def test_a_group_with_one_class_only_is_no_hindrance(training_for, recipe, dataset):
    frame = dataset.frame
    rows = np.flatnonzero((frame.groups["group"].codes == 0) | (frame.y_true == 1))
    planted = replace(dataset, frame=frame.take(rows))
    training = training_for(LastLayer(attribute="group"), recipe, planted, rows=300)
    order = training.methods[0].order(training, torch.arange(300))
    counts = torch.bincount(training.methods[0].cells.codes[order], minlength=4)
    np.testing.assert_array_equal(counts, [100, 100, 0, 100])


def test_an_unknown_attribute_is_refused(recipe, dataset):
    with pytest.raises(DataError, match="is not a sensitive attribute"):
        LastLayer(attribute="shoe size").change(recipe, dataset.frame)
