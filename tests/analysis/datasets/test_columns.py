"""Digests see content and nothing else; summaries count what is there."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analysis.datasets.columns import (
    content_digest,
    sorted_categorical,
    summarise,
    to_pandas,
)


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "word": pd.Categorical(["b", "a", None, "b"]),
            "number": [1.0, np.nan, -0.0, 3.0],
            "whole": np.array([1, 2, 3, 4], np.int16),
        }
    )


def test_the_digest_ignores_the_order_of_categories(table):
    other = table.assign(word=table.word.cat.reorder_categories(["b", "a"]))
    unused = table.assign(word=table.word.cat.add_categories(["c"]))
    assert content_digest(table) == content_digest(other) == content_digest(unused)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.rename(columns={"word": "Word"}),
        lambda t: t.assign(whole=t.whole.astype(np.int32)),
        lambda t: t.assign(number=[1.0, np.nan, 0.0, 3.0 + 1e-15]),
        lambda t: t.assign(number=[1.0, 0.0, 0.0, 3.0]),
        lambda t: t.assign(word=pd.Categorical(["b", "a", "b", None])),
        lambda t: t.iloc[::-1],
        lambda t: t[["number", "word", "whole"]],
    ],
)
def test_the_digest_sees_names_types_values_missing_ones_and_order(table, change):
    assert content_digest(change(table)) != content_digest(table)


def test_the_digest_survives_arrow(table):
    again = to_pandas(pa.Table.from_pandas(table, preserve_index=False))
    assert content_digest(again) == content_digest(table)


def test_repeated_words_of_a_dictionary_are_one_category():
    made = sorted_categorical(
        ["b", "a", "b", None, "unused"], np.array([0, 1, 2, 3, -1])
    )
    assert list(made.categories) == ["a", "b"]
    assert made.codes.tolist() == [1, 0, 1, -1, -1]


def test_a_summary_counts_missing_distinct_and_rare():
    column = pd.Categorical(["often"] * 40 + ["rare"] * 3 + ["once"] + [None] * 2)
    table = pd.DataFrame({"word": column, "number": np.arange(46.0)})
    word, number = summarise(table)
    assert (word.kind, word.n, word.missing, word.distinct) == ("category", 46, 2, 3)
    assert word.rare == (("once", 1), ("rare", 3))
    assert word.n_rare == 2
    assert (number.kind, number.low, number.high) == ("number", 0, 45)
