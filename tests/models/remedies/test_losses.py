"""Losses that take cross-entropy's place: formulas, neutral ends, extreme logits."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from analysis.errors import SettingError
from models.recipe import Stage
from models.remedies.asymmetric import AsymmetricLoss
from models.remedies.class_balanced import ClassBalancedLoss, class_weights
from models.remedies.encouraging import EncouragingLoss
from models.remedies.focal import FocalLoss, class_code, log_rest
from models.remedies.label_margins import LabelMargins, margins_of
from models.remedies.label_robust import LabelRobustLoss, bounded
from models.remedies.logit_adjustment import LogitAdjustment
from models.remedies.squentropy import Squentropy
from models.train import logits_of
from models.training_cells import cells_of

NEUTRAL = [
    FocalLoss(gamma=0.0),
    Squentropy(strength=0.0),
    AsymmetricLoss(gamma_negative=0.0, gamma_positive=0.0, margin=0.0),
    LabelRobustLoss(temperature=0.0),
    ClassBalancedLoss(beta=0.0),
    LogitAdjustment(tau=0.0),
    LabelMargins(margin=0.0),
    EncouragingLoss(strength=0.0),
]

STRONG = [
    FocalLoss(gamma=0.5),
    FocalLoss(gamma=5.0, alpha=0.25),
    Squentropy(),
    AsymmetricLoss(gamma_negative=0.5, gamma_positive=0.5),
    AsymmetricLoss(gamma_positive=1.0, margin=0.0),
    LabelRobustLoss(temperature=1.0, margin=1.0, adaptivity=0.9),
    ClassBalancedLoss(),
    LogitAdjustment(),
    LogitAdjustment(attribute="group,work"),
    LabelMargins(margin=4.0, scale=10.0, deferred=0.0),
    EncouragingLoss(),
]


def named(cases):
    return pytest.mark.parametrize("remedy", cases, ids=str)


@pytest.fixture
def begun(training_for):
    """Build the loss of logits and labels as a begun training has it."""

    def build(remedy, recipe, dataset):
        training = training_for(remedy, recipe, dataset)
        batch = training.train.take(torch.arange(len(training.train)))

        def loss(logits, labels):
            rows = replace(batch.split(len(labels))[0], labels=labels)
            own = training.objective.loss
            return training.methods[0].losses(rows, logits, own)

        return loss

    return build


@pytest.fixture
def drawn():
    torch.manual_seed(0)
    return torch.randn(40, 2) * 3, torch.randint(0, 2, (40,))


@named(NEUTRAL)
def test_at_its_neutral_end_a_loss_is_cross_entropy(
    begun, remedy, recipe, dataset, drawn
):
    logits, labels = drawn
    found = begun(remedy, recipe, dataset)(logits, labels)
    expected = cross_entropy(logits, labels, reduction="none")
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


@named(NEUTRAL + STRONG)
def test_slopes_are_finite_where_logits_are_extreme(begun, remedy, recipe, dataset):
    logits = torch.tensor([[50.0, -50], [-50, 50], [0, 0], [50, 50], [1e3, -1e3]])
    for label in (0, 1):
        asked = logits.clone().requires_grad_()
        labels = torch.full((len(logits),), label)
        losses = begun(remedy, recipe, dataset)(asked, labels)
        losses.sum().backward()
        assert torch.isfinite(losses).all()
        assert torch.isfinite(asked.grad).all()


@named(STRONG)
def test_members_of_one_network_share_a_rows_loss(
    training_for, remedy, recipe, dataset
):
    """A row's loss is the mean over members, each as if it stood alone."""
    training = training_for(remedy, replace(recipe, survey_weights=True), dataset)
    batch = training.train.take(torch.arange(30))
    torch.manual_seed(1)
    logits = torch.randn(30, 4, 2)
    joint = training.objective._losses(batch, logits)
    each = [training.objective._losses(batch, logits[:, m]) for m in range(4)]
    torch.testing.assert_close(joint, torch.stack(each).mean(0))


def test_focal_loss_by_hand(begun, recipe, dataset, drawn):
    logits, labels = drawn
    p = logits.double().softmax(1)[torch.arange(40), labels]
    alpha = torch.where(labels == 0, 0.25, 0.75).double()
    by_hand = -2 * alpha * (1 - p) ** 2 * p.log()
    remedy = FocalLoss(gamma=2.0, alpha=0.25, positive="no")
    found = begun(remedy, recipe, dataset)(logits, labels)
    torch.testing.assert_close(found.double(), by_hand, rtol=1e-4, atol=1e-7)


def test_log_of_the_rest_does_not_round_to_nothing():
    logits = torch.tensor([[60.0, 0, -5]])
    found = log_rest(logits, torch.tensor([0])).item()
    assert found == pytest.approx(math.log(1 + math.exp(-5)) - 60, rel=1e-6)


def test_a_class_that_the_label_lacks_is_refused(recipe, dataset):
    assert class_code("", ("a", "b", "c")) == 2
    assert class_code("a", ("a", "b", "c")) == 0
    for remedy in (FocalLoss(positive="maybe"), AsymmetricLoss(positive="maybe")):
        with pytest.raises(SettingError, match=r"it has no, yes\. Choose one"):
            remedy.change(recipe, dataset.frame)


