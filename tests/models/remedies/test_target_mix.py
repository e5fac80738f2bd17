from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError, SettingError
from analysis.frame import AuditFrame, Grouping
from models.recipe import Recipe
from models.remedies.row_edit import Workshop
from models.remedies.target_mix import TargetMix


def frame(codes, names=("a", "b"), weights=None, years=None):
    n = len(codes)
    years = np.zeros(n) if years is None else np.asarray(years, dtype=float)
    return AuditFrame(
        pd.DataFrame({"year": years}),
        np.arange(n) % 2,
        ("no", "yes"),
        {"g": Grouping(np.asarray(codes), names)},
        np.ones(n) if weights is None else np.asarray(weights, dtype=float),
    )


def shares(train, remedy):
    changed = remedy.change(Recipe("t", survey_weights=True), train)
    w = changed.row_weights.factors(train) * train.weights
    codes = train.groups["g"].codes
    return np.bincount(codes, w, 2) / w.sum(), w


def test_groups_get_the_shares_they_have_in_the_target():
    train = frame([0] * 60 + [1] * 40, years=[0] * 50 + [1] * 50)
    remedy = TargetMix(attribute="g", target="year = 1")
    found, w = shares(train, remedy)
    np.testing.assert_allclose(found, [0.2, 0.8])
    assert w.sum() == pytest.approx(100)


def test_half_the_strength_lies_between():
    train = frame([0] * 60 + [1] * 40, years=[0] * 50 + [1] * 50)
    found, _ = shares(train, TargetMix(attribute="g", target="year = 1", strength=0.5))
    assert 0.2 < found[0] < 0.6


def test_another_table_is_matched_by_the_names_of_groups():
    train = frame([0] * 50 + [1] * 50)
    other = frame([0] * 30 + [1] * 10, names=("b", "a"))
    workshop = Workshop(lambda name: SimpleNamespace(frame=other), None)
    remedy = TargetMix(attribute="g", table="new").beside(workshop)
    found, _ = shares(train, remedy)
    np.testing.assert_allclose(found, [0.25, 0.75])


def test_weights_of_both_sides_count():
    train = frame([0, 0, 1, 1], weights=[1, 1, 3, 3], years=[0, 1, 0, 1])
    other = frame([0, 1], weights=[9, 1])
    workshop = Workshop(lambda name: SimpleNamespace(frame=other), None)
    remedy = TargetMix(attribute="g", table="new").beside(workshop)
    found, _ = shares(train, remedy)
    np.testing.assert_allclose(found, [0.9, 0.1])


def test_a_target_without_a_group_in_common_is_refused():
    train = frame([0, 0, 1, 1])
    other = frame([0, 0], names=("x", "y"))
    workshop = Workshop(lambda name: SimpleNamespace(frame=other), None)
    with pytest.raises(DataError, match="share no group"):
        TargetMix(attribute="g", table="n").beside(workshop).weights(train, 0)


def test_without_a_target_it_is_refused():
    with pytest.raises(SettingError, match="needs a target"):
        TargetMix(attribute="g")
