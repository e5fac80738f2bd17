import json
import time

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from models.probabilities import log_softmax, scores_of_logits
from models.remedies.correctness_aware import CorrectnessAware
from models.remedies.fitting import fitted_on, notes_of
from models.remedies.jitter import jitters, moved
from models.remedies.temperature import Temperature


class Wavering:
    """A model that is as sure of noisy people as of others, but wavers on them.

    Where `kind` is 1 its score swings quickly with x, and labels are half random.
    """

    def __init__(self, k=2):
        self.k = k

    def score(self, frame):
        x = frame.features["x"].to_numpy()
        swing = np.where(frame.features["kind"].to_numpy() == 1, np.sin(25 * x), x)
        first = 3 * np.sign(swing) + 0.2 * swing
        others = [0.1 * i + 0 * x for i in range(1, self.k - 1)]
        return scores_of_logits(np.column_stack([-first, *others, first]))


class Here:
    def __init__(self, scorer):
        self.scorer = scorer

    def model(self):
        return self.scorer


@pytest.fixture
def people(rng, labelled):
    def draw(n, k=2):
        x, kind = rng.normal(size=n), rng.integers(0, 2, n)
        model = Wavering(k)
        _, frame = labelled(
            np.zeros((n, k)), np.zeros(n, int), x=x, kind=pd.Categorical(kind)
        )
        decided = model.score(frame).logits.argmax(axis=1)
        right = rng.random(n) < np.where(kind == 1, 0.55, 0.95)
        labels = np.where(right, decided, (decided + rng.integers(1, k, n)) % k)
        _, frame = labelled(np.zeros((n, k)), labels, x=x, kind=pd.Categorical(kind))
        return model, frame

    return draw


def squares(scorer, frame):
    scores = np.exp(log_softmax(scorer.score(frame).logits))
    right = scores.argmax(axis=1) == frame.y_true
    return np.mean((scores.max(axis=1) - right) ** 2)


@pytest.mark.parametrize("k", [2, 3])
def test_it_is_less_sure_where_copies_waver_and_beats_one_temperature(k, people):
    model, frame = people(3_000, k)
    fit, held = frame.take(np.arange(1_500)), frame.take(np.arange(1_500, 3_000))
    fitted = fitted_on(CorrectnessAware(), model, fit, Here(model))
    assert squares(fitted, held) < squares(Temperature().fit(model, fit), held) - 0.01
    before, after = (s.score(held).logits for s in (model, fitted))
    np.testing.assert_array_equal(before.argmax(axis=1), after.argmax(axis=1))
    sure = np.exp(log_softmax(after)).max(axis=1)
    wavers = held.features["kind"].to_numpy() == 1
    assert sure[~wavers].mean() > sure[wavers].mean() + 0.1


def test_it_is_the_same_every_time_and_survives_json(people):
    model, frame = people(400)
    one, two = (
        CorrectnessAware(copies=2).fit_with(model, frame, Here(model)) for _ in range(2)
    )
    assert one.parameters() == two.parameters()
    stored = json.loads(json.dumps(one.parameters(), allow_nan=False))
    again = CorrectnessAware(copies=2).restored(model, stored)
    np.testing.assert_array_equal(again.score(frame).logits, one.score(frame).logits)
    part = frame.take(np.arange(7))
    np.testing.assert_allclose(
        again.score(part).logits, one.score(frame).logits[:7], rtol=1e-12
    )
    assert notes_of(stored)[0].startswith("Each row has a temperature of its own:")


def test_numbers_are_moved_by_a_share_of_their_spread_and_missing_stay_missing(people):
    _, frame = people(300)
    x = frame.features["x"].to_numpy().copy()
    x[:5] = np.nan
    frame.features["x"] = x
    copies = jitters(frame, 200, 0.1, 3)
    moves = np.array([copy["x"] for copy in copies])
    assert moves.std() == pytest.approx(0.1 * np.nanstd(x), rel=0.2)
    changed = moved(frame, copies[0]).features
    np.testing.assert_allclose((changed["x"] - x)[5:], copies[0]["x"])
    assert changed["x"].isna().sum() == 5
    pd.testing.assert_series_equal(changed["kind"], frame.features["kind"])
    assert jitters(frame, 2, 0.1, 3) == copies[:2]


def test_a_table_without_numbers_is_told(people):
    model, frame = people(300)
    fitted = CorrectnessAware(copies=2).fit_with(model, frame, Here(model)).parameters()
    still = {**fitted, "copies": [{}, {}]}
    assert "say nothing more" in notes_of(still)[1]
    assert len(notes_of(fitted)) == 1


def test_a_score_column_is_refused_with_the_reason(people):
    model, frame = people(50)
    with pytest.raises(DataError, match="the model itself, to score rows"):
        CorrectnessAware().fit(model, frame)
    with pytest.raises(DataError, match="in place of a score column"):
        fitted_on(CorrectnessAware(), model, frame)


def test_scores_of_exactly_0_and_1_stay_finite(people):
    _, frame = people(200)

    class Sure:
        def score(self, frame):
            first = np.where(frame.features["x"].to_numpy() > 0, 800.0, -800.0)
            return scores_of_logits(np.column_stack([-first, first]))

    scores = (
        CorrectnessAware(copies=1).fit_with(Sure(), frame, Here(Sure())).score(frame)
    )
    assert np.isfinite(scores.logits).all()


def test_many_rows_take_no_longer_than_the_most_it_learns_from(people):
    model, frame = people(60_000)
    began = time.process_time()
    CorrectnessAware(copies=1).fit_with(model, frame, Here(model))
    assert time.process_time() - began < 8
