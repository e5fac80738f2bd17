from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm

from analysis.attribution import shapley as shapley_module
from analysis.attribution.attribution import attribute_covariates, attribute_mechanisms
from analysis.attribution.by_feature import attribute_features, ordered_graph
from analysis.attribution.mechanism_worlds import MechanismWorlds
from analysis.attribution.quantity import Quantity
from analysis.attribution.quantity_estimates import quantity_estimate
from analysis.attribution.replicates import mended
from analysis.causes.graph import Graph, Node, parse_graph
from analysis.errors import (
    AuditError,
    DataError,
    NeedsProbabilitiesError,
    OverlapError,
    SettingError,
)
from analysis.evaluation import Evaluation, Scores, Threshold, binary_probabilities
from analysis.frame import Grouping
from analysis.metrics.registry import METRICS
from analysis.shifts.domain import Domain

GRAPH = parse_graph("g->x2,x1->Y,x2->Y")


def world(rng, n=6000, *, mean=0.0, concept=0.0, share=0.5, spread=0.0):
    """A table whose score is right in the source; each argument moves one mechanism."""
    g = (rng.random(n) < share).astype(int)
    x1, x2 = rng.normal(mean, 1, n), rng.normal(g + spread, 1, n)
    y = rng.random(n) < expit(x1 + x2 - 0.5 + concept * (x1 > 0))
    score = binary_probabilities(expit(x1 + x2 - 0.5))
    evaluation = Evaluation(
        "m",
        y.astype(int),
        score,
        ("no", "yes"),
        {"g": Grouping(g, ("a", "b"))},
        np.ones(n),
        np.arange(n),
    )
    columns = pd.DataFrame({"g": g.astype(str), "x1": x1, "x2": x2})
    return Domain(evaluation, columns)


def test_parts_are_mended_by_what_replicates_add_and_the_sum_stays():
    point = np.array([0.1, -0.2, 0.05, 0.15])
    away = np.tile([0.01, -0.03, 0.5, 0.5], (100, 1))
    got = mended(point, away, 1.5)
    assert got == pytest.approx([0.085, -0.155, 0.05, 0.12])
    assert got[:2].sum() + got[3] == pytest.approx(point[:2].sum() + point[3])
    assert mended(point, away, 0.0) is point
    assert mended(point, away[:5], 1.5) is point  # too few replicates to tell


@pytest.mark.parametrize(("n_source", "n_target"), [(300, 6000), (6000, 300)])
def test_only_a_source_of_fewer_rows_leans(rng, n_source, n_target):
    sides = world(rng, n_source), world(rng, n_target)
    lean = MechanismWorlds(*sides, GRAPH, 0).lean
    assert lean == pytest.approx(2 * 5700 / 6300 if n_source < n_target else 0.0)


def test_few_source_rows_do_not_bias_the_outcome_given_the_features(rng):
    values = {0: [], 60: []}
    for _ in range(12):
        sides = world(rng, 300), world(rng, 6000, mean=0.5)
        for bootstrap, found in values.items():
            result = attribute_mechanisms(
                *sides, "accuracy", GRAPH, bootstrap=bootstrap
            )
            assert total(result) == pytest.approx(result.change.value)
            found.append(parts_of(result)["P(Y|x1,x2)"].value)
    plain, mended_ones = map(np.array, values.values())
    # of one and the same tables, so that only the mending differs
    assert np.mean(mended_ones - plain) > 0.003
    assert abs(mended_ones.mean()) < 0.015


def parts_of(attribution):
    return {part.component: part for part in attribution.parts}


def total(attribution):
    told = [p.value for p in attribution.parts if not np.isnan(p.value)]
    return sum(told) + attribution.residual


# expl_perf_drop's synthetic example


