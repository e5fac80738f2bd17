from itertools import pairwise

import pytest

from analysis.errors import SettingError
from models.recipe import Recipe, Stage
from models.remedies.chain import completed, runs_of, stage, without_last
from models.run import run_title


@pytest.mark.parametrize(
    ("name", "settings", "advice"),
    [
        ("unlearning", {}, "choose one of reweighing, inverse"),
        ("reweighing", {}, "name a sensitive attribute"),
        ("reweighing", {"attribute": "a", "strength": 2}, "a number from 0 to 1"),
        ("temperature", {"min_rows": 2.5}, "a whole number from 2"),
        ("temperature", {"alpha": 1}, "it has attribute, min_rows"),
        ("temperature", {"remedy": "x"}, "it has attribute, min_rows"),
        ("reweighing", {"attribute": " , "}, "name a sensitive attribute"),
        ("reweighing", {"attribute": '"'}, "name a sensitive attribute"),
        ("reweighing", {"attribute": "\udcff"}, "Give it in UTF-8"),
    ],
)
def test_a_wrong_setting_says_what_to_do(name, settings, advice):
    with pytest.raises(SettingError, match=advice):
        stage(name, **settings)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("sex,sex", "sex"),
        ("sex, race ,sex", "sex, race"),
        ("sex,", "sex"),
        (" sex, race", "sex, race"),
    ],
)
def test_an_attribute_named_twice_counts_once(typed, kept):
    assert stage("reweighing", attribute=typed).settings["attribute"] == kept


def test_a_chain_becomes_one_run_per_posthoc_stage():
    short = Stage("reweighing", {"attribute": "sex"})
    recipe = completed(Recipe("t", stages=(short, Stage("temperature"))))
    assert [len(r.stages) for r in runs_of(recipe)] == [1, 2]
    assert dict(recipe.stages[0].settings) == {
        "attribute": "sex",
        "by": "weights",
        "cap": 0.0,
        "cohort": "",
        "strength": 1.0,
    }
    assert completed(recipe) == recipe


def test_two_remedies_for_one_place_are_refused():
    stages = (Stage("focal"), Stage("squentropy"))
    with pytest.raises(SettingError, match=r"both change the loss\. Keep one"):
        completed(Recipe("t", stages=stages))


def test_what_needs_a_network_is_refused_for_trees():
    with pytest.raises(SettingError, match="boosted trees are not one"):
        completed(Recipe("t", architecture="boosting", stages=(Stage("focal"),)))


def test_what_needs_a_finished_run_has_it_trained_first():
    weights = Stage("reweighing", {"attribute": "sex"})
    last = Stage("last_layer", {"attribute": "sex"})
    recipe = completed(Recipe("t", stages=(weights, last)))
    assert [len(r.stages) for r in runs_of(recipe)] == [1, 2]


@pytest.mark.parametrize("other", ["focal", "group_dro", "gap_penalty", "mixup"])
def test_what_trains_many_models_leaves_no_room_for_others(other):
    grid = Stage("grid_search", {"attribute": "sex"})
    settings = {} if other in ("focal", "mixup") else {"attribute": "sex"}
    for stages in ((grid, Stage(other, settings)), (Stage(other, settings), grid)):
        with pytest.raises(SettingError, match="would have no say"):
            completed(Recipe("t", stages=stages))


@pytest.mark.parametrize("change", [{"prune": 0.5}, {"stop_by": "sex"}])
def test_settings_that_would_be_ignored_are_refused(change):
    grid = Stage("grid_search", {"attribute": "sex"})
    with pytest.raises(SettingError, match="would have no say"):
        completed(Recipe("t", stages=(grid,), **change))


def test_nothing_trains_anew_what_goes_on_from_a_finished_model():
    last = Stage("last_layer", {"attribute": "sex"})
    after = Stage("reweighing", {"attribute": "sex"})
    with pytest.raises(SettingError, match="Put 'Reweighing' first"):
        completed(Recipe("t", stages=(last, after)))
    assert len(completed(Recipe("t", stages=(last, Stage("temperature")))).stages) == 2


def test_true_is_no_number():
    with pytest.raises(SettingError, match="'strength' is True; give a number"):
        stage("reweighing", attribute="sex", strength=True)


THRESHOLDS = Stage("equal_opportunity", {"attribute": "sex"})


@pytest.mark.parametrize(
    ("before", "after", "advice"),
    [
        (THRESHOLDS, Stage("temperature"), "Put 'Temperature scaling' first"),
        (THRESHOLDS, Stage("weight_aligning"), "changes the model itself"),
        (Stage("abstain"), THRESHOLDS, "holds back some of the decisions"),
        (Stage("temperature"), Stage("weight_aligning"), "Put '.*' first"),
        (THRESHOLDS, Stage("demographic_parity", {"attribute": "sex"}), "Keep one"),
        (THRESHOLDS, Stage("reweighing", {"attribute": "sex"}), "Put '.*' first"),
    ],
)
def test_an_order_that_would_undo_something_is_explained(before, after, advice):
    with pytest.raises(SettingError, match=advice):
        completed(Recipe("t", stages=(before, after)))


CHAIN = (
    Stage("reweighing", {"attribute": "sex"}),
    Stage("weight_aligning"),
    Stage("temperature"),
    THRESHOLDS,
    Stage("abstain"),
)


def test_a_chain_from_weights_to_a_guardrail_is_legal_and_cut_in_parts():
    recipe = completed(Recipe("t", stages=CHAIN))
    assert recipe.calibration_parts == 4
    steps = runs_of(recipe)
    assert [len(r.stages) for r in steps] == [1, 2, 3, 4, 5]
    assert [r.calibration_parts for r in steps] == [1, 4, 4, 4, 4]
    assert steps[0] == completed(Recipe("t", stages=CHAIN[:1]))  # found, not trained
    for shorter, longer in pairwise(steps):
        assert completed(shorter) == shorter
        assert without_last(longer) == shorter


def test_one_change_of_scores_alone_has_all_calibration_rows():
    recipe = completed(Recipe("t", stages=CHAIN[2:3]))
    assert recipe.calibration_parts == 1
    assert "part" not in run_title(recipe)
    step = runs_of(completed(Recipe("t", stages=CHAIN[2:4])))[1]
    assert run_title(step).endswith("temperature (on one of 2 parts of the rows)")
