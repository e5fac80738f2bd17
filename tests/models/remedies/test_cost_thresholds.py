import numpy as np
import pytest

from models.remedies.cost_thresholds import FORMULA, CostThresholds
from models.remedies.fitting import fitted_along, notes_of


def decided(scorer, frame):
    return np.diff(scorer.score(frame).logits)[:, 0] >= 0


@pytest.mark.parametrize("missed", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_calibrated_scores_decide_where_elkans_formula_says(labelled, rng, missed):
    margin = rng.normal(size=500) * 2
    labels = rng.integers(0, 2, 500)
    scorer, frame = labelled(np.column_stack([np.zeros(500), margin]), labels)
    remedy = CostThresholds(missed=missed, estimate=FORMULA)
    chance = 1 / (1 + np.exp(-margin))
    expected = chance >= 1 - missed
    np.testing.assert_array_equal(decided(remedy.fit(scorer, frame), frame), expected)


@pytest.mark.parametrize("missed", [0.2, 0.5, 0.8])
def test_the_threshold_found_is_the_cheapest_of_all(labelled, rng, missed):
    labels, codes = rng.integers(0, 2, 400), np.arange(400) % 2
    margin = rng.normal(size=400) * 3 + labels - codes
    scorer, frame = labelled(np.column_stack([np.zeros(400), margin]), labels, codes)
    price = np.where(labels == 1, missed, 1 - missed)

    def cost(chosen, rows):
        return (price * (chosen != labels))[rows].sum()

    for attribute, parts in (("", [codes >= 0]), ("group", [codes == 0, codes == 1])):
        fitted = CostThresholds(attribute=attribute, missed=missed).fit(scorer, frame)
        chosen = decided(fitted, frame)
        for rows in parts:
            least = min(cost(margin >= cut, rows) for cut in [*margin, 99.0])
            assert cost(chosen, rows) == pytest.approx(least)


def test_at_the_ends_of_the_dial_no_error_of_one_kind_is_left(labelled, rng):
    labels, codes = rng.integers(0, 2, 400), np.arange(400) % 2
    scorer, frame = labelled(rng.normal(size=(400, 2)), labels, codes)
    low, high = fitted_along(CostThresholds("group"), scorer, frame, [0.0, 1.0])
    assert not decided(low, frame).any()
    assert decided(high, frame)[labels == 1].all()
    assert "positive in u; v, although both" in notes_of(low.parameters())[-1]