def spurious(rng, n, q=0.9, y_noise=0.25, mu_add=3.0, x1_weight=1.0):
    """The generator of expl_perf_drop 0.5, data/synthetic.py, BackdoorSpurious."""
    g = rng.random(n) >= 0.5
    y = np.logical_xor(g, rng.random(n) >= q)
    noised = [np.logical_xor(y, rng.random(n) <= y_noise) for _ in range(3)]
    x1 = rng.normal(x1_weight * noised[0], 1)
    x2 = rng.normal(noised[1] * 1.0 + g, 1)
    x3 = rng.normal(noised[2] + mu_add * g, 1)
    score = expit(x1 + x2 + x3 - 2.5)
    evaluation = Evaluation(
        "m",
        y.astype(int),
        binary_probabilities(score),
        ("0", "1"),
        {},
        np.ones(n),
        np.arange(n),
    )
    columns = {"G": g.astype(int).astype(str), "X1": x1, "X2": x2, "X3": x3}
    return Domain(evaluation, pd.DataFrame(columns))


def known_ratios(domain, moved):
    """Target over source density of both mechanisms that move, by the generator."""
    g, y = domain.columns["G"] == "1", domain.evaluation.is_positive

    def label(q):
        return np.where(y == g, q, 1 - q)

    def x3(mu):
        at = [norm.pdf(domain.columns["X3"], k + mu * g) for k in (y, ~y)]
        return 0.75 * at[0] + 0.25 * at[1]

    return {
        "P(Y|G)": label(moved["q"]) / label(0.9),
        "P(X3|G,Y)": x3(moved["mu_add"]) / x3(3.0),
    }


def their_parts(domain, ratios, loss):
    """Their formulas: v(S) with the product of ratios as weights, Shapley by size."""
    names = list(ratios)

    def v(s):
        weights = np.prod([ratios[name] for name in s], axis=0) * np.ones(len(loss))
        return np.average(loss, weights=weights)

    parts = {}
    for name in names:
        others = [n for n in names if n != name]
        parts[name] = sum(
            (v([*s, name]) - v(s))
            * factorial(len(s))
            * factorial(len(names) - len(s) - 1)
            / factorial(len(names))
            for size in range(len(names))
            for s in combinations(others, size)
        )
    return parts


@pytest.mark.parametrize("metric", ["accuracy", "brier_score"])
@pytest.mark.parametrize(
    "moved", [{"q": 0.6, "mu_add": 3.0}, {"q": 0.8, "mu_add": 2.0}]
)
def test_parts_are_near_those_of_expl_perf_drop_with_known_densities(moved, metric):
    rng = np.random.default_rng(1)
    source, target = spurious(rng, 12_000), spurious(rng, 12_000, **moved)
    graph = parse_graph("G->Y,G->X2,G->X3,Y->X1,Y->X2,Y->X3")
    e = source.evaluation
    wrong = (e.score - e.is_positive) ** 2
    loss = e.decisions == e.is_positive if metric == "accuracy" else wrong
    theirs = their_parts(source, known_ratios(source, moved), loss.astype(float))
    result = attribute_mechanisms(source, target, metric, graph, bootstrap=60)
    for name, part in parts_of(result).items():
        expected = theirs.get(name, 0.0)
        assert part.value == pytest.approx(expected, abs=0.006)
        assert part.low - 0.002 <= expected <= part.high + 0.002
    assert total(result) == pytest.approx(result.change.value, abs=1e-9)


# Planted shifts

PLANTED = {
    "P(x1)": {"mean": 0.8},
    "P(g)": {"share": 0.85},
    "P(x2|g)": {"spread": 0.7},
    "P(Y|x1,x2)": {"concept": -1.2},
}

QUANTITIES = {
    "accuracy": Quantity("accuracy"),
    "brier_score": Quantity("brier_score"),
    "auroc": Quantity("auroc"),
    "selection_rate": Quantity("selection_rate"),
    "false_positive_rate of a group": Quantity("false_positive_rate", "g", "b"),
    "difference of two groups": Quantity("selection_rate", "g", "b", "a"),
}


@lru_cache
def large_world(moved):
    """Rows enough to read the truth off."""
    rng = np.random.default_rng(9)
    return world(rng, 300_000, **PLANTED.get(moved, {})).evaluation


