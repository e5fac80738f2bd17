import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import SettingError
from analysis.frame import Grouping
from analysis.marks import BY_LOT, DEFERRED
from models.confidence import confidences, cut_at, deciding_for
from models.remedies.abstain import NAMED, Abstain
from models.remedies.base import marks_of
from models.remedies.fitting import fitted_along, notes_of
from models.remedies.temperature import Temperature


def two(odds):
    return np.column_stack([np.zeros(len(odds)), odds])


@pytest.fixture
def ten(labelled):
    """Ten rows, confident by 1 to 10 log odds; the three least sure are wrong."""
    odds = np.arange(1, 11) * np.where(np.arange(10) % 2, 1, -1)
    labels = (odds > 0).astype(int)
    labels[:3] = 1 - labels[:3]
    return labelled(two(odds.astype(float)), labels)


def test_the_least_sure_are_handed_over_and_marked(ten):
    scorer, frame = ten
    fitted = Abstain(coverage=0.7).fit(scorer, frame)
    np.testing.assert_array_equal(fitted.marks(frame)[DEFERRED], np.arange(10) < 3)
    np.testing.assert_array_equal(
        fitted.score(frame).logits, scorer.score(frame).logits
    )
    found = fitted.parameters()["everyone"]
    assert found["cut"] == pytest.approx(3.5)
    assert found["deferred"] == pytest.approx(0.3)
    assert found["accuracy"] == pytest.approx(0.7)
    assert found["accuracy_alone"] == 1
    assert notes_of(fitted.parameters()) == (
        "Of everyone, 30.0 % are handed over; of those decided alone 100.0 % are "
        "decided rightly (n = 7), of all 70.0 % (n = 10, calibration rows).",
    )


def test_at_full_coverage_nobody_is_ever_handed_over(ten):
    scorer, frame = ten
    fitted = Abstain(coverage=1.0).fit(scorer, frame)
    assert not fitted.marks(frame)[DEFERRED].any()
    assert fitted.parameters()["everyone"]["cut"] is None
    assert "nobody is handed over" in notes_of(fitted.parameters())[0]


def test_people_of_equal_confidence_stay_together():
    confidence = np.array([1.0, 2, 2, 2, 3])
    for coverage, cut in ((0.2, 2.5), (0.4, 1.5), (0.8, 1.5), (0.9, None)):
        assert cut_at(confidence, np.ones(5), coverage) == cut
    assert cut_at(np.ones(4), np.ones(4), 0.5) is None


@given(
    seed=st.integers(0, 50),
    coverage=st.floats(0.05, 1),
    digits=st.integers(0, 3),
)
def test_the_share_decided_alone_is_the_least_that_is_enough(seed, coverage, digits):
    rng = np.random.default_rng(seed)
    confidence, weights = rng.normal(size=40).round(digits), rng.uniform(0.5, 2, 40)
    cut = cut_at(confidence, weights, coverage)
    alone = confidence >= (-np.inf if cut is None else cut)
    assert weights[alone].sum() >= (coverage - 1e-8) * weights.sum()
    fewer = alone & (confidence > confidence[alone].min())
    assert weights[fewer].sum() < coverage * weights.sum()


def test_confidence_orders_rows_as_the_largest_probability_does(rng):
    logits = rng.normal(size=(300, 4)) * 2
    values = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    largest = values.max(axis=1)
    np.testing.assert_allclose(confidences(logits), np.log(largest / (1 - largest)))
    sure = confidences(np.array([[0.0, 50.0], [0.0, 60.0]]))
    assert sure[0] < sure[1]  # both probabilities are rounded to 1


def test_one_cut_hands_over_mostly_one_group_and_own_cuts_do_not(rng, labelled):
    codes = np.repeat([0, 1], 500)
    odds = rng.normal(size=1_000) * np.where(codes, 1, 4)
    scorer, frame = labelled(two(odds), (odds > 0).astype(int), codes)
    one, own = (
        Abstain(coverage=0.8, attribute=a).fit(scorer, frame).marks(frame)[DEFERRED]
        for a in ("", "group")
    )
    assert one[codes == 1].mean() > 2 * one[codes == 0].mean()
    np.testing.assert_allclose([own[codes == g].mean() for g in (0, 1)], 0.2)
    np.testing.assert_allclose([one.mean(), own.mean()], 0.2)


