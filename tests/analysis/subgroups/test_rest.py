from dataclasses import replace

import numpy as np
import pytest

from analysis.counts import counts_of
from analysis.estimates import Z
from analysis.evaluation import Argmax, Evaluation, Scores
from analysis.frame import Grouping
from analysis.metrics.bands import band, bounds_of, spread, spread_band
from analysis.metrics.kinds import ScoreMetric
from analysis.metrics.registry import METRICS, metric_named
from analysis.subgroups import rest
from analysis.subgroups.rest import reference_band, rest_band, rest_counts, rest_spread

SCORE_METRICS = [m.name for m in METRICS.values() if m.kind == "score"]
BINNED = "expected_calibration_error"
EVERY_KIND = [*METRICS, "expected_cost:0/1/5/0", "f1_macro", "auroc_weighted"]
FIELDS = ("value", "low", "high", "n")


def drawn(rng, n=90, g=4, weighted=True, empty=()):
    y = rng.integers(0, 2, n)
    p = np.clip(0.3 + 0.3 * y + 0.25 * rng.normal(size=n), 0, 1).round(2)
    there = [c for c in range(g) if c not in empty]
    names = tuple(f"group {c}" for c in range(g))
    return Evaluation(
        title="model",
        y_true=y,
        scores=Scores(np.column_stack([1 - p, p])),
        classes=("no", "yes"),
        groups={"group": Grouping(rng.choice(there, n), names)},
        weights=rng.lognormal(size=n) if weighted else np.ones(n),
        row_ids=np.arange(n),
    )


def rest_of(evaluation, name):
    counts = counts_of(evaluation, ("group",))
    return rest_band(metric_named(name), evaluation, ("group",), counts)(Z)


def outside(evaluation, g):
    return evaluation.take(np.flatnonzero(evaluation.groups["group"].codes != g))


def beside_everyone(name, part, evaluation):
    """A metric of some of the rows alone, whose losses vary as everyone's at least."""
    metric = metric_named(name)
    if not isinstance(metric, ScoreMetric):
        return band(metric, part, ())(Z).at(0)
    prior = spread(metric, evaluation, ()).prior
    known = replace(spread(metric, part, ()), prior=prior)
    return spread_band(metric, known, bounds_of(metric, evaluation))(Z).at(0)


def _everyone(n):
    return Grouping(np.zeros(n, int), ("Everyone",))


def _grouped(evaluation, codes, g):
    names = tuple(f"group {c}" for c in range(g))
    return replace(evaluation, groups={"group": Grouping(codes, names)})


@pytest.mark.parametrize("name", EVERY_KIND)
def test_the_rest_is_the_metric_over_everyone_outside(rng, name):
    evaluation = drawn(rng, empty=(2,))
    found = rest_of(evaluation, name)
    for g in range(4):
        others = outside(evaluation, g)
        expected = beside_everyone(name, others, evaluation)
        for field in FIELDS:
            ours = getattr(found.at(g), field)
            assert ours == pytest.approx(getattr(expected, field)), (g, field)


@pytest.mark.parametrize("name", EVERY_KIND)
def test_the_only_group_has_no_rest(rng, name):
    evaluation = drawn(rng, g=1)
    found = rest_of(evaluation, name).at(0)
    assert np.isnan([found.value, found.low, found.high]).all()
    assert found.n == 0


def test_an_empty_group_has_everyone_for_a_rest(rng):
    evaluation = drawn(rng, empty=(3,))
    everyone = band(metric_named("auroc"), evaluation, ())(Z)
    assert rest_of(evaluation, "auroc").value[3] == everyone.value[0]


@pytest.mark.parametrize("name", [n for n in EVERY_KIND if n != BINNED])
def test_a_reference_takes_the_quantile_of_the_group_it_stands_for(rng, name):
    evaluation = drawn(rng)
    counts, metric = counts_of(evaluation, ("group",)), metric_named(name)
    other = reference_band(metric, evaluation, ("group",), counts, 2)
    own, z = band(metric, evaluation, ("group",)), np.array([0.5, 1.0, 2.0, 3.0])
    found = other(z)
    for g in range(4):
        assert vars(found.at(g)) == pytest.approx(vars(own(z[g]).at(2)))


def test_a_reference_of_binned_scores_stands_for_every_group(rng):
    evaluation = drawn(rng)
    counts, metric = counts_of(evaluation, ("group",)), metric_named(BINNED)
    found = reference_band(metric, evaluation, ("group",), counts, 1)(Z)
    own = band(metric, evaluation, ("group",))(Z)
    for g in range(4):
        assert vars(found.at(g)) == vars(own.at(1))


def test_counts_of_a_group_and_its_rest_add_up_to_all(rng):
    counts = counts_of(drawn(rng), ("group",))
    both = counts + rest_counts(counts)
    for table in ("n", "w", "w2"):
        whole = getattr(counts.total(), table)[0]
        assert np.allclose(getattr(both, table), whole)


def test_an_emptied_cell_of_the_rest_keeps_no_rounding_error(rng):
    """All misses are in one group."""
    evaluation = drawn(rng, weighted=True)
    counts = counts_of(evaluation, ("group",))
    n = counts.n.copy()
    n[1:, 1, 0] = 0
    w, w2 = (np.where(n > 0, t, 0) for t in (counts.w, counts.w2))
    left = rest_counts(type(counts)(counts.names, n, w, w2))
    assert left.w[0, 1, 0] == left.w2[0, 1, 0] == 0