@pytest.mark.parametrize("moved", PLANTED)
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_shift_planted_in_one_mechanism_is_its_part(moved, quantity):
    """Over three seeds, its interval holds the true change, all others hold 0."""
    asked = QUANTITIES[quantity]
    ends = [quantity_estimate(large_world(name), asked) for name in ("", moved)]
    truth = ends[1].value - ends[0].value
    missed = 0
    for seed in range(3):
        rng = np.random.default_rng(seed)
        source, target = world(rng, 3000), world(rng, 3000, **PLANTED[moved])
        result = attribute_mechanisms(source, target, asked, GRAPH, bootstrap=40)
        for name, part in parts_of(result).items():
            expected = truth if name == moved else 0.0
            slack = 0.003  # the truth is itself of drawn rows
            missed += not part.low - slack <= expected <= part.high + slack
        assert total(result) == pytest.approx(result.change.value, abs=1e-9)
    assert missed <= 2  # of twelve intervals


@pytest.mark.parametrize("metric", ["brier_score", "accuracy", "auroc"])
def test_a_planted_covariate_shift_is_attributed_to_x(rng, metric):
    source, target = world(rng), world(rng, mean=1.0)
    result = attribute_covariates(source, target, metric, bootstrap=40)
    parts = parts_of(result)
    assert total(result) == pytest.approx(result.change.value, abs=1e-9)
    assert parts["P(Y|X)"].low <= 0 <= parts["P(Y|X)"].high
    if metric == "brier_score":
        assert parts["P(X)"].high < 0
        assert result.is_shift_found
        assert abs(parts["P(Y|X)"].value) < 0.3 * abs(result.change.value)


def test_a_planted_concept_shift_is_attributed_to_y_given_x(rng):
    source, target = world(rng), world(rng, concept=-1.0)
    result = attribute_covariates(source, target, "brier_score", bootstrap=40)
    parts = parts_of(result)
    assert parts["P(Y|X)"].low > 0
    assert parts["P(Y|X)"].p_value < 0.01 < parts["P(X)"].p_value
    assert abs(parts["P(X)"].value) < 0.1 * result.change.value
    assert parts["P(Y|X)"].value == pytest.approx(result.change.value, rel=0.1)
    assert result.residual == pytest.approx(0, abs=1e-12)


def test_a_change_of_how_features_go_together_is_put_on_x(rng):
    """Without products of features it would stay on P(Y|X)."""

    def together(rho, n=8000):
        x1 = rng.normal(0, 1, n)
        x2 = rho * x1 + np.sqrt(1 - rho**2) * rng.normal(0, 1, n)
        y = rng.random(n) < expit(2 * x1 * x2)
        evaluation = Evaluation(
            "m",
            y.astype(int),
            binary_probabilities(np.full(n, 0.5)),
            ("0", "1"),
            {},
            np.ones(n),
            np.arange(n),
        )
        return Domain(evaluation, pd.DataFrame({"x1": x1, "x2": x2}))

    result = attribute_covariates(
        together(-0.5), together(0.5), "prevalence", bootstrap=40
    )
    parts = parts_of(result)
    # the rest is the products of the outermost rows, which were pulled in
    assert parts["P(X)"].value == pytest.approx(result.change.value, rel=0.12)


# Intervals


@pytest.mark.parametrize(
    ("quantity", "truth"),
    [
        # from four worlds of a million rows each
        (Quantity("brier_score"), (0.0011, 0.0343)),
        (Quantity("selection_rate", "g"), (-0.0297, 0.0)),
    ],
)
def test_intervals_of_the_parts_cover_their_true_values(quantity, truth):
    """In 300 draws they covered 0.93 to 0.98; see benchmarks/shift_coverage.py."""
    rng = np.random.default_rng(0)
    moved = {"mean": 0.7, "concept": -1.0}
    covered = 0
    for _ in range(50):
        source, target = world(rng, n=1500), world(rng, n=1500, **moved)
        result = attribute_covariates(source, target, quantity, bootstrap=40)
        for part, true in zip(result.parts, truth, strict=True):
            covered += part.low <= true <= part.high
    assert 0.88 <= covered / 100 <= 1


