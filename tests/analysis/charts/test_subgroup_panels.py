"""What the panels of the Subgroups page print and draw."""

import numpy as np
import pandas as pd
import pytest

from analysis.audits.presets import ImpactTable
from analysis.audits.quality import Note, Quality
from analysis.charts import presets as preset_tables
from analysis.charts import quality as notes
from analysis.charts import similar as neighbours
from analysis.charts import smooth as curves
from analysis.charts import suggested as suggestions
from analysis.cohorts import parse
from analysis.estimates import Estimate, Estimates
from analysis.lookalikes.fares import Fares
from analysis.lookalikes.similar import Neighbour, Similar
from analysis.lookalikes.suggested import Suggestion, Suggestions, Trait
from analysis.subgroups.smooth import SmoothCurve


def estimates(*rows):
    return Estimates(*np.array(rows, dtype=float).T)


@pytest.fixture
def curve():
    return SmoothCurve(
        metric="error_rate",
        x=np.array([20.0, 30, 40, 50, 60]),
        estimates=estimates(
            (np.nan, np.nan, np.nan, 0),
            (0.1, 0.08, 0.12, 300),
            (0.2, 0.15, 0.25, 300),
            (0.4, 0.3, 0.5, 300),
            (0.5, 0.4, 0.6, 200),
        ),
        overall=Estimate(0.2, 0.18, 0.22, 1_200),
        span=0.2,
        n=1_200,
        missing=3,
        quantile=3.0,
    )


def test_a_curve_says_where_it_leaves_the_overall_value(curve):
    assert curves.words(curve, "age") == (
        "Decided wrong: 20\u00a0% [18, 22] overall, surely above it at age 50 to 60 "
        "and below it at age 30."
    )
    assert "from 10\u00a0% [8, 12] at age 30 to 50\u00a0% [40, 60] at age 60" in (
        curves.alt(curve, "age")
    )


def test_a_curve_is_drawn_with_its_band_and_a_gap_where_it_is_undefined(curve):
    figure = curves.curve(curve, "<b>age</b>", people="clients")
    band, line = figure.data
    assert 20 not in band.x
    assert np.isnan(line.y[0])
    assert "&lt;b&gt;" in figure.layout.xaxis.title.text
    assert "n = 1,200" in figure.layout.title.text
    assert list(curves.table(curve, "age").columns[:2]) == ["age", "Decided wrong"]


def test_a_curve_without_any_value_is_said_to_be_undefined(curve):
    nothing = np.full(5, np.nan)
    empty = SmoothCurve(
        "error_rate",
        curve.x,
        Estimates(nothing, nothing, nothing, np.zeros(5)),
        Estimate(np.nan, np.nan, np.nan, 0),
        0.2,
        5,
        0,
        3.0,
    )
    assert "undefined everywhere" in curves.alt(empty, "age")
    assert len(curves.curve(empty, "age").data) == 1
    assert "nowhere surely" in curves.words(empty, "age")


def neighbour(name, group, changed, beyond):
    return Neighbour(group, name, 500, changed, 0.2, 0.1, 0.15, beyond, "nearest")


@pytest.fixture
def similar():
    near = (
        neighbour("Male · A", {"sex": "Male", "race": "A"}, 1, 0.05),
        neighbour("Male · B", {"sex": "Male", "race": "B"}, 2, 0.1),
    )
    group = {"sex": "Female", "race": "A"}
    return Similar(group, 800, near, ("x",), 0)


def compared(metric):
    return Fares(
        metric=metric,
        own=Estimate(0.4, 0.35, 0.45, 800),
        others=estimates((0.2, 0.15, 0.25, 500), (0.38, 0.33, 0.43, 500)),
        difference=estimates((-0.2, -0.27, -0.13, 1300), (-0.02, -0.09, 0.05, 1300)),
        q_value=np.array([0.001, 0.6]),
    )


def test_a_similar_group_that_fares_better_is_named(similar):
    said = neighbours.words(similar, compared("error_rate"))
    assert "Female · A is nearest to Male · A." in said
    assert "Male · A fares better: decided wrong 20\u00a0% [15, 25] against" in said


def test_for_a_metric_that_is_better_high_a_lower_value_is_not_better(similar):
    said = neighbours.words(similar, compared("accuracy"))
    assert "No similar group surely fares better." in said
    assert "Male · A differs" in neighbours.words(similar, compared("selection_rate"))


