"""The committed study of remedies: whole, plausible, and read right."""

import numpy as np
import pytest
from scipy import stats

from benchmarks import remedies as study
from benchmarks.remedies import Outcome


def test_every_run_of_the_plan_is_there_once():
    known = [outcome.key for outcome in study.read()]
    assert known == list(study.plan())


def test_numbers_are_shares_or_there_is_a_reason():
    for outcome in study.read():
        numbers = [getattr(outcome, m) for m in study.MEASURES]
        if outcome.refused:
            assert numbers == [None] * len(numbers)
            assert "fault of the program" not in outcome.refused
        else:
            assert all(0 <= number <= 1 for number in numbers)
            assert outcome.worst_group_error >= 1 - outcome.accuracy - 1e-9


def test_a_change_is_the_paired_mean_with_students_interval():
    found = study.change([0.01, 0.03, 0.02])
    reference = stats.ttest_1samp([0.01, 0.03, 0.02], 0).confidence_interval(0.95)
    assert found.mean == pytest.approx(0.02)
    assert (found.low, found.high) == pytest.approx(tuple(reference))
    assert study.change([0.01]).high == np.inf


def outcome(remedy, seed, accuracy):
    numbers = dict.fromkeys(study.MEASURES, 0.1) | {"accuracy": accuracy}
    return Outcome("german", remedy, seed, **numbers, seconds=1.0)


def test_changes_pair_runs_of_the_same_seed_and_leave_refused_ones_out():
    outcomes = [outcome("", s, 0.7 + s / 100) for s in study.SEEDS]
    outcomes += [outcome("focal", s, 0.6 + s / 100) for s in study.SEEDS[:2]]
    outcomes += [Outcome("german", "focal", study.SEEDS[2], refused="for a reason")]
    found = study.changes(outcomes)["focal"]["german"]["accuracy"]
    assert found.mean == pytest.approx(-0.1)
    assert found.high - found.low == pytest.approx(0, abs=1e-9)


def test_a_cell_counts_sure_changes():
    sure, unsure = study.Change(-0.02, -0.03, -0.01), study.Change(0.01, -0.1, 0.1)
    assert study._cell([sure, sure, unsure]) == "−2.0 (2↓ 0↑)"
    assert study._cell([unsure]) == "+1.0"


@pytest.mark.parametrize("remedy", ["reweighing", "equal_opportunity"])
def test_one_run_is_measured_on_its_test_rows(tmp_path, remedy):
    known = {o.key: o for o in study.read()}["german", remedy, 0]
    again = study.run("german", remedy, 0, str(tmp_path))
    for measure in study.MEASURES:
        # Another processor may round otherwise and decide a row or two otherwise.
        expected = getattr(known, measure)
        assert getattr(again, measure) == pytest.approx(expected, abs=0.05)