def test_squentropy_by_hand():
    logits = torch.tensor([[1.0, -2, 3]])
    found = Squentropy().method().loss()(logits, torch.tensor([1]))
    plain = cross_entropy(logits, torch.tensor([1]))
    assert found.item() == pytest.approx(plain.item() + (1 + 9) / 2)


def test_asymmetric_loss_by_hand_for_two_classes(begun, recipe, dataset, drawn):
    logits, labels = drawn
    p = logits.double().softmax(1)[:, 1]
    shifted = (p - 0.05).clamp(min=0)
    positive = -((1 - p) ** 1) * p.log()
    negative = -(shifted**4) * (1 - shifted).log()
    by_hand = torch.where(labels == 1, positive, negative)
    found = begun(AsymmetricLoss(gamma_positive=1.0), recipe, dataset)(logits, labels)
    torch.testing.assert_close(found.double(), by_hand, rtol=1e-4, atol=1e-6)


def test_asymmetric_loss_changes_only_found_or_not_among_three_classes():
    torch.manual_seed(0)
    logits, labels = torch.randn(60, 3), torch.arange(60) % 3
    method = AsymmetricLoss(gamma_negative=2.0, margin=0.0).method()
    method.code = 2
    found = method.loss()(logits, labels)
    p = logits.softmax(1)
    own = p[torch.arange(60), labels]
    by_hand = -(p[:, 2] ** 2) * (1 - p[:, 2]).log() - (own / (1 - p[:, 2])).log()
    by_hand = torch.where(labels == 2, -own.log(), by_hand)
    torch.testing.assert_close(found, by_hand, rtol=1e-4, atol=1e-5)


def test_robust_loss_is_the_worst_mean_of_margins():
    """The maximum over p of sum p_k (u_k - u_y + c_k) - KL(p, 1/K), searched."""
    u, margin, y = torch.tensor([[0.4, -0.3, 0.1]]), 0.7, 1
    method = LabelRobustLoss(temperature=1.0, margin=margin).method()
    found = method.loss()(u, torch.tensor([y])).item() - math.log(3)
    gaps = (u[0] - u[0, y] + margin * (torch.arange(3) != y)).double().numpy()
    p = np.random.default_rng(0).dirichlet(np.ones(3), 200_000)
    values = p @ gaps - (p * np.log(np.maximum(3 * p, 1e-300))).sum(axis=1)
    assert found >= values.max()
    assert found == pytest.approx(values.max(), abs=1e-4)


def test_a_wrong_label_can_cost_so_much_and_no_more():
    torch.manual_seed(0)
    logits = torch.randn(500, 3) * 20
    u = bounded(logits, 0.5)
    size = (u - u.mean(1, keepdim=True)).abs().mean(1)
    assert (size <= 2 + 1e-4).all()
    assert (size > 2 - 1e-4).any()
    torch.testing.assert_close(bounded(logits / 100, 0.5), logits / 100)
    losses = (
        LabelRobustLoss(temperature=0.5)
        .method()
        .loss()(logits, torch.randint(0, 3, (500,)))
    )
    # Distances from the mean sum to 0, so none exceeds 1.5 times their mean size.
    assert losses.max() < 2 * 3 + math.log(3)
    assert cross_entropy(logits, torch.randint(0, 3, (500,))).max() > 10


def test_adaptive_temperature_falls_where_the_model_is_sure():
    method = LabelRobustLoss(temperature=0.1, adaptivity=0.5).method()
    sure = torch.tensor([[0.0, 0, 0], [1, 0, 0], [9, 0, 0]])
    ratios = method._ratios(sure, math.log(3))
    assert ratios[0].item() == pytest.approx(1)
    assert ratios[2].item() == pytest.approx(0.5, abs=0.01)
    assert (ratios.diff() < 0).all()
    # Price and mean margin as in the authors' code, for one row by hand.
    u, r = sure[1].double(), ratios[1].item()
    worst = r * (((u - u[2]) / r).exp().mean().log().item())
    price = math.log(3) / (2 * 0.5) * (1 - r) ** 2
    found = method.loss()(sure[1:2], torch.tensor([2])).item()
    assert found == pytest.approx(worst - price + math.log(3), rel=1e-5)


def test_class_weights_by_hand():
    counts, beta = torch.tensor([10.0, 1000, 0]), 0.99
    effective = [(1 - beta**n) / (1 - beta) for n in (10, 1000)]
    raw = np.array([1 / effective[0], 1 / effective[1]])
    expected = [*(raw * 2 / raw.sum()), 0]
    np.testing.assert_allclose(class_weights(counts, beta), expected, rtol=1e-6)
    far = class_weights(counts[:2], 0.9999999)
    assert (far[0] / far[1]).item() == pytest.approx(100, rel=1e-3)


