import numpy as np
import pandas as pd
import pytest

from analysis.lookalikes import clusters
from analysis.lookalikes.clusters import clustered, drawn_rows
from analysis.lookalikes.coded import coded


def blobs(rng, n=900):
    """Three kinds of people, told apart by a number and two categories."""
    kind = rng.integers(0, 3, n)
    table = {
        "x": rng.normal(size=n) + 10 * kind,
        "a": pd.Categorical(np.array(["p", "q", "r"])[kind]),
        "b": pd.Categorical(np.array(["u", "u", "v"])[kind]),
    }
    frame = pd.DataFrame(table)
    return [coded(frame[name], 4) for name in frame], kind


def agree(labels, kind):
    return len(set(zip(labels.tolist(), kind.tolist(), strict=True))) == 3


def test_planted_kinds_are_found_whatever_the_seed(rng):
    columns, kind = blobs(rng)
    for seed in range(5):
        assert agree(clustered(columns, np.arange(900), 3, seed, n=900), kind)


def test_rows_that_were_not_drawn_are_assigned_chunk_by_chunk(rng, monkeypatch):
    columns, kind = blobs(rng)
    monkeypatch.setattr(clusters, "CHUNK", 7)
    assert agree(clustered(columns, np.arange(0, 900, 9), 3, 0, n=900), kind)


def test_every_column_weighs_alike(rng):
    columns, _ = blobs(rng)
    for column in columns:
        points = clusters._scale(column)[column.codes]
        assert points.var(axis=0).sum() == pytest.approx(1)


def test_a_missing_number_lies_in_the_middle():
    column = coded(pd.Series([0.0, 1.0, 2.0, np.nan], name="x"), 4)
    places = clusters._scale(column)[:, 0]
    assert places[3] == pytest.approx(places[1])


def test_rare_categories_lie_together(monkeypatch):
    monkeypatch.setattr(clusters, "MAX_CATEGORIES", 2)
    column = coded(pd.Series(pd.Categorical(list("aaabbcd")), name="x"), 4)
    places = clusters._scale(column)
    assert places.shape == (4, 2)
    assert (places[2:] == 0).all()


def test_more_clusters_than_different_rows_are_not_asked_for():
    column = coded(pd.Series([1.0, 1.0, 2.0, 2.0], name="x"), 4)
    labels = clustered([column], np.arange(4), 12, 0, n=4)
    assert labels[0] == labels[1] != labels[2] == labels[3]
    assert clustered([], np.arange(4), 12, 0, n=4).tolist() == [0, 0, 0, 0]


def test_rows_are_drawn_once_each_and_the_same_for_a_seed(monkeypatch):
    assert drawn_rows(50, 0).tolist() == list(range(50))
    monkeypatch.setattr(clusters, "FITTED_ROWS", 20)
    first = drawn_rows(50, 3)
    assert len(set(first.tolist())) == 20
    assert first.tolist() == drawn_rows(50, 3).tolist() != drawn_rows(50, 4).tolist()
