"""Each chart carries the record's numbers, escapes names, and says itself in words."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from analysis.attribution.attribution import Attribution, Part
from analysis.calibration.reliability import reliability_by_group
from analysis.charts import (
    calibration,
    changes,
    compare,
    feature_shifts,
    groups,
    shift,
    splits,
    theme,
    training,
)
from analysis.charts import flips as flips_chart
from analysis.charts import losses as losses_chart
from analysis.compare import flips, paired
from analysis.composition import composition
from analysis.counts import count
from analysis.estimates import Estimate
from analysis.evaluation import Evaluation, Threshold, binary_probabilities
from analysis.frame import AuditFrame, Grouping
from analysis.history import history, losses
from analysis.shifts.shift import FeatureShift
from analysis.subgroups.disaggregate import disaggregate

HOSTILE = "<script>alert(1)</script>"
NAMES = (HOSTILE, "**b** :red[x] $y$", "empty")


@pytest.fixture
def pair(rng):
    y_true = rng.binomial(1, 0.4, 600)
    codes = rng.integers(0, 2, 600)
    return tuple(
        Evaluation(
            title="model",
            y_true=y_true,
            scores=binary_probabilities(
                np.clip(0.5 * y_true + rng.uniform(0, 0.6, 600), 0, 1)
            ),
            classes=("no", "yes"),
            groups={"group": Grouping(codes, NAMES)},
            weights=np.ones(600),
            row_ids=np.arange(600),
            rule=Threshold(0.5),
        )
        for _ in range(2)
    )


@pytest.fixture
def frame(pair):
    shown = pair[0]
    return AuditFrame(
        features=pd.DataFrame({"x": np.zeros(600)}),
        y_true=shown.y_true,
        classes=shown.classes,
        groups=shown.groups,
        weights=shown.weights,
    )


def epoch_events(frame, decided, epochs=4):
    return [
        {
            "epoch": e,
            "train_loss": 1 / e,
            "validation_loss": abs(e - 3) + 0.1,
            "validation_auroc": None,
            "counts": {
                "group": count(frame.y_true, decided, frame.groups["group"]).to_json()
            },
        }
        for e in range(1, epochs + 1)
    ]


def marks(chart):
    return sum(len(trace.x) for trace in chart.data if trace.x is not None)


def check_safe(chart):
    """No text that Plotly would draw holds a tag or a formula of the data's making."""
    spec = json.dumps(json.loads(chart.to_json()))
    assert "<script>" not in spec
    assert "$y$" not in spec
    assert "&lt;script&gt;" in spec
    assert marks(chart) <= 2000


def test_rates_carry_values_intervals_and_n(pair):
    record = disaggregate(pair[0], ("group",), ("false_negative_rate",))
    chart = groups.rates(record, "false_negative_rate")
    check_safe(chart)
    by_group = record.by_group["false_negative_rate"]
    dots = {t.name: t.x[0] for t in chart.data if t.mode == "markers"}
    assert sorted(dots.values()) == sorted(by_group.value[:2])
    lines = {tuple(t.x) for t in chart.data if t.mode == "lines"}
    assert lines == {(by_group.low[g], by_group.high[g]) for g in (0, 1)}
    texts = [a.text for a in chart.layout.annotations]
    assert f"n = {by_group.n[0]:,.0f}" in texts


def test_rates_are_sorted_and_leave_out_groups_without_rows(pair):
    record = disaggregate(pair[0], ("group",), ("selection_rate",))
    rows = groups.shown_rows(record, "selection_rate")
    assert 2 not in rows
    values = record.by_group["selection_rate"].value[rows]
    assert (np.diff(values) <= 0).all()


def test_rates_say_how_many_groups_are_shown_of_many(make_evaluation, rng):
    n = 4000
    codes = rng.integers(0, 60, n)
    shown = make_evaluation(
        rng.binomial(1, 0.5, n), rng.uniform(size=n), np.zeros(n, int)
    )
    many = Evaluation(
        **{
            f: getattr(shown, f)
            for f in (
                "title",
                "y_true",
                "scores",
                "classes",
                "weights",
                "row_ids",
                "rule",
            )
        },
        groups={"g": Grouping(codes, tuple(f"g{i}" for i in range(60)))},
    )
    record = disaggregate(many, ("g",), ("error_rate",))
    chart = groups.rates(record, "error_rate")
    assert "the 40 of 60 groups" in chart.layout.title.text


