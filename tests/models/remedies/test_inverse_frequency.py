import numpy as np
import pytest
from sklearn.utils.class_weight import compute_sample_weight

from analysis.errors import SettingError
from models.recipe import Recipe
from models.remedies.cells import cells_of
from models.remedies.inverse_frequency import InverseFrequency


def factors(frame, **settings):
    recipe = InverseFrequency(**settings).change(Recipe("t"), frame)
    return recipe.row_weights.factors(frame)


def test_by_class_it_is_scikit_learns_balanced_weight(dataset):
    frame = dataset.frame
    expected = compute_sample_weight("balanced", frame.y_true)
    np.testing.assert_allclose(factors(frame, level="class"), expected)


@pytest.mark.parametrize("level", ["class", "group", "both"])
def test_every_cell_weighs_the_same_at_full_strength(dataset, level):
    frame = dataset.frame
    w = factors(frame, level=level, attribute="group,work")
    cells = cells_of(frame, level, "group,work")
    mass = np.bincount(cells.codes, w)
    np.testing.assert_allclose(mass[mass > 0], mass[mass > 0][0])
    assert w.mean() == pytest.approx(1)


def test_strength_shrinks_the_log_ratios_of_cells_linearly(dataset):
    frame, settings = dataset.frame, {"level": "group", "attribute": "work"}
    codes = frame.groups["work"].codes
    for strength in (0.0, 0.25, 1.0):
        w = factors(frame, strength=strength, **settings)
        mass, counts = np.bincount(codes, w), np.bincount(codes)
        ratio = np.log(mass[0] / mass[1]) / np.log(counts[0] / counts[1])
        assert ratio == pytest.approx(1 - strength)


def test_survey_weights_count(dataset):
    frame = dataset.frame
    recipe = InverseFrequency(level="class").change(
        Recipe("t", survey_weights=True), frame
    )
    both = recipe.row_weights.factors(frame) * frame.weights
    mass = np.bincount(frame.y_true, both)
    assert mass[0] == pytest.approx(mass[1])


def test_both_without_an_attribute_is_the_class_alone(dataset):
    by_both = factors(dataset.frame, level="both")
    np.testing.assert_array_equal(by_both, factors(dataset.frame, level="class"))


def test_groups_without_an_attribute_are_refused_with_advice(dataset):
    with pytest.raises(SettingError, match="Choose an attribute, or the level 'class'"):
        factors(dataset.frame, level="group")


def test_an_empty_cell_and_one_class_in_a_group_do_no_harm(dataset):
    frame = dataset.frame
    keep = (frame.groups["group"].codes == 0) | (frame.y_true == 1)
    w = factors(frame.take(np.flatnonzero(keep)), attribute="group")
    assert np.isfinite(w).all()
    assert (w > 0).all()
