import numpy as np
import pytest

from models.recipe import Recipe
from models.remedies.reweighing import Reweighing


def test_reweighing_by_hand(dataset):
    """Kamiran & Calders' formula, cell by cell, and its purpose: independence."""
    frame = dataset.frame
    recipe = Reweighing(attribute="group").change(Recipe("t"), frame)
    codes, y = frame.groups["group"].codes, frame.y_true
    w = recipe.row_weights.factors(frame)
    for g in (0, 1):
        for label in (0, 1):
            cell = (codes == g) & (y == label)
            by_hand = (codes == g).mean() * (y == label).mean() / cell.mean()
            assert w[cell] == pytest.approx(by_hand)
    assert w.mean() == pytest.approx(1)
    rates = [np.average(y[codes == g], weights=w[codes == g]) for g in (0, 1)]
    assert rates[0] == pytest.approx(rates[1])


def test_strength_shrinks_the_dependence_linearly(dataset):
    frame = dataset.frame
    a, y = frame.groups["group"].codes == 0, frame.y_true

    def covariance(strength):
        change = Reweighing(attribute="group", strength=strength).change
        w = change(Recipe("t"), frame).row_weights.factors(frame)
        return (w * a * y).mean() - (w * a).mean() * (w * y).mean()

    assert covariance(0.25) == pytest.approx(0.75 * covariance(0))
    assert covariance(1) == pytest.approx(0, abs=1e-12)


def test_reweighing_leaves_an_empty_cell_alone(dataset):
    rows = np.flatnonzero(
        (dataset.frame.groups["group"].codes == 0) | (dataset.frame.y_true == 1)
    )
    frame = dataset.frame.take(rows)
    recipe = Reweighing(attribute="group").change(Recipe("t"), frame)
    w = recipe.row_weights.factors(frame)
    assert np.isfinite(w).all()
    assert (w > 0).all()
