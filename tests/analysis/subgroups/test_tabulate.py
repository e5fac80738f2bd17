from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from analysis.counts import counts_of
from analysis.errors import NeedsProbabilitiesError, SettingError
from analysis.evaluation import Evaluation, Scores, Threshold
from analysis.frame import Grouping
from analysis.intervals import q_values
from analysis.metrics.bands import band
from analysis.metrics.registry import METRICS, metric_named
from analysis.subgroups.contrasts import contrast
from analysis.subgroups.disaggregate import disaggregate
from analysis.subgroups.group_table import SURE
from analysis.subgroups.listing import listing
from analysis.subgroups.rest import rest_band
from analysis.subgroups.tabulate import Options, group_table

METRICS_OF_EACH_KIND = [
    "selection_rate",
    "true_positive_rate",
    "matthews_correlation",
    "auroc",
    "log_loss",
    "expected_calibration_error",
    "f1_macro",
]
ESTIMATES = ("own", "other", "difference", "ratio", "shrunken")


def people(rng, n=400, weighted=True, empty=False):
    """Rows by sex and race, where one intersection may be empty."""
    sex, race = rng.integers(0, 2, n), rng.integers(0, 3, n)
    race = np.where((sex == 1) & (race == 2) & empty, 0, race)
    y = rng.integers(0, 2, n)
    p = np.clip(0.25 + 0.3 * y + 0.1 * sex + 0.2 * rng.normal(size=n), 0, 1)
    return Evaluation(
        title="model",
        y_true=y,
        scores=Scores(np.column_stack([1 - p, p])),
        classes=("no", "yes"),
        groups={
            "sex": Grouping(sex, ("men", "women")),
            "race": Grouping(race, ("a", "b", "c")),
        },
        weights=rng.lognormal(size=n) if weighted else np.ones(n),
        row_ids=np.arange(n),
    )


def table(evaluation, metrics, depth=2, **settings):
    listed = listing(evaluation, ["sex", "race"], depth)
    return group_table(evaluation, listed, metrics, Options(**settings))


def test_the_values_are_those_of_each_crossing(rng):
    evaluation = people(rng, empty=True)
    names = [*METRICS, "expected_cost:0/1/5/0"]
    found = table(evaluation, names)
    start = 0
    for attributes in (("sex",), ("race",), ("sex", "race")):
        one = disaggregate(evaluation, attributes, names)
        stop = start + len(one.names)
        assert found.names[start:stop] == one.names
        assert found.n[start:stop].tolist() == one.n.tolist()
        assert found.effective_n[start:stop] == pytest.approx(one.effective_n)
        for name in names:
            for field in ("value", "low", "high", "n"):
                ours = getattr(found.columns[name].own, field)[start:stop]
                expected = getattr(one.by_group[name], field)
                assert ours == pytest.approx(expected, nan_ok=True), name
            mine, theirs = (
                vars(e) for e in (found.columns[name].overall, one.overall[name])
            )
            assert mine == pytest.approx(theirs, nan_ok=True), name
        start = stop
    assert start == len(found) == 11


def test_an_empty_intersection_is_listed_with_0_rows_and_no_number(rng):
    found = table(people(rng, empty=True), METRICS_OF_EACH_KIND)
    empty = found.names.index("women · c")
    assert found.n[empty] == found.effective_n[empty] == 0
    for column in found.columns.values():
        assert np.isnan(column.own.value[empty])
        assert np.isnan(column.difference.value[empty])
        assert np.isnan(column.shrunken.value[empty])
        assert np.isnan(column.q_value[empty])
        assert column.own.n[empty] == 0


def test_two_groups_are_each_others_rest(rng):
    found = table(people(rng), METRICS_OF_EACH_KIND, depth=1)
    for name, column in found.columns.items():
        for field in ("value", "low", "high"):
            own, other = (getattr(e, field) for e in (column.own, column.other))
            assert other[:2] == pytest.approx(own[[1, 0]], nan_ok=True), name
        difference = column.difference
        assert difference.value[0] == pytest.approx(-difference.value[1])
        assert difference.low[0] == pytest.approx(-difference.high[1])


