"""Every remedy on every kind of task, from its declaration alone."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.datasets.load import load
from analysis.datasets.task import Task
from analysis.errors import DataError, SettingError
from models.data import _loaded
from models.evaluations import rows_fitted, splits_of
from models.execute import execute
from models.owners import Owner
from models.prepare import remedied
from models.recipe import Recipe, Stage
from models.remedies import REMEDIES
from models.remedies.base import PosthocRemedy, RetrainingRemedy, summary_of
from models.remedies.chain import completed, remedy_of, runs_of, stage
from models.remedies.row_edit import Workshop
from models.remedies.settings import settings_of
from models.remedies.weighing import weights_in_force
from models.store import Store
from models.training import train_now

TABLES = {"two": "2" * 32, "three": "3" * 32, "more": "4" * 32}

KINDS = ("two", "three")

NEEDED = {"attribute": "group", "cohort": "group = b", "feature": "age"}
"""What a setting that must be given is set to, by its kind."""


def rows(n, classes, seed):
    """Return planted rows: y depends on age and group, a few values are missing."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n).astype(float)
    group = rng.choice(["a", "b"], n, p=[0.7, 0.3])
    noise = rng.normal(size=n) * 15
    rank = age + 12 * (group == "a") + noise
    cuts = np.quantile(rank, np.linspace(0, 1, classes + 1)[1:-1])
    label = np.array(["low", "mid", "high"])[np.searchsorted(cuts, rank)]
    age[rng.random(n) < 0.04] = np.nan
    work = pd.Series(rng.choice(["office", "farm", "none"], n))
    return pd.DataFrame(
        {
            "age": age,
            "hours": rng.integers(1, 60, n).astype(float),
            "work": pd.Categorical(work.where(rng.random(n) > 0.05)),
            "group": pd.Categorical(group),
            "weight": rng.uniform(0.5, 2, n),
            "label": pd.Categorical(label),
        }
    )


def task(name, classes):
    names = ("low", "mid", "high")[:classes]
    return Task(
        name=name,
        title=name,
        table=TABLES[name],
        label="label",
        classes=names,
        features=("age", "hours", "work", "group"),
        sensitive=("group", "work"),
        weight="weight",
    )


def made(folder):
    """Return a store with a task of each kind, and a second table for each."""
    store = Store(folder)
    store.tables.mkdir(exist_ok=True)
    for i, (name, classes) in enumerate((("two", 2), ("three", 3), ("more", 2))):
        rows(600, classes, i).to_parquet(store.tables / f"{TABLES[name]}.parquet")
        store.notes.save_task(task(name, classes))
    return store


@pytest.fixture
def bench(tmp_path):
    return made(tmp_path / "bench")


def recipe_of(name, **more):
    return Recipe(task=name, hidden=(8,), epochs=4, patience=4, device="cpu", **more)


def settings_for(remedy, name, run="0" * 32):
    """Return what must be set, and nothing else; of an other run its id."""
    other = {"two": "more", "more": "two"}.get(name, "")
    filled = NEEDED | {"table": other, "run": run, "runs": run}
    return {
        s.name: filled[s.kind]
        for s in settings_of(remedy)
        if s.default is None or s.name == "target" or s.kind == "run"
    }


def allows(remedy, name):
    """Whether a remedy can do with this table."""
    is_binary = "two classes" not in remedy.needs or name != "three"
    has_other = "another table" not in remedy.needs or name != "three"
    return is_binary and has_other


CASES = [(r, kind) for r in REMEDIES for kind in KINDS if allows(REMEDIES[r], kind)]

RETRAINING = [r for r in REMEDIES if REMEDIES[r].kind == "retraining"]


def trained(store, name, kind, **more):
    run = other_run(store, name, kind)
    stages = (Stage(name, settings_for(REMEDIES[name], kind, run)),)
    return train_now(store, recipe_of(kind, stages=stages, **more))


def other_run(store, name, kind, **more):
    """Train the run that a remedy looks at beside its own; return its id."""
    if "another run" not in REMEDIES[name].needs:
        return ""
    return train_now(store, recipe_of(kind, restart=1), **more).id


