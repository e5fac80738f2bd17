"""Cells, rates, expected metrics, drift and energy, by hand and against references."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import special

from analysis.arrays import frozen
from analysis.density.basis import basis
from analysis.estimates import Estimate
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.label_free.calibrator import Rates, rates
from analysis.label_free.cells import Cells, cells_for, sums_of
from analysis.label_free.drift import drift
from analysis.label_free.energy import energies_of, meta_energy
from analysis.label_free.expected import values
from analysis.label_free.part import Calibrated
from analysis.label_free.weighing import unweighted, weighing
from analysis.metrics.registry import metric_named
from analysis.subgroups.disaggregate import disaggregate


def metric_value(evaluation, weights, metric):
    """Return a metric as every page shows it."""
    weighted = replace(evaluation, weights=weights)
    return disaggregate(weighted, (), (metric.name,)).overall[metric.name].value


def exact(evaluation):
    """Return one cell per score and decision, and the positives in each."""
    edges = np.unique(evaluation.score)[1:]
    cells = Cells(edges)
    at = cells.of(evaluation.score, evaluation.decisions)
    hits = np.bincount(at, evaluation.weights * evaluation.is_positive, 2 * cells.bins)
    return sums_of(cells, evaluation), hits[None]


@pytest.mark.parametrize(
    "name",
    [
        "accuracy",
        "precision",
        "f1",
        "matthews_correlation",
        "auroc",
        "brier_score",
        "log_loss",
        "mean_score",
        "expected_calibration_error",
    ],
)
def test_known_labels_give_the_metric_itself(make_evaluation, rng, name):
    scores = rng.random(300).round(2)
    weights = rng.integers(1, 4, 300)
    e = make_evaluation(rng.binomial(1, scores), scores, weights=weights)
    sums, hits = exact(e)
    found = values(metric_named(name), sums, hits)[0]
    metric = metric_named(name)
    assert found == pytest.approx(metric_value(e, e.weights, metric), abs=1e-9)


def test_average_precision_is_close_with_few_ties(make_evaluation, rng):
    scores = rng.random(3000)
    e = make_evaluation(rng.binomial(1, scores), scores)
    sums, hits = exact(e)
    metric = metric_named("average_precision")
    assert values(metric, sums, hits)[0] == pytest.approx(
        metric_value(e, e.weights, metric), abs=2e-3
    )


def test_a_row_belongs_to_the_cell_of_its_decision_and_score():
    cells = Cells(np.array([0.2, 0.5]))
    scores, decided = np.array([0.1, 0.2, 0.6]), np.array([False, True, True])
    assert cells.of(scores, decided).tolist() == [0, 4, 5]


def test_bins_crowd_where_the_rarer_label_is(rng):
    scores = np.concatenate([rng.uniform(0, 0.2, 9500), rng.uniform(0.8, 1, 500)])
    positive = np.repeat([False, True], [9500, 500])
    edges = cells_for(scores, positive, np.ones(10_000)).edges
    assert 0.4 <= (edges > 0.5).mean() <= 0.6


def test_one_score_makes_one_bin():
    assert cells_for(np.full(50, 0.3), np.arange(50) < 9, np.ones(50)).bins == 1


def test_rates_rise_within_a_decision_and_may_fall_across_it():
    falling = Rates(
        np.array([0.1, 0.5, 0.3, 0.2, 0.4, 0.6]), np.ones(6), np.zeros((6, 6))
    )
    assert falling.rising.tolist() == pytest.approx([0.1, 0.4, 0.4, 0.2, 0.4, 0.6])


def test_a_cell_without_rows_takes_its_neighbours_rate():
    gap = Rates(
        np.array([0.2, np.nan, 0.6, np.nan]), np.array([1.0, 0, 1, 0]), np.eye(4)
    )
    assert gap.rising[:2].tolist() == [0.2, 0.2]
    assert gap.rising[3] == pytest.approx(0.6)


def test_rates_agree_with_isotonic_regression_of_scikit_learn(rng):
    from sklearn.isotonic import IsotonicRegression

    scores = rng.random(400)
    hits = rng.binomial(1, scores).astype(bool)
    u = rng.random(400)
    cells = Cells(np.linspace(0, 1, 21)[1:-1])
    at = cells.of(scores, np.zeros(400, bool))
    own = unweighted(u)
    found = rates(at, hits, own, 40, own)
    theirs = IsotonicRegression().fit(at, hits, sample_weight=u).predict(np.arange(20))
    known = found.weight[:20] > 0
    assert found.rising[:20][known] == pytest.approx(theirs[known])


def test_the_noise_of_rates_is_that_of_replicates_with_refitted_weights(rng):
    """Sixty bootstrap replicates refit everything: ratio, weights and rates."""
    n, draws = 1500, 60
    x, z = rng.normal(0, 1, n), rng.normal(0.7, 1, n)
    y = rng.random(n) < special.expit(2 * x)
    flat = np.zeros(n, dtype=np.int64)
    ones = np.ones(n)

    def rate(a, hits):
        both = basis(pd.DataFrame({"x": a}), pd.DataFrame({"x": z}))
        fit = weighing(both, (np.ones(len(a)), ones))
        return rates(flat[: len(a)], hits, fit, 2, fit)

    found = rate(x, y)
    again = []
    for _ in range(draws):
        rows = rng.integers(0, n, n)
        again.append(rate(x[rows], y[rows]).value[0])
    ours = np.sqrt(found.covariance[0, 0])
    assert ours == pytest.approx(np.std(again), rel=0.3)
    fixed = rates(flat, y, unweighted(found_weights(x, z)), 2, unweighted(ones))
    assert ours < 0.95 * np.sqrt(fixed.covariance[0, 0])  # balance takes noise out


def found_weights(x, z):
    both = basis(pd.DataFrame({"x": x}), pd.DataFrame({"x": z}))
    return weighing(both, (np.ones(len(x)), np.ones(len(z)))).weights


def test_drift_by_hand(make_evaluation):
    """All are decided positive at a rate of 0.5: accuracy is the label's rate."""
    e = make_evaluation(np.array([0, 1] * 50), np.full(100, 0.8))
    sums, hits = exact(e)
    half = Rates(hits[0] / 100, frozen(sums.weight, float), np.zeros((2, 2)))
    found = drift(Calibrated(sums, half, half.rising), metric_named("accuracy"))
    assert found.limit == 0.02
    assert special.expit(abs(found.enough)) == pytest.approx(0.52, abs=1e-4)
    assert found.enough_flipped == pytest.approx(0.02, abs=1e-4)
    assert found.levels[len(found.levels) // 2] == pytest.approx(0.5)
    assert found.levels[-1] == pytest.approx(special.expit(2))


def test_no_drift_changes_what_needs_no_label(make_evaluation, rng):
    e = make_evaluation(rng.binomial(1, 0.4, 200), rng.random(200))
    sums, hits = exact(e)
    known = Rates(hits[0] / np.maximum(sums.weight, 1), sums.weight, np.zeros((1, 1)))
    found = drift(Calibrated(sums, known, known.rising), metric_named("selection_rate"))
    assert np.isnan(found.enough)
    assert np.isnan(found.enough_flipped)


def test_energy_by_hand(make_evaluation):
    """Logits of p are centred to ±d/2, so E is -log(2 cosh(d / 2))."""
    p = np.array([0.5, 0.9, 0.2])
    d = special.logit(p)
    energies = -np.log(2 * np.cosh(d / 2))
    by_hand = np.log(np.exp(energies).mean()) - energies.mean()
    e = make_evaluation([0, 1, 0], p)
    assert meta_energy(e, np.ones(3)) == pytest.approx(by_hand)


def test_energy_is_zero_for_equal_scores_and_ignores_copies(make_evaluation, rng):
    flat = make_evaluation([0, 1], [0.7, 0.7])
    assert meta_energy(flat, np.ones(2)) == pytest.approx(0, abs=1e-12)
    p = rng.random(50)
    once = make_evaluation(rng.binomial(1, p), p)
    twice = make_evaluation(np.zeros(100, int), np.tile(p, 2))
    assert meta_energy(once, np.ones(50)) == pytest.approx(
        meta_energy(twice, np.full(100, 3.0))
    )


def test_energy_reads_accuracy_off_shifted_copies(make_side):
    """Where doubtful rows grow rarer, both the energy and accuracy move along."""
    rng = np.random.default_rng(4)
    metric = metric_named("accuracy")
    held = []
    for shift in (-0.8, -0.3, 0.0, 0.3, 0.8):
        reference, target = make_side(rng, 4000), make_side(rng, 4000, shift)
        e = reference.evaluation
        own = {"accuracy": Estimate(metric_value(e, e.weights, metric), 0, 0, 1)}
        sides = (e, reference.columns), target.evaluation
        found = energies_of([metric], *sides, own, 0)["accuracy"]
        real = metric_value(target.evaluation, np.ones(4000), metric)
        assert len(found.copies) >= 20
        assert found.estimated.is_undefined == bool(found.why_not)
        if not found.why_not:
            held.append(found.estimated.low <= real <= found.estimated.high)
    assert len(held) >= 4
    assert all(held)


def test_energy_beyond_the_copies_is_refused(make_side, rng):
    reference = make_side(rng, 1000)
    sure = np.where(rng.random(500) < 0.5, 1e-9, 0.5)
    e = Evaluation(
        "m",
        np.zeros(500, int),
        binary_probabilities(sure),
        ("no", "yes"),
        {},
        np.ones(500),
        np.arange(500),
    )
    metric, own = metric_named("accuracy"), Estimate(0.7, 0.6, 0.8, 1000)
    sides = (reference.evaluation, reference.columns), e
    found = energies_of([metric], *sides, {"accuracy": own}, 0)["accuracy"]
    assert found.estimated.is_undefined
    assert "outside of what the copies span" in found.why_not