def test_small_and_absent_groups_take_everyones_cut_and_that_is_said(rng, labelled):
    codes = np.repeat([0, 1], [200, 8])
    odds = rng.normal(size=208)
    scorer, frame = labelled(two(odds), (rng.random(208) < 0.5).astype(int), codes)
    fitted = Abstain(coverage=0.5, attribute="group").fit(scorer, frame)
    found = fitted.parameters()
    cut = found["everyone"]["cut"]
    new = replace(frame, groups={"group": Grouping(np.zeros(208, int), ("new",))})
    expected = np.abs(odds) < cut
    np.testing.assert_array_equal(fitted.marks(new)[DEFERRED], expected)
    small = fitted.marks(frame)[DEFERRED][200:]
    np.testing.assert_array_equal(small, expected[200:])
    assert "'v' has 8 calibration rows. It takes everyone's cut." in notes_of(found)
    hidden = " ".join(notes_of(found, {"v", "u"}))
    assert "Numbers by group are withheld" in hidden
    assert "u 5" not in hidden
    assert "has 8" not in hidden


def test_what_is_said_of_everyone_holds_under_the_cuts_of_their_groups(rng, labelled):
    codes = np.repeat([0, 1, 2], [300, 300, 20])
    odds = rng.normal(size=620) * np.array([4, 1, 2])[codes]
    labels = (rng.random(620) < 1 / (1 + np.exp(-odds))).astype(int)
    weights = rng.uniform(0.5, 2, 620)
    scorer, frame = labelled(two(odds), labels, codes, weights=weights)
    fitted = Abstain(coverage=0.6, attribute="group").fit(scorer, frame)
    alone = ~fitted.marks(frame)[DEFERRED]
    right = np.average(((odds > 0) == labels)[alone], weights=weights[alone])
    found = fitted.parameters()
    assert found["in_force"]["accuracy_alone"] == pytest.approx(right)
    assert found["in_force"]["n_alone"] == alone.sum()
    assert found["everyone"]["accuracy_alone"] != pytest.approx(right, abs=0.005)
    said = notes_of(found)[0]
    assert said.startswith("Of everyone, each with the cut of their group, ")
    assert f"{100 * right:.1f} % are decided rightly (n = {alone.sum()})" in said


@pytest.mark.parametrize("c", [0, 1, 2])
def test_a_named_class_stands_meanwhile_for_those_handed_over_alone(rng, labelled, c):
    logits = rng.normal(size=(400, 3))
    scorer, frame = labelled(logits, rng.integers(0, 3, 400))
    remedy = Abstain(coverage=0.6, meanwhile=NAMED, decision="abc"[c])
    fitted = remedy.fit(scorer, frame)
    deferred = fitted.marks(frame)[DEFERRED]
    after = fitted.score(frame).logits
    assert (after[deferred].argmax(axis=1) == c).all()
    np.testing.assert_array_equal(after[~deferred], logits[~deferred])
    np.testing.assert_allclose(np.sort(after, axis=1), np.sort(logits, axis=1))
    assert f"the decision is '{'abc'[c]}'" in notes_of(fitted.parameters())[1]


def test_a_tie_is_decided_for_the_named_class():
    moved = deciding_for(np.zeros((2, 2)), 0)
    assert (moved[:, 0] > moved[:, 1]).all()


def test_a_class_that_does_not_exist_is_refused(ten):
    with pytest.raises(SettingError, match="no class 'z'; it has a, b"):
        Abstain(meanwhile=NAMED, decision="z").fit(*ten)


class Lot:
    """A scorer that marks some rows as decided by lot, and one as handed over."""

    def __init__(self, base):
        self.base = base

    def score(self, frame):
        return self.base.score(frame)

    def marks(self, frame):
        n = np.arange(len(frame))
        return {BY_LOT: n % 2 == 0, DEFERRED: n == 9}


def test_what_the_base_marks_stays_marked(ten):
    scorer, frame = ten
    marks = marks_of(Abstain(coverage=0.7).fit(Lot(scorer), frame), frame)
    np.testing.assert_array_equal(marks[BY_LOT], np.arange(10) % 2 == 0)
    expected = np.isin(np.arange(10), [0, 1, 2, 9])
    np.testing.assert_array_equal(marks[DEFERRED], expected)


def test_it_stands_on_calibrated_scores_and_survives_json(rng, drawn, labelled):
    logits, labels = drawn(500, k=3)
    scorer, frame = labelled(logits, labels, rng.integers(0, 2, 500))
    below = Temperature().fit(scorer, frame)
    remedy = Abstain(attribute="group", meanwhile=NAMED)
    fitted = remedy.fit(below, frame)
    stored = json.loads(json.dumps(fitted.parameters(), allow_nan=False))
    again = remedy.restored(below, stored)
    np.testing.assert_array_equal(again.score(frame).logits, fitted.score(frame).logits)
    np.testing.assert_array_equal(
        again.marks(frame)[DEFERRED], fitted.marks(frame)[DEFERRED]
    )


def test_strengths_along_the_dial_are_those_of_single_fits(ten):
    scorer, frame = ten
    along = fitted_along(Abstain(), scorer, frame, (0.3, 0.9))
    for at, fitted in zip((0.3, 0.9), along, strict=True):
        single = Abstain(coverage=at).fit(scorer, frame)
        assert fitted.parameters() == single.parameters()
