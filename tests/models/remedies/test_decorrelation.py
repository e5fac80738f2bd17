from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fairlearn.preprocessing import CorrelationRemover

from analysis.errors import DataError, SettingError
from analysis.frame import AuditFrame, Grouping
from models.features import features_for
from models.recipe import Recipe
from models.remedies.decorrelation import Decorrelation


def planted(rng, n=400, g=3):
    codes = rng.integers(0, g, n)
    features = pd.DataFrame(
        {
            "x": rng.normal(size=n) + codes,
            "z": rng.normal(size=n) * 3 - codes**2,
            "work": pd.Categorical(rng.choice(["office", "farm"], n)),
        }
    )
    groups = {"g": Grouping(codes, tuple("abcd"[:g]))}
    return AuditFrame(
        features, rng.integers(0, 2, n), ("no", "yes"), groups, rng.uniform(1, 3, n)
    )


def shifted(frame, survey=False, **settings):
    recipe = Recipe("t", survey_weights=survey)
    changed = Decorrelation(attribute="g", **settings).change(recipe, frame)
    return features_for(changed, frame)


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("g", [2, 3])
def test_it_agrees_with_fairlearns_correlation_remover(rng, alpha, g):
    frame = planted(rng, g=g)
    codes = frame.groups["g"].codes
    dummies = np.eye(g)[codes][:, 1:]  # one group follows from the others
    table = np.column_stack([dummies, frame.features[["x", "z"]]])
    remover = CorrelationRemover(
        sensitive_feature_ids=list(range(g - 1)), alpha=alpha
    ).fit(table)
    ours = shifted(frame, alpha=alpha)[["x", "z"]].to_numpy()
    np.testing.assert_allclose(ours, remover.transform(table), atol=1e-9)


def test_survey_weights_count_when_they_are_in_force(rng):
    frame = planted(rng)
    found = shifted(frame, survey=True)["x"]
    codes, w = frame.groups["g"].codes, frame.weights
    means = [np.average(found[codes == g], weights=w[codes == g]) for g in range(3)]
    np.testing.assert_allclose(means, means[0])
    plain = shifted(frame)["x"]
    np.testing.assert_allclose(
        [plain[codes == g].mean() for g in range(3)], plain.mean()
    )


def test_missing_values_stay_missing_and_have_no_say(rng):
    frame = planted(rng)
    gaps = rng.random(len(frame)) < 0.3
    x = frame.features["x"].mask(gaps)
    found = shifted(replace(frame, features=frame.features.assign(x=x)))["x"]
    assert (found.isna() == gaps).all()
    known = frame.take(np.flatnonzero(~gaps))
    np.testing.assert_allclose(found[~gaps], shifted(known)["x"])


def test_only_the_chosen_numeric_features_move(rng):
    frame = planted(rng)
    found = shifted(frame, feature="z")
    pd.testing.assert_series_equal(found["x"], frame.features["x"])
    pd.testing.assert_series_equal(found["work"], frame.features["work"])
    assert not np.allclose(found["z"], frame.features["z"])


def test_groups_without_known_values_are_left_alone(rng):
    frame = planted(rng)
    codes = frame.groups["g"].codes
    x = frame.features["x"].mask(codes == 1)
    groups = {"g": Grouping(codes, ("a", "b", "c", "nobody"))}
    frame = replace(frame, features=frame.features.assign(x=x), groups=groups)
    shifts = Decorrelation(attribute="g").change(Recipe("t"), frame).shifts
    assert np.isfinite(np.array(shifts.table)).all()
    assert shifts.table[1][0] == 0
    assert shifts.table[3] == (0, 0)


def test_one_group_needs_no_shift(rng):
    frame = planted(rng, g=1)
    pd.testing.assert_frame_equal(shifted(frame), frame.features)


def test_a_feature_of_words_and_a_table_of_words_are_refused(rng):
    frame = planted(rng)
    with pytest.raises(
        SettingError, match=r"'work' holds no numbers.*Choose among x, z"
    ):
        shifted(frame, feature="work")
    words = replace(frame, features=frame.features[["work"]])
    with pytest.raises(DataError, match="this table has none"):
        shifted(words)


def test_a_second_one_in_a_chain_is_refused(rng):
    frame, remedy = planted(rng), Decorrelation(attribute="g")
    recipe = remedy.change(Recipe("t"), frame)
    with pytest.raises(SettingError, match="Keep one of them"):
        remedy.change(recipe, frame)