def test_survey_weights_count_as_rows(training_for, recipe, dataset):
    plain = training_for(ClassBalancedLoss(), recipe, dataset)
    weighed = training_for(
        ClassBalancedLoss(), replace(recipe, survey_weights=True), dataset
    )
    w = dataset.frame.weights[:600]
    y = dataset.frame.y_true[:600]
    expected = np.bincount(y, w / w.mean())
    np.testing.assert_allclose(cells_of(weighed).masses, expected, rtol=1e-5)
    np.testing.assert_array_equal(cells_of(plain).masses, np.bincount(y))
    assert not torch.equal(plain.methods[0].factors, weighed.methods[0].factors)


def test_adjusted_logits_by_hand(begun, recipe, dataset, drawn):
    logits, labels = drawn
    counts = torch.tensor(np.bincount(dataset.frame.y_true[:600])) + 0.5
    shifted = logits + 2 * (counts / counts.sum()).log().float()
    found = begun(LogitAdjustment(tau=2.0), recipe, dataset)(logits, labels)
    torch.testing.assert_close(
        found, cross_entropy(shifted, labels, reduction="none"), rtol=1e-5, atol=1e-6
    )


def test_adjusted_logits_go_by_the_class_rates_of_each_rows_group(
    begun, recipe, dataset
):
    frame = dataset.frame
    codes = frame.groups["group"].codes[:600]
    loss = begun(LogitAdjustment(attribute="group"), recipe, dataset)
    found = loss(torch.zeros(600, 2), torch.ones(600, dtype=torch.int64))
    for g in (0, 1):
        counts = np.bincount(frame.y_true[:600][codes == g], minlength=2) + 0.5
        expected = -math.log(counts[1] / counts.sum())
        np.testing.assert_allclose(found[codes == g], expected, rtol=1e-5)


def test_logits_learnt_with_adjustment_miss_fewer_of_a_rare_class(
    training_for, recipe, dataset
):
    """Planted: one feature, 10 % positives; the plain model finds fewer of them."""
    y = dataset.frame.y_true
    rare = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:70]])
    few = replace(
        dataset, frame=dataset.frame.take(np.random.default_rng(0).permutation(rare))
    )
    rows = len(rare) // 2
    found = {}
    for tau in (0.0, 1.0):
        training = training_for(
            LogitAdjustment(tau=tau), replace(recipe, epochs=30, patience=30), few, rows
        )
        training.run(lambda epoch: None, lambda: False)
        decided = logits_of(training.network, training.validation).argmax(1)
        found[tau] = (decided[training.validation.labels == 1] == 1).double().mean()
    assert found[1.0] > found[0.0] + 0.3


def test_margins_by_hand(begun, recipe, dataset, drawn):
    counts = torch.tensor([16.0, 81, 0])
    expected = [2, 2 * (16 / 81) ** 0.25, 0]
    np.testing.assert_allclose(margins_of(counts, 2.0), expected, rtol=1e-6)
    logits, labels = drawn
    margins = margins_of(torch.bincount(torch.tensor(dataset.frame.y_true[:600])), 1.5)
    shifted = logits - margins[labels].unsqueeze(1) * torch.eye(2)[labels]
    found = begun(LabelMargins(margin=1.5, scale=3.0), recipe, dataset)(logits, labels)
    torch.testing.assert_close(
        found, cross_entropy(3 * shifted, labels, reduction="none")
    )


def test_class_weights_come_in_late(training_for, recipe, dataset, drawn):
    logits, labels = drawn
    training = training_for(LabelMargins(margin=0.0, deferred=0.5), recipe, dataset)
    method, order = training.methods[0], torch.arange(600)
    plain = cross_entropy(logits, labels, reduction="none")
    training.progress.epoch = 2
    assert method.order(training, order) is order
    torch.testing.assert_close(method.loss()(logits, labels), plain)
    training.progress.epoch = 3
    method.order(training, order)
    weights = class_weights(cells_of(training).masses, 0.9999)
    torch.testing.assert_close(method.loss()(logits, labels), plain * weights[labels])


def test_encouraging_loss_by_hand():
    p = torch.tensor([0.3, 0.75, 0.9])
    logits = torch.stack([torch.zeros(3), (p / (1 - p)).log()], dim=1)
    found = EncouragingLoss().method().loss()(logits, torch.ones(3, dtype=torch.int64))
    tail = math.log(0.25) - (0.9 - 0.75) / 0.25
    bonus = torch.tensor([math.log(0.7), math.log(0.25), tail])
    torch.testing.assert_close(found, -p.log() + bonus)


def test_a_finished_row_still_pulls_with_the_encouraging_loss():
    slopes = []
    for remedy in (EncouragingLoss(strength=0.0), EncouragingLoss()):
        logits = torch.tensor([[0.0, 4.0]], requires_grad=True)
        remedy.method().loss()(logits, torch.tensor([1])).sum().backward()
        slopes.append(-logits.grad[0, 1].item())
    assert slopes[1] > 3 * slopes[0] > 0


def test_a_stage_with_a_loss_reaches_the_loop(recipe, dataset):
    changed = FocalLoss(gamma=1.5).change(recipe, dataset.frame)
    settings = {"gamma": 1.5, "alpha": 0.5, "positive": ""}
    assert changed.methods == (Stage("focal", settings),)
    assert recipe.methods == ()
