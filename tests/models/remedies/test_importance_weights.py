from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError, SettingError
from analysis.frame import AuditFrame, Grouping
from models.recipe import Recipe
from models.remedies.importance_weights import ImportanceWeights
from models.remedies.row_edit import Workshop

ESTIMATES = ("classifier", "kernel mean matching", "double weighting")


def planted(rng, n=3_000):
    """Return rows of which the north's have x one higher; weights undo half of it."""
    is_north = rng.random(n) < 0.3
    x = rng.normal(size=n) + is_north
    features = pd.DataFrame(
        {
            "x": np.where(rng.random(n) < 0.02, np.nan, x),
            "z": rng.normal(size=n),
            "work": pd.Categorical(rng.choice(["office", "farm"], n)),
            "region": pd.Categorical(np.where(is_north, "north", "south")),
        }
    )
    groups = {"region": Grouping(is_north.astype(int), ("south", "north"))}
    frame = AuditFrame(
        features, rng.integers(0, 2, n), ("no", "yes"), groups, np.ones(n)
    )
    ratio = np.exp(x - 0.5)
    return frame, x, is_north, ratio / (0.3 * ratio + 0.7)


def factors(frame, survey=False, **settings):
    remedy = ImportanceWeights(target="region = north", **settings)
    changed = remedy.change(Recipe("t", survey_weights=survey), frame)
    return changed.row_weights.factors(frame)


@pytest.mark.parametrize("estimate", ESTIMATES[:2])
def test_a_planted_density_ratio_is_recovered(rng, estimate):
    frame, x, is_north, truth = planted(rng)
    w = factors(frame, estimate=estimate)
    assert np.corrcoef(w, truth)[0, 1] > 0.97
    assert np.average(x, weights=w) == pytest.approx(x[is_north].mean(), abs=0.08)
    z = frame.features["z"]
    assert np.average(z, weights=w) == pytest.approx(z[is_north].mean(), abs=0.08)
    assert w.mean() == pytest.approx(1)


def test_the_ratio_never_exceeds_one_over_the_targets_share(rng):
    frame, _, is_north, _ = planted(rng)
    # It averages about 1 before it is scaled to it.
    assert factors(frame).max() <= 1.05 / is_north.mean()


def test_double_weighting_lies_between_plain_rows_and_the_target(rng):
    frame, x, is_north, _ = planted(rng)
    found = [
        np.average(x, weights=factors(frame, estimate=ESTIMATES[2], trimmed=t))
        for t in (0.0, 0.3, 0.9)
    ]
    assert x[is_north].mean() + 0.08 > found[0] > found[1] > found[2] > x.mean()


def test_strength_is_an_exponent(rng):
    frame, *_ = planted(rng, 600)
    full = factors(frame)
    half = factors(frame, strength=0.5)
    np.testing.assert_allclose(half, np.sqrt(full) / np.sqrt(full).mean())
    np.testing.assert_allclose(factors(frame, strength=0.0), 1)


def test_survey_weights_count(rng):
    """Weights that make the two regions alike leave nothing to be done."""
    frame, x, is_north, truth = planted(rng)
    own = np.where(is_north, 1.0, np.exp(np.clip(x - 0.5, -3, 3)))
    weighted = AuditFrame(
        frame.features, frame.y_true, frame.classes, frame.groups, own
    )
    w = factors(weighted, survey=True)
    plain = factors(weighted)
    assert np.corrcoef(plain, truth)[0, 1] > 0.97
    assert w.std() < 0.35 * plain.std()


def test_the_rules_own_feature_is_not_compared(rng):
    """Told apart by the region itself, all weight would go to the north."""
    frame, _, is_north, _ = planted(rng)
    w = factors(frame)
    assert w[~is_north].sum() / w.sum() == pytest.approx((~is_north).mean(), abs=0.15)


def test_an_ignored_feature_is_not_matched(rng):
    frame, x, *_ = planted(rng)
    w = factors(frame, ignored="x")
    assert np.average(x, weights=w) == pytest.approx(x.mean(), abs=0.1)


@pytest.mark.parametrize("is_all", [True, False])
def test_a_target_of_all_or_no_rows_is_refused(rng, is_all):
    frame, _, is_north, _ = planted(rng, 300)
    with pytest.raises(DataError, match=r"narrower rule|No training row"):
        factors(frame.take(np.flatnonzero(is_north == is_all)))


def test_nothing_left_to_compare_is_refused(rng):
    frame, *_ = planted(rng, 300)
    with pytest.raises(DataError, match="Ignore fewer"):
        factors(frame, ignored="x,z,work")


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_rows_are_made_to_look_like_those_of_another_table(rng, estimate):
    frame, x, _, _ = planted(rng)
    other, moved, _, _ = planted(rng)
    shifted = other.features.assign(x=other.features["x"] + 1.0)
    seen = replace(other, features=shifted)
    workshop = Workshop(lambda name: SimpleNamespace(frame=seen), None)
    remedy = ImportanceWeights(table="new", estimate=estimate).beside(workshop)
    w = remedy.change(Recipe("t"), frame).row_weights.factors(frame)
    # Double weighting only goes part of the way.
    reached = (np.average(x, weights=w) - x.mean()) / (moved.mean() + 1.0 - x.mean())
    assert reached > (0.5 if estimate == ESTIMATES[2] else 0.85)
    assert reached < 1.15
    assert w.mean() == pytest.approx(1)


def test_another_table_without_any_of_the_features_is_refused(rng):
    frame, *_ = planted(rng, 300)
    other = replace(frame, features=pd.DataFrame({"height": np.ones(300)}))
    workshop = Workshop(lambda name: SimpleNamespace(frame=other), None)
    remedy = ImportanceWeights(table="new").beside(workshop)
    with pytest.raises(DataError, match="none of them"):
        remedy.change(Recipe("t"), frame)


def test_without_a_target_it_is_refused():
    with pytest.raises(SettingError, match="needs a target"):
        ImportanceWeights()