def test_intervals_of_mechanisms_cover_their_true_values():
    rng = np.random.default_rng(0)
    truth = (0.0, 0.0011, 0.0, 0.0343)
    covered = np.zeros(4)
    for _ in range(40):
        source = world(rng, n=1500)
        target = world(rng, n=1500, mean=0.7, concept=-1.0)
        result = attribute_mechanisms(
            source, target, "brier_score", GRAPH, bootstrap=40
        )
        covered += [
            p.low <= true <= p.high for p, true in zip(result.parts, truth, strict=True)
        ]
    assert (covered >= 35).all()


def test_a_shift_is_seldom_found_where_there_is_none():
    rng = np.random.default_rng(0)
    found = [
        attribute_covariates(
            world(rng, n=800), world(rng, n=800), "accuracy", bootstrap=40
        ).is_shift_found
        for _ in range(60)
    ]
    assert sum(found) <= 7


def test_identical_tables_have_no_shift(rng):
    table = world(rng, n=2000)
    for result in (
        attribute_covariates(table, table, "accuracy", bootstrap=40),
        attribute_mechanisms(table, table, "auroc", GRAPH, bootstrap=40),
    ):
        assert result.is_shift_found is False
        assert [p.value for p in result.parts] == pytest.approx(
            [0.0] * len(result.parts), abs=1e-9
        )
        assert all(p.low < 0 < p.high for p in result.parts if "Y" in p.component)


def test_without_replicates_nothing_is_said_of_chance(rng):
    result = attribute_covariates(world(rng), world(rng), "accuracy", bootstrap=0)
    assert result.is_shift_found is None
    assert np.isnan(result.parts[0].low)
    assert np.isnan(result.change.high)


# Invariances


def test_neither_row_order_nor_group_names_matter(rng):
    source, target = world(rng, n=900), world(rng, n=900, mean=0.5, concept=-1)
    asked = Quantity("accuracy", "g", "b")
    for attribute in (
        lambda s, q: attribute_covariates(s, target, q, bootstrap=0),
        lambda s, q: attribute_mechanisms(s, target, q, GRAPH, bootstrap=0),
    ):
        plain = attribute(source, asked)
        order = rng.permutation(900)
        mixed = attribute(source.take(order), asked)
        for a, b in zip(plain.parts, mixed.parts, strict=True):
            assert a.value == pytest.approx(b.value, abs=1e-9)
    renamed = [
        replace(
            d,
            evaluation=replace(
                d.evaluation,
                groups={"g": Grouping(1 - d.evaluation.groups["g"].codes, ("Z", "Q"))},
            ),
            columns=d.columns.assign(g=d.columns["g"].replace({"1": "n", "0": "m"})),
        )
        for d in (source, target)
    ]
    result = attribute_covariates(*renamed, Quantity("accuracy", "g", "Z"), bootstrap=0)
    plain = attribute_covariates(source, target, asked, bootstrap=0)
    for a, b in zip(plain.parts, result.parts, strict=True):
        assert a.value == pytest.approx(b.value, abs=1e-9)


def test_a_weight_of_two_counts_as_two_rows(rng):
    """Up to the ridge, which knows how many rows are alike."""
    source, target = world(rng, n=1500), world(rng, n=1500, mean=0.5, concept=-1)
    w = rng.integers(1, 4, 1500)
    weights = w.astype(float)
    weighted = replace(source, evaluation=replace(source.evaluation, weights=weights))
    doubled = source.take(np.repeat(np.arange(1500), w))
    for metric in ("accuracy", "auroc"):
        a, b = (
            attribute_covariates(d, target, metric, bootstrap=0)
            for d in (weighted, doubled)
        )
        assert a.change.value == pytest.approx(b.change.value, abs=1e-12)
        for p, q in zip(a.parts, b.parts, strict=True):
            assert p.value == pytest.approx(q.value, abs=3e-4)


def test_the_scale_of_weights_says_nothing(rng):
    source, target = world(rng, n=900), world(rng, n=900, mean=0.5)
    heavy = replace(
        source, evaluation=replace(source.evaluation, weights=np.full(900, 7.0))
    )
    a, b = (
        attribute_covariates(d, target, "accuracy", bootstrap=40)
        for d in (source, heavy)
    )
    for p, q in zip(a.parts, b.parts, strict=True):
        assert (p.value, p.low, p.high) == pytest.approx((q.value, q.low, q.high))


