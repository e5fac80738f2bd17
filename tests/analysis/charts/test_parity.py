"""The price in error rates: whom its sentence names, and what ranks leave out."""

import numpy as np
import pytest

from analysis.calibration.parity import parity
from analysis.charts import parity as charts

BY = ("group",)


@pytest.fixture
def shown(make_evaluation):
    """Two large groups whose base rates differ, and two people who differ more."""
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2, 3], [400, 400, 1, 1])
    scores = rng.uniform(size=802) * np.where(codes == 1, 0.5, 1)
    y_true = rng.binomial(1, scores)
    y_true[-2:] = 1, 0
    return make_evaluation(y_true, scores, codes, g=4)


def test_the_sentence_names_the_groups_that_surely_differ_most(shown):
    record = parity(shown, BY)
    base = record.rates.by_group["prevalence"].value
    assert np.argmax(base) == 2
    assert np.argmin(base) == 3
    assert record.apart == (0, 1)
    said = charts.finding(record)
    assert "(n = 400) of a against" in said
    assert "of those in a without the outcome" in said
    assert " c" not in said
    assert said.count("[") == 4  # two base rates and two required rates


def test_withheld_groups_are_not_named(shown):
    hidden = np.array([False, False, True, True])
    assert parity(shown, BY, hidden).apart == (0, 1)
    alone = parity(shown, BY, np.array([False, True, True, True]))
    assert alone.apart == (0, 0)
    assert "One group alone" in charts.finding(alone)


def test_ranks_promise_no_rates(shown):
    scores, ranks = parity(shown, BY), parity(shown, BY, is_ranked=True)
    assert scores.has_promise
    assert not ranks.has_promise
    titles = [charts.rates(r).layout.title.text for r in (scores, ranks)]
    assert ["promise" in title for title in titles] == [True, False]
    assert ["Hollow" in title for title in titles] == [True, False]
    assert ["by the scores" in charts.alt(r) for r in (scores, ranks)] == [True, False]
    cells = [charts.printed(r)["Wrong flags"] for r in (scores, ranks)]
    assert [c.str.contains("(", regex=False).any() for c in cells] == [True, False]


def test_the_table_is_in_percent_and_narrow(shown):
    table = charts.printed(parity(shown, BY))
    assert len(table.columns) == 6
    assert not table.drop(columns="Group").map(lambda cell: "%" in cell).any(axis=None)
    assert table["Base rate"].str.len().max() < 16
