"""What too few reference rows stand behind is refused with a reason, not guessed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import special

from analysis.charts.label_free_words import finding
from analysis.evaluation import Evaluation, Threshold, binary_probabilities
from analysis.frame import Grouping
from analysis.label_free.case import Wanted
from analysis.label_free.estimate import estimates
from analysis.label_free.thin import LEAST, support
from analysis.label_free.weighing import unweighted
from analysis.shifts.domain import Domain

OF_FLAGGED = ("precision", "true_positive_rate", "false_positive_rate", "f1")
WANTED = Wanted((*OF_FLAGGED, "accuracy", "auroc", "selection_rate"), (("town",),))


def rare(rng, n, threshold=0.3):
    """Return rows of a label that one in forty has; P(Y|X) is always the same."""
    town = (rng.random(n) < 0.06).astype(np.int64)
    x, v = rng.normal(0, 1, n), rng.normal(0, 1, n)
    y = rng.binomial(1, special.expit(-4.8 + 1.1 * x + 0.7 * v + 0.5 * town))
    evaluation = Evaluation(
        "model",
        y,
        binary_probabilities(special.expit(-4.6 + 1.3 * x + 0.7 * v)),
        ("no", "yes"),
        {"town": Grouping(town, ("large", "small"))},
        np.ones(n),
        np.arange(n),
        Threshold(threshold),
    )
    return Domain(evaluation, pd.DataFrame({"x": x, "v": v}))


@pytest.fixture
def few_flagged(rng):
    return estimates(rare(rng, 3000, 0.5), rare(rng, 3000, 0.5), WANTED)


def test_rates_that_lean_on_few_flagged_rows_are_refused(few_flagged):
    for name in OF_FLAGGED:
        guess = few_flagged.overall.metrics[name]
        assert guess.estimated.is_undefined, name
        assert "reference rows" in guess.why_not
        assert "are flagged; 50 are needed" in guess.why_not
        assert guess.to_json()["why_not"] == guess.why_not
        assert name not in few_flagged.drift
    assert "Not estimated: Flags that are right, Found" in few_flagged.overall.note
    assert "are flagged" in finding(few_flagged, "precision", with_labels=False)


def test_what_few_flagged_rows_hardly_move_is_estimated(few_flagged):
    for name in ("accuracy", "auroc", "selection_rate"):
        guess = few_flagged.overall.metrics[name]
        assert guess.estimated.low <= guess.realised.value <= guess.estimated.high
        assert guess.why_not == ""
        assert "why_not" not in guess.to_json()


def test_the_overlap_is_doubted_where_few_rows_are_flagged(few_flagged):
    light = few_flagged.lights[1]
    assert light.state == "doubt"
    assert "are flagged" in light.words


def test_enough_flagged_rows_are_not_refused(make_side, rng):
    found = estimates(make_side(rng, 900), make_side(rng, 900), WANTED_OF_ALL)
    assert all(not g.why_not for g in found.overall.metrics.values())
    assert found.lights[1].state == "good"


WANTED_OF_ALL = Wanted((*OF_FLAGGED, "accuracy", "auroc"))


def test_rates_among_few_positives_are_refused_and_accuracy_is_not(make_side, rng):
    one = make_side(rng, 2000)
    hits = np.flatnonzero(one.evaluation.is_positive)[20:]
    rows = np.setdiff1d(np.arange(2000), hits)
    found = estimates(one.take(rows), make_side(rng, 900), WANTED_OF_ALL).overall
    for name in ("true_positive_rate", "auroc"):
        assert "are positive; 50 are needed" in found.metrics[name].why_not
    assert not found.metrics["accuracy"].estimated.is_undefined


def test_a_group_that_borrows_needs_flagged_rows_of_its_own(rng):
    """Everyone has enough, the small town does not: its rates need not be theirs."""
    found = estimates(rare(rng, 3000, 0.1), rare(rng, 3000, 0.1), WANTED)
    large, small = found.groups
    assert not found.overall.metrics["precision"].why_not
    assert not large.metrics["precision"].why_not
    assert "are flagged" in small.metrics["precision"].why_not
    assert "too few for a calibrator of its own" in small.note


def test_a_calibration_error_needs_a_thousand_rows(make_side, rng):
    """With 400, intervals held the truth in 72 worlds of 100."""
    wanted = Wanted(("expected_calibration_error",))
    few, many = (
        estimates(make_side(rng, n), make_side(rng, 900), wanted).overall
        for n in (400, 1500)
    )
    name = "expected_calibration_error"
    assert "1,000 are needed" in few.metrics[name].why_not
    assert few.metrics[name].estimated.is_undefined
    assert not many.metrics[name].why_not


def test_few_rows_are_refused_also_without_intervals(rng):
    sides = rare(rng, 3000, 0.5), rare(rng, 3000, 0.5)
    found = estimates(*sides, replace(WANTED, bootstrap=0)).overall
    assert "are flagged" in found.metrics["precision"].why_not


def test_support_by_hand(make_evaluation):
    e = make_evaluation(np.array([0, 1, 1, 0]), np.array([0.2, 0.7, 0.8, 0.9]))
    held = support(e, unweighted(np.array([1.0, 1.0, 1.0, 2.0])))
    assert held.rows == pytest.approx(25 / 7)
    assert held.decided == pytest.approx((1, 16 / 6))
    assert held.labelled == pytest.approx((9 / 5, 2))
    assert len(held.reasons) == 4
    assert f"{LEAST:.0f} are needed" in held.reasons[0]
    less = held.at_most(replace(held, decided=(5.0, 1.0)))
    assert less.decided == pytest.approx((1, 1))


def test_intervals_hold_the_truth_where_the_label_is_rare():
    """About 100 of 4,000 reference rows are flagged; 60 worlds of four rates each."""
    held = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        wanted = replace(WANTED, metrics=OF_FLAGGED, crossings=())
        found = estimates(rare(rng, 4000, 0.15), rare(rng, 4000, 0.15), wanted)
        for guess in found.overall.metrics.values():
            e = guess.estimated
            held.append(e.low <= guess.realised.value <= e.high)
    assert np.mean(held) >= 0.9
