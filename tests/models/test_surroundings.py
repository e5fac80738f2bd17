"""What surrounds a model: rows without labels, and the model that scores any."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.datasets.load import Dataset, load
from analysis.errors import DataError
from models.evaluations import splits_of
from models.remedies import REMEDIES
from models.remedies.chain import stage
from models.remedies.fitting import fitted_on, notes_of
from models.remedies.settings import settings_of
from models.rescore import network_scorer
from models.run import Run
from models.scorer import stored_scorer
from models.store import Store
from models.surroundings import Surroundings, SurroundingsOfScore, surroundings_of
from models.training import train_now

POSTHOC = [name for name, kind in REMEDIES.items() if kind.kind == "posthoc"]

NEEDED = {"attribute": "group", "cohort": "group = b"}


def needed(name, run):
    """Return what a remedy must be told; of an other run its id."""
    filled = NEEDED | {"run": run, "runs": run}
    return {
        s.name: filled[s.kind]
        for s in settings_of(REMEDIES[name])
        if s.default is None or s.name == "target" or s.kind == "run"
    }


MULTI = {"scope": "multicalibrated", "attribute": "group", "cohorts": "age >= 60"}


@pytest.fixture
def base(store: Store, recipe) -> Run:
    return train_now(store, recipe)


def test_training_rows_and_labels_stay_out(store: Store, base: Run, dataset: Dataset):
    around = surroundings_of(store, dataset, base)
    assert isinstance(around, Surroundings)
    found = around.unlabelled("group = b & age >= 60")
    train = splits_of(base, dataset).rows["train"]
    assert found.y_true is None
    assert not np.isin(found.row_ids, train).any()
    frame = dataset.frame
    code = frame.groups["group"].names.index("b")
    inside = (frame.groups["group"].codes == code) & (frame.features["age"] >= 60)
    expected = np.setdiff1d(np.flatnonzero(inside), train)
    np.testing.assert_array_equal(found.row_ids, expected)
    with pytest.raises(DataError, match=r"Training rows do not count.*Widen the rule"):
        around.unlabelled("age > 200")


def test_the_model_scores_as_it_is_stored(store: Store, base: Run, dataset: Dataset):
    scores = Surroundings(store, base).model().score(dataset.frame)
    stored = stored_scorer(store, base).score(dataset.frame)
    np.testing.assert_allclose(scores.logits, stored.logits, atol=1e-5)


def test_another_tables_rows_are_read_whole_and_scored_by_the_model(
    store: Store, base: Run, dataset: Dataset
):
    store.notes.save_task(replace(dataset.task, name="others", title="Others"))
    found = Surroundings(store, base).unlabelled("group = b", "others")
    code = dataset.frame.groups["group"].names.index("b")
    assert len(found) == (dataset.frame.groups["group"].codes == code).sum()
    calibration = dataset.frame.take(splits_of(base, dataset).rows["calibration"])
    remedy = REMEDIES["prior_correction"](target="group = b", table="others")
    fitted = fitted_on(
        remedy, stored_scorer(store, base), calibration, Surroundings(store, base)
    )
    assert fitted.parameters()["table"] == "others"
    assert fitted.parameters()["n"] == pytest.approx(
        found.weights.sum() ** 2 / (found.weights**2).sum()
    )


def test_a_score_has_rows_and_no_model(store: Store, dataset: Dataset):
    around = surroundings_of(store, dataset)
    assert isinstance(around, SurroundingsOfScore)
    found = around.unlabelled("group = b")
    assert found.y_true is None
    assert len(found) > 0
    with pytest.raises(DataError, match="the model that gave it is not here"):
        around.model()
    with pytest.raises(DataError, match="leave the other table out"):
        around.unlabelled("group = b", "people")


@pytest.mark.parametrize("name", POSTHOC)
def test_a_fit_scores_its_own_table_again_and_any_other(
    store: Store, base: Run, dataset: Dataset, recipe, name
):
    other = train_now(store, replace(recipe, restart=1))
    run = train_now(store, recipe.with_stage(stage(name, **needed(name, other.id))))
    assert run.base == base.id
    again = network_scorer(store, run)
    stored = stored_scorer(store, run).score(dataset.frame)
    scores = again.score(dataset.frame)
    # Steps jump where the network's last bits cross an edge between two machines' sums.
    near = np.isclose(scores.values, stored.values, atol=1e-4).all(axis=1)
    assert near.mean() > 0.99
    other = replace(
        dataset.frame.take(np.arange(50)), y_true=None, row_ids=np.arange(50) + 10**6
    )
    assert again.score(other).values.shape == (50, 2)
    (fitted,) = [e for e in store.events(run.id) if e.kind == "fitted"]
    assert notes_of(fitted.payload["parameters"])


@pytest.mark.parametrize("name", [n for n in POSTHOC if hasattr(REMEDIES[n], "rounds")])
def test_patches_are_carried_to_another_table(
    store: Store, base: Run, dataset: Dataset, recipe, name
):
    run = train_now(store, recipe.with_stage(stage(name, **MULTI, level=0.5)))
    again = network_scorer(store, run)
    frame = dataset.frame
    assert np.isfinite(again.score(frame).logits).all()
    table = load(dataset.task, store.tables).frame.take(np.arange(100, 200))
    np.testing.assert_allclose(
        again.score(table).logits,
        again.score(frame).logits[100:200],
        rtol=1e-4,
        atol=1e-4,
    )
