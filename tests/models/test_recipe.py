import json
from dataclasses import replace

import numpy as np
import pytest

from analysis.errors import SettingError
from models.recipe import Recipe, Stage
from models.row_changes import GroupShifts, RowWeights


def test_recipe_survives_json_with_its_digest():
    recipe = Recipe(
        task="adult",
        hidden=(8, 4),
        row_weights=RowWeights(np.array([2, 5]), np.array([0.5, 1 / 3])),
        shifts=GroupShifts("sex", ("F", "M"), ("hours",), ((1.5,), (-0.25,))),
        methods=(Stage("focal", {"gamma": 2.0}),),
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


def test_row_weights_go_by_id_and_leave_other_rows_alone(dataset):
    weights = RowWeights(np.array([3, 7]), np.array([2.0, 0.0]))
    factors = weights.factors(dataset.frame.take(np.array([7, 1, 3, 1199])))
    assert factors.tolist() == [0.0, 1.0, 2.0, 1.0]


def test_group_shifts_go_by_name_and_touch_named_columns_only(dataset):
    frame = dataset.frame
    shifts = GroupShifts("group", ("b",), ("age",), ((10.0,),))
    shifted = shifts.applied(frame)
    is_b = frame.groups["group"].codes == frame.groups["group"].names.index("b")
    moved = (frame.features["age"] - shifted["age"]).to_numpy()
    known = ~np.isnan(moved)
    assert (moved[known & is_b] == 10).all()
    assert (moved[known & ~is_b] == 0).all()
    assert shifted["work"].equals(frame.features["work"])


def test_a_default_written_out_does_not_rename_a_run():
    written = Recipe.from_json({"task": "adult", "clip": 0.0, "ema": 0.0})
    assert written.digest == Recipe.from_json({"task": "adult"}).digest
