"""Charts of the Calibration page: what they draw, say and escape."""

import json
from dataclasses import replace

import numpy as np
import pytest

from analysis.calibration.against_bins import ece_against_bins
from analysis.calibration.claims import claims
from analysis.calibration.everywhere import miscalibration_map
from analysis.calibration.guard import guard
from analysis.calibration.measures import MEASURES
from analysis.calibration.reliability import reliability_by_group
from analysis.calibration.smooth_curve import smooth_reliability
from analysis.calibration.table import calibration_table
from analysis.charts import (
    calibration,
    calibration_bins,
    calibration_claims,
    calibration_dots,
    calibration_map,
    calibration_map_words,
    calibration_measures,
    calibrators,
    compare,
)
from analysis.datasets.tasks import task_named
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.frame import Grouping
from analysis.metrics.bins import Binning
from analysis.privacy.withheld import published
from analysis.subgroups.listing import listing

HOSTILE = "<script>alert(1)</script>"
NAMES = (HOSTILE, "**b** $y$", "small", "nobody")
BY = ("group",)


@pytest.fixture(scope="module")
def shown():
    """The first group is promised too much, the third has four people."""
    rng = np.random.default_rng(3)
    codes = np.repeat([0, 1, 2], [3000, 2000, 4])
    scores = rng.uniform(size=5004)
    y_true = rng.binomial(1, np.where(codes == 0, scores**1.6, scores))
    return Evaluation(
        "model",
        y_true,
        binary_probabilities(scores),
        ("no", "yes"),
        {"group": Grouping(codes, NAMES)},
        np.ones(5004),
        np.arange(5004),
    )


def is_safe(figure):
    text = json.dumps(figure.to_plotly_json(), default=str)
    return "<script" not in text


def title(figure):
    return figure.layout.title.text.replace("<br>", " ")


def test_a_smooth_curve_takes_the_place_of_the_bins(shown):
    record, smooth = reliability_by_group(shown, BY), smooth_reliability(shown, BY)
    figure = calibration.reliability(record, smooth=smooth)
    assert is_safe(figure)
    assert "pointwise 95 % band" in title(figure)
    lines = [t for t in figure.data if t.type == "scatter"]
    drawn = [t for t in lines if t.customdata is not None]
    assert np.allclose(drawn[0].y, smooth[0].rate[~np.isnan(smooth[0].rate)])
    assert not any(t.mode == "lines+markers" for t in lines)
    assert list(calibration.smooth_table(smooth)["group"].unique()) == list(NAMES)


def test_histograms_stay_of_equal_width_under_bins_of_equal_mass(shown):
    usual = reliability_by_group(shown, BY)
    record = reliability_by_group(shown, BY, Binning(10, "mass"))
    figure = calibration.reliability(record, bars=usual)
    bars = next(t for t in figure.data if t.type == "bar")
    assert bars.customdata.tolist() == usual[0].curve.count.tolist()


def test_nine_groups_in_fifty_bins_stay_under_two_thousand_marks(rng, make_evaluation):
    scores, codes = rng.uniform(size=9000), np.arange(9000) % 12
    many = make_evaluation(rng.binomial(1, scores), scores, codes)
    fine = reliability_by_group(many, BY, Binning(50))
    bins = calibration.reliability(fine)
    smooth = calibration.reliability(
        reliability_by_group(many, BY), smooth=smooth_reliability(many, BY)
    )
    for figure in (bins, smooth):
        shown = [t for t in figure.data if t.hovertemplate]
        assert sum(len(t.x) for t in shown) <= 2000


def test_claims_are_said_with_rate_interval_promise_and_n(shown):
    found = claims(reliability_by_group(shown, BY))
    first = calibration_claims.first(found, lambda name: f"people in {name}")
    claim = found[0]
    assert f"given to people in {HOSTILE} come true" in first
    assert f"Scores of {claim.low:.1f}–{claim.high:.1f}" in first
    assert f"{100 * claim.rate.value:.0f}\u00a0% [" in first
    assert f"promise {100 * claim.promised:.0f}\u00a0%" in first
    assert f"{claim.rate.n:,.0f})" in first


def test_how_many_bins_were_looked_at_is_said(shown, rng, make_evaluation):
    record = reliability_by_group(shown, BY)
    found = claims(record)
    said = calibration_claims.others(found, record, str)
    assert said.count("come true") == 3
    filled = sum(int((r.curve.count > 0).sum()) for r in record)
    assert f"Of the {filled} bins shown, {len(found)} are surely off" in said
    scores = rng.uniform(size=900)
    calm = reliability_by_group(make_evaluation(rng.binomial(1, scores), scores), BY)
    assert calibration_claims.first((), str) == ""
    assert "In none of the 10 bins" in calibration_claims.others((), calm, str)


