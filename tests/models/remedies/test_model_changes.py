"""Remedies that change a finished network: stored as one, found again, chained."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from analysis.errors import DataError, SettingError
from analysis.marks import DEFERRED
from models.evaluations import splits_of
from models.heads import Head, head_of, last_inputs, with_head
from models.network_scorer import TorchScorer
from models.networks import Mixture
from models.probabilities import log_softmax
from models.recipe import Stage
from models.remedies import REMEDIES
from models.remedies.average_of_runs import AverageOfRuns
from models.remedies.balanced_head import BalancedHead
from models.remedies.base import marks_of
from models.remedies.chain import stage
from models.remedies.fitting import fitted_along, fitted_on, notes_of
from models.remedies.interpolation import Interpolation
from models.remedies.virtual_features import VirtualFeatures
from models.remedies.weight_aligning import WeightAligning
from models.rescore import network_scorer
from models.scorer import stored_scorer
from models.surroundings import Surroundings
from models.training import train_now

HEADS = {
    "weight_aligning": {},
    "virtual_features": {"samples": 100},
    "balanced_head": {"attribute": "group", "subsamples": 2},
}

ARCHITECTURES = ["mlp", "logistic", "mlp_embeddings", "tabm", "ft_transformer"]


@pytest.fixture
def base(store, recipe):
    return train_now(store, recipe)


@pytest.fixture
def calibration(base, dataset):
    return dataset.frame.take(splits_of(base, dataset).rows["calibration"])


class Around:
    """What surrounds networks that are in memory."""

    def __init__(self, this, **others):
        self.this, self.others = this, others

    def model(self):
        return self.this

    def other(self, run):
        return self.others[run or "base"]


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_all_but_the_last_layer_is_stored_bit_for_bit(
    store, dataset, recipe, name, architecture
):
    recipe = replace(recipe, architecture=architecture, epochs=1)
    run = train_now(store, recipe.with_stage(stage(name, **HEADS[name])))
    before, after = (network_scorer(store, store.run(r)) for r in (run.base, run.id))
    layer = after.network.last_layer()
    last = {id(p) for p in layer.parameters()}
    moved = {n for n, p in after.network.named_parameters() if id(p) in last}
    old = before.network.state_dict()
    new = after.network.state_dict()
    assert set(old) == set(new)
    for tensor in set(new) - moved:
        assert torch.equal(old[tensor], new[tensor]), tensor
    assert any(not torch.equal(old[tensor], new[tensor]) for tensor in moved)
    stored = stored_scorer(store, run).score(dataset.frame)
    np.testing.assert_array_equal(after.score(dataset.frame).logits, stored.logits)
    second = replace(dataset.frame.take(np.arange(40)), y_true=None)
    found = after.score(second).logits
    np.testing.assert_allclose(found, stored.logits[:40], atol=1e-4)


@pytest.mark.parametrize("name", HEADS)
def test_strengths_along_the_dial_are_those_of_single_fits(
    store, base, calibration, name
):
    remedy = REMEDIES[name](**HEADS[name])
    dial = "strength" if name == "weight_aligning" else "evenness"
    around, scorer = Surroundings(store, base), stored_scorer(store, base)
    along = fitted_along(remedy, scorer, calibration, (0.0, 0.7), around)
    for at, fitted in zip((0.0, 0.7), along, strict=True):
        single = replace(remedy, **{dial: at})
        other = fitted_on(single, scorer, calibration, around)
        assert fitted.parameters() == other.parameters()
        assert fitted.weights_bytes() == other.weights_bytes()
        json.dumps(fitted.parameters(), allow_nan=False)
        assert notes_of(fitted.parameters())


def test_aligned_norms_are_equal_on_average_and_biases_stay(store, base, calibration):
    network = network_scorer(store, base)
    d = head_of(network).weights.shape[2]
    known = Head(np.zeros((1, 2, d)), np.array([[0.5, -0.5]]))
    known.weights[0, :, :2] = [[0.6, 0.8], [3, 4]]  # norms 1 and 5
    labels = np.r_[np.zeros(30, int), np.ones(10, int)]
    frame = replace(calibration.take(np.arange(40)), y_true=labels)
    frame = replace(frame, weights=np.ones(40))
    around = Around(with_head(network, known, {}))
    for strength, norm in ((0.0, 5), (0.5, np.sqrt(5)), (1.0, 1)):
        changed = WeightAligning(strength).fit_with(network, frame, around)
        head = head_of(changed)
        np.testing.assert_allclose(
            np.linalg.norm(head.weights[0], axis=1), [1, norm], rtol=1e-6
        )
        np.testing.assert_allclose(head.biases, known.biases)
        assert changed.parameters()["gamma"] == pytest.approx(0.2)
    said = notes_of(changed.parameters())[0]
    assert "no (75.0 % of the rows) 1.00, as before" in said
    assert "yes (25.0 % of the rows) 5.00, now 1.00" in said
    even = replace(frame, y_true=np.arange(40) % 2)
    changed = WeightAligning().fit_with(network, even, around)
    assert "nothing was changed" in notes_of(changed.parameters())[0]
    np.testing.assert_allclose(head_of(changed).weights, known.weights, rtol=1e-6)


def test_a_head_on_equal_cells_drops_the_shortcut_by_group(store, base, dataset):
    """Labels follow age; the group only goes along with them in most rows."""
    rng = np.random.default_rng(5)
    frame = dataset.frame
    age = np.nan_to_num(frame.features["age"].to_numpy(), nan=50.0)
    labels = (age + rng.normal(size=len(age)) * 20 > 50).astype(int)
    codes = np.where(rng.random(len(age)) < 0.9, labels, 1 - labels)
    group = replace(frame.groups["group"], codes=codes)
    names = np.array(group.names, dtype=object)[codes]
    features = frame.features.assign(group=pd.Categorical(names))
    planted = replace(frame, features=features, groups={"group": group}, y_true=labels)
    network = network_scorer(store, base)
    pulls = []
    for evenness in (0.0, 1.0):
        remedy = BalancedHead("group", evenness=evenness)
        changed = remedy.fit_with(network, planted, Around(network))
        logits = changed.score(planted).logits
        odds = logits[:, 1] - logits[:, 0]
        young = age < 40
        pulls.append(
            odds[young & (codes == 1)].mean() - odds[young & (codes == 0)].mean()
        )
    assert pulls[1] < 0.5 * pulls[0]


def test_virtual_people_of_even_classes_find_the_rare_class_oftener(
    store, base, calibration, rng
):
    rare = np.flatnonzero(
        (calibration.y_true == 0) | (rng.random(len(calibration)) < 0.2)
    )
    frame = calibration.take(rare)
    network = network_scorer(store, base)
    found = [
        VirtualFeatures(evenness).fit_with(network, frame, Around(network))
        for evenness in (0.0, 1.0)
    ]
    decided = [f.score(frame).logits.argmax(axis=1).mean() for f in found]
    assert decided[1] > decided[0] + 0.1
    shares = [one["share"] for one in found[1].parameters()["classes"]]
    assert shares == pytest.approx([0.5, 0.5])


def test_one_gaussian_per_group_changes_nothing_unless_groups_are_evened(
    store, base, calibration
):
    network = network_scorer(store, base)
    one, several = (
        VirtualFeatures(0.0, attribute=a).fit_with(
            network, calibration, Around(network)
        )
        for a in ("", "work")
    )
    np.testing.assert_allclose(
        head_of(one).weights, head_of(several).weights, atol=0.05
    )


def test_a_chain_with_a_changed_network_thresholds_and_a_guardrail(
    store, dataset, recipe, base
):
    stages = (
        stage("balanced_head", attribute="group"),
        stage("logit_factors"),
        stage("temperature"),
        stage("equalized_odds", attribute="group"),
        stage("abstain", attribute="group", coverage=0.8),
    )
    run = train_now(store, replace(recipe, stages=stages))
    again = network_scorer(store, run)
    stored = stored_scorer(store, run)
    np.testing.assert_allclose(
        again.score(dataset.frame).logits, stored.score(dataset.frame).logits, atol=1e-4
    )
    marks = marks_of(stored, dataset.frame)[DEFERRED]
    assert 0.1 < marks.mean() < 0.3
    assert (marks == marks_of(again, dataset.frame)[DEFERRED]).mean() > 0.99
    wrong = replace(recipe, stages=(stages[2], stages[0]))
    with pytest.raises(SettingError, match=r"Put 'Refit the last layer.* first"):
        train_now(store, wrong)


def test_interpolation_at_its_ends_stores_the_runs_bytes(store, dataset, recipe, base):
    other = train_now(store, replace(recipe, restart=1))
    for alpha, end in ((1.0, base), (0.0, other)):
        recipe_ = recipe.with_stage(stage("interpolation", run=other.id, alpha=alpha))
        run = train_now(store, recipe_)
        assert store.artefact(run, "weights") == store.artefact(end, "weights")
        np.testing.assert_array_equal(
            store.scores(run.id).scores.logits, store.scores(end.id).scores.logits
        )
    half = train_now(store, recipe.with_stage(stage("interpolation", run=other.id[:8])))
    again = network_scorer(store, half).score(dataset.frame).logits
    np.testing.assert_array_equal(again, store.scores(half.id).scores.logits)
    (event,) = [e for e in store.events(half.id) if e.kind == "fitted"]
    found = event.payload["parameters"]
    assert not found["shares_start"]
    assert "not known to have started from the same" in " ".join(notes_of(found))
    logits = stored_scorer(store, base).score(dataset.frame).logits
    rows = splits_of(base, dataset).rows["calibration"]
    own = -log_softmax(logits)[rows, dataset.frame.y_true[rows]].mean()
    assert found["loss_of_this"] == pytest.approx(own, abs=1e-5)


def test_a_run_trained_on_from_the_other_is_known_to_share_its_start(
    store, recipe, base, calibration
):
    on = train_now(store, replace(recipe, warm_start=base.id[:10], epochs=2))
    fitted = Interpolation(base.id).fit_with(
        stored_scorer(store, on), calibration, Surroundings(store, on)
    )
    assert fitted.parameters()["shares_start"]
    back = Interpolation().fit_with(
        None,
        calibration,
        Around(network_scorer(store, on), base=network_scorer(store, base)),
    )
    assert back.weights_bytes() == fitted.weights_bytes()
    with pytest.raises(DataError, match="Name the run to take"):
        Interpolation().fit_with(None, calibration, Surroundings(store, base))


def test_after_a_new_head_the_way_back_leads_to_the_run_it_was_made_from(
    store, recipe, base
):
    stages = (
        stage("balanced_head", attribute="group"),
        stage("interpolation", alpha=0),
    )
    run = train_now(store, replace(recipe, stages=stages))
    assert store.artefact(run, "weights") == store.artefact(base, "weights")


def test_the_mean_of_runs_by_scores_and_by_weights(store, dataset, recipe, base):
    others = [
        train_now(store, replace(recipe, restart=r, dropout=0.1 * (r - 1)))
        for r in (1, 2)
    ]  # without dropout the layers have other names
    named = ", ".join(run.id for run in others)
    mixed = train_now(store, recipe.with_stage(stage("average_of_runs", runs=named)))
    each = [store.scores(r.id).scores.values for r in (base, *others)]  # noqa: PD011
    mean = np.mean(each, axis=0)
    np.testing.assert_allclose(store.scores(mixed.id).scores.values, mean, atol=1e-6)
    again = network_scorer(store, mixed)
    assert isinstance(again.network, Mixture)
    np.testing.assert_allclose(again.score(dataset.frame).values, mean, atol=1e-6)
    by_weights = stage("average_of_runs", runs=named, averaged="weights")
    soup = network_scorer(store, train_now(store, recipe.with_stage(by_weights)))
    parts = [network_scorer(store, r).network.parameters() for r in (base, *others)]
    for tensor, *each_ in zip(soup.network.parameters(), *parts, strict=True):
        torch.testing.assert_close(tensor, torch.stack(each_).mean(0))
    nested = AverageOfRuns("x").fit_with(
        None, dataset.frame, Around(again, x=network_scorer(store, base))
    )
    np.testing.assert_allclose(
        nested.score(dataset.frame).values, (mean + each[0]) / 2, atol=1e-6
    )
    assert len(nested.network.members) == 4


def test_what_cannot_be_changed_is_refused_with_advice(
    store, recipe, base, calibration
):
    scorer = stored_scorer(store, base)
    for remedy in (WeightAligning(), Interpolation("x"), AverageOfRuns("x")):
        with pytest.raises(DataError, match="Choose a trained run that is a network"):
            remedy.fit(scorer, calibration)
        with pytest.raises(DataError, match="in place of a score column"):
            fitted_on(remedy, scorer, calibration)
        with pytest.raises(DataError, match="Choose a trained network"):
            remedy.fit_with(scorer, calibration, Around(scorer))
        with pytest.raises(DataError, match="network that its run has stored"):
            remedy.restored(scorer, {})
    other = train_now(store, replace(recipe, hidden=(4,)))
    around = Surroundings(store, base)
    for remedy in (Interpolation(other.id), AverageOfRuns(other.id)):
        with pytest.raises(DataError, match="no weight has a counterpart"):
            remedy.fit_with(scorer, calibration, around)
    with pytest.raises(SettingError, match="0 other runs are named; name from 1"):
        AverageOfRuns(" , ")
    one = replace(calibration, classes=("no", "yes", "never"))
    with pytest.raises(DataError, match=r"'never'.*needs rows of every class"):
        VirtualFeatures().fit_with(scorer, one, around)


def test_each_run_counts_once_by_whatever_name(store, recipe, base, calibration):
    other = train_now(store, replace(recipe, restart=1))
    around = Surroundings(store, base)
    for by in ("scores", "weights"):
        twice = AverageOfRuns(f"{other.id}, {other.id[:9]}", by)
        with pytest.raises(DataError, match=r"one network.*may count once. Leave it"):
            twice.fit_with(None, calibration, around)
        itself = AverageOfRuns(f"{other.id}, {base.id[:9]}", by)
        with pytest.raises(DataError, match=r"and this run are one.*another restart"):
            itself.fit_with(None, calibration, around)
    with pytest.raises(DataError, match=r"and this run are one.*another restart"):
        Interpolation(base.id[:9]).fit_with(None, calibration, around)


@pytest.mark.parametrize("name", ["virtual_features", "balanced_head"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_strengths_share_the_layers_below_and_score_as_the_network_does(
    store, recipe, calibration, dataset, name, architecture, monkeypatch
):
    run = train_now(store, replace(recipe, architecture=architecture, epochs=1))
    network = network_scorer(store, run)
    trunk, asked = type(network.network).trunk, []
    monkeypatch.setattr(
        type(network.network),
        "trunk",
        lambda self, stem: asked.append(len(stem)) or trunk(self, stem),
    )
    along = fitted_along(
        REMEDIES[name](**HEADS[name]),
        None,
        calibration,
        (0.0, 0.3, 0.6, 1.0),
        Around(network),
    )
    for fitted in along:
        before = len(asked)
        found = [fitted.score(frame).logits for frame in (dataset.frame, calibration)]
        shared = len(asked) - before
        for frame, logits in zip((dataset.frame, calibration), found, strict=True):
            plain = TorchScorer(fitted.network, fitted.preprocessor, fitted.recipe)
            np.testing.assert_array_equal(logits, plain.score(frame).logits)
    if architecture != "logistic":  # its last layer is its first
        assert shared == 0


def test_mixtures_have_no_head_to_refit(store, recipe, base, calibration):
    network = network_scorer(store, base)
    head = head_of(network)
    other = with_head(network, Head(2 * head.weights, head.biases), {})
    mixed = AverageOfRuns("x").fit_with(None, calibration, Around(network, x=other))
    with pytest.raises(DataError, match="Choose a run that is a single network"):
        BalancedHead("group").fit_with(None, calibration, Around(mixed))
    assert last_inputs(network, calibration).shape[:2] == (1, len(calibration))


def test_trees_have_no_layers(store, recipe):
    trees = replace(recipe, architecture="boosting", epochs=1, patience=1)
    with pytest.raises(SettingError, match="boosted trees are not one"):
        train_now(store, trees.with_stage(Stage("weight_aligning")))