@pytest.mark.parametrize("exact_work", [0, 5_000_000])
def test_the_rest_of_either_way_has_everyones_variance_beside_its_own(
    rng, monkeypatch, exact_work
):
    """Of two groups, either's rest is the other, to the last end of its interval."""
    monkeypatch.setattr(rest, "EXACT_WORK", exact_work)
    evaluation = drawn(rng, n=300, g=2)
    for name in ("brier_score", "log_loss", "mean_score"):
        own = band(metric_named(name), evaluation, ("group",))(Z)
        other = rest_of(evaluation, name)
        for field in FIELDS:
            expected = getattr(own, field)[[1, 0]]
            assert getattr(other, field) == pytest.approx(expected), (name, field)


@pytest.fixture
def linearised(monkeypatch):
    monkeypatch.setattr(rest, "EXACT_WORK", 0)


@pytest.mark.parametrize("name", [*SCORE_METRICS, "auroc_macro"])
def test_the_rest_of_many_small_groups_is_close_to_exact(monkeypatch, name):
    evaluation = drawn(np.random.default_rng(6), n=3_000, g=40)
    metric, grouping = metric_named(name), evaluation.groups["group"]
    exact = rest_spread(metric, evaluation, grouping)
    monkeypatch.setattr(rest, "EXACT_WORK", 0)
    close = rest_spread(metric, evaluation, grouping)
    moved = np.abs(exact.value - metric.spread(evaluation, _everyone(3_000)).value[0])
    is_mean = name in ("brier_score", "log_loss", "mean_score")
    slack = 1e-12 if is_mean else 0.1 * moved.max()
    assert np.abs(close.value - exact.value).max() <= slack
    assert close.error == pytest.approx(exact.error, rel=1e-9 if is_mean else 0.02)
    assert close.n == pytest.approx(exact.n)
    assert close.effective == pytest.approx(exact.effective)
    assert moved.max() > 0.0005  # the rests do differ


def test_positives_and_negatives_of_the_linearised_rest_are_exact(rng, linearised):
    evaluation = drawn(rng, n=3_000, g=40)
    close = rest_spread(metric_named("auroc"), evaluation, evaluation.groups["group"])
    for g in (0, 17):
        others = outside(evaluation, g)
        for column, rows in (
            (close.positives, others.is_positive),
            (close.negatives, ~others.is_positive),
        ):
            w = others.weights[rows]
            assert column[g] == pytest.approx(w.sum() ** 2 / (w**2).sum())


def test_a_large_group_is_never_linearised(linearised):
    rng = np.random.default_rng(1)
    evaluation = drawn(rng, n=2_000, g=30)
    codes = np.where(rng.random(2_000) < 0.5, 0, evaluation.groups["group"].codes)
    lopsided = _grouped(evaluation, codes, 30)
    close = rest_spread(metric_named("auroc"), lopsided, lopsided.groups["group"])
    others = outside(lopsided, 0)
    expected = metric_named("auroc").spread(others, _everyone(len(others)))
    assert close.value[0] == expected.value[0]
    assert close.error[0] == expected.error[0]


@pytest.mark.parametrize("name", ["auroc", "average_precision", "auroc_macro"])
@pytest.mark.parametrize("held", [1.0, 0.6])
def test_a_small_group_that_holds_a_label_is_never_linearised(linearised, name, held):
    """Fifty positives of 2,000 people, most or all of them in one small group."""
    rng = np.random.default_rng(2)
    evaluation = drawn(rng, n=2_000, g=30)
    y = np.arange(2_000) < 50
    codes = np.where(y & (np.arange(2_000) < 50 * held), 0, 1 + np.arange(2_000) % 29)
    rare = _grouped(replace(evaluation, y_true=y.astype(int)), codes, 30)
    close = rest_spread(metric_named(name), rare, rare.groups["group"])
    others = outside(rare, 0)
    expected = metric_named(name).spread(others, _everyone(len(others)))
    assert close.value[0] == pytest.approx(expected.value[0], nan_ok=True)


def test_a_linearised_value_stays_within_the_metrics_bounds(linearised):
    """One positive scores lowest; without its group the ranking is perfect."""
    n = 2_000
    y, codes = np.arange(n) >= n // 2, 1 + np.arange(n) % 39
    y[0], codes[0], codes[1:40] = True, 0, 0
    base = drawn(np.random.default_rng(0), n=n, g=40, weighted=False)
    score = np.linspace(0, 1, n)
    evaluation = _grouped(base, codes, 40)
    scores = Scores(np.column_stack([1 - score, score]))
    planted = replace(evaluation, y_true=y.astype(int), scores=scores)
    for name in ("auroc", "average_precision"):
        found = rest_of(planted, name)
        assert (found.low <= found.value).all()
        assert (found.value <= found.high).all()
        assert found.value[0] == pytest.approx(1, abs=1e-3)
        assert found.value.max() <= 1
        assert found.high.max() <= 1


def test_the_rest_of_three_classes_is_exact_too(rng):
    n = 150
    evaluation = Evaluation(
        title="model",
        y_true=rng.integers(0, 3, n),
        scores=Scores(rng.dirichlet([1, 1, 1], n)),
        classes=("a", "b", "c"),
        groups={"group": Grouping(rng.integers(0, 3, n), ("x", "y", "z"))},
        weights=rng.lognormal(size=n),
        row_ids=np.arange(n),
        rule=Argmax(),
    )
    for name in ("f1_weighted", "precision_micro", "auroc_macro", "brier_score"):
        found = rest_of(evaluation, name)
        for g in range(3):
            expected = beside_everyone(name, outside(evaluation, g), evaluation)
            for field in FIELDS:
                ours = getattr(found.at(g), field)
                assert ours == pytest.approx(getattr(expected, field)), (name, field)