def test_people_are_called_by_their_group():
    task = task_named("compas")
    who = calibration_claims.people_of(("race",), task)
    assert who("African-American") == "African-American defendants"
    assert who("Missing") == "defendants with Missing race"
    assert calibration_claims.people_of((), task)("Everyone") == "all defendants"
    crossed = calibration_claims.people_of(("race", "sex"), task)
    assert crossed("Asian · Male") == "defendants of Asian · Male"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.6, 0.7, "0.6–0.7"),
        (0, 1, "0.0–1.0"),
        (1 / 15, 2 / 15, "0.07–0.13"),
        (0.02, 0.04, "0.02–0.04"),
        (0.1234, 0.1238, "0.123–0.124"),
        (0.5, 0.5, "0.5"),
    ],
)
def test_a_range_of_scores_has_as_few_digits_as_tell_it_apart(low, high, said):
    assert calibration_claims.score_range(low, high) == said


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_by_group_has_a_dot_for_each_and_says_its_numbers(name, shown):
    if MEASURES[name].many_classes:
        return
    record = calibration_table(shown, BY)
    figure = calibration_dots.dots(record, name)
    assert is_safe(figure)
    measured = int((~np.isnan(record.by_group[name].value)).sum())
    assert len(calibration_dots.shown_groups(record, name)) == measured
    assert list(figure.layout.yaxis.ticktext)[-1] == "Everyone"
    dots = [t for t in figure.data if t.hovertemplate]
    assert len(dots) >= measured + 1
    assert "n = 5,004" in str(figure.layout.annotations)
    assert calibration_measures.alt(record, name).startswith(MEASURES[name].title)
    assert calibration_measures.words(record, name)


def test_only_what_is_surely_off_is_coloured(shown):
    record = calibration_table(shown, BY)
    figure = calibration_dots.dots(record, "equal_width_error")
    colors = {
        t.hovertemplate.split("</b>")[0]: t.marker.color
        for t in figure.data
        if t.hovertemplate and t.marker.size == 11
    }
    assert colors["<b>**b** &#36;y&#36;"] == "#8b929b"
    assert colors["<b>&lt;script&gt;alert(1)&lt;/script&gt;"] == "#c07f00"


def test_the_table_of_measures_has_a_row_each_and_names_the_worst(shown):
    record = calibration_table(shown, BY)
    table = calibration_measures.printed(record).set_index("Measure")
    assert len(table) == len(record.by_group)
    worst = table["Furthest off"]
    assert worst["Mean distance, equal width (ECE)"] == HOSTILE
    assert worst["Brier: uncertainty"] == "–"
    assert table.loc["Spiegelhalter's z", "Everyone"].endswith("(−1.96–1.96)")
    assert f"find {HOSTILE} furthest off" in calibration_measures.finding(record)
    numbers = calibration_measures.table(record)
    assert len(numbers) == len(record.by_group) * 5


def test_everyone_alone_is_measured_too(shown):
    record = calibration_table(shown, ())
    assert list(calibration_measures.printed(record).columns) == ["Measure", "Everyone"]
    assert "measures find the scores of everyone off" in calibration_measures.finding(
        record
    )
    figure = calibration_dots.dots(record, "slope")
    assert list(figure.layout.yaxis.ticktext) == ["Everyone"]


def test_the_error_over_bins_is_drawn_with_its_range(shown):
    record = ece_against_bins(shown, BY)
    figure = calibration_bins.lines(record)
    assert is_safe(figure)
    lines = [t for t in figure.data if t.mode == "lines+markers"]
    assert len(lines) == 4
    assert np.allclose(lines[0].y, 100 * record.value[0])
    assert "in 50 bins" in calibration_bins.alt(record)
    assert len(calibration_bins.table(record)) == 5 * len(record.numbers)


def test_the_map_is_drawn_from_too_much_to_too_little(shown):
    record = miscalibration_map(shown, listing(shown, BY, 1))
    figure = calibration_map.dots(record)
    assert is_safe(figure)
    assert "**b**" in figure.layout.yaxis.ticktext[0]
    dots = [t for t in figure.data if t.hovertemplate]
    assert [t.marker.color for t in dots] == ["#8b929b", "#d55e00"]
    said = calibration_map_words.words(record)
    assert "1 is surely off on average (1 promised too much, 0 too little)" in said
    assert "too much (n = 3,000)" in said
    assert "1 group has fewer than 10 people" in calibration_map_words.few_words(record)
    printed = calibration_map.printed(record)
    assert list(printed["Group"]) == [HOSTILE, NAMES[1]]
    assert len(calibration_map.table(record)) == 4


