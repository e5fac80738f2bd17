from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.frame import Grouping
from models import gradients
from models.gradients import last_layer_norms
from models.losses import row_losses
from models.networks import ARCHITECTURES


@pytest.fixture(params=ARCHITECTURES)
def training(request, recipe, training_on):
    return training_on(replace(recipe, architecture=request.param, survey_weights=True))


def by_autograd(network, rows, inside):
    """Return the norm in the last layer of the weighted mean loss of some rows.

    Of M members each is trained on its own loss: the mean of the members' norms.
    """
    network.eval()
    weights = torch.ones(len(rows)) if rows.weights is None else rows.weights
    logits = network(rows.positions, rows.codes)
    members = logits if logits.dim() == 3 else logits.unsqueeze(1)
    norms = []
    for m in range(members.shape[1]):
        network.zero_grad()
        losses = row_losses(members[:, m], rows.labels)[inside]
        loss = (losses * weights[inside]).sum() / weights[inside].sum()
        loss.backward(retain_graph=True)
        found = [p.grad for p in network.last_layer().parameters()]
        own = [g[m] if logits.dim() == 3 else g for g in found]
        norms.append(torch.cat([g.flatten() for g in own]).norm().item())
    network.zero_grad()
    return np.mean(norms)


def test_norms_are_those_of_autograd_in_the_last_layer(training, prepared_for):
    frame = prepared_for(training.recipe).validation
    groups = frame.groups["work"]
    found = last_layer_norms(training.network, training.validation, groups)
    for g in range(len(groups.names)):
        inside = torch.tensor(groups.codes == g)
        expected = by_autograd(training.network, training.validation, inside)
        assert found[g] == pytest.approx(expected, rel=1e-4)


def test_a_group_without_rows_or_without_weight_has_no_norm(recipe, training_on):
    made = training_on(recipe)
    n = len(made.validation)
    codes = np.where(np.arange(n) < 5, 2, 0)
    weights = torch.ones(n)
    weights[:5] = 0
    rows = replace(made.validation, weights=weights)
    groups = Grouping(codes, ("some", "nobody", "weightless"))
    found = last_layer_norms(made.network, rows, groups)
    assert found[0] > 0
    assert np.isnan(found[1:]).all()


def test_a_table_in_the_order_of_its_groups_shows_all_of_them(
    recipe, training_on, monkeypatch
):
    monkeypatch.setattr(gradients, "MAX_ROWS", 40)
    made = training_on(recipe)
    n = len(made.validation)
    groups = Grouping(np.arange(n) * 4 // n, ("a", "b", "c", "d"))
    assert (last_layer_norms(made.network, made.validation, groups) > 0).all()