def test_neighbours_are_printed_beside_the_group_with_what_differs(similar):
    shown = neighbours.printed(similar, compared("error_rate"))
    assert shown["Group"].tolist() == ["Female · A", "Male · A", "Male · B"]
    assert shown["Differs in"].tolist() == ["", "sex", "sex, race"]
    assert shown["n"].tolist() == ["800", "500", "500"]
    change = shown["Difference"].tolist()
    assert change[1] == "−20\u00a0points"
    assert shown["q"].tolist() == ["", "0.001", "0.600"]
    assert len(neighbours.table(similar, compared("error_rate"))) == 2


def suggestion(rule, value, q):
    return Suggestion(
        cohort=parse(rule),
        traits=(Trait("x", "x = 1", 0.9, 0.3, 0.1),),
        n=120,
        estimate=Estimate(value, value - 0.05, value + 0.05, 100),
        rest=Estimate(0.1, 0.08, 0.12, 900),
        difference=Estimate(value - 0.1, value - 0.16, value - 0.04, 1000),
        q_value=q,
    )


def test_the_worst_sure_suggestion_is_said_and_all_are_printed():
    record = Suggestions(
        "error_rate",
        (suggestion("x = 1", 0.4, 0.2), suggestion("y = 2", 0.3, 0.01)),
        12,
        500,
        0,
    )
    assert "1 of 2 suggested groups differs" in suggestions.words(record)
    assert "n = 100 and 900" in suggestions.words(record)
    assert "The worst of them: y = 2 (decided wrong 30" in suggestions.words(record)
    shown = suggestions.printed(record)
    assert shown["q"].tolist() == ["0.200", "0.010"]
    assert shown["Matching"].tolist() == ["120", "120"]
    assert shown["n"].tolist() == ["100", "100"]
    assert suggestions.table(record)["dominant values"][0] == (
        "x = 1: 90\u00a0% of the cluster, 30\u00a0% of all"
    )


def test_without_suggestions_that_is_said():
    record = Suggestions("error_rate", (), 12, 500, 0)
    assert "No group of people" in suggestions.words(record)
    assert suggestions.printed(record).empty
    unsure = Suggestions("error_rate", (suggestion("x = 1", 0.4, 0.2),), 12, 500, 0)
    assert "None of the 1" in suggestions.words(unsure)


def test_the_quality_note_leads_with_its_worst_sentence():
    inside, outside = Estimate(0.3, 0.25, 0.35, 90), Estimate(0.05, 0.04, 0.06, 900)
    difference = Estimate(0.25, 0.2, 0.3, 990)
    note = Note("missing", "sex", "F", "", inside, outside, difference, 0.001)
    label = Note("label", "sex", "F", "yes", inside, outside, difference, 0.001)
    record = Quality((note, label), 6)
    assert notes.words(record) == (
        "sex F: 30\u00a0% of the feature values are missing, against 5\u00a0% among "
        "all others (n = 90 and 900)."
    )
    shown = notes.printed(record)
    assert shown["What"].tolist() == ["missing feature values", "label rate: yes"]
    assert notes.table(record)["q-value"].tolist() == [0.001, 0.001]
    assert "In none of 6 comparisons" in notes.words(Quality((), 6))
    assert "No group is large enough" in notes.words(Quality((), 0))
    assert notes.printed(Quality((), 6)).empty


def test_the_verdict_names_the_lowest_group_that_is_surely_below():
    ratios = estimates((1, 1, 1, 90), (0.1, 0.0, 1.4, 95), (0.5, 0.4, 0.6, 180))
    table = ImpactTable(
        attributes=("team",),
        measure="selection",
        names=("a", "tiny", "c"),
        n=np.array([90, 5, 90]),
        selected=np.array([60, 0, 30]),
        share=np.array([0.48, 0.03, 0.48]),
        rates=ratios,
        ratios=ratios,
        reference=0,
    )
    said = preset_tables.verdict(table)
    assert said.startswith("2 of 3 groups are below four fifths of the rate of a, 1 of")
    assert "lowest of these is c at 0.50 [0.40, 0.60] (n = 90)" in said
    remarks = preset_tables.printed(table)["Remark"].tolist()
    assert remarks == ["highest rate", "below 0.8", "surely below 0.8"]
    assert isinstance(preset_tables.frame(table), pd.DataFrame)