def test_alt_of_rates_says_both_ends_with_intervals(pair):
    record = disaggregate(pair[0], ("group",), ("error_rate",))
    said = groups.alt(record, "error_rate")
    assert HOSTILE in said  # an attribute, not markup: nothing to escape
    assert said.count("[") >= 3
    assert "overall" in said


def test_reliability_carries_every_filled_bin(pair):
    record = reliability_by_group(pair[0], ("group",))
    chart = calibration.reliability(record)
    check_safe(chart)
    lines = [t for t in chart.data if t.type == "scatter"]
    drawn = [t for t in lines if t.mode == "lines+markers"]
    assert len(drawn) == 2
    filled = record[0].curve.count > 0
    assert np.allclose(drawn[0].y, record[0].curve.observed_rate[filled])
    assert f"n = {record[0].error.value.n:,.0f}" in calibration.alt(record)
    assert len(calibration.table(record)) == 30


def test_reliability_finding_does_not_cry_wolf(rng, make_evaluation):
    scores = rng.uniform(size=4000)
    true = make_evaluation(rng.binomial(1, scores), scores)
    assert "as close to the outcome" in calibration.finding(
        reliability_by_group(true, ("group",))
    )
    bold = make_evaluation(rng.binomial(1, scores / 2), scores)
    said = calibration.finding(reliability_by_group(bold, ("group",)))
    assert "mostly promises more than happens" in said


def test_live_curves_end_at_the_last_epoch_and_keep_their_frame(frame, pair):
    events = epoch_events(frame, pair[0].decisions)
    base = history(events, "group", "false_negative_rate")
    for upto in (1, 4):
        record = history(events[:upto], "group", "false_negative_rate")
        chart = training.by_group(record, base, training.Epochs(30))
        check_safe(chart)
        assert tuple(chart.layout.xaxis.range) == (0.5, 30.9)
        dots = [t for t in chart.data if t.mode == "markers"]
        assert [list(t.x) for t in dots] == [[upto], [upto]]
        assert f"{100 * record.value[-1, 0]:.1f}" in chart.layout.annotations[0].text
    assert "after epoch 4 of 30" in training.alt(record, training.Epochs(30))


def test_curves_of_a_finished_run_name_the_kept_epoch_not_the_last(frame):
    right, by = frame.y_true.astype(bool), frame.groups["group"]
    events = [
        {
            "epoch": e,
            "counts": {
                "group": count(
                    frame.y_true,
                    right & (np.arange(600) % e == 0),
                    by,
                ).to_json()
            },
        }
        for e in (1, 2, 3)
    ]
    record = history(events, "group", "false_negative_rate")
    chart = training.by_group(record, None, training.Epochs(30, kept=2))
    dots = [t for t in chart.data if t.mode == "markers"]
    assert [list(t.x) for t in dots] == [[2], [2]]
    assert [t.y[0] for t in dots] == list(record.value[1, :2])
    title = chart.layout.title.text.replace("<br>", " ")
    assert "live" not in title
    assert "epoch 2, whose model is kept" in title
    assert f"{100 * record.value[1, 0]:.1f}" in chart.layout.annotations[0].text
    said = training.alt(record, training.Epochs(30, kept=2))
    assert "after epoch 2 of 3, the one kept" in said


def test_history_of_counts_is_the_rate_itself(frame, pair):
    record = history(epoch_events(frame, pair[0].decisions), "group", "error_rate")
    direct = disaggregate(pair[0], ("group",), ("error_rate",)).by_group["error_rate"]
    assert np.allclose(record.value[-1], direct.value, equal_nan=True)
    assert np.allclose(record.low[-1], direct.low, equal_nan=True)


def test_losses_mark_the_kept_epoch_which_need_not_be_the_lowest(frame, pair):
    record = losses(epoch_events(frame, pair[0].decisions), kept=2)
    chart = losses_chart.curves(record)
    assert int(np.nanargmin(record.validation)) + 1 != 2
    assert list(chart.data[-1].x) == [2]
    assert "dot: epoch 2, whose model is kept" in chart.layout.title.text
    assert "at epoch 2 of 4, the one kept" in losses_chart.alt(record)


