"""Charts and sentences of sets, risks and deferral."""

import numpy as np
import pytest

from analysis.charts import (
    conformal,
    deferral,
    deferral_words,
    dots,
    risk_control,
    risk_words,
)
from analysis.charts.theme import DARK
from analysis.conformal.control import RISKS, Dial, control_risk
from analysis.conformal.coverage import coverage
from analysis.conformal.dialled import dialled
from analysis.conformal.promised import Promise, promised_coverage
from analysis.conformal.realised import realised
from analysis.conformal.sets import fit_sets, sets_of
from analysis.deferral.curve import deferral_at, deferral_curve
from analysis.estimates import Estimate

BY = ("group",)


def people(make_evaluation, n=600, groups=3, seed=0):
    """Return people whose labels follow the score, but not in the last group."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, groups, n)
    scores = rng.uniform(size=n)
    y_true = rng.binomial(1, np.where(codes == groups - 1, 0.5, scores))
    return make_evaluation(y_true, scores, codes, g=groups)


@pytest.fixture
def fit(make_evaluation):
    return people(make_evaluation)


@pytest.fixture
def new(make_evaluation):
    return people(make_evaluation, 1_500, seed=1)


def words_of(chart):
    title = chart.layout.title.text.replace("<br>", " ")
    return " ".join([title, *(a.text for a in chart.layout.annotations)]).replace(
        "\u00a0", " "
    )


def marks(chart):
    return sum(len(t.x) for t in chart.data)


def test_coverage_shows_everyone_first_and_the_promise(fit, new):
    record = promised_coverage(fit, new, Promise(0.2), BY)
    chart = conformal.coverage(record, "borrowers", DARK)
    assert list(chart.layout.yaxis.ticktext)[-1] == "Everyone"
    assert "promised 80 %" in words_of(chart)
    assert f"n = {len(new):,}" in words_of(chart)
    bands = [t for t in chart.data if t.line.width == 16]
    assert len(bands) == 4


def test_the_finding_names_who_is_covered_too_seldom(fit, new):
    record = promised_coverage(fit, new, Promise(0.2), BY)
    said = conformal.finding(record, "borrowers")
    assert said.startswith("Sets promised to hold the truth 80\u00a0% of the time")
    assert "surely less often for c (" in said
    assert "a (" not in said
    overall = promised_coverage(fit, new, Promise(0.2), ())
    assert "surely" not in conformal.finding(overall)
    by_group = promised_coverage(fit, new, Promise(0.2, condition="group"), BY)
    assert "no group is surely covered less often" in conformal.finding(by_group)


def test_size_and_gap_are_said(fit, new):
    said = conformal.size_words(promised_coverage(fit, new, Promise(0.2), BY))
    assert "both classes" in said
    assert "Largest gap of coverage between two groups" in said
    assert "+" not in said


def test_cells_of_too_few_rows_are_named(fit, new):
    few = fit.take(np.arange(12))
    everyone = promised_coverage(few, new, Promise(0.05), BY)
    assert "There are 12 rows to fit on; this level needs 19" in conformal.open_words(
        everyone
    )
    groups = promised_coverage(few, new, Promise(0.1, condition="group"), BY)
    assert "Too few rows to fit on: a (" in conformal.open_words(groups)
    assert conformal.finding(groups).endswith("no group has enough rows to tell.")
    assert "everything is in" in set(conformal.printed(groups)["If kept"])
    assert conformal.open_words(promised_coverage(fit, new, Promise(0.1), BY)) == ""


def test_withheld_groups_show_no_number(make_evaluation):
    rng = np.random.default_rng(2)
    codes = np.repeat([0, 1, 2], [150, 150, 6])
    shown = make_evaluation(rng.integers(0, 2, 306), rng.uniform(size=306), codes)
    rule = fit_sets(shown, 0.1)
    record = coverage(shown, rule, sets_of(rule, shown), BY, k=10)
    row = conformal.printed(record).set_index("Group").loc["c"]
    assert set(row) == {"withheld"}
    assert "c" not in conformal.coverage(record).layout.yaxis.ticktext
    assert "withheld for privacy" in conformal.size_words(record)
    hidden = conformal.table(record).query("of == 'group' and name == 'c'")
    assert hidden.drop(columns=["of", "name"]).isna().all(axis=None)


def test_the_tables_hold_every_group_and_class(fit, new):
    record = promised_coverage(fit, new, Promise(0.2), BY)
    assert list(conformal.printed(record)["Group"]) == ["Everyone", "a", "b", "c"]
    assert list(conformal.printed_classes(record)["True class"]) == ["no", "yes"]
    table = conformal.table(record)
    assert list(table["name"]) == ["Everyone", "a", "b", "c", "no", "yes"]
    assert table["people"].iloc[1:4].sum() == len(new)


@pytest.mark.parametrize("risk", RISKS)
def test_a_risk_is_drawn_against_its_level(risk, fit, new):
    now = realised(new, control_risk(fit, Dial(risk, 0.4)), BY)
    chart = risk_control.risks(now, rows="other rows")
    assert "level 40 %" in words_of(chart)
    assert "other rows" in words_of(chart)
    assert risk_control.alt(now).endswith("Level: 40\u00a0%.")
    assert risk_words.finding(now).startswith("Set to hold 40\u00a0%")
    assert list(risk_control.printed([risk_words.Told("", now)])["Group"]) == [
        "Everyone",
        "a",
        "b",
        "c",
    ]


def test_groups_surely_above_the_level_are_named(fit, new):
    now = realised(new, control_risk(fit, Dial("false_negatives", 0.2)), BY)
    assert "Surely above the level: c (" in risk_words.finding(now)
    calm = realised(new, control_risk(fit, Dial("false_negatives", 0.2, BY)), BY)
    assert "No group is surely above the level" in risk_words.finding(calm)
    assert risk_words.threshold_said(calm.control).startswith("a: flagged from a score")
    assert "Largest gap between two groups" in risk_words.gap_words(now)


def test_a_level_that_is_not_held_after_a_change_is_said(fit, make_evaluation):
    new = make_evaluation([1] * 200, np.linspace(0, 0.5, 200))
    now = realised(new, control_risk(fit, Dial("false_negatives", 0.1)), ())
    assert "surely not held here" in risk_words.finding(now)


def test_what_cannot_be_promised_is_said(fit, new):
    f1 = realised(new, control_risk(fit, Dial("f1", 0.05)), BY)
    assert "No threshold can be promised" in risk_words.finding(f1)
    assert "o threshold can be promised" in risk_words.threshold_said(f1.control)
    assert risk_control.alt(f1).startswith("Flags wrong or missing (1 − F1): undefined")
    few = control_risk(fit.take(np.arange(3)), Dial("false_negatives", 0.1))
    assert "Everyone is flagged, for want of rows" in risk_words.threshold_said(few)
    table = risk_control.printed([risk_words.Told("", realised(new, few, BY))])
    assert table["Flagged"].str.endswith("(no limit)").all()


def test_weights_are_drawn_beside_none_and_their_rows_said(fit, new):
    weights = np.linspace(0.1, 1, len(fit))
    dial = Dial("miscoverage", 0.2)
    plain, weighted = (
        realised(new, control_risk(fit, dial, w), BY) for w in (None, weights)
    )
    chart = risk_control.risks(weighted, plain)
    hollow = [t for t in chart.data if t.marker.size == 9]
    assert len(hollow) == 4
    assert "hollow: the same without weights" in words_of(chart)
    assert "worth 490 of equal weight" in risk_words.threshold_said(weighted.control)
    told = [risk_words.Told("weighted", weighted), risk_words.Told("plain", plain)]
    assert {"Risk, weighted", "Risk, plain"} <= set(risk_control.printed(told))
    assert set(risk_control.table(told)["control"]) == {"weighted", "plain"}
    said = risk_words.change_words(told, told)
    assert "before the change and" in said


def test_each_kind_of_promise_is_told_apart(fit):
    mean = control_risk(fit, Dial("miscoverage", 0.2))
    f1 = control_risk(fit, Dial("f1", 0.4, delta=0.05))
    said = risk_words.guarantee_words
    assert "holds on average, over draws" in said(mean, is_weighted=False)
    assert "approximate" in said(mean, is_weighted=True)
    assert "with 95 % probability" in said(f1, is_weighted=False)


@pytest.mark.parametrize("risk", RISKS)
def test_the_price_falls_as_the_level_rises(risk, fit, new):
    curve = dialled(fit, new, Dial(risk, 0.3))
    known = curve.load.value[~np.isnan(curve.load.value)]
    assert known[0] > known[-1]
    chart = risk_control.price(curve)
    assert chart.layout.shapes[0].x0 == 0.3
    assert risk_control.price_alt(curve).count("[") == 2


def test_deferral_draws_everyone_and_groups_with_a_cut(fit, new):
    record = deferral_curve(new, BY, "distance", fit)
    cut = record.at_share(0.25)
    at = deferral_at(record, cut)
    chart = deferral.curves(record, cut, "other rows")
    assert {t.name for t in chart.data if t.name} == {"Everyone", "a", "b", "c"}
    assert chart.layout.shapes[0].x0 == pytest.approx(0.25, abs=0.03)
    assert "other rows" in words_of(chart)
    assert "Accuracy" in deferral.alt(record, at)
    assert "The paper's cut" in deferral_words.suggested_words(record)
    assert "at random would leave" in deferral_words.area_words(record)
    assert len(deferral.table(record)) == 4 * len(record.cuts)


def test_the_finding_says_who_is_deferred_most(make_evaluation):
    scores = np.where(np.arange(400) < 200, 0.95, 0.55)
    shown = make_evaluation([1] * 400, scores, np.repeat([0, 1], 200))
    record = deferral_curve(shown, BY)
    at = deferral_at(record, record.at_share(0.5))
    said = deferral_words.finding(record, at, "borrowers")
    assert said.startswith("With 50\u00a0% of borrowers deferred, 100.0\u00a0%")
    assert "Most deferred are b (100.0\u00a0%" in said
    assert "a gap of 100.0\u00a0points" in said
    even = make_evaluation([1] * 400, scores, np.arange(400) % 2)
    record = deferral_curve(even, BY)
    at = deferral_at(record, record.at_share(0.5))
    assert "No group is surely deferred more" in deferral_words.finding(record, at)


def test_charts_stay_under_two_thousand_marks_with_many_groups(make_evaluation):
    fit = people(make_evaluation, 4_000, groups=45)
    record = deferral_curve(fit, BY)
    assert marks(deferral.curves(record, 5)) <= 2_000
    assert marks(deferral.who(deferral_at(record, 5))) <= 2_000
    assert "groups furthest from everyone" in words_of(
        deferral.who(deferral_at(record, 5))
    )
    sets = promised_coverage(fit, fit, Promise(0.1), BY)
    assert marks(conformal.coverage(sets)) <= 2_000


def test_groups_are_in_order_and_strangers_names_are_harmless():
    told = [
        dots.Dot("low", Estimate(0.1, 0.05, 0.2, 10), 0),
        dots.Dot("<b>high</b>", Estimate(0.9, 0.8, 0.95, 10), 1),
        dots.Dot("unknown", Estimate(np.nan, np.nan, np.nan, 3), 2),
        dots.Dot("nobody", Estimate(np.nan, np.nan, np.nan, 0), 3),
        dots.Dot("Everyone", Estimate(0.5, 0.4, 0.6, 20), -1),
    ]
    names = [d.name for d in dots.rows_of(told)]
    assert names == ["Everyone", "<b>high</b>", "low", "unknown"]
    chart = dots.chart(("Title", "Subtitle"), told)
    assert "&lt;b&gt;high&lt;/b&gt;" in chart.layout.yaxis.ticktext
    assert "unknown" not in dots.alt("Share", told)


def test_scores_that_are_all_the_same_leave_no_order_to_defer_by(make_evaluation):
    same = make_evaluation([0, 1] * 50, np.full(100, 0.3), np.arange(100) % 2)
    record = deferral_curve(same, BY)
    cut = record.at_share(0.2)
    at = deferral_at(record, cut)
    chart = deferral.curves(record, cut)
    assert chart.layout.xaxis.range[0] > -0.1
    assert chart.layout.xaxis.range[1] == 1
    drawn = [t for t in chart.data if t.mode == "markers"]
    assert [t.y[0] for t in drawn] == [0.5, 1, 0]
    assert chart.layout.yaxis.range[1] < 1.1
    assert deferral_words.finding(record, at).startswith("Nobody is deferred")
    assert "same doubt" in deferral_words.tie_words(record, at, 0.2)


def test_a_share_that_ties_prevent_is_said(make_evaluation):
    scores = np.where(np.arange(100) < 50, 0.9, 0.6)
    record = deferral_curve(make_evaluation([1] * 100, scores), ())
    at = deferral_at(record, record.at_share(0.3))
    said = deferral_words.tie_words(record, at, 0.3).replace("\u00a0", " ")
    assert said.startswith("30 % cannot be deferred")
    assert "defers 50.0 %" in said
    assert deferral_words.tie_words(record, at, 0.48) == ""


def test_only_everyone_has_a_band_and_labels_stand_apart(make_evaluation):
    many = people(make_evaluation, 4_000, groups=12)
    record = deferral_curve(many, BY)
    chart = deferral.curves(record, record.at_share(0.2))
    assert sum(t.fill == "tonexty" for t in chart.data) == 1
    heights = sorted(a.y for a in chart.layout.annotations)
    low, high = chart.layout.yaxis.range
    line = (high - low) * deferral.LINE_PIXELS / deferral.HEIGHT
    assert len(heights) == deferral.MAX_LINES + 1
    assert (np.diff(heights) >= line * (1 - 1e-9)).all()


def test_rows_that_are_not_people_are_called_what_they_are(fit, new):
    sets = promised_coverage(fit, new, Promise(0.2), BY)
    now = realised(new, control_risk(fit, Dial("miscoverage", 0.4)), BY)
    at = deferral_at(deferral_curve(new, BY), 5)
    for table in (
        conformal.printed(sets, "borrowers"),
        conformal.printed_classes(sets, "borrowers"),
        risk_control.printed([risk_words.Told("", now)], "borrowers"),
        deferral.printed(at, "borrowers"),
    ):
        assert "Borrowers" in table
        assert "People" not in table
    assert "people" not in words_of(risk_control.risks(now)).lower()


def test_thresholds_on_ranks_are_called_ranks(fit):
    for risk, words in (
        ("miscoverage", "from a rank of"),
        ("false_negatives", "lagged from a rank of"),
    ):
        control = control_risk(fit, Dial(risk, 0.2))
        assert words in risk_words.threshold_said(control, is_ranked=True)
        assert "rank" not in risk_words.threshold_said(control)