def test_differences_to_a_reference_agree_with_statsmodels(rng):
    evaluation = people(rng, weighted=False)
    found = table(
        evaluation, ["selection_rate"], 1, reference={"sex": "men", "race": "b"}
    )
    column = found.columns["selection_rate"]
    rates, n = column.own.value, column.own.n
    for group, reference in ((1, 0), (2, 3), (4, 3)):
        x, y = rates[[group, reference]] * n[[group, reference]]
        expected = confint_proportions_2indep(
            round(x), n[group], round(y), n[reference], method="newcomb", compare="diff"
        )
        ours = column.difference.at(group)
        assert (ours.low, ours.high) == pytest.approx(expected)
        assert column.other.value[group] == rates[reference]


@pytest.mark.parametrize("name", METRICS_OF_EACH_KIND)
def test_a_reference_is_not_compared_with_itself(rng, name):
    found = table(people(rng), [name], reference={"sex": "women", "race": "a"})
    column = found.columns[name]
    itself = [found.names.index(title) for title in ("women", "a", "women · a")]
    others = np.setdiff1d(np.arange(len(found)), itself)
    for values in (
        column.difference.value,
        column.ratio.value,
        column.q_value,
        column.detectable,
    ):
        assert np.isnan(values[itself]).all()
    assert np.isfinite(column.difference.value[others]).all()
    assert np.isfinite(column.own.value).all()


@pytest.mark.parametrize("reference", [None, {"sex": "women"}])
@pytest.mark.parametrize("name", METRICS_OF_EACH_KIND)
def test_one_comparison_is_sure_exactly_where_its_interval_leaves_out_0(
    name, reference
):
    sure = 0
    for seed in range(12):
        evaluation = people(np.random.default_rng(seed), n=60)
        listed = listing(evaluation, ["sex"])
        found = group_table(evaluation, listed, [name], Options(reference=reference))
        column = found.columns[name]
        low, high = column.difference.at(0).low, column.difference.at(0).high
        assert column.is_sure[0] == (low > 0 or high < 0)
        sure += column.is_sure[0]
    assert sure < 12
    if name == "selection_rate":
        assert sure > 0


def test_q_values_are_one_family_over_all_metrics_and_groups(rng):
    evaluation = people(rng)
    names = ["selection_rate", "accuracy", "auroc"]
    together = table(evaluation, names)
    assert together.columns["auroc"].is_sure.dtype == bool
    singles = [single_p(evaluation, name) for name in names]
    p = np.concatenate(singles)
    expected = np.full(len(p), np.nan)
    known = np.isfinite(p)
    expected[known] = multipletests(p[known], method="fdr_bh")[1]
    ours = np.concatenate([together.columns[name].q_value for name in names])
    assert ours == pytest.approx(expected, nan_ok=True)
    assert (
        (ours < SURE)
        == np.concatenate([together.columns[name].is_sure for name in names])
    ).all()


def single_p(evaluation, name):
    """p-values from the bands, without the table."""
    metric = metric_named(name)
    found = []
    for attributes in (("sex",), ("race",), ("sex", "race")):
        counts = counts_of(evaluation, attributes)
        other = rest_band(metric, evaluation, attributes, counts)
        found.append(contrast(band(metric, evaluation, attributes), other).p_value)
    return np.concatenate(found)


def test_p_values_against_a_reference_are_those_of_each_pair_alone(rng):
    """With nobody else in the table, the reference is everyone outside the group."""
    evaluation = people(rng, n=300)
    # losses vary as everyone's at least; binned scores have a quantile for all groups
    apart = {"expected_calibration_error", "log_loss"}
    names = [n for n in METRICS_OF_EACH_KIND if n not in apart]
    listed = listing(evaluation, ["race"])
    codes = evaluation.groups["race"].codes
    against_b = Options(reference={"race": "b"})
    for name in names:
        p = []
        for g in (0, 2):
            pair = evaluation.take(np.flatnonzero((codes == g) | (codes == 1)))
            alone = group_table(pair, listed, [name])
            p.append(alone.columns[name].q_value[g])
        ours = group_table(evaluation, listed, [name], against_b).columns[name]
        assert ours.q_value[[0, 2]] == pytest.approx(q_values(np.array(p))), name