def test_moves_join_before_to_after(pair):
    record = paired(*pair, ("group",), ("error_rate", "accuracy"))
    chart = compare.moves(record, "error_rate")
    check_safe(chart)
    lines = [tuple(t.x) for t in chart.data if t.mode == "lines"]
    before, after = (
        record.before.by_group["error_rate"],
        record.after.by_group["error_rate"],
    )
    assert {(before.value[g], after.value[g]) for g in (0, 1)} == set(lines)
    assert "change overall" in compare.alt(record, "error_rate")
    assert "accuracy" in compare.price(record)["Measure"].str.lower().to_string()


def test_a_change_that_could_be_chance_is_grey(pair):
    record = paired(pair[0], pair[0], ("group",), ("error_rate",))
    chart = compare.moves(record, "error_rate")
    lines = {t.line.color for t in chart.data if t.mode == "lines"}
    assert lines == {theme.LIGHT.ghost}
    assert "no group changed more than chance" in compare.finding(record, "error_rate")


def test_flips_add_up_to_the_rows_that_changed(pair):
    record = flips(*pair, ("group",))
    chart = flips_chart.bars(record, NAMES[1::-1])
    check_safe(chart)
    assert chart.layout.yaxis.ticktext[-1] == theme.safe(NAMES[1])  # on top
    changed = (pair[0].decisions != pair[1].decisions).sum()
    assert sum(np.abs(trace.x).sum() for trace in chart.data) == changed
    assert "newly decided right" in flips_chart.alt(record)


def test_waterfall_ends_at_the_target():
    record = Attribution(
        metric="accuracy",
        source=Estimate(0.9, 0.88, 0.92, 500),
        target=Estimate(0.8, 0.78, 0.82, 500),
        change=Estimate(-0.1, -0.13, -0.07, 1000),
        parts=(
            Part("P(X)", -0.03, -0.05, -0.01),
            Part("P(Y|X)", -0.06, -0.08, -0.04),
        ),
        residual=-0.01,
        effective_sample_size={"P(X)": 200.0, "P(Y|X)": 180.0},
        warnings=(),
    )
    chart = shift.waterfall(record)
    said = shift.finding(record, ("year 1994", "year 1995")).replace("\u00a0", " ")
    bars = [t for t in chart.data if t.type == "bar"]
    ends = [bar.base[0] + bar.y[0] for bar in bars]
    assert [bar.y[0] for bar in bars] == [-0.06, -0.03, -0.01]  # by size
    assert ends[-1] == pytest.approx(record.target.value)
    assert bars[-1].marker.pattern.shape == "/"
    assert "what happens to them, P(Y|X): −6.0 points" in said
    assert "from 90.0 % at year 1994 (n = 500) to 80.0 % at year 1995 (n = 500)" in said
    assert "not accounted for −1.0" in shift.alt(record)


def test_moved_columns_tell_noise_from_shift():
    record = (
        FeatureShift(HOSTILE, 0.3, 0.05, 0.0, 0.1),
        FeatureShift("still", 0.02, 0.05, 0.0, 0.0),
    )
    chart = feature_shifts.sizes(record)
    check_safe_name = json.dumps(json.loads(chart.to_json()))
    assert "<script>" not in check_safe_name
    still, moved = chart.data[1].marker.color
    assert still != moved
    assert "1 of 2 columns moved" in chart.layout.title.text
    assert "1 of 2 columns" in feature_shifts.alt(record)


def test_columns_are_sorted_by_what_is_drawn_sure_ones_first():
    record = (
        FeatureShift("small but sure", 0.1, 0.01, 0.0, 0.0),
        FeatureShift("large", 0.3, 0.25, 0.0, 0.0),
        FeatureShift("within noise", 0.5, 0.6, 0.0, 0.0),
    )
    chart = feature_shifts.sizes(record)
    drawn = list(chart.layout.yaxis.ticktext)[::-1]
    assert drawn == ["large", "small but sure", "within noise"]


def attributed(**changed):
    values = {
        "metric": "accuracy",
        "source": Estimate(0.95742, 0.952, 0.962, 5000),
        "target": Estimate(0.95254, 0.948, 0.957, 5000),
        "change": Estimate(-0.00488, -0.009, -0.001, 10000),
        "parts": (Part("P(X)", -0.00244, -0.005, 0.0), Part("P(Y|X)", -0.00244, -1, 1)),
        "residual": 0.0,
        "effective_sample_size": {},
        "warnings": (),
    }
    return Attribution(**values | changed)


