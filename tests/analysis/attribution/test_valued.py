from dataclasses import replace

import numpy as np
import pytest

from analysis.attribution.quantity import Quantity
from analysis.attribution.valued import valued
from analysis.attribution.weighing import products, values_of
from analysis.errors import DataError
from analysis.evaluation import Evaluation, Scores, Threshold, binary_probabilities
from analysis.frame import Grouping
from analysis.metrics.registry import METRICS
from analysis.subgroups.disaggregate import disaggregate


def table(rng, n=300, *, k=2, raw=False):
    groups = {"g": Grouping(rng.integers(0, 3, n), ("a", "b", "c"))}
    p = rng.dirichlet(np.ones(k), n).round(2)  # rounded, so that scores tie
    p /= p.sum(axis=1, keepdims=True)
    scores = Scores(rng.normal(0, 3, (n, 1)).round(1), "raw") if raw else Scores(p)
    return Evaluation(
        "m",
        rng.integers(0, k, n),
        scores,
        tuple(map(str, range(k))),
        groups,
        np.ones(n),
        np.arange(n),
        Threshold(0.4),
    )


def expected(evaluation, quantity, weights):
    by = disaggregate(
        replace(evaluation, weights=weights), ("g",), (quantity.metric,)
    ).by_group[quantity.metric]
    names = ("a", "b", "c")
    if quantity.group and quantity.against:
        at = [names.index(n) for n in (quantity.group, quantity.against)]
        return by.value[at[0]] - by.value[at[1]]
    if quantity.group:
        return by.value[names.index(quantity.group)]
    return by.value.max() - by.value.min()


def found(evaluation, quantity, weights):
    of = valued(evaluation, (quantity,))
    return of.of_sums(of.sums(weights, slice(0, len(evaluation))))[:, 0]


@pytest.mark.parametrize("metric", [*METRICS, "f1_macro", "precision_micro"])
@pytest.mark.parametrize("k", [2, 3])
def test_every_metric_agrees_with_the_tables_of_groups(rng, metric, k):
    evaluation = table(rng, k=k)
    weights = rng.poisson(1.0, (3, 300)) * rng.random((3, 300))
    for quantity in (
        Quantity(metric, "g", "b"),
        Quantity(metric, "g", "c", "a"),
        Quantity(metric, "g"),
    ):
        ours = found(evaluation, quantity, weights)
        theirs = [expected(evaluation, quantity, w) for w in weights]
        assert ours == pytest.approx(theirs, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("metric", ["auroc_macro", "auroc_weighted"])
def test_a_metric_without_a_fast_way_is_computed_anew(rng, metric):
    evaluation = table(rng, k=3)
    weights = rng.random((2, 300))
    ours = found(evaluation, Quantity(metric, "g", "b"), weights)
    theirs = [expected(evaluation, Quantity(metric, "g", "b"), w) for w in weights]
    assert ours == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize("metric", ["auroc", "average_precision", "mean_score"])
def test_raw_scores_are_ranked_too(rng, metric):
    evaluation = table(rng, raw=True)
    weights = rng.random((2, 300))
    theirs = [expected(evaluation, Quantity(metric, "g", "a"), w) for w in weights]
    assert found(evaluation, Quantity(metric, "g", "a"), weights) == pytest.approx(
        theirs, abs=1e-12
    )


def test_a_group_without_rows_is_nan(rng):
    evaluation = replace(
        table(rng), groups={"g": Grouping(np.zeros(300, int), ("a", "b", "c"))}
    )
    for metric in ("accuracy", "brier_score", "auroc"):
        assert np.isnan(
            found(evaluation, Quantity(metric, "g", "b"), np.ones((1, 300)))
        )
        assert np.isnan(found(evaluation, Quantity(metric, "g"), np.ones((1, 300))))


def test_a_group_that_does_not_exist_is_refused(rng):
    with pytest.raises(DataError, match="Choose one of these"):
        valued(table(rng), (Quantity("accuracy", "g", "z"),))


def test_products_of_sets_are_looked_up(rng):
    ratios = rng.random((5, 7))
    sets = np.arange(32)
    each = [
        np.prod([ratios[i] for i in range(5) if s >> i & 1], axis=0) * np.ones(7)
        for s in sets
    ]
    assert products(ratios, sets) == pytest.approx(np.array(each))


@pytest.mark.parametrize("metric", ["accuracy", "auroc"])
def test_a_weight_far_above_the_mean_is_cut_at_root_n_times_it(rng, metric):
    evaluation = table(rng)
    ratio = np.zeros(300)
    ratio[7] = 9.0
    of = valued(evaluation, (Quantity(metric),))
    ours = values_of(of, np.ones(300), [ratio[None]], np.array([0, 1]))
    factor = np.exp(ratio)
    cut = np.minimum(factor, np.sqrt(300) * factor.mean())
    for weights, value in zip((np.ones(300), cut), ours[0, :, 0], strict=True):
        whole = disaggregate(replace(evaluation, weights=weights), (), (metric,))
        assert value == pytest.approx(whole.overall[metric].value)


def test_sums_over_blocks_of_rows_add_up(rng, monkeypatch):
    evaluation = table(rng)
    of = valued(evaluation, (Quantity("accuracy"),))
    ratios = [rng.normal(0, 3, (2, 300)), rng.normal(0, 1, (2, 300))]
    own, sets = rng.random(300), np.arange(4)
    at_once = values_of(of, own, ratios, sets)
    monkeypatch.setattr("analysis.attribution.weighing.NUMBERS_AT_ONCE", 0)
    assert values_of(of, own, ratios, sets) == pytest.approx(at_once)


def test_binary_probabilities_of_a_constant_score_have_an_area_of_one_half(rng):
    evaluation = replace(table(rng), scores=binary_probabilities(np.full(300, 0.3)))
    assert found(evaluation, Quantity("auroc"), np.ones((1, 300))) == 0.5