@pytest.mark.parametrize("name", REMEDIES)
def test_every_remedy_describes_itself_and_its_settings(name):
    remedy = REMEDIES[name]
    assert remedy.title
    assert remedy.source
    assert remedy.slowness >= 0
    summary = summary_of(remedy)
    assert summary.endswith(".")
    assert ".." not in summary
    assert remedy.mends[0].islower() or remedy.mends[:2].isupper()
    protocol = RetrainingRemedy if remedy.kind == "retraining" else PosthocRemedy
    chosen = remedy_of(stage(name, **settings_for(remedy, "two")))
    assert isinstance(chosen, protocol)
    assert getattr(remedy, "name", name) == name
    assert sum(s.is_dial for s in settings_of(remedy)) <= 1
    for setting in settings_of(remedy):
        assert setting.help.endswith(".")
        if setting.kind in ("number", "integer"):
            assert setting.low <= setting.default <= setting.high
        if setting.kind == "choice":
            assert setting.default in setting.options


@pytest.mark.parametrize("name", REMEDIES)
def test_settings_survive_json(name):
    chosen = stage(name, **settings_for(REMEDIES[name], "two"))
    text = json.dumps(Recipe("t", stages=(chosen,)).to_json())
    back = Recipe.from_json(json.loads(text))
    assert remedy_of(back.stages[0]) == remedy_of(chosen)
    remedy = remedy_of(chosen)
    given = {s.name: getattr(remedy, s.name) for s in settings_of(type(remedy))}
    assert given == dict(back.stages[0].settings)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_scores_are_probabilities_and_the_same_seed_gives_the_same(
    bench, tmp_path, name, kind
):
    run = trained(bench, name, kind)
    scores = bench.scores(run.id).scores.values  # noqa: PD011 (not pandas)
    assert ((scores >= 0) & (scores <= 1)).all()
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    epochs = [e.payload for e in bench.events(run.id) if e.kind == "epoch"]
    assert json.dumps(epochs)
    assert len(epochs) == run.epochs
    again = trained(made(tmp_path / "again"), name, kind)
    assert again.artefacts == run.artefacts


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_labels_of_other_rows_have_no_say(bench, monkeypatch, name, kind):
    """Labels outside the rows a remedy may see are shuffled: nothing changes.

    Retraining remedies may see training rows, and validation rows for when to stop;
    post-hoc ones, calibration rows.
    """
    run = trained(bench, name, kind)
    dataset = load(task(kind, len(run.task.classes)), bench.tables)
    parts, fitted = splits_of(run, dataset), rows_fitted(run, dataset)
    hidden = [*parts.rows["test"]]
    if REMEDIES[name].kind == "retraining":
        hidden += [*parts.rows["calibration"]]
    shuffled = dataset.frame.y_true.copy()
    shuffled[hidden] = np.random.default_rng(9).permutation(shuffled[hidden])
    assert (shuffled != dataset.frame.y_true).any()
    frame = replace(dataset.frame, y_true=shuffled)
    other = replace(dataset, frame=frame)
    # The same rows stand in each split, whatever labels the strata would give.
    monkeypatch.setattr("models.train_run.splits_of", lambda *_: parts)
    monkeypatch.setattr("models.fit_posthoc.rows_fitted", lambda *_: fitted)
    for module in ("train_run", "fit_posthoc"):
        monkeypatch.setattr(f"models.{module}.dataset_of", lambda *_: other)
    beside = made(bench.home / "beside")
    other_run(beside, name, kind, dataset=dataset)
    blind = train_now(beside, run.recipe, dataset=dataset)
    np.testing.assert_array_equal(
        beside.scores(blind.id).scores.logits, bench.scores(run.id).scores.logits
    )


@pytest.mark.parametrize("name", RETRAINING)
def test_what_it_is_given_stays_as_it_was(bench, name):
    dataset = load(task("two", 2), bench.tables)
    train = dataset.frame.take(np.arange(300))
    before, table = train.digest, train.features.copy()
    recipe = completed(
        recipe_of("two", stages=(Stage(name, settings_for(REMEDIES[name], "two")),))
    )
    text = json.dumps(recipe.to_json())
    workshop = Workshop(
        lambda other: load(task(other, 2), bench.tables),
        lambda frame, epochs: np.log(np.full((len(frame), 2), 0.5)),
    )
    changed, edited = remedied(recipe, train, workshop)
    pd.testing.assert_frame_equal(train.features, table)
    assert train.digest == before
    assert json.dumps(recipe.to_json()) == text
    assert Recipe.from_json(json.loads(json.dumps(changed.to_json()))) == changed
    assert set(edited.row_ids[edited.row_ids >= 0]) <= set(train.row_ids)


