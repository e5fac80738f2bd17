import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from analysis.errors import DataError, SettingError
from analysis.thresholds.halves import may_be_learnt
from models.recipe import BASE, Recipe, Stage
from models.remedies.fine_tune import BATCH, FineTune
from models.remedies.row_edit import Workshop
from models.training import train_now


def test_it_goes_on_from_the_finished_model_with_a_smaller_rate(store, recipe):
    base = train_now(store, recipe)
    stage = Stage("fine_tune", {"target": "group = b", "rows": 60, "passes": 3})
    run = train_now(store, Recipe(**{**vars(recipe), "stages": (stage,)}))
    assert run.base == base.id
    kept = Recipe.from_json(json.loads(store.artefact(run, "recipe")))
    assert kept.warm_start == BASE
    assert kept.learning_rate == pytest.approx(recipe.learning_rate * 0.1)
    assert kept.batch_size <= BATCH
    assert run.best_epoch == 3  # the last pass is kept


def test_an_epoch_sees_the_targets_rows_alone_and_no_more_than_asked(
    training_for, recipe, dataset
):
    training = training_for(FineTune(target="group = b", rows=40), recipe, dataset)
    order = training.methods[0].order(training, torch.randperm(600))
    assert len(order) == 40
    group = dataset.frame.take(np.arange(600)).groups["group"]
    names = {group.names[c] for c in group.codes[order.numpy()]}
    assert names == {"b"}
    again = training.methods[0].order(training, torch.randperm(600))
    assert set(again.tolist()) == set(order.tolist())


def test_rows_learnt_from_another_table_never_judge_it_also_where_some_are_left_out(
    dataset, rng
):
    train, whole = (
        dataset.frame.take(np.arange(300)),
        dataset.frame.take(np.arange(300, 900)),
    )
    judged = whole.row_ids[~may_be_learnt(whole.features)]
    # What the workshop leaves out, as it looks like a row that is held out.
    left = np.sort(rng.choice(600, 500, replace=False))
    workshop = Workshop(lambda name: SimpleNamespace(frame=whole.take(left)), None)
    edited = FineTune(table="new", rows=400).edited(train, 0, workshop)
    added = edited.take(np.flatnonzero(edited.row_ids < 0))
    assert 150 < len(added) < 350
    columns = list(added.features)
    others = whole.features[np.isin(whole.row_ids, judged)]
    known = {tuple(r) for r in others[columns].astype(str).to_numpy()}
    learnt = {tuple(r) for r in added.features.astype(str).to_numpy()}
    assert not learnt & known


def test_without_a_target_it_is_refused_at_once():
    with pytest.raises(SettingError, match="needs a target"):
        FineTune()


def test_a_target_without_training_rows_is_refused(dataset, recipe):
    with pytest.raises(DataError, match="No training row matches"):
        FineTune(target="age > 1000").change(recipe, dataset.frame)


def test_an_unlabelled_table_cannot_be_learnt_from(dataset):
    from dataclasses import replace

    train = dataset.frame.take(np.arange(300))
    blank = replace(dataset.frame.take(np.arange(300, 500)), y_true=None)
    workshop = Workshop(lambda name: SimpleNamespace(frame=blank), None)
    with pytest.raises(DataError, match="labels"):
        FineTune(table="new").edited(train, 0, workshop)
