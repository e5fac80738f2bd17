import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from analysis.errors import AuditError, OverlapError, SettingError
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.shifts.attribution import (
    attribute_covariates,
    attribute_mechanisms,
    shapley,
)
from analysis.shifts.basis import basis
from analysis.shifts.density_ratio import (
    FOLDS,
    _balanced,
    _newton,
    fit_density_ratio,
    importance_weights,
)
from analysis.shifts.graph import parse_graph
from analysis.shifts.worlds import Domain


def world(rng, n=6000, *, mean=0.0, concept=0.0, share=0.5):
    """A table whose score is right in the source; each argument moves one mechanism."""
    g = (rng.random(n) < share).astype(int)
    x1, x2 = rng.normal(mean, 1, n), rng.normal(g, 1, n)
    y = rng.random(n) < expit(x1 + x2 - 0.5 + concept * (x1 > 0))
    score = binary_probabilities(expit(x1 + x2 - 0.5))
    evaluation = Evaluation(
        "m", y.astype(int), score, ("no", "yes"), {}, np.ones(n), np.arange(n)
    )
    columns = pd.DataFrame({"g": g.astype(str), "x1": x1, "x2": x2})
    return Domain(evaluation, columns)


def parts_of(attribution):
    return {part.component: part for part in attribution.parts}


def test_shapley_parts_sum_to_the_change_and_a_dummy_gets_nothing(rng):
    value = {}

    def game(players):
        key = players - {"dummy"}
        return value.setdefault(key, 0.0 if not key else float(rng.normal()))

    parts = shapley(("a", "b", "dummy"), game)
    assert sum(parts.values()) == pytest.approx(game(frozenset({"a", "b"})))
    assert parts["dummy"] == pytest.approx(0)


@pytest.mark.parametrize("metric", ["brier_score", "accuracy", "auroc"])
def test_a_planted_covariate_shift_is_attributed_to_x(rng, metric):
    source, target = world(rng), world(rng, mean=1.0)
    result = attribute_covariates(source, target, metric, bootstrap=40)
    parts = parts_of(result)
    assert sum(p.value for p in result.parts) + result.residual == pytest.approx(
        result.change.value
    )
    assert parts["P(Y|X)"].low <= 0 <= parts["P(Y|X)"].high
    if metric == "brier_score":
        assert parts["P(X)"].high < 0
        assert abs(parts["P(Y|X)"].value) < 0.3 * abs(result.change.value)


def test_a_planted_concept_shift_is_attributed_to_y_given_x(rng):
    source, target = world(rng), world(rng, concept=-1.0)
    result = attribute_covariates(source, target, "brier_score", bootstrap=40)
    parts = parts_of(result)
    assert parts["P(Y|X)"].low > 0
    assert abs(parts["P(X)"].value) < 0.1 * result.change.value
    assert parts["P(Y|X)"].value == pytest.approx(result.change.value, rel=0.1)
    assert result.residual == pytest.approx(0, abs=1e-12)


def test_part_of_x_is_near_its_true_value_when_both_moved(rng):
    truth_source, truth_x = world(rng, n=400_000), world(rng, n=400_000, mean=0.7)
    truth_y = world(rng, n=400_000, concept=-1.0)
    truth_both = world(rng, n=400_000, mean=0.7, concept=-1.0)
    v = [
        ((d.evaluation.score - d.evaluation.y_true) ** 2).mean()
        for d in (truth_source, truth_x, truth_y, truth_both)
    ]
    true_x = ((v[1] - v[0]) + (v[3] - v[2])) / 2
    source, target = world(rng), world(rng, mean=0.7, concept=-1.0)
    part = parts_of(attribute_covariates(source, target, "brier_score", bootstrap=40))
    assert part["P(X)"].low <= true_x <= part["P(X)"].high


def test_intervals_of_the_parts_cover_their_true_values():
    """In 100 draws of each of three worlds they covered 0.89 to 0.98 of the time."""
    rng = np.random.default_rng(0)
    moved = {"mean": 0.7, "concept": -1.0}
    true_x, true_y = 0.0008, 0.0347  # from four worlds of a million rows each
    covered = 0
    for _ in range(40):
        source, target = world(rng, n=1500), world(rng, n=1500, **moved)
        result = attribute_covariates(source, target, "brier_score", bootstrap=60)
        part = parts_of(result)
        covered += part["P(X)"].low <= true_x <= part["P(X)"].high
        covered += part["P(Y|X)"].low <= true_y <= part["P(Y|X)"].high
    assert covered / 80 >= 0.85


