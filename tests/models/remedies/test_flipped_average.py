import json
import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import NearestNeighbors

from analysis.errors import DataError
from analysis.frame import Grouping
from models.matches import (
    _distances,
    _nearest,
    _places,
    kept_from_json,
    kept_rows,
)
from models.probabilities import log_softmax
from models.remedies.fitting import fitted_along, notes_of
from models.remedies.flipped_average import FlippedAverage


def log_odds(p):
    return np.column_stack([np.log(1 - np.asarray(p)), np.log(p)])


@pytest.fixture
def pairs(labelled):
    """Two groups of three; each has a twin by age in the other, scored otherwise."""
    age = np.array([20.0, 40, 60, 20, 40, 60])
    logits = log_odds([0.2, 0.4, 0.6, 0.8, 0.6, 0.2])
    codes = np.repeat([0, 1], 3)
    return labelled(logits, [0, 1] * 3, codes, age=age, sex=pd.Categorical(codes))


def test_at_full_strength_twins_get_the_mean_of_both(pairs):
    scorer, frame = pairs
    fitted = FlippedAverage("group", matches=1).fit(scorer, frame)
    found = np.exp(fitted.score(frame).logits)[:, 1]
    np.testing.assert_allclose(found, [0.5, 0.5, 0.4, 0.5, 0.5, 0.4], atol=1e-6)
    half = FlippedAverage("group", strength=0.5, matches=1).fit(scorer, frame)
    found = np.exp(half.score(frame).logits)[:, 1]
    np.testing.assert_allclose(found, [0.35, 0.45, 0.5, 0.65, 0.55, 0.3], atol=1e-6)
    none = FlippedAverage("group", strength=0.0, matches=1).fit(scorer, frame)
    np.testing.assert_array_equal(none.score(frame).logits, scorer.score(frame).logits)


def test_how_far_scores_moved_is_said(pairs):
    found = FlippedAverage("group", matches=1).fit(*pairs).parameters()
    assert found["moved"] == pytest.approx((0.3 + 0.1 + 0.2) / 3, abs=1e-6)
    said = notes_of(found)
    assert "u 3, v 3" in said[0]
    assert "20.0 percentage points" in said[1]
    hidden = notes_of(found, {"u"})
    assert "u withheld, v 3" in hidden[0]
    assert hidden[1].startswith("On calibration rows")


def test_the_attributes_own_column_has_no_say_in_who_is_near(labelled, rng):
    """The column would part the groups; without it the other feature decides."""
    codes = rng.integers(0, 2, 200)
    age = rng.normal(size=200)
    scorer, frame = labelled(
        rng.normal(size=(200, 2)), codes, codes, age=age, group=pd.Categorical(codes)
    )
    kept = kept_rows(frame, scorer.score(frame).values, "group", 5)
    assert [c.name for c in kept.preprocessor.numeric] == ["age"]
    assert not kept.preprocessor.categorical


def dense(places, preprocessor):
    """Return rows whose squared distances count a category that differs as one."""
    lit = [
        (places.codes[:, c, None] == np.arange(count + 1)) * np.sqrt(0.5)
        for c, count in enumerate(preprocessor.code_counts)
    ]
    return np.hstack([places.numbers, *lit])


def test_matches_are_scikit_learns_nearest_neighbours(labelled, rng):
    work = pd.Categorical(rng.choice(["x", "y", "z"], 300))
    hours = np.where(rng.random(300) < 0.1, np.nan, rng.normal(size=300))
    scorer, frame = labelled(
        rng.normal(size=(300, 3)),
        rng.integers(0, 3, 300),
        rng.integers(0, 2, 300),
        work=work,
        hours=hours,
    )
    kept = kept_rows(frame, scorer.score(frame).values, "group", 5)
    rows, wanted = (
        _places(kept.preprocessor, encoded)
        for encoded in (kept.encoded, kept.preprocessor.transform(frame.features))
    )
    lit, theirs = (dense(places, kept.preprocessor) for places in (wanted, rows))
    found = _distances(wanted, rows)
    near = _nearest(found, kept.groups, 5)
    np.testing.assert_allclose(np.bincount(near.rows, near.shares), 2)
    for g in (0, 1):
        own = kept.groups == g
        oracle = NearestNeighbors(n_neighbors=5).fit(theirs[own])
        distances, _ = oracle.kneighbors(lit)
        ours = np.sort(np.sqrt(found[:, own]), axis=1)[:, :5]
        np.testing.assert_allclose(ours, distances, atol=1e-5)
        counted = own[near.kept] & (near.shares > 0)
        furthest = np.zeros(len(frame))
        pairs = np.sqrt(found[near.rows, near.kept])[counted]
        np.maximum.at(furthest, near.rows[counted], pairs)
        np.testing.assert_allclose(furthest, distances[:, -1], atol=1e-5)


def test_a_category_that_differs_counts_as_one_standard_deviation(labelled):
    work = pd.Categorical(["x", "y"] * 20)
    scorer, frame = labelled(np.zeros((40, 2)), [0, 1] * 20, work=work)
    frame = replace(frame, groups={"group": Grouping(np.arange(40) % 2, ("u", "v"))})
    frame = replace(frame, features=frame.features.drop(columns="age"))
    kept = kept_rows(frame, scorer.score(frame).values, "group", 2)
    rows = _places(kept.preprocessor, kept.encoded)
    assert set(_distances(rows, rows).ravel()) == {0.0, 1.0}


