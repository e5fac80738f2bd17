"""Groups of one rate, many of them small: what chance shows of them, and how seldom."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.counts import counts_of
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.frame import Grouping
from analysis.metrics.bands import count_band
from analysis.metrics.registry import metric_named
from analysis.subgroups.contrasts import contrast
from analysis.subgroups.disaggregate import disaggregate
from analysis.subgroups.inequality import equity_scaled
from analysis.subgroups.listing import listing
from analysis.subgroups.rest import rest_counts
from analysis.subgroups.shrinkage import shrunken
from analysis.subgroups.tabulate import Options, group_table

ONE_LARGE = (5_000, *(39 * [10]))
STEPS = (2_000, 500, 100, 20, 5)
SMALL = tuple(40 * [15])


def people(codes, y, flagged, weights=None):
    """People in groups named by number; a model with two scores."""
    names = tuple(map(str, range(int(codes.max()) + 1)))
    return Evaluation(
        title="model",
        y_true=np.asarray(y).astype(int),
        scores=binary_probabilities(np.where(flagged, 0.9, 0.1)),
        classes=("no", "yes"),
        groups={"group": Grouping(codes, names)},
        weights=np.ones(len(codes)) if weights is None else weights,
        row_ids=np.arange(len(codes)),
    )


def family(sizes, wrong, rng, weighted=False):
    """Groups of some sizes that all are decided wrong equally often."""
    codes = np.repeat(np.arange(len(sizes)), sizes)
    y, is_wrong = rng.random(len(codes)) < 0.4, rng.random(len(codes)) < wrong
    weights = rng.lognormal(size=len(codes)) if weighted else None
    return people(codes, y, y != is_wrong, weights)


def table_of(evaluation, *metrics, **settings):
    return group_table(
        evaluation, listing(evaluation, ["group"]), metrics, Options(**settings)
    )


def most(share, draws):
    """The most often that a share shows up in a few draws, but once in 700 times."""
    return stats.binom.ppf(0.9985, draws, share) / draws


def hit_or_miss(sizes, hits):
    """Groups of some sizes with so many flagged each; nobody is positive."""
    codes = np.repeat(np.arange(len(sizes)), sizes)
    flagged = np.concatenate(
        [np.arange(n) < h for n, h in zip(sizes, hits, strict=True)]
    )
    return people(codes, np.zeros(len(codes)), flagged)


@pytest.mark.parametrize(
    ("hits", "n", "least"), [(1, 4, 0.04), (2, 2, 0.0004), (1, 1, 0.01)]
)
def test_one_of_a_few_people_proves_little(hits, n, least):
    """Against 1 % (or 2 %) of 2,000; `least` is about what Fisher's test gives."""
    others = 40 if hits == 2 else 20
    evaluation = hit_or_miss([n, 2_000], [hits, others])
    column = table_of(evaluation, "selection_rate").columns["selection_rate"]
    exact = stats.fisher_exact([[hits, n - hits], [others, 2_000 - others]]).pvalue
    assert least == pytest.approx(exact, rel=0.1)
    assert column.q_value[0] >= least / 2


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("sizes", "wrong", "draws"),
    [(ONE_LARGE, 0.02, 40), (SMALL, 0.02, 40), (SMALL, 0.1, 40), (STEPS, 0.02, 80)],
)
def test_equal_groups_seldom_look_unequal(sizes, wrong, draws, weighted):
    rng = np.random.default_rng(len(sizes) + weighted)
    rates = ("selection_rate", "false_positive_rate", "true_positive_rate")
    sure = gap = ratio = worst = equity = 0
    for _ in range(draws):
        evaluation = family(sizes, wrong, rng, weighted)
        columns = table_of(evaluation, *rates).columns.values()
        sure += any(column.is_sure.any() for column in columns)
        found = disaggregate(evaluation, ("group",), ["error_rate", "accuracy"])
        gap += found.gaps["error_rate"].low > 0
        ratio += found.ratios["error_rate"].high < 1
        ends = found.worst["accuracy"]
        worst += not ends.low <= 1 - wrong <= ends.high
        scaled = equity_scaled(evaluation, ("group",), "accuracy")
        equity += not scaled.low <= 1 - wrong <= scaled.high
    # weighted errors of few people are known to a few effective rows only
    assert sure / draws <= most(0.08 if weighted else 0.05, draws)
    for missed in (gap, ratio, worst, equity):
        assert missed / draws <= most(0.05, draws)


@pytest.mark.parametrize("sizes", [STEPS, (300, *(10 * [8]))])
def test_losses_of_two_values_seldom_look_unequal(sizes):
    rng, draws = np.random.default_rng(3), 80
    names = ("brier_score", "log_loss")
    sure = gap = 0
    for _ in range(draws):
        evaluation = family(sizes, 0.05, rng)
        table = table_of(evaluation, *names)
        found = disaggregate(evaluation, ("group",), names)
        for name in names:
            own = table.columns[name].own
            bounded = np.nan_to_num(own.high, nan=np.inf)
            assert (own.low < bounded).all()
        sure += any(column.is_sure.any() for column in table.columns.values())
        gap += any(found.gaps[name].low > 0 for name in names)
    assert sure / draws <= most(0.08, draws)
    assert gap / draws <= most(0.08, draws)  # of two measures, nearly of one mind