@pytest.mark.parametrize("name", RETRAINING)
def test_a_resumed_run_ends_as_an_uninterrupted_one(bench, name):
    """Cancelled after two epochs and taken up again, on the way to the same bits."""
    stages = (Stage(name, settings_for(REMEDIES[name], "two")),)
    recipe = completed(recipe_of("two", stages=stages))
    beside = made(bench.home / "beside")
    whole = train_now(beside, recipe)
    dataset = load(task("two", 2), bench.tables)
    for step in runs_of(recipe)[:-1]:
        train_now(bench, step)
    owner = Owner(bench.owners)
    run_id = bench.submit(recipe, dataset.task, dataset.digest, owner.token)
    execute(bench, run_id, owner.token, lambda: bench.run(run_id).epochs >= 2)
    owner.close()
    assert bench.run(run_id).state == "cancelled"
    resumed = train_now(bench, recipe)
    assert resumed.artefacts == whole.artefacts


QUICK = {"rounds": 2, "prices": 2, "member_epochs": 1, "passes": 3, "epochs": 2}

OTHERS = ("logistic", "mlp_embeddings", "tabm", "ft_transformer", "boosting")


@pytest.mark.parametrize("architecture", OTHERS)
@pytest.mark.parametrize("name", RETRAINING)
def test_every_remedy_serves_every_architecture_or_says_why_not(
    bench, name, architecture
):
    remedy = REMEDIES[name]
    known = {s.name for s in settings_of(remedy)}
    quick = {k: v for k, v in QUICK.items() if k in known}
    stage_ = Stage(name, settings_for(remedy, "two") | quick)
    recipe = recipe_of("two", architecture=architecture, stages=(stage_,))
    recipe = replace(recipe, epochs=1, patience=1)
    if architecture == "boosting" and "a network" in remedy.needs:
        with pytest.raises(SettingError, match="boosted trees are not one"):
            train_now(bench, recipe)
        return
    run = train_now(bench, recipe)
    scores = bench.scores(run.id).scores.values  # noqa: PD011 (not pandas)
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.fixture(autouse=True)
def _fresh_tables():
    _loaded.cache_clear()
    yield
    _loaded.cache_clear()


KEEPS_LAST = [
    ("road", {"attribute": "group"}),
    ("gap_penalty", {"attribute": "group"}),
    ("adversarial", {"attribute": "group"}),
    ("logit_adjustment", {"attribute": "group"}),
]


@pytest.mark.parametrize(("name", "settings"), KEEPS_LAST)
def test_an_aim_that_no_loss_tells_of_keeps_the_last_epoch(bench, name, settings):
    recipe = replace(recipe_of("two", stages=(Stage(name, settings),)), patience=1)
    run = train_now(bench, recipe)
    assert run.epochs == run.best_epoch == recipe.epochs


def test_doubted_labels_are_not_judged_before_they_are_doubted(bench):
    stages = (Stage("noisy_labels", {"warm_up": 2}),)
    run = train_now(bench, recipe_of("two", stages=stages))
    assert run.best_epoch > 2


def test_synthetic_people_weigh_what_their_cell_weighs(bench):
    """Balanced cells stay balanced, whichever comes first."""
    dataset = load(task("two", 2), bench.tables)
    frame = replace(dataset.frame, weights=np.ones(len(dataset.frame)))
    frame = frame.take(np.arange(0, 600, 2))
    workshop = Workshop(lambda other: None, lambda rows, epochs: None)
    even = Stage("inverse_frequency", {"attribute": "group"})
    more = Stage("smote", {"attribute": "group", "strength": 0.5})
    for stages in ((even, more), (more, even)):
        recipe, train = remedied(
            completed(recipe_of("two", stages=stages)), frame, workshop
        )
        w = weights_in_force(recipe, train)
        cells = np.bincount(train.groups["group"].codes * 2 + train.y_true, w)
        weight = cells / np.bincount(train.groups["group"].codes * 2 + train.y_true)
        one = weights_in_force(
            *remedied(completed(recipe_of("two", stages=(even,))), frame, workshop)
        )
        first = np.bincount(frame.groups["group"].codes * 2 + frame.y_true, one)
        before = first / np.bincount(frame.groups["group"].codes * 2 + frame.y_true)
        if stages[0] is even:
            np.testing.assert_allclose(weight, before)
        else:
            np.testing.assert_allclose(cells, cells.mean())


def test_numbers_beyond_reach_are_refused_by_name(bench):
    frame = load(task("two", 2), bench.tables).frame
    features = frame.features.assign(age=frame.features["age"] * 1e200)
    workshop = Workshop(lambda other: None, lambda rows, epochs: None)
    recipe = recipe_of("two", stages=(Stage("decorrelation", {"attribute": "group"}),))
    with pytest.raises(DataError, match="'age' holds numbers up to"):
        remedied(completed(recipe), replace(frame, features=features), workshop)
