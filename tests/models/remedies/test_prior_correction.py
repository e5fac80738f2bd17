import json
from dataclasses import replace

import numpy as np
import pytest

from analysis.errors import DataError, SettingError
from analysis.frame import Grouping
from models.probabilities import log_softmax
from models.remedies.fitting import fitted_on, notes_of
from models.remedies.prior_correction import PriorCorrection

BEFORE, AFTER = np.array([0.7, 0.3]), np.array([0.25, 0.75])


class Around:
    """The rows that a rule names, labels taken off; and the model."""

    def __init__(self, frame, scorer):
        self.frame, self.scorer = frame, scorer

    def unlabelled(self, rule, table=""):
        assert rule == "group = v"
        inside = np.flatnonzero(self.frame.groups["group"].codes == 1)
        return replace(self.frame.take(inside), y_true=None)

    def model(self):
        return self.scorer


@pytest.fixture
def shifted(rng, labelled):
    """Draw people of whom group v has other class shares, and exact scores of u."""
    codes = np.repeat([0, 1], [3_000, 2_000])
    labels = np.r_[rng.choice(2, 3_000, p=BEFORE), rng.choice(2, 2_000, p=AFTER)]
    x = rng.normal(size=5_000) + 1.5 * labels
    odds = 1.5 * x - 1.5**2 / 2 + np.log(BEFORE[1] / BEFORE[0])
    return labelled(np.column_stack([np.zeros(5_000), odds]), labels, codes)


@pytest.mark.parametrize("estimate", ["EM", "black-box"])
def test_a_planted_shift_is_undone_for_the_target_alone(estimate, shifted):
    scorer, frame = shifted
    remedy = PriorCorrection(target="group = v", estimate=estimate)
    fitted = fitted_on(remedy, scorer, frame, Around(frame, scorer))
    before, after = (s.score(frame).logits for s in (scorer, fitted))
    inside = frame.groups["group"].codes == 1
    np.testing.assert_array_equal(before[~inside], after[~inside])
    moved = (after - before)[inside]
    expected = np.log(AFTER[1] / BEFORE[1]) - np.log(AFTER[0] / BEFORE[0])
    np.testing.assert_allclose(moved[:, 1] - moved[:, 0], expected, atol=0.35)
    losses = [
        -log_softmax(z[inside])[np.arange(2_000), frame.y_true[inside]].mean()
        for z in (before, after)
    ]
    assert losses[1] < losses[0] - 0.1
    for one, share in zip(fitted.parameters()["classes"], AFTER, strict=True):
        assert one["low"] < share < one["high"]


def test_labels_of_the_target_are_not_read(shifted, rng):
    scorer, frame = shifted
    inside = np.flatnonzero(frame.groups["group"].codes == 1)
    labels = frame.y_true.copy()
    labels[inside] = rng.permutation(labels[inside])
    other = replace(frame, y_true=labels)
    remedy = PriorCorrection(target="group = v")
    first, second = (
        remedy.fit_with(scorer, f, Around(f, scorer)).parameters()
        for f in (frame, other)
    )
    assert first == second


def test_little_moves_where_shares_are_the_same(labelled, rng):
    labels = rng.choice(2, 4_000, p=BEFORE)
    x = rng.normal(size=4_000) + 1.5 * labels
    odds = 1.5 * x - 1.5**2 / 2 + np.log(BEFORE[1] / BEFORE[0])
    scorer, frame = labelled(
        np.column_stack([np.zeros(4_000), odds]), labels, np.arange(4_000) % 2
    )
    remedy = PriorCorrection(target="group = v")
    found = remedy.fit_with(scorer, frame, Around(frame, scorer)).parameters()
    for one in found["classes"]:
        assert one["low"] < one["before"] < one["high"]
    assert np.abs(found["shifts"]).max() < 0.2


def test_parameters_survive_json_and_are_told(shifted):
    scorer, frame = shifted
    remedy = PriorCorrection(target="group = v", estimate="black-box")
    fitted = remedy.fit_with(scorer, frame, Around(frame, scorer))
    stored = json.loads(json.dumps(fitted.parameters(), allow_nan=False))
    again = remedy.restored(scorer, stored).score(frame).logits
    np.testing.assert_array_equal(again, fitted.score(frame).logits)
    (said,) = notes_of(stored)
    assert said.startswith("Estimated without labels for 2,000 effective rows of")
    assert "a 22.1 % [14.6, 29.5], before 71.4 %" in said
    assert "%" not in notes_of(stored, set())[0]


def test_shares_that_cannot_be_known_are_told(labelled):
    scorer, frame = labelled(
        np.zeros((80, 2)), np.arange(80) // 2 % 2, np.arange(80) % 2
    )
    remedy = PriorCorrection(target="group = v")
    found = remedy.fit_with(scorer, frame, Around(frame, scorer)).parameters()
    assert found["condition"] is None
    assert "do not rely on this correction" in notes_of(found)[1]
    json.dumps(found, allow_nan=False)


def test_what_cannot_be_done_is_refused_with_advice(shifted):
    scorer, frame = shifted
    remedy = PriorCorrection(target="group = v")
    with pytest.raises(DataError, match="in place of a score column"):
        fitted_on(remedy, scorer, frame)
    with pytest.raises(DataError, match="without their labels"):
        remedy.fit(scorer, frame)
    all_in = replace(frame, groups={"group": Grouping(np.ones(5_000, int), ("u", "v"))})
    with pytest.raises(DataError, match="Narrow the rule, or name another table"):
        remedy.fit_with(scorer, all_in, Around(all_in, scorer))


def test_with_another_table_and_no_rule_everyone_is_corrected(shifted):
    scorer, frame, *_ = shifted
    remedy = PriorCorrection(table="new")
    found = {"target": "", "shifts": [0.0, 1.0]}
    moved = remedy.restored(scorer, found).score(frame)
    before = scorer.score(frame)
    log_odds = [np.log(s.values[:, 1] / s.values[:, 0]) for s in (before, moved)]
    np.testing.assert_allclose(log_odds[1] - log_odds[0], 1.0, atol=1e-9)


def test_without_a_target_it_is_refused():
    with pytest.raises(SettingError, match="needs a target"):
        PriorCorrection()
