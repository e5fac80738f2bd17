import fairlearn.metrics as fm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.intervals import GAP_LEVEL, largest_gap, range_quantile
from analysis.metrics.bands import band
from analysis.metrics.registry import METRICS, metric_named
from analysis.subgroups.disaggregate import disaggregate
from analysis.subgroups.fairness import GAP_MEMBERS, MEASURES, RATIO_MEMBERS, members_of

NAMES = [
    f"{measure}_{kind}"
    for measure in ("demographic_parity", "equalized_odds", "equal_opportunity")
    for kind in ("difference", "ratio")
]


def drawn(make_evaluation, rng, n=400, g=3, weighted=True):
    y = rng.integers(0, 2, n)
    scores = np.clip(rng.uniform(size=n) + 0.2 * y, 0, 1)
    w = rng.lognormal(size=n) if weighted else None
    return make_evaluation(y, scores, rng.integers(0, g, n), w, g=g)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_differences_and_ratios_are_fairlearns(make_evaluation, name, weighted, seed):
    rng = np.random.default_rng(seed)
    evaluation = drawn(make_evaluation, rng, weighted=weighted)
    found = disaggregate(evaluation, ("group",), members_of(name))
    ours = (found.gaps | found.ratios)[name]
    theirs = getattr(fm, name)(
        evaluation.y_true,
        evaluation.decisions,
        sensitive_features=evaluation.groups["group"].codes,
        sample_weight=evaluation.weights,
    )
    assert ours.value == pytest.approx(theirs, abs=1e-12)
    assert ours.low <= ours.value <= ours.high


def test_every_measure_compares_metrics_of_the_registry():
    for name, measure in MEASURES.items():
        assert measure.name == name
        assert set(measure.metrics) <= set(METRICS)
        assert members_of(measure.gap) == members_of(measure.ratio) == measure.metrics


def test_any_other_name_stands_for_itself():
    assert members_of("accuracy") == ("accuracy",)
    assert not (set(GAP_MEMBERS) | set(RATIO_MEMBERS)) & set(METRICS)


def test_of_two_rates_the_worse_one_counts(make_evaluation):
    """Found 1/2 in both groups; wrongly flagged 0 of 2 against 2 of 4."""
    y = [1, 1, 0, 0, 1, 1, 0, 0, 0, 0]
    decided = [1, 0, 0, 0, 1, 0, 1, 1, 0, 0]
    codes = [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    found = disaggregate(
        make_evaluation(y, decided, codes),
        ("group",),
        ["true_positive_rate", "false_positive_rate"],
    )
    assert found.gaps["equalized_odds_difference"].value == 0.5
    assert found.gaps["equal_opportunity_difference"].value == 0
    assert found.ratios["equalized_odds_ratio"].value == 0


def test_the_gap_of_two_rates_allows_for_looking_at_both(make_evaluation, rng):
    evaluation = drawn(make_evaluation, rng)
    names = ("true_positive_rate", "false_positive_rate")
    found = disaggregate(evaluation, ("group",), names)
    z = range_quantile(3, 1 - (1 - GAP_LEVEL) / 2)
    ends = []
    for name in names:
        at = band(metric_named(name), evaluation, ("group",))(z)
        ends.append(largest_gap(at.value, at.low, at.high, at.n))
    both = found.gaps["equalized_odds_difference"]
    assert both.value == max(end.value for end in ends)
    assert both.low == max(end.low for end in ends)
    assert both.high == max(end.high for end in ends)
    assert both.high > max(found.gaps[name].high for name in names)


def test_a_measure_stands_only_where_all_its_metrics_do(make_evaluation, rng):
    found = disaggregate(drawn(make_evaluation, rng), ("group",), ["precision"])
    assert set(found.gaps) == {"precision", "predictive_parity_difference"}
    assert set(found.ratios) == {"precision", "predictive_parity_ratio"}


def test_a_measure_of_an_undefined_rate_is_undefined(make_evaluation):
    """No group has positives: equal opportunity says nothing, nor equalised odds."""
    evaluation = make_evaluation([0, 0, 0, 0], [0.1, 0.9, 0.2, 0.3], [0, 0, 1, 1])
    names = ["true_positive_rate", "false_positive_rate"]
    found = disaggregate(evaluation, ("group",), names)
    assert found.gaps["false_positive_rate"].value == 0.5
    for name in ("equal_opportunity_difference", "equalized_odds_difference"):
        assert np.isnan([found.gaps[name].value, found.gaps[name].low]).all()


@pytest.mark.parametrize("groups", [2, 8, 40])
def test_equal_groups_seldom_show_a_difference(make_evaluation, groups):
    """The same rate for all: every gap's interval holds 0, every ratio's holds 1."""
    rng = np.random.default_rng(groups)
    draws, names = 120, ["true_positive_rate", "false_positive_rate", "selection_rate"]
    shown = dict.fromkeys(NAMES, 0)
    for _ in range(draws):
        n = groups * 400
        evaluation = make_evaluation(
            rng.integers(0, 2, n), rng.uniform(size=n), np.arange(n) % groups
        )
        found = disaggregate(evaluation, ("group",), names)
        for name in NAMES:
            if name.endswith("ratio"):
                shown[name] += found.ratios[name].high < 1
            else:
                shown[name] += found.gaps[name].low > 0
    for name, times in shown.items():
        assert times / draws <= 0.11, name  # 5 % and three standard errors


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_the_worst_group_is_the_one_its_direction_says(make_evaluation, seed):
    rng = np.random.default_rng(seed)
    evaluation = drawn(make_evaluation, rng, 60, 4)
    names = ["accuracy", "error_rate", "selection_rate", "f1"]
    found = disaggregate(evaluation, ("group",), names)
    assert "selection_rate" not in found.worst  # more is neither good nor bad
    values = {name: found.by_group[name].value for name in names}
    assert found.worst["accuracy"].value == values["accuracy"].min()
    assert found.worst["f1"].value == np.nanmin(values["f1"])
    assert found.worst["error_rate"].value == values["error_rate"].max()
    worst = found.worst["error_rate"]
    assert worst.low <= worst.value <= worst.high
    at = int(values["error_rate"].argmax())
    assert worst.n == found.n[at]
