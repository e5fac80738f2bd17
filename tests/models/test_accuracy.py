"""What the shipped runs reach on test rows, from their stored scores."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, roc_auc_score

from analysis.datasets.load import load
from models.evaluations import evaluation, splits_of
from models.shipped import RECIPES
from models.store import SHIPPED, Store
from models.training import train_now


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("user"), SHIPPED)


@pytest.fixture(scope="module")
def adult(shipped):
    return load(shipped.task("adult"))


def default_run(store, task):
    (run,) = [r for r in store.runs(task) if not r.recipe.stages]
    return run


def test_the_default_network_reaches_what_the_literature_reports(shipped, adult):
    run = default_run(shipped, "adult")
    assert run.recipe.split == "official"
    test = evaluation(shipped, run, adult)
    assert len(test) == 16_281
    assert accuracy_score(test.is_positive, test.decisions) >= 0.853
    assert roc_auc_score(test.is_positive, test.score) >= 0.910


def test_it_comes_within_a_point_of_gradient_boosting(shipped, adult):
    run = default_run(shipped, "adult")
    test = evaluation(shipped, run, adult)
    rows = splits_of(run, adult).rows
    x, y = adult.frame.features, adult.frame.y_true
    peer = HistGradientBoostingClassifier(
        categorical_features="from_dtype", early_stopping=False, random_state=0
    ).fit(x.iloc[rows["train"]], y[rows["train"]])
    peer_score = peer.predict_proba(x.iloc[rows["test"]])[:, 1]
    ours = roc_auc_score(test.is_positive, test.score)
    assert ours > roc_auc_score(test.is_positive, peer_score) - 0.01


def test_shipped_runs_are_the_recipes_that_rebuild_them(shipped):
    runs = {run.recipe for run in shipped.runs()}
    assert len(runs) == len(RECIPES)
    assert {(r.task, r.split, len(r.stages)) for r in runs} == {
        (r.task, r.split, len(r.stages)) for r in RECIPES
    }


def test_a_shipped_run_is_found_and_not_trained_again(shipped, adult):
    run = train_now(shipped, RECIPES[0], dataset=adult)
    assert run.is_shipped
    assert shipped.ledger.select() == []


def test_shipped_scores_fit_the_embedded_tables(shipped):
    """Fails when a table changed: then run `python -m models.shipped`."""
    for run in shipped.runs():
        dataset = load(shipped.task(run.recipe.task))
        assert run.data_digest == dataset.digest
        stored = shipped.scores(run.id)
        np.testing.assert_array_equal(stored.row_ids, dataset.frame.row_ids)


def test_census_income_is_trained_on_1994_and_tested_on_1995(shipped):
    run = default_run(shipped, "census_income")
    dataset = load(shipped.task("census_income"))
    years = dataset.table[dataset.task.time].astype(int)
    rows = splits_of(run, dataset).rows
    assert set(years.iloc[rows["train"]]) == {94}
    assert set(years.iloc[rows["test"]]) == {95}
