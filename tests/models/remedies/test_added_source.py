from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.frame import AuditFrame, Grouping
from models.remedies.added_source import AddedSource
from models.remedies.row_edit import Workshop


def people(rng, n, words=("farm", "office"), classes=("no", "yes")):
    work = rng.choice(words, n)
    return AuditFrame(
        pd.DataFrame({"x": rng.normal(size=n), "work": pd.Categorical(work)}),
        rng.integers(0, len(classes), n),
        classes,
        {"g": Grouping(rng.integers(0, 2, n), ("a", "b"))},
        rng.uniform(1, 2, n),
    )


def added(train, other, seed=0, **settings):
    workshop = Workshop(lambda name: SimpleNamespace(frame=other), None)
    return AddedSource(table="other", **settings).edited(train, seed, workshop)


@pytest.fixture
def train(rng):
    return people(rng, 50)


def test_all_rows_of_both_tables_are_there(rng, train):
    other = people(rng, 80)
    both = added(train, other)
    assert len(both) == 130
    np.testing.assert_array_equal(both.row_ids[:50], train.row_ids)
    assert (both.row_ids[50:] < 0).all()
    np.testing.assert_array_equal(both.features["x"][50:], other.features["x"])
    np.testing.assert_array_equal(both.y_true[50:], other.y_true)


@pytest.mark.parametrize(("share", "rows"), [(0.0, 0), (0.25, 20), (1.0, 80)])
def test_share_of_its_rows(rng, train, share, rows):
    assert len(added(train, people(rng, 80), share=share)) == 50 + rows


def test_columns_classes_groups_and_categories_are_matched_by_name(rng, train):
    other = people(rng, 40, words=("school", "office"), classes=("yes", "no"))
    turned = replace(
        other,
        features=other.features[["work", "x"]].assign(more=1.0),
        groups={"g": Grouping(1 - other.groups["g"].codes, ("b", "a"))},
    )
    both = added(train, turned)
    assert list(both.features) == ["x", "work"]
    words = both.features["work"][50:].astype(str).tolist()
    assert words == other.features["work"].astype(str).tolist()
    assert [both.classes[y] for y in both.y_true[50:]] == [
        other.classes[y] for y in other.y_true
    ]
    names = both.groups["g"].names
    assert [names[c] for c in both.groups["g"].codes[50:]] == [
        other.groups["g"].names[c] for c in other.groups["g"].codes
    ]


def test_weights_of_the_added_rows_are_on_the_same_scale(rng, train):
    other = people(rng, 40)
    scaled = replace(other, weights=other.weights * 1000)
    both = added(train, scaled)
    assert both.weights[50:].mean() == pytest.approx(train.weights.mean())
    ratio = both.weights[50:] / other.weights
    np.testing.assert_allclose(ratio, ratio[0])


def test_what_is_given_stays_as_it_was(rng, train):
    other = people(rng, 40, words=("school", "office"))
    before = train.digest, other.digest
    added(train, other)
    assert (train.digest, other.digest) == before


def test_the_training_rows_own_table_is_refused(rng):
    table = people(rng, 200)
    train = table.take(np.arange(0, 200, 2))
    with pytest.raises(DataError, match="kept for the test"):
        added(train, table)
    # Other rows under the same numbers are another table.
    assert len(added(train, people(rng, 200))) == 300


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"classes": ("no", "maybe")}, "Choose a table with the same classes"),
        ({"groups": {}}, "no sensitive attribute 'g'"),
        (
            {"groups": {"g": Grouping(np.zeros(40, int), ("c",))}},
            "groups of 'g' that this one has not: c",
        ),
        ({"features": pd.DataFrame({"x": np.zeros(40)})}, "no feature 'work'"),
        (
            {"features": pd.DataFrame({"x": np.zeros(40), "work": np.zeros(40)})},
            "'work' holds categories here and numbers in the other",
        ),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_advice(rng, train, change, advice):
    with pytest.raises(DataError, match=advice):
        added(train, replace(people(rng, 40), **change))
