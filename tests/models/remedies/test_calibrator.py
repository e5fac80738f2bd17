"""What all calibrators share: scopes, fallbacks, classes, weights, words."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError, SettingError
from analysis.evaluation import Scores
from models.probabilities import log_softmax
from models.remedies import REMEDIES
from models.remedies.calibration_rows import EPSILON, logits_of_scores
from models.remedies.calibrator import Calibrator
from models.remedies.chain import remedy_of, stage
from models.remedies.fitting import fitted_on, notes_of
from models.remedies.temperature import Temperature
from models.scorer import StoredScorer
from models.store import StoredScores

CALIBRATORS = [n for n, kind in REMEDIES.items() if issubclass(kind, Calibrator)]

MULTI = {"scope": "multicalibrated", "attribute": "group", "min_rows": 50}


def log_loss(logits, labels, weights=None):
    of_label = log_softmax(logits)[np.arange(len(labels)), labels]
    return -np.average(of_label, weights=weights)


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("name", CALIBRATORS)
def test_held_out_log_loss_falls_where_scores_are_off(name, k, drawn, labelled):
    logits, labels = drawn(6_000, k, factor=3.0, shift=0.7)
    scorer, frame = labelled(logits, labels)
    fitted = fitted_on(REMEDIES[name](), scorer, frame.take(np.arange(3_000)))
    held = frame.take(np.arange(3_000, 6_000))
    before, after = (
        log_loss(s.score(held).logits, labels[3_000:]) for s in (scorer, fitted)
    )
    assert after < before - 0.1


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("name", CALIBRATORS)
def test_each_group_alone_is_the_fit_of_its_rows(name, k, rng, drawn, labelled):
    logits, labels = drawn(1_200, k)
    codes = rng.integers(0, 3, 1_200)
    scorer, frame = labelled(logits, labels, codes, rng.uniform(0.5, 2, 1_200))
    fitted = REMEDIES[name](attribute="group").fit(scorer, frame)
    for g in range(3):
        own = frame.take(np.flatnonzero(codes == g))
        alone = REMEDIES[name]().fit(scorer, own)
        np.testing.assert_array_equal(fitted.score(own).logits, alone.score(own).logits)


@pytest.mark.parametrize("scope", [{}, {"attribute": "group"}, MULTI])
@pytest.mark.parametrize("name", CALIBRATORS)
def test_parameters_survive_json_and_give_the_same_scores(
    name, scope, rng, drawn, labelled
):
    logits, labels = drawn(900, 3)
    codes = rng.integers(0, 2, 900)
    logits[codes == 1, 0] += 2
    scorer, frame = labelled(logits, labels, codes)
    remedy = remedy_of(stage(name, **scope))
    fitted = remedy.fit(scorer, frame)
    stored = json.loads(json.dumps(fitted.parameters(), allow_nan=False))
    again = remedy.restored(scorer, stored)
    np.testing.assert_array_equal(again.score(frame).logits, fitted.score(frame).logits)
    assert notes_of(stored) == notes_of(fitted.parameters())
    assert notes_of(stored)
    assert all(said.endswith(".") and ".." not in said for said in notes_of(stored))


@pytest.mark.parametrize("name", CALIBRATORS)
def test_a_small_group_takes_the_fit_of_everyone_and_that_is_said(
    name, drawn, labelled
):
    logits, labels = drawn(600)
    codes = np.r_[np.zeros(560, int), np.full(5, 1), np.full(35, 2)]
    labels[565:] = 1
    labels[0:2] = [0, 1]
    scorer, frame = labelled(logits, labels, codes)
    fitted = REMEDIES[name](attribute="group", min_rows=10).fit(scorer, frame)
    told = fitted.parameters()["fell_back"]
    assert told == {
        "v": "has 5 calibration rows, and 10 are needed",
        "w": "has calibration rows of one class only",
    }
    rest = frame.take(np.arange(560, 600))
    everyone = REMEDIES[name]().fit(scorer, frame)
    np.testing.assert_array_equal(
        fitted.score(rest).logits, everyone.score(rest).logits
    )
    said = " ".join(notes_of(fitted.parameters()))
    assert "'v' has 5 calibration rows, and 10 are needed; 'w' has" in said
    assert "They take the fit of everyone." in said
    kept = " ".join(notes_of(fitted.parameters(), {"v"}))
    assert "'v' has too few calibration rows" in kept


@pytest.mark.parametrize("name", CALIBRATORS)
@pytest.mark.parametrize("scope", [{"attribute": "group"}, MULTI])
def test_an_unseen_group_takes_the_fit_of_everyone(name, scope, rng, drawn, labelled):
    logits, labels = drawn(600)
    codes = rng.integers(0, 2, 600)
    scorer, frame = labelled(logits, labels, codes)
    remedy = REMEDIES[name](**scope)
    fitted = remedy.fit(scorer, frame)
    _, others = labelled(logits, labels, np.full(600, 4))
    others = replace(
        others, groups={"group": replace(others.groups["group"], names=tuple("lmnop"))}
    )
    everyone = REMEDIES[name]().fit(scorer, frame)
    np.testing.assert_array_equal(
        fitted.score(others).logits, everyone.score(others).logits
    )


@pytest.mark.parametrize("name", CALIBRATORS)
def test_rows_of_one_class_are_refused_with_advice(name, drawn, labelled):
    logits, labels = drawn(100)
    scorer, frame = labelled(logits, np.ones(100, int))
    with pytest.raises(
        DataError, match=r"100 calibration rows with weight, all are 'b'"
    ):
        REMEDIES[name]().fit(scorer, frame)
    weights = np.where(labels == 1, 1.0, 0.0)
    scorer, frame = labelled(logits, labels, weights=weights)
    with pytest.raises(DataError, match=r"two classes at least\. Choose another split"):
        REMEDIES[name]().fit(scorer, frame)
    with pytest.raises(DataError, match="Choose a labelled table"):
        REMEDIES[name]().fit(scorer, replace(frame, y_true=None))


@pytest.mark.parametrize("name", CALIBRATORS)
def test_an_absent_class_keeps_its_probability(name, drawn, labelled):
    logits, labels = drawn(600, 4)
    labels = np.where(labels == 2, 0, labels)
    scorer, frame = labelled(logits, labels)
    fitted = REMEDIES[name]().fit(scorer, frame)
    before, after = (
        np.exp(log_softmax(s.score(frame).logits)) for s in (scorer, fitted)
    )
    assert np.isfinite(fitted.score(frame).logits).all()
    if REMEDIES[name].takes_absent_classes:
        return
    np.testing.assert_allclose(after[:, 2], before[:, 2], rtol=1e-9)
    scorer, frame = labelled(np.delete(logits, 2, axis=1), labels - (labels > 2))
    among = REMEDIES[name]().fit(scorer, frame).score(frame).values
    shares = np.delete(after, 2, axis=1) / (1 - after[:, [2]])
    np.testing.assert_allclose(shares, among, rtol=1e-7, atol=1e-12)
    assert "keep their probabilities" in " ".join(notes_of(fitted.parameters()))


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("name", CALIBRATORS)
def test_constant_scores_get_the_base_rate_or_stay(name, k, rng, labelled):
    labels = np.r_[np.zeros(30, int), np.ones(70, int), np.full(k - 2, 2, int)]
    scorer, frame = labelled(np.tile(np.linspace(0, 0.4, k), (len(labels), 1)), labels)
    scores = REMEDIES[name]().fit(scorer, frame).score(frame).values
    assert len(np.unique(scores, axis=0)) == 1
    if name not in ("temperature", "histogram_binning") and k == 2:
        assert scores[0, 1] == pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("name", CALIBRATORS)
def test_scores_of_exactly_0_and_1_and_few_values_give_finite_logits(
    name, k, rng, labelled
):
    sure = np.eye(k)[rng.integers(0, k, 400)]
    labels = np.where(
        rng.random(400) < 0.9, sure.argmax(axis=1), rng.integers(0, k, 400)
    )
    _, frame = labelled(np.zeros((400, k)), labels)
    scorer = StoredScorer(StoredScores(frame.row_ids, Scores(sure)))
    scores = REMEDIES[name]().fit(scorer, frame).score(frame)
    assert np.isfinite(scores.logits).all()
    assert ((scores.values > 0) & (scores.values < 1)).all()
    right = scores.values[np.arange(400), sure.argmax(axis=1)]
    assert right.mean() == pytest.approx(0.9, abs=0.06)


@pytest.mark.parametrize("name", [n for n in CALIBRATORS if n != "venn_abers"])
def test_a_weight_of_2_counts_as_two_rows(name, rng, drawn, labelled):
    logits, labels = drawn(1_500)
    times = rng.integers(1, 4, 1_500)
    scorer, frame = labelled(logits, labels, weights=times)
    weighted = REMEDIES[name]().fit(scorer, frame).score(frame)
    rows = np.repeat(np.arange(1_500), times)
    repeated = REMEDIES[name]().fit(
        scorer, replace(frame, weights=np.ones(1_500)).take(rows)
    )
    difference = repeated.score(frame).values - weighted.values
    # Ends of steps and Platt's goals count effective rows, of which repeats have more.
    assert np.abs(difference).max() < 0.01
    assert np.abs(difference).mean() < 1e-3
    scaled = replace(frame, weights=frame.weights * 1e-6)
    again = REMEDIES[name]().fit(scorer, scaled).score(frame)
    np.testing.assert_allclose(again.values, weighted.values, atol=1e-5)


def test_weights_that_a_method_ignores_are_told(rng, drawn, labelled):
    logits, labels = drawn(300)
    scorer, frame = labelled(logits, labels, weights=rng.uniform(1, 2, 300))
    said = notes_of(REMEDIES["venn_abers"]().fit(scorer, frame).parameters())
    assert "takes no weights: each calibration row counted once" in said[-1]
    _, even = labelled(logits, labels)
    said = notes_of(REMEDIES["venn_abers"]().fit(scorer, even).parameters())
    assert "weights" not in " ".join(said)


def test_rows_without_weight_have_no_say(drawn, labelled):
    logits, labels = drawn(400)
    weights = np.r_[np.ones(300), np.zeros(100)]
    scorer, frame = labelled(logits, labels, weights=weights)
    for name in CALIBRATORS:
        with_zeros = REMEDIES[name]().fit(scorer, frame).parameters()
        without = REMEDIES[name]().fit(scorer, frame.take(np.arange(300))).parameters()
        assert with_zeros == without


def test_settings_that_would_have_no_say_are_refused_before_anything_is_fitted():
    with pytest.raises(SettingError, match="they count only when multicalibrated"):
        stage("temperature", cohorts="age >= 60")
    with pytest.raises(SettingError, match="Choose groups under 'Groups of', or name"):
        stage("platt", scope="multicalibrated")


@pytest.mark.parametrize("name", CALIBRATORS)
def test_the_same_rows_give_the_same_patches(name, rng, drawn, labelled):
    logits, labels = drawn(1_500)
    codes = rng.integers(0, 3, 1_500)
    logits[codes == 1, 1] += 2
    scorer, frame = labelled(logits, labels, codes)
    first, second = (REMEDIES[name](**MULTI).fit(scorer, frame) for _ in range(2))
    assert first.parameters() == second.parameters()
    if name != "temperature":  # which cannot undo a shift
        assert any(p["groups"] == {"group": "v"} for p in first.parameters()["patches"])


def test_rules_are_written_alike_and_read_at_once():
    typed = stage(
        "platt",
        scope="multicalibrated",
        cohorts=" age>=60;; sex = 'a;b' and age<3 ;age >= 60",
    )
    assert typed.settings["cohorts"] == 'age >= 60; "sex" = "a;b" & age < 3'
    assert stage("platt", **typed.settings) == typed
    with pytest.raises(SettingError, match="cannot be read"):
        stage("platt", scope="multicalibrated", cohorts="age >= 60; older people")


def test_probabilities_without_logits_stay_what_they_are():
    scores = Scores(np.array([[0.25, 0.75], [1.0, 0.0], [EPSILON / 4, 1.0]]))
    logits = logits_of_scores(scores)
    np.testing.assert_allclose(
        np.exp(log_softmax(logits)), scores.values, atol=2 * EPSILON
    )
    with pytest.raises(DataError, match="map ranks to probabilities first"):
        logits_of_scores(Scores(np.array([[3.0]]), "raw"))


@given(
    st.lists(
        st.lists(st.floats(-700, 700), min_size=3, max_size=3), min_size=2, max_size=8
    ),
    st.floats(0.02, 50),
)
@settings(max_examples=200, deadline=None)
def test_one_temperature_keeps_argmax_and_the_order_of_logits(rows, temperature):
    logits = np.array(rows)
    after = Temperature().applied({"temperature": temperature}, logits)
    flat, moved = logits.ravel(), after.ravel()
    assert (np.diff(moved[np.argsort(flat, kind="stable")]) >= 0).all()
    top = after[np.arange(len(rows)), logits.argmax(axis=1)]
    np.testing.assert_array_equal(top, after.max(axis=1))
