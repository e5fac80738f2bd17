import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from analysis.errors import SettingError
from analysis.evaluation import Threshold, binary_probabilities, evaluate
from analysis.frame import AuditFrame, Grouping
from analysis.lookalikes.fares import fares
from analysis.lookalikes.similar import similar_groups


def audited(wrong_by_team, n=400):
    """Teams of equal features; in each, this many of n decisions are wrong."""
    teams = tuple(wrong_by_team)
    codes = np.repeat(np.arange(len(teams)), n)
    y = np.tile(np.arange(n) % 2, len(teams))
    wrong = np.concatenate([np.arange(n) < k for k in wrong_by_team.values()])
    frame = AuditFrame(
        features=pd.DataFrame({"x": np.tile(np.arange(float(n)), len(teams))}),
        y_true=y,
        classes=("no", "yes"),
        groups={"team": Grouping(codes, teams)},
        weights=np.ones(len(y)),
    )
    scores = binary_probabilities(np.where(wrong, 1 - y, y) * 0.8 + 0.1)
    return frame, evaluate("model", frame, scores, Threshold(0.5))


def test_a_neighbour_is_compared_with_the_group_and_not_the_other_way():
    frame, evaluation = audited({"a": 80, "b": 40, "c": 82})
    similar = similar_groups(frame, {"team": "a"})
    found = fares(evaluation, similar, "error_rate")
    names = [n.name for n in similar.neighbours]
    b, c = names.index("b"), names.index("c")
    assert found.own.value == pytest.approx(0.2)
    assert found.others.value[[b, c]] == pytest.approx([0.1, 0.205])
    assert found.difference.value[[b, c]] == pytest.approx([-0.1, 0.005])
    expected = confint_proportions_2indep(40, 400, 80, 400, method="newcomb")
    ends = found.difference.at(b)
    assert (ends.low, ends.high) == pytest.approx(expected)
    assert found.is_sure[[b, c]].tolist() == [True, False]


@pytest.mark.parametrize("metric", ["auroc", "brier_score", "f1"])
def test_any_metric_can_be_compared(metric):
    frame, evaluation = audited({"a": 80, "b": 40})
    found = fares(evaluation, similar_groups(frame, {"team": "a"}), metric)
    difference = found.others.value[0] - found.own.value
    assert found.difference.value[0] == pytest.approx(difference)
    assert found.difference.low[0] < difference < found.difference.high[0]


def test_a_group_without_neighbours_has_an_empty_comparison():
    frame, evaluation = audited({"a": 80})
    found = fares(evaluation, similar_groups(frame, {"team": "a"}), "error_rate")
    assert len(found.others) == len(found.q_value) == 0
    assert found.own.value == pytest.approx(0.2)


def test_an_unknown_metric_is_named():
    frame, evaluation = audited({"a": 80, "b": 40})
    with pytest.raises(SettingError, match="is not a metric here"):
        fares(evaluation, similar_groups(frame, {"team": "a"}), "wrongness")