def test_the_numbers_of_a_shift_add_up_as_printed():
    said = shift.finding(attributed(), ("a", "b")).replace("\u00a0", " ")
    printed = [float(x.replace("−", "-")) for x in re.findall(r"[+−]?\d+\.\d+", said)]
    source, target, change = printed[:3]
    assert round(target - source, 3) == change


def test_few_rows_temper_the_sentence_of_a_shift():
    said = shift.finding(attributed(warnings=("few",)), ("a", "b"))
    assert "seems to be" in said
    assert "rests on few rows, see below" in said


@pytest.mark.parametrize(
    ("metric", "change", "is_orange"),
    [
        ("accuracy", -0.1, True),
        ("accuracy", 0.1, False),
        ("error_rate", 0.1, True),
        ("error_rate", -0.1, False),
        ("selection_rate", 0.1, True),
    ],
)
def test_orange_is_for_the_worse_wherever_that_is_known(metric, change, is_orange):
    color = changes.color_of(metric, change, theme.LIGHT)
    assert (color == theme.LIGHT.up) == is_orange
    neutral = metric == "selection_rate"
    assert ("went up" in changes.color_words(metric)) == neutral


def changed(rng, codes, flip):
    """Two evaluations of the same rows; the second turns the decisions of `flip`."""
    y_true = rng.binomial(1, 0.5, len(codes))
    first = np.where(rng.uniform(size=len(codes)) < 0.25, 1 - y_true, y_true)
    second = np.where(flip(y_true, first), 1 - first, first)
    return [
        Evaluation(
            title="model",
            y_true=y_true,
            scores=binary_probabilities(decided.astype(float)),
            classes=("no", "yes"),
            groups={"group": Grouping(codes, ("gains", "loses"))},
            weights=np.ones(len(codes)),
            row_ids=np.arange(len(codes)),
            rule=Threshold(0.5),
        )
        for decided in (first, second)
    ]


def test_the_headline_of_a_comparison_names_who_lost_beside_who_gained(rng):
    codes = np.repeat([0, 1], 1500)

    def flip(y, decided):
        wrong = y != decided
        mended = (codes == 0) & wrong
        spoilt = (codes == 1) & ~wrong & (np.arange(3000) % 5 == 0)
        return mended | spoilt

    record = paired(*changed(rng, codes, flip), ("group",), ("error_rate", "accuracy"))
    said = compare.finding(record, "error_rate")
    assert said.index("gains went from") < said.index("but loses went from")
    assert "surely for the worse" in said
    assert ("loses", "error_rate") in record.harmed


def test_calibration_ranks_by_the_value_it_prints(rng, make_evaluation):
    scores = rng.uniform(size=6000)
    codes = np.repeat([0, 1], 3000)
    y_true = rng.binomial(1, np.where(codes == 0, scores**2, scores**1.5))
    record = reliability_by_group(make_evaluation(y_true, scores, codes), ("group",))
    off = [r for r in record if r.error.value.value > r.error.null_high]
    worst = max(off, key=lambda r: r.error.value.value)
    printed = f"{100 * worst.error.value.value:.1f} points"
    assert (
        f"fits {worst.name} least: on average it is {printed}"
        in calibration.finding(record)
    )
    panels = [a.text for a in calibration.reliability(record).layout.annotations]
    assert any(printed in text for text in panels)
    table = calibration.errors_table(record)
    assert printed.split()[0] in list(table["Mean distance, points"])


def test_one_column_of_rates_has_one_number_of_decimals(pair):
    record = disaggregate(pair[0], ("group",), ("error_rate",))
    texts = [a.text for a in groups.rates(record, "error_rate").layout.annotations]
    values = [t.split("\u00a0")[0] for t in texts if "[" in t or "overall" in t]
    assert len({len(v.partition(".")[2]) for v in values}) == 1


def test_who_counts_every_row(frame):
    record = composition(frame, "group")
    chart = splits.who(record, "yes")
    check_safe(chart)
    assert sum(chart.data[0].x) == 600
    rate = record.label_rate.value
    assert sorted(chart.data[1].x) == sorted(rate[:2])
    assert splits.alt(record, "yes").startswith("Rows by group")
    assert np.isnan(rate[2])
