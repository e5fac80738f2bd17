import json

import numpy as np
import pytest

from analysis.errors import SettingError
from models.recipe import Recipe, Stage
from models.remedies.masked_feature import MaskedFeature
from models.training import train_now


def test_several_features_add_up_and_repeats_count_once(dataset):
    frame = dataset.frame
    first = MaskedFeature(feature="age, work").change(Recipe("t"), frame)
    second = MaskedFeature(feature="work").change(first, frame)
    assert first.masked == second.masked == ("age", "work")


def test_the_model_never_sees_a_masked_feature(store, recipe):
    stages = (Stage("masked_feature", {"feature": "age"}),)
    run = train_now(store, Recipe(**{**vars(recipe), "stages": stages}))
    fitted = json.loads(store.artefact(run, "preprocessing"))
    names = [c["name"] for part in fitted.values() for c in part]
    assert sorted(names) == ["group", "work"]
    logits = store.scores(run.id).scores.logits
    assert len(np.unique(logits.round(4), axis=0)) <= 8  # 2 groups x 4 kinds of work


def test_an_unknown_feature_is_refused_with_the_known_ones(dataset):
    with pytest.raises(SettingError, match=r"'sex' is not a feature.*age, work, group"):
        MaskedFeature(feature="age,sex").change(Recipe("t"), dataset.frame)


def test_masking_everything_is_refused(dataset):
    recipe = MaskedFeature(feature="age").change(Recipe("t"), dataset.frame)
    with pytest.raises(SettingError, match="Leave fewer features out"):
        MaskedFeature(feature="work,group").change(recipe, dataset.frame)


def test_a_name_that_holds_a_comma_is_one_feature(dataset):
    from dataclasses import replace

    features = dataset.frame.features.rename(columns={"age": "age, in years"})
    frame = replace(dataset.frame, features=features)
    changed = MaskedFeature(feature="age, in years").change(Recipe("t"), frame)
    assert changed.masked == ("age, in years",)