def test_three_groups_and_classes_are_averaged_evenly(labelled, rng):
    """With one row in each group everyone's matches are those three rows."""
    logits = rng.normal(size=(3, 3))
    scorer, frame = labelled(logits, [0, 1, 2], np.arange(3))
    fitted = FlippedAverage("group", matches=1).fit(scorer, frame)
    mean = np.exp(log_softmax(logits)).mean(axis=0)
    np.testing.assert_allclose(
        fitted.score(frame).values, np.tile(mean, (3, 1)), atol=1e-6
    )
    new = replace(frame, groups={"group": Grouping(np.zeros(3, int), ("new",))})
    own = np.exp(log_softmax(logits))
    np.testing.assert_allclose(
        fitted.score(new).values, (own + 3 * mean) / 4, atol=1e-6
    )


def test_those_who_are_as_near_share_the_places_that_are_left():
    """Of the first group one is nearer and three tie for one place; then two tie."""
    distances = np.array([[2, 1, 2, 2, 9, 4, 4]], np.float32)
    near = _nearest(distances, np.repeat([0, 1], [5, 2]), 2)
    counted = dict(zip(near.kept.tolist(), near.shares.tolist(), strict=True))
    expected = {1: 1 / 2, 0: 1 / 6, 2: 1 / 6, 3: 1 / 6, 5: 1 / 2, 6: 1 / 2}
    assert counted == pytest.approx(expected)
    few = _nearest(distances, np.repeat([0, 1], [5, 2]), 5)
    assert few.shares.tolist() == pytest.approx([0.2] * 5 + [0.5] * 2)


def test_a_person_scored_alone_has_the_score_of_the_table(labelled, rng):
    """Whole numbers and twins tie; who is scored beside a person has no say."""
    n = 600
    columns = {f"x{i}": rng.integers(0, 4, n).astype(float) for i in range(6)}
    columns["work"] = pd.Categorical(rng.choice(["x", "y"], n))
    columns["age"] = rng.integers(0, 5, n).astype(float)
    scorer, frame = labelled(
        rng.normal(size=(n, 2)) * 2, [0, 1] * 300, rng.integers(0, 3, n), **columns
    )
    fitted = FlippedAverage("group").fit(scorer, frame)
    whole = fitted.score(frame).logits
    alone = [fitted.score(frame.take(np.array([i]))).logits[0] for i in range(0, n, 2)]
    np.testing.assert_allclose(alone, whole[::2], atol=1e-9)
    order = rng.permutation(n)
    mixed = fitted.score(frame.take(order)).logits
    np.testing.assert_allclose(mixed, whole[order], atol=1e-9)


def test_memory_does_not_grow_with_groups_times_rows(labelled, rng):
    n = 30_000
    codes = rng.integers(0, 6, n)
    _, frame = labelled(rng.normal(size=(n, 8)), codes, codes)
    own = rng.dirichlet(np.ones(8), 3_000)
    kept = kept_rows(frame.take(np.arange(3_000)), own, "group", 5)
    tracemalloc.start()
    kept.others_scores(frame, 5)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 30e6  # the result takes 2 MB


def test_no_label_is_read_and_rows_without_weight_are_not_kept(pairs):
    scorer, frame = pairs
    weights = np.array([1.0, 1, 0, 1, 1, 1])
    blind = replace(frame, y_true=None, weights=weights)
    kept = FlippedAverage("group", matches=1).fit(scorer, blind).parameters()["kept"]
    assert kept["counts"] == [2, 3]


def test_what_is_kept_is_small_and_survives_json(labelled, rng):
    n = 20_000
    codes = rng.integers(0, 6, n)
    columns = {f"x{i}": rng.normal(size=n) for i in range(30)}
    columns |= {f"c{i}": pd.Categorical(rng.integers(0, 40, n)) for i in range(8)}
    scorer, frame = labelled(
        rng.normal(size=(n, 3)), rng.integers(0, 3, n), codes, **columns
    )
    remedy = FlippedAverage("group")
    began = time.perf_counter()
    fitted = remedy.fit(scorer, frame)
    assert time.perf_counter() - began < 20  # about one second at rest
    text = json.dumps(fitted.parameters(), allow_nan=False)
    assert len(text) < 1_000_000
    part = frame.take(np.arange(0, n, 100))
    again = remedy.restored(scorer, json.loads(text))
    np.testing.assert_array_equal(again.score(part).logits, fitted.score(part).logits)
    kept = kept_from_json(json.loads(text)["kept"])
    assert max(np.bincount(kept.groups)) <= 300


def test_strengths_along_the_dial_are_those_of_single_fits(pairs):
    scorer, frame = pairs
    remedy = FlippedAverage("group", matches=1)
    strengths = (0.0, 0.4, 1.0)
    along = fitted_along(remedy, scorer, frame, strengths)
    for at, fitted in zip(strengths, along, strict=True):
        single = replace(remedy, strength=at).fit(scorer, frame)
        assert fitted.parameters() == single.parameters()


def test_what_cannot_be_matched_is_refused_with_advice(pairs):
    scorer, frame = pairs
    with pytest.raises(DataError, match="Lower 'matches', or choose another"):
        FlippedAverage("group", matches=5).fit(scorer, frame)
    bare = replace(frame, features=frame.features[[]].assign(group=1.0))
    with pytest.raises(DataError, match="no feature is left by which"):
        FlippedAverage("group", matches=1).fit(scorer, bare)
