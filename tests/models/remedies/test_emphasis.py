import numpy as np
import pytest

from analysis.errors import DataError
from models.recipe import Recipe
from models.remedies.emphasis import Emphasis


def factors(frame, **settings):
    return Emphasis(**settings).change(Recipe("t"), frame).row_weights.factors(frame)


def test_the_people_named_count_so_many_times(dataset):
    frame = dataset.frame
    inside = frame.groups["group"].codes == 1
    w = factors(frame, cohort="group = b", factor=3.0)
    np.testing.assert_array_equal(w, np.where(inside, 3.0, 1.0))


def test_factor_1_changes_nothing(dataset):
    assert (factors(dataset.frame, cohort="age >= 40", factor=1.0) == 1).all()


def test_two_in_a_chain_multiply(dataset):
    frame, recipe = dataset.frame, Recipe("t")
    for rule in ("group = b", "age >= 40"):
        recipe = Emphasis(cohort=rule, factor=2.0).change(recipe, frame)
    inside = (frame.groups["group"].codes == 1).astype(int) + (
        frame.features["age"] >= 40
    )
    np.testing.assert_array_equal(recipe.row_weights.factors(frame), 2.0**inside)


def test_nobody_matching_is_refused_with_advice(dataset):
    with pytest.raises(DataError, match="Widen the rule"):
        factors(dataset.frame, cohort="age > 500")