@pytest.mark.parametrize(
    ("moved", "component"),
    [
        ({"mean": 1.0}, "P(x1)"),
        ({"share": 0.9}, "P(g)"),
        ({"concept": -1.0}, "P(Y|x1,x2)"),
    ],
)
def test_the_mechanism_that_moved_gets_the_largest_part(rng, moved, component):
    graph = parse_graph("g->x2,x1->Y,x2->Y")
    source, target = world(rng), world(rng, **moved)
    result = attribute_mechanisms(source, target, "mean_score", graph, bootstrap=0)
    if component == "P(Y|x1,x2)":  # the score does not see the label
        result = attribute_mechanisms(source, target, "brier_score", graph, bootstrap=0)
    largest = max(result.parts, key=lambda part: abs(part.value))
    assert largest.component == component
    assert largest.value == pytest.approx(result.change.value, rel=0.3)
    total = sum(p.value for p in result.parts) + result.residual
    assert total == pytest.approx(result.change.value)


def test_one_newton_step_agrees_with_twenty_full_refits(rng):
    source, target = world(rng, n=1500), world(rng, n=1500, mean=0.5)
    x = basis(source.columns, target.columns)
    ones = np.ones(1500)
    model = fit_density_ratio(x, ones, ones)
    is_target = np.arange(3000) >= 1500
    stepped, refitted = [], []
    for _ in range(20):
        copies = rng.poisson(1.0, 3000).astype(float)
        weights = _balanced(model.weights * copies, 1500, 1500.0)
        refits = [
            _newton(
                model.columns,
                is_target,
                np.where(model.fold == k, 0, weights),
                np.zeros(model.columns.shape[1]),
            )[0]
            for k in range(FOLDS)
        ]
        logits = (model.columns @ np.column_stack(refits))[np.arange(3000), model.fold]
        stepped.append(model.log_ratio(copies)[0].std())
        refitted.append(logits[:1500].std())
    assert np.corrcoef(stepped, refitted)[0, 1] > 0.97
    assert np.std(stepped) == pytest.approx(np.std(refitted), rel=0.2)


def test_weights_make_the_source_look_like_the_target(rng):
    source, target = world(rng), world(rng, mean=0.8, share=0.8)
    x = basis(source.columns, target.columns)
    ones = np.ones(len(source))
    log_ratio, _ = fit_density_ratio(x, ones, ones).log_ratio()
    weights = importance_weights(log_ratio, ones)
    for column in ("x1", "x2"):
        there = np.average(source.columns[column], weights=weights.factor)
        assert there == pytest.approx(target.columns[column].mean(), abs=0.08)
    assert weights.factor.mean() == pytest.approx(1)
    assert 1 < weights.effective_sample_size < len(source)


def test_one_extreme_row_does_not_carry_the_weights(rng):
    """A heavy tail: the ratio of the extreme value must not be extrapolated."""
    source, target = world(rng, n=3000), world(rng, n=300, mean=0.2)
    for domain in (source, target):
        domain.columns["arrests"] = rng.poisson(0.1, len(domain)).astype(float)
    target.columns.loc[0, "arrests"] = 15.0
    result = attribute_covariates(source, target, "accuracy", bootstrap=0)
    assert result.effective_sample_size["P(Y|X)"] > 150
    assert result.warnings == ()


def test_tables_that_hardly_overlap_are_called_out(rng):
    source, target = world(rng, n=800), world(rng, n=800, mean=5.0)
    result = attribute_covariates(source, target, "accuracy", bootstrap=0)
    assert any("overlap little" in warning for warning in result.warnings)
    assert np.isnan(result.parts[0].low)


def test_a_side_with_too_few_rows_is_refused(rng):
    with pytest.raises(OverlapError, match="Choose a larger part"):
        attribute_covariates(world(rng), world(rng, n=10), "accuracy")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("G->", "write edges as"),
        ("a->b,b->a", "Remove or reverse"),
        ("", "at least one"),
    ],
)
def test_a_bad_graph_says_what_to_do(text, advice):
    with pytest.raises(SettingError, match=advice):
        parse_graph(text)


def test_a_graph_lists_parents_before_children():
    names = [str(m) for m in parse_graph("Y->X1,G->Y,G->X1")]
    assert names == ["P(G)", "P(Y|G)", "P(X1|Y,G)"]


def test_a_node_that_is_no_column_is_refused(rng):
    with pytest.raises(AuditError, match="use Y for the label"):
        attribute_mechanisms(
            world(rng), world(rng), "accuracy", parse_graph("height->Y"), bootstrap=0
        )
