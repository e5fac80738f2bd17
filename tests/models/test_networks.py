"""Every architecture on every kind of table, from training to stored scores."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from analysis.datasets.load import load
from analysis.datasets.task import Task
from analysis.errors import DataError
from models.execute import execute
from models.networks import ARCHITECTURES, Mixture, joint_logits
from models.networks.dropout import Dropout
from models.networks.spread import Spread
from models.networks.tabm import MEMBERS
from models.owners import Owner
from models.preprocess import CategoricalColumn, NumericColumn, Preprocessor
from models.recipe import ARCHITECTURE_TITLES, BOOSTING, Recipe
from models.rescore import network_scorer
from models.store import Store
from models.training import train_now

COLUMNS = {
    "mixed": ("age", "hours", "work", "group"),
    "numbers": ("age", "hours"),
    "categories": ("work", "group"),
    "constants": ("one", "same", "flag", "nothing"),
}


def table(n, classes):
    """Return rows with a label of some classes; values are missing here and there."""
    rng = np.random.default_rng(classes)
    age, hours = rng.integers(18, 90, n).astype(float), rng.normal(size=n)
    group = rng.choice(["a", "b"], n)
    rank = age / 30 + hours + (group == "a") + rng.logistic(size=n)
    cuts = np.quantile(rank, np.linspace(0, 1, classes + 1)[1:-1])
    age[rng.random(n) < 0.1] = np.nan
    work = pd.Series(rng.choice(["office", "farm", "none"], n))
    return pd.DataFrame(
        {
            "age": age,
            "hours": hours,
            "one": np.ones(n),
            "same": pd.Categorical(["x"] * n),
            "flag": (rng.random(n) < 0.3).astype(float),
            "nothing": np.full(n, np.nan),
            "names": pd.Categorical([f"name {i}" for i in range(n)]),
            "work": pd.Categorical(work.where(rng.random(n) > 0.1)),
            "group": pd.Categorical(group),
            "label": pd.Categorical(np.array(["l", "m", "h"])[np.digitize(rank, cuts)]),
        }
    )


def declared(name, classes, columns):
    return Task(
        name=name,
        title=name,
        table=str(classes) * 32,
        label="label",
        classes=("l", "m", "h")[:classes],
        features=columns,
        sensitive=("group", "work"),
    )


@pytest.fixture
def bench(tmp_path):
    """Return a store with a table of two classes and one of three."""
    return stored(tmp_path / "bench")


def stored(folder):
    store = Store(folder)
    store.tables.mkdir()
    for classes in (2, 3):
        path = store.tables / f"{str(classes) * 32}.parquet"
        table(300, classes).to_parquet(path)
        for name, columns in (*COLUMNS.items(), ("names", ("names",))):
            task = declared(f"{name} {classes}", classes, columns)
            store.notes.save_task(task)
    return store


def recipe_of(task, architecture, **more):
    small = {"hidden": (8,), "epochs": 2, "patience": 2, "device": "cpu"}
    return Recipe(task, architecture=architecture, **{**small, **more})


CASES = [("mixed 2"), ("mixed 3"), ("numbers 2"), ("categories 3"), ("constants 2")]


@pytest.mark.parametrize("task", CASES)
@pytest.mark.parametrize("architecture", ARCHITECTURE_TITLES)
def test_it_trains_and_the_stored_model_gives_the_stored_scores(
    bench, architecture, task
):
    run = train_now(bench, recipe_of(task, architecture))
    frame = load(bench.task(task), bench.tables).frame
    stored_scores = bench.scores(run.id).scores
    again = network_scorer(bench, run).score(frame)
    np.testing.assert_array_equal(again.logits, stored_scores.logits)
    chances = stored_scores.values  # noqa: PD011 (not pandas)
    assert chances.shape == (len(frame), len(frame.classes))
    np.testing.assert_allclose(chances.sum(axis=1), 1)


@pytest.mark.parametrize("architecture", ARCHITECTURE_TITLES)
def test_the_same_seed_gives_the_same_bits(bench, tmp_path, architecture):
    recipe = recipe_of("mixed 3", architecture, dropout=0.2)
    first = train_now(bench, recipe)
    second = train_now(stored(tmp_path / "second"), recipe)
    assert first.artefacts == second.artefacts
    if architecture != BOOSTING:
        other = train_now(bench, replace(recipe, restart=1))
        assert other.artefacts["weights"] != first.artefacts["weights"]
        assert other.artefacts["preprocessing"] == first.artefacts["preprocessing"]


@pytest.mark.parametrize("architecture", ARCHITECTURE_TITLES)
def test_it_learns_what_can_be_learnt(bench, architecture):
    run = train_now(
        bench, recipe_of("mixed 2", architecture, epochs=12, patience=12, dropout=0.0)
    )
    frame = load(bench.task("mixed 2"), bench.tables).frame
    right = bench.scores(run.id).scores.logits.argmax(axis=1) == frame.y_true
    assert right.mean() > 0.62  # of half the rows each


EVERYTHING = {
    "dropout": 0.2,
    "ema": 0.9,
    "prune": 0.4,
    "clip": 0.5,
    "stop_by": "group",
    "find_rate": True,
    "epochs": 5,
    "patience": 5,
}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_resuming_is_bit_for_bit_with_everything_switched_on(
    bench, tmp_path, architecture
):
    recipe = recipe_of("mixed 2", architecture, **EVERYTHING)
    whole = train_now(stored(tmp_path / "whole"), recipe)
    dataset = load(bench.task("mixed 2"), bench.tables)
    owner = Owner(bench.owners)
    name = bench.submit(recipe, dataset.task, dataset.digest, owner.token)
    execute(bench, name, owner.token, lambda: bench.run(name).epochs >= 2)
    owner.close()
    assert bench.run(name).state == "cancelled"
    resumed = train_now(bench, recipe)
    assert resumed.artefacts == whole.artefacts
    kinds = [e.kind for e in bench.events(name)]
    assert kinds.count("epoch") == 5
    assert kinds.count("rate") == 1


@pytest.mark.parametrize("architecture", ["mlp", "tabm", BOOSTING])
def test_names_alone_teach_nothing_and_are_refused_in_words(bench, architecture):
    with pytest.raises(DataError, match="Choose other features on the Data page"):
        train_now(bench, recipe_of("names 2", architecture))


# Members of one network


def test_joint_logits_are_the_log_of_the_mean_probability(rng):
    logits = torch.tensor(rng.normal(size=(5, 4, 3)) * 3)
    mean = logits.softmax(-1).mean(1)
    torch.testing.assert_close(joint_logits(logits).exp(), mean)
    single = logits[:, 0]
    assert joint_logits(single) is single


def test_every_member_of_tabm_learns_on_its_own_loss(recipe, training_on):
    training = training_on(replace(recipe, architecture="tabm", dropout=0.0))
    rows, network = training.train, training.network
    logits = network(rows.positions, rows.codes)
    assert logits.shape == (len(rows), MEMBERS, 2)
    each = [
        nn.functional.cross_entropy(logits[:, m], rows.labels) for m in range(MEMBERS)
    ]
    value = training.objective(training, rows)
    torch.testing.assert_close(value, torch.stack(each).mean())


def test_a_mixture_averages_probabilities_by_its_shares(recipe, training_on):
    members = [
        training_on(replace(recipe, architecture=a)).network.eval()
        for a in ("mlp", "tabm")
    ]
    rows = training_on(recipe).validation
    mixed = Mixture(members, torch.tensor([0.25, 0.75]))
    inputs = rows.positions, rows.codes
    a, b = (joint_logits(m(*inputs)).softmax(1) for m in members)
    torch.testing.assert_close(mixed(*inputs).exp(), 0.25 * a + 0.75 * b)


# Parts


def test_the_first_layer_past_the_spread_is_the_layer_on_the_spread(
    recipe, training_on
):
    """Outputs and gradients alike, also for missing and unknown values."""
    training = training_on(recipe)
    spread, rows = training.network.spread, training.train
    codes = rows.codes.clone()
    codes[:7] = 0
    layer = nn.Linear(spread.width, 5)
    target = torch.randn(len(rows), 5, generator=torch.Generator().manual_seed(0))
    found = []
    for output in (
        spread.into(layer, rows.positions, codes),
        layer(spread(rows.positions, codes)),
    ):
        layer.zero_grad()
        (output * target).sum().backward()
        found.append((output.detach(), layer.weight.grad, layer.bias.grad))
    for fast, plain in zip(*found, strict=True):
        torch.testing.assert_close(fast, plain, atol=1e-3, rtol=1e-3)


def test_the_spread_by_hand():
    number = NumericColumn("x", (0.0, 1.0, 3.0, 9.0), 1.0, 1.0, 2.0, has_missing=True)
    word = CategoricalColumn("w", ("p", "q"), 0)
    spread = Spread(Preprocessor((number,), (word,)))
    frame = pd.DataFrame({"x": [2.0, np.nan, 99.0], "w": ["q", "p", "other"]})
    encoded = Preprocessor((number,), (word,)).transform(frame)
    dense = spread(torch.tensor(encoded.positions), torch.tensor(encoded.codes))
    expected = [
        [0.25, 1, 0.5, 0, 0, 1, 0],  # position 1.5: one bin passed, half of the next
        [0.0, 1, 0, 0, 1, 0, 1],  # missing: at the median, and marked
        [1.0, 1, 1, 1, 0, 0, 0],  # beyond the last edge; an unknown word
    ]
    torch.testing.assert_close(dense, torch.tensor(expected))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_dropout_silences_its_share_and_keeps_the_mean(share):
    torch.manual_seed(0)
    layer, inputs = Dropout(share), torch.ones(200, 300)
    out = layer(inputs)
    assert (out == 0).double().mean().item() == pytest.approx(share, abs=0.01)
    assert out.mean().item() == pytest.approx(1, abs=0.05)
    assert torch.equal(layer.eval()(inputs), inputs)