def test_names_that_hold_the_separator_are_told_apart(rng):
    groups = {
        "a": Grouping(np.array([0, 0, 1, 1]), ("x", "x · y")),
        "b": Grouping(np.array([0, 1, 0, 1]), ("y · z", "z")),
    }
    base = people(rng, n=4)
    evaluation = replace(base, groups=groups)
    found = group_table(evaluation, listing(evaluation, ["a", "b"]), ["accuracy"])
    assert len(set(found.names)) == 4


def test_moving_the_threshold_changes_decisions_and_leaves_rankings(rng):
    evaluation = people(rng)
    names = ["selection_rate", "auroc", "expected_calibration_error"]
    before = table(evaluation, names)
    moved = table(evaluation.decided_by(Threshold(0.8)), names)
    fresh = table(people(np.random.default_rng(20_261_120)), names)
    for name in ("auroc", "expected_calibration_error"):
        a, b = (t.columns[name].difference.value for t in (before, moved))
        assert a.tolist() == b.tolist()
        assert b == pytest.approx(fresh.columns[name].difference.value, nan_ok=True)
    a, b = (t.columns["selection_rate"].own.value for t in (before, moved))
    assert (b < a).all()


def test_strength_0_shows_the_raw_values(rng):
    base = people(rng, n=600)
    towns = {"town": Grouping(rng.integers(0, 8, 600), tuple("abcdefgh"))}
    evaluation = replace(base, groups=towns)
    listed = listing(evaluation, ["town"])
    moved = []
    for strength in (0, 0.5, 1):
        found = group_table(evaluation, listed, ["auroc"], Options(strength=strength))
        column = found.columns["auroc"]
        moved.append(np.abs(column.shrunken.value - column.own.value).max())
    assert moved[0] == 0 < moved[1] <= moved[2]


@pytest.mark.parametrize("reference", [{"sex": "men"}, {"sex": "men", "race": "z"}, {}])
def test_a_reference_that_is_no_group_is_answered_with_the_values(rng, reference):
    with pytest.raises(SettingError, match="Give one of these for every attribute"):
        table(people(rng), ["accuracy"], reference=reference)


def test_a_metric_of_probabilities_of_a_raw_score_is_refused(rng):
    base = people(rng)
    raw = Evaluation(
        title="raw",
        y_true=base.y_true,
        scores=Scores(rng.normal(size=(len(base), 1)), "raw"),
        classes=base.classes,
        groups=base.groups,
        weights=base.weights,
        row_ids=base.row_ids,
    )
    table(raw, ["auroc", "selection_rate"])
    with pytest.raises(NeedsProbabilitiesError, match="calibrate the scores first"):
        table(raw, ["log_loss"])


def test_everyone_alone_has_nobody_to_be_compared_with(rng):
    evaluation = people(rng)
    found = group_table(evaluation, listing(evaluation, []), METRICS_OF_EACH_KIND)
    assert found.names == ("Everyone",)
    for column in found.columns.values():
        assert column.own.at(0) == column.overall
        assert np.isnan([column.difference.value[0], column.q_value[0]]).all()


def test_no_metric_gives_a_table_of_groups_alone(rng):
    found = table(people(rng), [])
    assert len(found) == 11
    assert dict(found.columns) == {}


@pytest.mark.parametrize("weighted", [False, True])
def test_row_order_and_weight_scale_change_no_table(rng, weighted):
    evaluation = people(rng, weighted=weighted)
    order = rng.permutation(len(evaluation))
    other = evaluation.take(order)
    scaled = replace(other, weights=13 * other.weights)
    a, b = (table(e, METRICS_OF_EACH_KIND) for e in (evaluation, scaled))
    for name in METRICS_OF_EACH_KIND:
        for field in ESTIMATES:
            one, two = (getattr(t.columns[name], field) for t in (a, b))
            for part in ("value", "low", "high", "n"):
                mine, theirs = getattr(one, part), getattr(two, part)
                assert mine == pytest.approx(theirs, abs=1e-8, nan_ok=True), name
        q = a.columns[name].q_value
        assert q == pytest.approx(b.columns[name].q_value, abs=1e-8, nan_ok=True)