@pytest.mark.parametrize("weighted", [False, True])
def test_losses_that_are_all_alike_differ_nowhere(weighted):
    """Everybody is decided right; what rounding leaves is no difference."""
    rng = np.random.default_rng(5)
    evaluation = family((300, 50, 20, 10, 5, 1), 0.0, rng, weighted)
    names = ("brier_score", "log_loss")
    for column in table_of(evaluation, *names).columns.values():
        assert not column.is_sure.any()
        assert column.own.value == pytest.approx(np.full(6, column.own.value[0]))
        assert column.shrunken.value == pytest.approx(column.own.value)
    found = disaggregate(evaluation, ("group",), names)
    for name in names:
        assert found.gaps[name].low == pytest.approx(0, abs=1e-12)


def withheld():
    """Three large groups that are shown, two small ones that are not."""
    sizes = (600, 400, 300, 9, 30)
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(5), sizes)
    y = rng.random(len(codes)) < 0.45
    return codes, y, rng.random(len(codes)) < np.where(y, 0.7, 0.25)


HIDDEN = np.array([False, False, False, True, True])
WITHHELD = (
    *("selection_rate", "true_positive_rate", "f1", "auroc", "brier_score"),
    *("log_loss", "average_precision", "expected_calibration_error"),
)


def numbers(table):
    """All that is shown of the groups of a table."""
    shown = [table.n, table.effective_n]
    for column in table.columns.values():
        for e in (column.own, column.other, column.difference, column.ratio):
            shown += [e.value, e.low, e.high, e.n]
        pooled = column.shrunken
        shown += [pooled.value, pooled.low, pooled.high]
        shown += [column.q_value, column.detectable, column.rows_needed(0.05)]
    return np.array(shown)


@pytest.mark.parametrize("reference", [None, {"group": "1"}])
def test_what_is_shown_does_not_tell_the_hidden_groups_apart(reference):
    """Their people change places; together they stay as they were."""
    codes, y, flagged = withheld()
    rows = np.flatnonzero(HIDDEN[codes])
    shown = []
    for seed in range(3):
        moved = codes.copy()
        moved[rows] = np.random.default_rng(seed).permutation(codes[rows])
        evaluation = people(moved, y, flagged)
        table = table_of(evaluation, *WITHHELD, hidden=HIDDEN, reference=reference)
        shown.append(numbers(table))
        assert np.isnan(shown[-1][:, HIDDEN]).all()
    for other in shown[1:]:
        assert other == pytest.approx(shown[0], rel=1e-9, abs=1e-9, nan_ok=True)


def test_labels_of_hidden_groups_change_no_comparison_of_others_with_a_shown_one():
    codes, y, flagged = withheld()
    is_hidden = HIDDEN[codes]
    rates = ("selection_rate", "true_positive_rate", "f1", "auroc")
    found = []
    for labels in (y, np.where(is_hidden, ~y, y)):
        evaluation = people(codes, labels, flagged)
        table = table_of(evaluation, *rates, hidden=HIDDEN, reference={"group": "1"})
        found.append(numbers(table))
    assert found[1] == pytest.approx(found[0], nan_ok=True)


def test_q_values_are_those_of_the_shown_comparisons_alone():
    codes, y, flagged = withheld()
    evaluation = people(codes, y, flagged)
    names = ("selection_rate", "true_positive_rate")
    table = table_of(evaluation, *names, hidden=HIDDEN)
    p = []
    for name in names:
        counts = counts_of(evaluation, ("group",))
        metric = metric_named(name)
        bands = count_band(metric, counts), count_band(metric, rest_counts(counts))
        p.append(contrast(*bands).p_value[~HIDDEN])
    expected = stats.false_discovery_control(np.concatenate(p)).reshape(2, 3)
    for name, q in zip(names, expected, strict=True):
        assert table.columns[name].q_value[~HIDDEN] == pytest.approx(q)
        assert np.isnan(table.columns[name].q_value[HIDDEN]).all()


def test_hidden_groups_pull_nobody():
    sizes = (400, 300, 200, 100, 50, 9, 8)
    hidden = np.array([False, False, False, False, False, True, True])
    pooled = []
    for last in (0, 8):
        hits = (80, 90, 30, 35, 4, 2, last)
        evaluation = hit_or_miss(sizes, hits)
        column = table_of(evaluation, "selection_rate", hidden=hidden).columns
        pooled.append(column["selection_rate"].shrunken.value[~hidden])
    assert pooled[0] == pytest.approx(pooled[1])


def test_none_of_ten_people_where_everyone_has_27_percent_moves_far():
    sizes, hits = (10, 400, 400, 400, 400, 400), (0, 108, 100, 116, 104, 112)
    evaluation = hit_or_miss(sizes, hits)
    column = table_of(evaluation, "selection_rate").columns["selection_rate"]
    assert column.own.value[0] == 0
    assert column.shrunken.value[0] > 0.15
    ends = column.shrunken.low[0], column.shrunken.high[0]
    assert ends[0] < 0.27 < ends[1]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_strength_moves_values_evenly_and_without_a_jump(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(5, 300, 7)
    evaluation = hit_or_miss(sizes, rng.binomial(sizes, rng.uniform(0.1, 0.5, 7)))
    counts = counts_of(evaluation, ("group",))
    raw = count_band(metric_named("selection_rate"), counts)(1.96)
    strengths = np.arange(0, 2.01, 0.02)
    moved = np.array(
        [
            shrunken(raw, strength=float(s), rows=sizes.astype(float)).value
            for s in strengths
        ]
    )
    steps = np.diff(np.abs(moved - raw.value), axis=0)  # [strengths, g]
    assert (steps >= -1e-9).all()
    assert steps[1:].max() < 0.05  # the first leaves the raw values
    before, at, after = (
        shrunken(raw, strength=s, rows=sizes.astype(float)).value
        for s in (1 - 1e-9, 1.0, 1 + 1e-9)
    )
    assert before == pytest.approx(at, abs=1e-6)
    assert after == pytest.approx(at, abs=1e-6)