def test_a_map_without_anything_sure_says_so(rng, make_evaluation):
    scores = rng.uniform(size=500)
    calm = make_evaluation(rng.binomial(1, scores), scores)
    record = miscalibration_map(calm, listing(calm, BY, 1))
    assert "none is surely promised" in calibration_map_words.alt(record)
    empty = make_evaluation(np.empty(0, int), np.empty(0), g=2)
    nobody = miscalibration_map(empty, listing(empty, BY, 1))
    assert "No group has enough people" in calibration_map_words.words(nobody)
    assert calibration_map.dots(nobody).data == ()
    assert calibration_map.printed(nobody).empty


def test_withheld_groups_are_named_nowhere(shown):
    table = calibration_table(shown, BY, k=10)
    hidden = {NAMES[g] for g in np.flatnonzero(table.hidden)}
    assert "small" in hidden
    kept = [n for n, h in zip(NAMES, table.hidden, strict=True) if not h]
    text = calibration_measures.finding(table) + calibration_measures.words(
        table, "smooth_error"
    )
    figure = calibration_dots.dots(table, "smooth_error")
    assert "small" not in text + str(figure.layout.yaxis.ticktext)
    beside = calibration_measures.groups_beside(table)
    assert not hidden & {NAMES[g] for g in beside}
    assert kept


def test_ranks_are_not_said_to_promise_anything(shown):
    record = miscalibration_map(shown, listing(shown, BY, 1))
    said = calibration_map_words.words(record, "defendants", is_ranked=True)
    assert "ranked above it" in said
    assert "of 10 defendants or more" in said
    figure = calibration_map.dots(record, is_ranked=True)
    text = f"{said} {title(figure)} {figure.layout.xaxis.title.text}"
    assert "promise" not in text
    assert "promise" in title(calibration_map.dots(record))


def test_the_table_of_the_map_is_in_the_order_of_the_chart(rng, make_evaluation):
    scores, codes = rng.uniform(size=6000), np.arange(6000) % 20
    record_of = make_evaluation(rng.binomial(1, scores), scores, codes, g=20)
    record = miscalibration_map(record_of, listing(record_of, BY, 1))
    drawn = [record.names[g] for g in calibration_map.drawn_groups(record)]
    printed = calibration_map.printed(record, "rows")
    assert list(printed["Group"]) == [n for n in drawn if n in set(printed["Group"])]
    assert "Rows" in printed
    assert "12 groups furthest off of 20" in calibration_map.printed_words(record)


def test_with_small_groups_hidden_no_other_least_number_is_named(shown):
    listed = listing(shown, BY, 1)
    hidden = published(shown, listed.crossed, 10)
    record = miscalibration_map(shown, listed, hidden=hidden)
    assert record.hidden.any()
    said = calibration_map_words.words(record)
    assert "groups shown" in said
    assert "10 people or more" not in said
    all_of_them = published(shown, listed.crossed, 100_000)
    nobody = miscalibration_map(shown, listed, hidden=all_of_them)
    assert "withheld for privacy" in calibration_map_words.words(nobody)


def test_one_group_stands_beside_everyone_the_worst_first(shown):
    record = calibration_table(shown, BY)
    groups = calibration_measures.groups_beside(record)
    assert groups[0] == 0
    assert 3 not in groups
    table = calibration_measures.printed(record, groups[0])
    assert list(table.columns) == ["Measure", "Furthest off", "Everyone", HOSTILE]
    withheld = calibration_table(shown, BY, k=10)
    hidden = set(np.flatnonzero(withheld.hidden))
    assert hidden
    assert not hidden & set(calibration_measures.groups_beside(withheld))


def test_small_changes_have_plain_numbers_on_their_axis(shown):
    """Without a format of its own an axis would say −200μ."""
    squeezed = binary_probabilities(0.999 * shown.score + 0.0005)
    found = guard(shown, replace(shown, scores=squeezed), BY)
    axes = [
        calibrators.changes({"Squeezed": found}).layout.xaxis,
        compare.moves(found.losses, "log_loss").layout.xaxis,
    ]
    assert [axis.tickformat for axis in axes] == [".4~f", ".4~f"]


def test_with_every_group_withheld_the_measures_are_of_everyone(shown):
    record = calibration_table(shown, BY, k=100_000)
    assert "scores of everyone" in calibration_measures.finding(record)
    assert list(calibration_measures.printed(record).columns) == ["Measure", "Everyone"]
