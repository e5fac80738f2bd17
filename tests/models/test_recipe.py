import json
from dataclasses import replace

import pytest

from analysis.errors import SettingError
from models.recipe import CellWeights, Recipe, Stage


def test_recipe_survives_json_with_its_digest():
    recipe = Recipe(
        task="adult",
        hidden=(8, 4),
        cell_weights=CellWeights("sex", ("F", "M"), ((1.0, 2.0), (0.5, 1.5))),
        stages=(Stage("reweighing", {"attribute": "sex", "strength": 0.5}),),
    )
    back = Recipe.from_json(json.loads(json.dumps(recipe.to_json())))
    assert back == recipe
    assert back.digest == recipe.digest
    assert hash(back) == hash(recipe)


def test_every_setting_changes_the_digest():
    recipe = Recipe(task="adult")
    others = [replace(recipe, **change) for change in _CHANGES]
    assert len({recipe.digest, *(r.digest for r in others)}) == 1 + len(_CHANGES)


_CHANGES = [
    {"task": "german"},
    {"split": "official"},
    {"seed": 1},
    {"hidden": (9,)},
    {"survey_weights": True},
    {"stages": (Stage("temperature"),)},
    {"precision": "float32"},
]


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"architecture": "transformer"}, "choose one of mlp, logistic"),
        ({"epochs": 0}, "choose a value from 1 to 10000"),
        ({"dropout": 1.0}, "choose a value from 0 to 0.95"),
        ({"held_out": "zzz"}, "Choose the split 'domain', or hold no domain out"),
        ({"split": "magic"}, "choose one of official, random, time, domain"),
    ],
)
def test_a_setting_out_of_range_says_what_is_allowed(change, advice):
    with pytest.raises(SettingError, match=advice):
        Recipe(task="adult", **change)


def test_unknown_setting_in_json_is_refused():
    with pytest.raises(SettingError, match="Make it anew on"):
        Recipe.from_json({"task": "adult", "momentum": 0.9})


def test_cell_weights_go_by_name_and_leave_unknown_groups_alone(dataset):
    weights = CellWeights("group", ("b",), ((2.0, 3.0),))
    frame = dataset.frame
    factors = weights.factors(frame)
    codes, y = frame.groups["group"].codes, frame.y_true
    assert (factors[codes == 0] == 1).all()
    assert (factors[(codes == 1) & (y == 1)] == 3).all()