# Quantities


@pytest.mark.parametrize("metric", [*METRICS, "f1_macro", "auroc_macro"])
def test_every_metric_of_the_registry_can_be_split(rng, metric):
    source, target = world(rng, n=400), world(rng, n=400, mean=0.3)
    result = attribute_covariates(source, target, metric, bootstrap=0)
    assert total(result) == pytest.approx(result.change.value, abs=1e-9)
    both = (result.source, result.target)
    assert result.change.value == pytest.approx(both[1].value - both[0].value)


@pytest.mark.parametrize(
    "quantity",
    [
        Quantity("accuracy", "g", "a"),
        Quantity("auroc", "g", "a", "b"),
        Quantity("brier_score", "g"),
    ],
)
def test_both_ends_of_a_split_are_the_quantity_itself(rng, quantity):
    source, target = world(rng, n=1200), world(rng, n=1200, mean=0.5)
    result = attribute_mechanisms(source, target, quantity, GRAPH, bootstrap=0)
    assert total(result) == pytest.approx(result.change.value, abs=1e-9)
    both = (result.source, result.target)
    assert result.change.value == pytest.approx(both[1].value - both[0].value)
    assert both[0].low <= both[0].value <= both[0].high


def test_a_gap_leaves_out_groups_that_are_too_small(rng):
    source, target = (world(rng, n=1000) for _ in range(2))

    def third(domain):
        codes = domain.evaluation.groups["g"].codes.copy()
        codes[:5] = 2
        groups = {"g": Grouping(codes, ("a", "b", "c"))}
        return replace(domain, evaluation=replace(domain.evaluation, groups=groups))

    quantity = Quantity("accuracy", "g")
    result = attribute_covariates(third(source), third(target), quantity, bootstrap=0)
    assert result.quantity.among == ("a", "b")
    assert result.change.value == pytest.approx(
        result.target.value - result.source.value
    )


