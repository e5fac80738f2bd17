"""Every planted fault is there, of the planted size, and nowhere else."""

import numpy as np
import pytest
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from analysis.cohorts import parse
from analysis.datasets.synthetic import (
    CLASSES,
    MECHANISMS,
    RAISED,
    SCORES,
    SLOPES,
    planted,
    planted_shift,
)
from analysis.errors import SettingError
from analysis.matching import matches

N = 200_000
CONTINUOUS = {"age": 0.05, "income": 60.0, "tenure": 0.35}  # 3 standard errors, about


def labels_and_scores(table, k):
    y_true = np.array([CLASSES[k].index(v) for v in table["outcome"]])
    scores = table[list(SCORES[k])].to_numpy()
    return y_true, np.column_stack([1 - scores, scores]) if k == 2 else scores


@pytest.fixture(scope="module", params=[2, 3])
def big(request):
    return request.param, planted(request.param, N, seed=11)


def test_error_rates_are_raised_where_the_truth_says_and_by_that_much(big):
    k, made = big
    y_true, scores = labels_and_scores(made.table, k)
    wrong = scores.argmax(axis=1) != y_true
    for rule in RAISED:
        inside = matches(parse(rule), made.table)
        for rows, truth in ((inside, made.truth.raised), (~inside, made.truth.rest)):
            error = np.sqrt(truth[rule] * (1 - truth[rule]) / rows.sum())
            assert wrong[rows].mean() == pytest.approx(truth[rule], abs=4 * error)
        assert made.truth.raised[rule] > made.truth.rest[rule] + 0.05


def test_the_score_is_calibrated_but_for_the_declared_slopes(big):
    """Fit the label on the score's logit: the slope comes back as 1 / planted slope."""
    k, made = big
    y_true, scores = labels_and_scores(made.table, k)
    assert dict(made.truth.slopes) == dict(SLOPES)
    last_of_two = scores[:, -1] / (scores[:, 0] + scores[:, -1])
    in_two = (y_true == 0) | (y_true == k - 1)
    for region in made.table["region"].cat.categories:
        slope = SLOPES.get(f"region = {region}", 1.0)
        rows = in_two & (made.table["region"] == region).to_numpy()
        fitted = LogisticRegression(C=np.inf).fit(
            logit(last_of_two[rows])[:, None], y_true[rows] == k - 1
        )
        assert fitted.coef_.item() == pytest.approx(1 / slope, rel=0.05)


def test_dividing_by_the_slope_gives_the_true_probabilities_back(big):
    k, made = big
    _, scores = labels_and_scores(made.table, k)
    slope = np.ones(N)
    for rule, factor in made.truth.slopes.items():
        slope[matches(parse(rule), made.table)] *= factor
    powered = scores ** (1 / slope[:, None])
    mended = powered / powered.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(mended, made.truth.probabilities, atol=1e-9)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_one_mechanism_moves_by_its_true_change_and_no_other_does(mechanism):
    source, target = planted_shift(mechanism, 0.7, N, seed=5)
    assert set(target.truth.change) == {mechanism}
    assert not source.truth.change
    seen = {}
    for name in CONTINUOUS:
        seen[name] = target.table[name].mean() - source.table[name].mean()
    shares = {"channel": "phone", "region": "west"}
    for name, value in {**shares, "sex": "Female"}.items():
        both = [(t.table[name] == value).mean() for t in (source, target)]
        seen["group_mix" if name == "sex" else name] = both[1] - both[0]
    for name, change in seen.items():
        tolerance = 4 * CONTINUOUS.get(name, 0.0016)
        assert change == pytest.approx(target.truth.change.get(name, 0), abs=tolerance)


def test_only_a_moved_outcome_breaks_the_bond_between_score_and_label():
    for mechanism in ("income", "outcome"):
        _, target = planted_shift(mechanism, 0.7, N, seed=2)
        east = (target.table["region"] == "east").to_numpy()  # slope 1
        y_true, scores = labels_and_scores(target.table, 2)
        bias = (y_true - scores[:, 1])[east].mean()
        moved = target.truth.change.get("outcome", 0)
        assert bias == pytest.approx(moved, abs=0.01)


def test_the_same_seed_gives_the_same_table():
    first, again, other = (planted(2, 500, seed=s).table for s in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_unknown_settings_are_refused():
    with pytest.raises(SettingError, match="2 or 3 classes, not 4; choose one"):
        planted(4)
    with pytest.raises(SettingError, match="choose one of age, income"):
        planted_shift("weather", 1.0)
