import json

import numpy as np
import pandas as pd
import pytest
import torch

from analysis.errors import DataError
from models.networks import ARCHITECTURES, network
from models.preprocess import Preprocessor, fit_preprocessor
from models.recipe import ARCHITECTURE_TITLES, BOOSTING, Recipe


@pytest.fixture
def features(rng):
    return pd.DataFrame(
        {
            "x": np.r_[np.zeros(80), rng.normal(size=20)],
            "z": np.r_[np.nan, rng.normal(size=99)],
            "colour": pd.Categorical(["red"] * 50 + ["blue"] * 38 + [None] * 12),
            "rare": pd.Categorical(["u"] * 95 + ["v"] * 5),
        }
    )


def test_preprocessing_survives_json(features):
    fitted = fit_preprocessor(features)
    back = Preprocessor.from_json(json.loads(json.dumps(fitted.to_json())))
    assert back == fitted
    one, two = fitted.transform(features), back.transform(features)
    np.testing.assert_array_equal(one.positions, two.positions)
    np.testing.assert_array_equal(one.codes, two.codes)


def test_missing_unknown_and_rare_categories_have_codes(features):
    fitted = fit_preprocessor(features)
    unseen = features.iloc[[0, 99, 99]].copy()
    unseen["colour"] = ["green", None, "red"]
    codes = fitted.transform(unseen).codes
    colour, rare, z_missing = codes.T
    assert colour.tolist() == [0, 3, 1]  # unknown, missing, most frequent
    assert rare.tolist() == [1, 0, 0]  # five rows are as good as unknown
    assert z_missing.tolist() == [1, 0, 0]


def test_a_missing_number_stands_at_the_training_median(features):
    fitted = fit_preprocessor(features)
    at_median = features.iloc[[0]].assign(z=fitted.numeric[1].median)
    missing = fitted.transform(features.iloc[[0]]).positions
    np.testing.assert_array_equal(missing, fitted.transform(at_median).positions)


def test_only_training_rows_decide(features):
    train = fit_preprocessor(features)
    train.transform(features.assign(x=1e9))
    assert fit_preprocessor(features) == train


def test_values_beyond_the_training_range_stay_at_its_ends(features):
    fitted = fit_preprocessor(features)
    high = fitted.transform(features.assign(x=np.inf, z=1e300)).positions
    assert np.isfinite(high).all()
    assert high[5, 1] == fitted.numeric[1].bins


def test_constant_and_all_missing_columns_do_no_harm():
    table = pd.DataFrame({"one": np.ones(30), "none": np.full(30, np.nan)})
    encoded = fit_preprocessor(table).transform(table)
    assert np.isfinite(encoded.positions).all()


def test_a_table_without_the_features_says_which(features):
    fitted = fit_preprocessor(features)
    with pytest.raises(DataError, match=r"lacks colour.*train a model on this table"):
        fitted.transform(features.drop(columns="colour"))
    with pytest.raises(DataError, match="'x' must hold numbers"):
        fitted.transform(features.assign(x="many"))
    with pytest.raises(DataError, match="'colour' must hold categories"):
        fitted.transform(features.assign(colour=1.0))


def test_a_wide_table_keeps_its_inputs_within_the_budget(rng):
    wide = pd.DataFrame(rng.normal(size=(200, 1_000))).rename(columns=str)
    fitted = fit_preprocessor(wide)
    assert sum(c.bins for c in fitted.numeric) < 3 * 8_192


@pytest.mark.parametrize("drop", [[], ["x", "z"], ["colour", "rare"]])
def test_the_short_way_into_the_first_layer_equals_the_dense_one(features, drop):
    table = features.drop(columns=drop)
    fitted = fit_preprocessor(table)
    torch.manual_seed(0)
    net = network(fitted, 3, Recipe(task="t", hidden=(8,), dropout=0.0))
    encoded = fitted.transform(table)
    positions = torch.tensor(encoded.positions)
    codes = torch.tensor(encoded.codes, dtype=torch.int64)
    short, dense = net(positions, codes), net.body(net.spread(positions, codes))
    torch.testing.assert_close(short, dense, atol=1e-6, rtol=1e-5)
    weights = list(net.parameters())
    gradients = [torch.autograd.grad(z.square().sum(), weights) for z in (short, dense)]
    torch.testing.assert_close(*gradients, atol=1e-4, rtol=1e-4)


def test_every_architecture_has_a_title_and_relus_are_used_once(features):
    assert {*ARCHITECTURES, BOOSTING} == set(ARCHITECTURE_TITLES)
    net = network(fit_preprocessor(features), 2, Recipe(task="t", hidden=(8, 4)))
    relus = [m for m in net.body if isinstance(m, torch.nn.ReLU)]
    assert len({id(m) for m in relus}) == 2
