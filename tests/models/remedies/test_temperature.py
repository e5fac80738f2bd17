import time
import warnings

import numpy as np
import pytest

from analysis.evaluation import Scores
from models.probabilities import log_softmax, scores_of_logits
from models.remedies.fitting import notes_of
from models.remedies.temperature import HIGHEST, Temperature, fit_temperature


class _Fixed:
    def __init__(self, scores):
        self.scores = scores

    def score(self, frame):
        return Scores(
            self.scores.values[frame.row_ids], logits=self.scores.logits[frame.row_ids]
        )


@pytest.mark.parametrize("k", [2, 4])
def test_temperature_is_recovered(rng, k):
    honest = rng.normal(size=(40_000, k)) * 2
    chances = scores_of_logits(honest).values.cumsum(axis=1)
    labels = (rng.random((len(honest), 1)) > chances).sum(axis=1).clip(max=k - 1)
    found = fit_temperature(honest * 3, labels, np.ones(len(labels)))
    assert found == pytest.approx(3, rel=0.05)


def test_temperature_minimises_log_loss(rng):
    labels, weights = rng.integers(0, 3, 500), rng.uniform(0.1, 2, 500)
    logits = rng.normal(size=(500, 3)) * 4 + 3 * np.eye(3)[labels]

    def loss(t):
        return -weights @ log_softmax(logits / t)[np.arange(500), labels]

    best = fit_temperature(logits, labels, weights)
    assert loss(best) <= min(loss(best * s) for s in (0.9, 0.99, 1.01, 1.1))


def test_weights_count_as_duplicates(rng):
    logits, labels = rng.normal(size=(300, 2)) * 3, rng.integers(0, 2, 300)
    times = rng.integers(1, 4, 300)
    weighted = fit_temperature(logits, labels, times.astype(float))
    rows = np.repeat(np.arange(300), times)
    repeated = fit_temperature(logits[rows], labels[rows], np.ones(len(rows)))
    assert weighted == pytest.approx(repeated)


def test_temperature_stays_finite_on_separated_rows():
    logits = np.array([[5.0, -5.0], [-5.0, 5.0]])
    right, wrong = np.array([0, 1]), np.array([1, 0])
    assert fit_temperature(logits, right, np.ones(2)) < 1
    assert fit_temperature(logits, wrong, np.ones(2)) == HIGHEST


def test_fifty_thousand_rows_take_under_a_second(rng):
    logits, labels = rng.normal(size=(50_000, 2)), rng.integers(0, 2, 50_000)
    began = time.perf_counter()
    fit_temperature(logits, labels, np.ones(50_000))
    assert time.perf_counter() - began < 1


def test_scores_that_tell_nothing_keep_their_temperature():
    labels = np.array([0, 1, 1])
    assert fit_temperature(np.ones((3, 2)), labels, np.ones(3)) == 1
    assert fit_temperature(np.array([[0.0, 1.0]] * 3), labels, np.ones(3)) > 1


def test_temperature_agrees_with_scikit_learn_and_netcal(rng, scikit_learns):
    """netcal in float64: on float32 it silently returns 1."""
    logits = rng.normal(size=(4_000, 2)) * 3
    labels = (
        rng.random(4_000) < 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]) ** 0.5)
    ) * 1
    log_odds = logits[:, 1] - logits[:, 0]
    # Theirs takes a decision value d for the logits -d and d.
    beta = scikit_learns("temperature", log_odds / 2, labels).beta_
    ours = fit_temperature(logits, labels, np.ones(4_000))
    assert ours == pytest.approx(1 / beta, rel=1e-3)
    with warnings.catch_warnings():  # netcal trips over deprecations of its libraries
        warnings.simplefilter("ignore")
        from netcal.scaling import TemperatureScaling

        scores = 1 / (1 + np.exp(-log_odds))
        other = TemperatureScaling().fit(scores, labels)
        mapped = other.transform(scores)
    np.testing.assert_allclose(mapped, 1 / (1 + np.exp(-log_odds / ours)), atol=2e-4)


def test_older_runs_with_bare_temperatures_are_read(labelled, drawn):
    scorer, frame = labelled(*drawn(40), np.arange(40) % 3)
    older = {"temperature": 1.5, "attribute": "group", "by_group": {"u": 2.0, "v": 0.5}}
    fitted = Temperature(attribute="group").restored(scorer, older)
    by = np.array([2.0, 0.5, 1.5])[frame.groups["group"].codes]
    np.testing.assert_allclose(fitted.score(frame).logits, scorer.logits / by[:, None])
    said = notes_of(older)[0]
    assert said == "Temperature by group: u 2.00, v 0.50; everyone else: 1.50."
    assert "u withheld, v 0.50" in notes_of(older, {"u"})[0]
    assert notes_of({"temperature": 1.5})[0] == "Temperature for everyone: 1.50."


def test_one_group_keeps_its_order_and_decisions(rng, dataset):
    base = _Fixed(scores_of_logits(rng.normal(size=(1200, 2)) * 3))
    fitted = Temperature(attribute="group", min_rows=2).fit(base, dataset.frame)
    before, after = (s.score(dataset.frame).values[:, 1] for s in (base, fitted))
    np.testing.assert_array_equal(before >= 0.5, after >= 0.5)
    rows = dataset.frame.groups["group"].codes == 0
    np.testing.assert_array_equal(np.argsort(before[rows]), np.argsort(after[rows]))