def test_three_classes_follow_the_class_in_view(rng):
    def one(moved, n=3000):
        x = rng.normal(moved, 1, n)
        logits = np.column_stack([np.zeros(n), x, 2 * x - 1])
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        y = (rng.random((n, 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
        evaluation = Evaluation(
            "m", y, Scores(p), ("l", "m", "h"), {}, np.ones(n), np.arange(n), view=1
        )
        return Domain(evaluation, pd.DataFrame({"x": x}))

    source, target = one(0.0), one(0.8)
    for metric in ("selection_rate", "brier_score", "f1_macro"):
        result = attribute_mechanisms(
            source, target, metric, parse_graph("x->Y"), bootstrap=40
        )
        assert total(result) == pytest.approx(result.change.value, abs=1e-9)
        assert parts_of(result)["P(Y|x)"].low <= 0 <= parts_of(result)["P(Y|x)"].high
    views = [
        attribute_covariates(
            *(replace(d, evaluation=replace(d.evaluation, view=v)) for d in pair),
            "prevalence",
            bootstrap=0,
        ).change.value
        for v, pair in enumerate([(source, target)] * 3)
    ]
    assert sum(views) == pytest.approx(0, abs=1e-9)


def test_raw_scores_are_split_by_metrics_of_decisions_and_ranking(rng):
    def raw(domain):
        score = Scores(np.log(domain.evaluation.score)[:, None], "raw")
        rule = Threshold(float(np.log(0.5)))
        return replace(
            domain, evaluation=replace(domain.evaluation, scores=score, rule=rule)
        )

    source, target = world(rng, n=900), world(rng, n=900, mean=0.5)
    for metric in ("auroc", "accuracy"):
        a = attribute_covariates(source, target, metric, bootstrap=0)
        b = attribute_covariates(raw(source), raw(target), metric, bootstrap=0)
        assert a.parts[0].value == pytest.approx(b.parts[0].value)
    with pytest.raises(NeedsProbabilitiesError, match="calibrate the scores"):
        attribute_covariates(raw(source), raw(target), "brier_score")


# Graphs


def test_several_columns_are_one_node_and_an_attribute_need_not_be_a_feature(rng):
    source, target = (
        replace(d, columns=d.columns.drop(columns="g"))
        for d in (world(rng), world(rng, share=0.9))
    )
    nodes = (Node("g", ("g",)), Node("both", ("x1", "x2")), Node("Y", ("Y",)))
    graph = Graph(nodes, (("g", "both"), ("both", "Y")))
    result = attribute_mechanisms(source, target, "selection_rate", graph, bootstrap=40)
    parts = parts_of(result)
    assert parts["P(g)"].value == pytest.approx(result.change.value, rel=0.1)
    assert parts["P(both|g)"].low <= 0 <= parts["P(both|g)"].high


def test_the_label_may_stand_first(rng):
    def one(share, n=6000):
        y = (rng.random(n) < share).astype(int)
        x = rng.normal(y, 1)
        evaluation = Evaluation(
            "m",
            y,
            binary_probabilities(expit(x - 0.5)),
            ("0", "1"),
            {},
            np.ones(n),
            np.arange(n),
        )
        return Domain(evaluation, pd.DataFrame({"x": x}))

    result = attribute_mechanisms(
        one(0.5), one(0.8), "selection_rate", parse_graph("Y->x"), bootstrap=40
    )
    parts = parts_of(result)
    assert parts["P(Y)"].value == pytest.approx(result.change.value, rel=0.1)
    assert parts["P(x|Y)"].low <= 0 <= parts["P(x|Y)"].high


def test_features_in_an_order_are_a_graph_in_which_all_earlier_ones_are_causes(rng):
    names = [str(m) for m in ordered_graph((("g",), ("x1", "x2"))).mechanisms]
    assert names == ["P(g)", "P(x1, x2|g)", "P(Y|g,x1, x2)"]
    source, target = world(rng), world(rng, mean=0.8)
    result = attribute_features(source, target, "selection_rate", bootstrap=0)
    largest = max(result.parts, key=lambda p: abs(p.value))
    assert largest.component == "P(x1|g)"
    with pytest.raises(SettingError, match="choose one or more"):
        ordered_graph(())


def test_sampled_permutations_agree_with_exact_values_within_their_error(
    rng, monkeypatch
):
    source, target = world(rng, n=1500), world(rng, n=1500, mean=0.7, concept=-1)
    exact = attribute_mechanisms(source, target, "auroc", GRAPH, bootstrap=0)
    monkeypatch.setattr(shapley_module, "EXACT_WORK", 1)
    drawn = attribute_mechanisms(source, target, "auroc", GRAPH, bootstrap=40)
    assert exact.monte_carlo_error == {}
    for a, b in zip(exact.parts, drawn.parts, strict=True):
        error = drawn.monte_carlo_error[b.component]
        assert abs(a.value - b.value) <= 5 * error + 1e-4
        assert b.low < b.value < b.high
    assert total(drawn) == pytest.approx(drawn.change.value, abs=1e-9)


def test_progress_is_told_and_can_stop_it(rng):
    told = []
    source, target = world(rng, n=300), world(rng, n=300)
    attribute_covariates(
        source,
        target,
        "accuracy",
        bootstrap=40,
        tick=lambda share, doing: told.append(share),
    )
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == 1

    def stop(share, doing):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attribute_covariates(source, target, "accuracy", tick=stop)


# Overlap


def test_one_extreme_row_does_not_carry_the_weights(rng):
    """A heavy tail: the ratio of the extreme value must not be extrapolated."""
    source, target = world(rng, n=3000), world(rng, n=300, mean=0.2)
    for domain in (source, target):
        domain.columns["arrests"] = rng.poisson(0.1, len(domain)).astype(float)
    target.columns.loc[0, "arrests"] = 15.0
    result = attribute_covariates(source, target, "accuracy", bootstrap=0)
    assert result.effective_sample_size["P(Y|X)"] > 150
    assert result.warnings == ()


def test_tables_that_overlap_little_are_called_out(rng):
    source, target = world(rng, n=4000), world(rng, n=4000, mean=1.8)
    result = attribute_covariates(source, target, "accuracy", bootstrap=0)
    assert any("overlap little" in warning for warning in result.warnings)
    assert not np.isnan(result.parts[0].value)


def test_tables_without_overlap_get_no_number(rng):
    source, target = world(rng, n=800), world(rng, n=800, mean=9.0)
    result = attribute_covariates(source, target, "accuracy", bootstrap=40)
    for part in result.parts:
        assert np.isnan(part.value)
        assert "leave out the columns" in part.reason
        assert part.is_refused
    assert result.residual == pytest.approx(result.change.value)
    assert result.overlap["P(X)"].auroc > 0.99
    assert result.overlap["P(X)"].outside_share > 0.9


def test_a_mechanism_without_overlap_is_refused_with_those_that_rest_on_it(rng):
    source, target = world(rng, n=3000), world(rng, n=3000, mean=6.0)
    result = attribute_mechanisms(source, target, "accuracy", GRAPH, bootstrap=40)
    refused = {p.component for p in result.parts if p.is_refused}
    assert refused == {"P(x1)", "P(Y|x1,x2)"}
    assert total(result) == pytest.approx(result.change.value, abs=1e-9)
    assert any(w.startswith("P(x1): The two tables overlap") for w in result.warnings)


def test_mechanisms_that_overlap_alone_but_not_together_are_refused(rng):
    def one(moved, n=400):
        x = rng.normal(moved, 1, (n, 6))
        evaluation = Evaluation(
            "m",
            (rng.random(n) < 0.5).astype(int),
            binary_probabilities(expit(x[:, 0])),
            ("0", "1"),
            {},
            np.ones(n),
            np.arange(n),
        )
        return Domain(evaluation, pd.DataFrame(x, columns=list("abcdef")))

    graph = parse_graph("a->Y,b->Y,c,d,e,f")
    result = attribute_mechanisms(one(0.0), one(1.1), "accuracy", graph, bootstrap=0)
    reasons = [p.reason for p in result.parts if p.is_refused]
    assert reasons
    assert all(r.startswith("Moved with all others") for r in reasons)
    assert any(not p.is_refused for p in result.parts)


# Bad input


def test_a_side_with_too_few_rows_is_refused(rng):
    with pytest.raises(OverlapError, match="Choose a larger part"):
        attribute_covariates(world(rng), world(rng, n=10), "accuracy")


def test_a_quantity_that_is_undefined_on_a_side_is_refused(rng):
    source = world(rng, n=300)
    ones = replace(source, evaluation=replace(source.evaluation, y_true=np.ones(300)))
    with pytest.raises(OverlapError, match="Choose another metric"):
        attribute_covariates(source, ones, "auroc")


def test_a_group_of_one_side_only_is_refused(rng):
    with pytest.raises(DataError, match="Choose a larger group"):
        attribute_covariates(
            world(rng), world(rng, share=0.0), Quantity("accuracy", "g", "b")
        )
    with pytest.raises(OverlapError, match="Choose a coarser attribute"):
        attribute_covariates(world(rng), world(rng, share=0), Quantity("accuracy", "g"))


def test_different_columns_are_refused(rng):
    source, target = world(rng, n=300), world(rng, n=300)
    target = replace(target, columns=target.columns.drop(columns="x1"))
    with pytest.raises(DataError, match=r"x1\. Compare the columns that both have"):
        attribute_covariates(source, target, "accuracy")


def test_a_node_that_is_no_column_is_refused(rng):
    with pytest.raises(AuditError, match="use Y for the label"):
        attribute_mechanisms(
            world(rng), world(rng), "accuracy", parse_graph("height->Y"), bootstrap=0
        )


def test_too_many_nodes_are_refused(rng):
    names = [f"n{i}" for i in range(21)]
    graph = parse_graph(",".join(f"{n}->Y" for n in names))
    with pytest.raises(DataError, match="Merge nodes"):
        attribute_mechanisms(world(rng), world(rng), "accuracy", graph)
