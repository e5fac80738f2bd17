"""Estimates without labels against what the labels then show."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import OverlapError, SettingError
from analysis.evaluation import (
    Argmax,
    Evaluation,
    Scores,
    Threshold,
    binary_probabilities,
)
from analysis.frame import Grouping
from analysis.label_free.case import Wanted
from analysis.label_free.estimate import estimates
from analysis.metrics.registry import METRICS
from analysis.shifts.domain import Domain, without_labels

RATES = ("error_rate", "true_positive_rate", "false_positive_rate", "precision", "f1")
OTHERS = ("auroc", "brier_score", "log_loss", "selection_rate")
WANTED = Wanted((*RATES, *OTHERS), (("sex",),))


@pytest.mark.parametrize("shift", [0.0, 0.6])
def test_intervals_hold_what_the_labels_show_if_only_the_people_changed(
    make_side, shift
):
    """Chance alone leaves about 5 % of them out; 40 worlds of either kind."""
    held, missed, biased = [], [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        reference = make_side(rng, 1500)
        target = make_side(rng, 1500, shift, of_group=shift / 2)
        found = estimates(reference, target, WANTED)
        for part in (found.overall, *found.groups):
            for name in RATES:
                guess = part.metrics[name]
                real = guess.realised.value
                held.append(guess.estimated.low <= real <= guess.estimated.high)
        guess = found.overall.metrics["error_rate"]
        missed.append(guess.estimated.value - guess.realised.value)
        biased.append(guess.plain - guess.realised.value)
    assert 0.92 <= np.mean(held) <= 0.99
    assert abs(np.mean(missed)) < 0.005
    if shift:
        assert abs(np.mean(missed)) < abs(np.mean(biased)) / 2


def test_the_labels_of_the_target_are_not_read(make_side, rng):
    reference, target = make_side(rng, 800), make_side(rng, 700, 0.4)
    seen = estimates(reference, target, WANTED)
    unseen = estimates(reference, without_labels(target), WANTED)
    assert seen.has_labels
    assert not unseen.has_labels
    for name, guess in unseen.overall.metrics.items():
        assert guess.estimated == seen.overall.metrics[name].estimated
        assert guess.realised.is_undefined
    assert unseen.groups[0].metrics["f1"].realised.is_undefined


def test_what_no_label_is_needed_for_is_exact(make_side, rng):
    found = estimates(make_side(rng, 800), make_side(rng, 700, 0.4), WANTED)
    guess = found.overall.metrics["selection_rate"]
    assert guess.estimated.value == pytest.approx(guess.realised.value)
    assert guess.estimated.low == guess.estimated.high == guess.estimated.value


def test_every_metric_is_estimated_or_left_out_with_a_reason(make_side, rng):
    wanted = Wanted((*METRICS, "f1_macro"))
    found = estimates(make_side(rng, 2000), make_side(rng, 1000, 0.3), wanted)
    assert set(found.left_out) == {"f1_macro"}
    for name, guess in found.overall.metrics.items():
        e = guess.estimated
        assert np.isfinite(e.value), name
        assert e.low <= e.value <= e.high, name
        assert e.value == pytest.approx(guess.realised.value, abs=0.12), name


def test_weights_count_as_copies(make_side, rng):
    reference, target = make_side(rng, 600), make_side(rng, 500, 0.4)
    copies = rng.integers(1, 4, 500)
    rows = np.repeat(np.arange(500), copies)
    heavy = replace(target.evaluation, weights=copies.astype(float))
    weighted = estimates(reference, Domain(heavy, target.columns), WANTED)
    repeated = estimates(reference, target.take(rows), WANTED)
    for name in RATES:
        first, second = (
            r.overall.metrics[name].estimated.value for r in (weighted, repeated)
        )
        assert first == pytest.approx(second, abs=0.02)


def test_the_scale_of_weights_and_the_names_of_groups_say_nothing(make_side, rng):
    reference, target = make_side(rng, 600), make_side(rng, 500, 0.4)
    found = estimates(reference, target, WANTED)
    scaled = replace(reference.evaluation, weights=np.full(600, 7.0))
    swapped = replace(
        target.evaluation,
        groups={
            "sex": Grouping(1 - target.evaluation.groups["sex"].codes, ("woman", "man"))
        },
    )
    again = estimates(
        Domain(scaled, reference.columns), Domain(swapped, target.columns), WANTED
    )
    assert again.overall.metrics["f1"].estimated.value == pytest.approx(
        found.overall.metrics["f1"].estimated.value, abs=1e-3
    )
    named = [{p.name: p for p in r.groups} for r in (found, again)]
    for name in ("man", "woman"):
        first, second = (n[name].metrics["f1"].estimated.value for n in named)
        assert first == pytest.approx(second, abs=1e-3)


def test_a_raw_score_gives_rates_and_refuses_what_needs_probabilities(make_side, rng):
    sides = []
    for side in (make_side(rng, 900), make_side(rng, 900, 0.5)):
        raw = Scores(10 * side.evaluation.score[:, None], "raw")
        scored = replace(side.evaluation, scores=raw, rule=Threshold(5.0))
        sides.append(Domain(scored, side.columns))
    found = estimates(sides[0], sides[1], WANTED)
    assert set(found.left_out) == {"brier_score", "log_loss"}
    assert "raw" in found.left_out["log_loss"]
    for name in (*RATES, "auroc"):
        guess = found.overall.metrics[name]
        assert guess.estimated.value == pytest.approx(guess.realised.value, abs=0.08)
    assert "raw" in found.energy["f1"].why_not


def test_of_three_classes_the_one_in_view_is_estimated(rng):
    sides = []
    for shift in (0.0, 0.5):
        x = rng.normal(shift, 1, 1200)
        logits = np.column_stack([np.zeros(1200), x, 1.5 * x - 1])
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        y = (p.cumsum(1) < rng.random((1200, 1))).sum(1)
        sides.append(three_classes(x, p, y))
    found = estimates(sides[0], sides[1], Wanted((*RATES, "auroc", "log_loss")))
    assert "all classes" in found.left_out["log_loss"]
    for name in (*RATES, "auroc"):
        guess = found.overall.metrics[name]
        assert guess.estimated.low <= guess.realised.value <= guess.estimated.high


def three_classes(x, p, y):
    n = len(x)
    names, ones = ("low", "middle", "high"), np.ones(n)
    e = Evaluation("m", y, Scores(p), names, {}, ones, np.arange(n), Argmax(), 1)
    return Domain(e, pd.DataFrame({"x": x}))


def test_a_group_with_few_reference_rows_borrows_and_says_so(make_side, rng):
    reference = make_side(rng, 1000)
    few = np.flatnonzero(
        (reference.evaluation.groups["sex"].codes == 0) | (np.arange(1000) < 450)
    )
    target = make_side(rng, 1000, 0.3)
    found = estimates(reference.take(few), target, WANTED)
    by_name = {part.name: part for part in found.groups}
    assert "too few" in by_name["woman"].note
    assert np.isfinite(by_name["woman"].metrics["f1"].estimated.value)
    assert "its own" in by_name["man"].note


def test_a_group_that_the_reference_lacks_borrows(make_side, rng):
    reference, target = make_side(rng, 900), make_side(rng, 900, 0.3)
    codes = np.where(np.arange(900) < 50, 2, target.evaluation.groups["sex"].codes)
    grown = {"sex": Grouping(codes, ("man", "woman", "other"))}
    target = Domain(replace(target.evaluation, groups=grown), target.columns)
    found = estimates(reference, target, WANTED)
    other = found.groups[-1]
    assert other.name == "other"
    assert other.n == 50
    assert "too few" in other.note
    assert other.metrics["f1"].reference.is_undefined


def test_small_groups_are_withheld(make_side, rng):
    reference, target = make_side(rng, 900), make_side(rng, 900, 0.3)
    codes = np.where(np.arange(900) < 5, 2, target.evaluation.groups["sex"].codes)
    both = []
    for side in (reference, target):
        grown = {"sex": Grouping(codes, ("man", "woman", "other"))}
        both.append(Domain(replace(side.evaluation, groups=grown), side.columns))
    found = estimates(both[0], both[1], replace(WANTED, k=10))
    other = {part.name: part for part in found.groups}["other"]
    assert np.isnan(other.n)
    assert np.isnan(other.metrics["f1"].estimated.value)
    assert "Withheld" in other.note
    whole = estimates(both[0], both[1], WANTED)
    assert not np.isnan({p.name: p for p in whole.groups}["other"].n)


def test_sides_without_overlap_are_refused_in_words(make_side, rng):
    reference, target = make_side(rng, 500), make_side(rng, 500)
    far = target.columns.assign(x=target.columns["x"] + 50, z="other")
    found = estimates(reference, Domain(target.evaluation, far), WANTED)
    assert found.lights[1].state == "bad"
    assert np.isnan(found.overall.metrics["f1"].estimated.value)
    assert "Label some" in found.overall.note
    assert "unlike anything" in found.lights[1].words
    assert "count as" not in found.lights[1].words  # they do not count at all
    assert all(np.isnan(p.metrics["f1"].estimated.value) for p in found.groups)


def test_too_small_a_reference_is_refused(make_side, rng):
    with pytest.raises(OverlapError, match="Choose a larger reference"):
        estimates(make_side(rng, 150), make_side(rng, 500), WANTED)
    one = make_side(rng, 500)
    none = Domain(replace(one.evaluation, y_true=np.zeros(500, int)), one.columns)
    with pytest.raises(OverlapError, match="0 of them positive"):
        estimates(none, one, WANTED)
    with pytest.raises(OverlapError, match="no row"):
        estimates(one, one.take(np.zeros(0, np.int64)), WANTED)
    with pytest.raises(SettingError, match="at least one"):
        estimates(one, one, Wanted(()))


def test_one_row_is_estimated_with_an_interval_of_its_label(make_side, rng):
    reference, target = make_side(rng, 800), make_side(rng, 1)
    guess = estimates(reference, target, Wanted(("accuracy",))).overall.metrics
    accuracy = guess["accuracy"].estimated
    assert (accuracy.low, accuracy.high) == (0, 1)


def test_constant_scores_are_estimated_by_the_weighted_rate(make_side, rng):
    sides = []
    for side in (make_side(rng, 900), make_side(rng, 900, 0.7)):
        flat = Scores(np.tile([0.3, 0.7], (900, 1)))
        sides.append(Domain(replace(side.evaluation, scores=flat), side.columns))
    found = estimates(sides[0], sides[1], Wanted(("precision", "auroc"))).overall
    guess = found.metrics["precision"]
    assert guess.estimated.low <= guess.realised.value <= guess.estimated.high
    assert guess.plain < guess.estimated.low
    assert found.metrics["auroc"].estimated.value == pytest.approx(0.5)


def test_periods_are_estimated_one_by_one(make_side, rng):
    reference = make_side(rng, 1500)
    parts = [make_side(rng, 400, shift) for shift in (0.0, 0.8)]
    columns = pd.concat([p.columns for p in parts], ignore_index=True)
    joined = replace(
        parts[0].evaluation,
        y_true=np.concatenate([p.evaluation.y_true for p in parts]),
        scores=binary_probabilities(
            np.concatenate([p.evaluation.score for p in parts])
        ),
        groups={},
        weights=np.ones(800),
        row_ids=np.arange(800),
    )
    times = Grouping(np.repeat([0, 1], 400), ("May", "June"))
    found = estimates(reference, Domain(joined, columns, times), Wanted(("accuracy",)))
    assert [c.name for c in found.chunks] == ["May", "June"]
    for chunk in found.chunks:
        guess = chunk.metrics["accuracy"]
        assert guess.estimated.low <= guess.realised.value <= guess.estimated.high
    rates = [c.metrics["accuracy"].realised.value for c in found.chunks]
    assert rates[0] != rates[1]


def in_periods(side, lengths, names):
    codes = np.repeat(np.arange(len(names)), lengths)
    return Domain(side.evaluation, side.columns, Grouping(codes, names))


def withheld(reference, target, k):
    found = estimates(reference, target, Wanted(("accuracy",), k=k, bootstrap=0))
    return [bool(np.isnan(chunk.n)) for chunk in found.chunks]


def test_no_small_period_follows_by_subtraction(make_side, rng):
    """1,000 people less 460 and 500 would be the 40 that are withheld."""
    reference, side = make_side(rng, 800), make_side(rng, 1000)
    months = ("May", "June", "July")
    target = in_periods(side, [500, 460, 40], months)
    for shown in (target, without_labels(target)):
        assert withheld(reference, shown, 0) == [False, False, False]
        assert withheld(reference, shown, 50) == [False, True, True]
    enough = in_periods(side, [400, 300, 300], months)
    assert withheld(reference, enough, 50) == [False, False, False]


def test_progress_is_told_and_json_has_the_promised_shape(make_side, rng):
    told = []
    found = estimates(
        make_side(rng, 500),
        make_side(rng, 400, 0.2),
        WANTED,
        lambda share, doing: told.append((share, doing)),
    )
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert "man" in told[-1][1] or "woman" in told[-1][1]
    data = found.to_json()
    assert set(data["metrics"]["f1"]) == {
        "estimated", "low", "high", "realised", "reference",
    }  # fmt: skip
    assert {"metrics", "groups", "lights", "mde"} <= set(data)
    assert data["groups"][0]["group"] == "man"
    assert data["groups"][0]["metrics"]["f1"]["estimated"] > 0
    assert {light["state"] for light in data["lights"]} <= {
        "good", "doubt", "bad", "unknown",
    }  # fmt: skip


def test_fewer_than_39_replicates_give_no_interval(make_side, rng):
    found = estimates(
        make_side(rng, 500), make_side(rng, 400), replace(WANTED, bootstrap=10)
    )
    guess = found.overall.metrics["f1"].estimated
    assert np.isnan(guess.low)
    assert np.isfinite(guess.value)
