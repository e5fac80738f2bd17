import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from analysis.density import row_blocks
from analysis.density.basis import basis, codes_basis, interacted
from analysis.density.density_ratio import (
    fit_density_ratio,
    fitted,
    importance_weights,
    newton,
)
from analysis.density.folds import FOLDS, layout_of
from analysis.density.pairs import candidates, with_pairs
from analysis.density.row_blocks import Rows


def tables(rng, n=1500, mean=0.5):
    def one(at):
        return pd.DataFrame(
            {
                "x": rng.normal(at, 1, n),
                "z": rng.normal(0, 1, n),
                "c": rng.choice(["u", "v"], n),
            }
        )

    return one(0.0), one(mean)


def test_a_fold_agrees_with_scikit_learn_fitted_without_it(rng):
    source, target = tables(rng)
    model = fit_density_ratio(basis(source, target), np.ones(1500), np.ones(1500))
    layout = model.rows.layout
    x = model.rows.basis.block(slice(0, 3000))[:, 1:]
    kept = layout.fold != 0
    # the classes are balanced over all rows, and all but so without the fold
    oracle = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000)
    oracle.fit(x[kept], layout.is_target[kept])
    ours = model.coefficients[:, 0]
    assert ours[1:] == pytest.approx(oracle.coef_[0], abs=1e-3)
    assert ours[0] == pytest.approx(oracle.intercept_[0], abs=1e-3)


def test_the_ratio_of_two_normals_is_found(rng):
    source, target = tables(rng, n=20_000)
    at_source, _ = fit_density_ratio(
        basis(source, target), np.ones(20_000), np.ones(20_000)
    ).log_ratio()
    truth = 0.5 * source["x"] - 0.125
    middle = source["x"].between(-2, 2)
    assert np.abs(at_source - truth)[middle].mean() < 0.03


def test_one_newton_step_agrees_with_twenty_full_refits(rng):
    source, target = tables(rng)
    model = fit_density_ratio(basis(source, target), np.ones(1500), np.ones(1500))
    layout = model.rows.layout
    x = model.rows.basis.block(slice(0, 3000))
    copies = rng.poisson(1.0, (3000, 20)).astype(float)
    stepped = model.log_ratio(copies)[0].std(axis=0)
    refitted = []
    for drawn in copies.T:
        weights = model.weights * drawn[layout.order]
        for side in (layout.is_target, ~layout.is_target):
            weights[side] *= 1500 / weights[side].sum()
        logits = np.empty(3000)
        for k in range(FOLDS):
            without = np.where(layout.fold == k, 0, weights)
            beta, _ = newton(model.rows, without, np.zeros(x.shape[1]))
            logits[layout.fold == k] = x[layout.fold == k] @ beta
        refitted.append(layout.by_side(logits)[0].std())
    assert np.corrcoef(stepped, refitted)[0, 1] > 0.97
    assert np.std(stepped) == pytest.approx(np.std(refitted), rel=0.2)


def test_replicates_in_a_batch_are_those_one_by_one(rng):
    source, target = tables(rng, n=300)
    model = fit_density_ratio(basis(source, target), np.ones(300), np.ones(300))
    copies = rng.poisson(1.0, (600, 3)).astype(float)
    together = model.log_ratio(copies)
    for r in range(3):
        for a, b in zip(together, model.log_ratio(copies[:, r]), strict=True):
            assert a[:, r] == pytest.approx(b)
    unmoved = model.log_ratio(np.ones((600, 1)))[0][:, 0]
    assert unmoved == pytest.approx(model.log_ratio()[0], abs=1e-4)


def test_blocks_that_are_made_anew_give_the_same_fit(rng, monkeypatch):
    source, target = tables(rng, n=5000)
    ones = np.ones(5000)
    kept = fit_density_ratio(basis(source, target), ones, ones).log_ratio()[0]
    monkeypatch.setattr(row_blocks, "KEPT_NUMBERS", 0)
    monkeypatch.setattr(row_blocks, "FIRST_ROWS", 1000)
    again = fit_density_ratio(basis(source, target), ones, ones).log_ratio()[0]
    assert again == pytest.approx(kept, abs=1e-4)


def test_weights_make_the_source_look_like_the_target(rng):
    source, target = tables(rng, n=6000, mean=0.8)
    ones = np.ones(6000)
    log_ratio, _ = fit_density_ratio(basis(source, target), ones, ones).log_ratio()
    weights = importance_weights(log_ratio, ones)
    there = np.average(source["x"], weights=weights.factor)
    assert there == pytest.approx(target["x"].mean(), abs=0.05)
    assert weights.factor.mean() == pytest.approx(1)
    assert 1 < weights.effective_sample_size < 6000


def test_neither_the_order_of_rows_nor_names_of_categories_matter(rng):
    source, target = tables(rng, n=500)
    ids, ones = np.arange(1000), np.ones(500)

    def ratios(first, numbers):
        x = basis(first, target)
        model = fit_density_ratio(
            x, ones, ones, ids=np.concatenate([numbers, ids[500:]])
        )
        return model.log_ratio()[0]

    there = ratios(source, ids[:500])
    order = rng.permutation(500)
    assert ratios(source.iloc[order], order) == pytest.approx(there[order], abs=1e-9)
    renamed = source.assign(c=source["c"].replace({"u": "w"}))
    target = target.assign(c=target["c"].replace({"u": "w"}))
    assert ratios(renamed, ids[:500]) == pytest.approx(there, abs=1e-9)


def test_one_person_in_both_tables_is_in_one_fold(rng):
    layout = layout_of(np.concatenate([np.arange(50), np.arange(50)]), 50, 0)
    source, target = layout.by_side(layout.fold)
    assert (source == target).all()


def test_identical_tables_have_no_ratio_at_all(rng):
    source, _ = tables(rng, n=500)
    ids = np.tile(np.arange(500), 2)
    model = fit_density_ratio(
        basis(source, source), np.ones(500), np.ones(500), ids=ids
    )
    assert np.abs(model.log_ratio()[0]).max() < 1e-9


@pytest.mark.parametrize(
    "column",
    [
        [1.0] * 100,
        [np.nan] * 100,
        [np.nan] * 50 + [2.0] * 50,
        [0.0] * 99 + [7.0],
        list(range(100)),
    ],
)
def test_odd_columns_give_finite_curves(column):
    table = pd.DataFrame({"x": column})
    block = basis(table, table).block(slice(0, 200))
    assert np.isfinite(block).all()
    assert np.abs(block).max() < 50


def test_missing_values_and_categories_of_one_side_only_are_told(rng):
    source = pd.DataFrame(
        {"c": ["a"] * 200 + [None] * 100, "x": [1.0, 2.0, np.nan] * 100}
    )
    target = pd.DataFrame({"c": ["b"] * 300, "x": [1.0, 2.0, 3.0] * 100})
    x = basis(source, target)
    model = fit_density_ratio(x, np.ones(300), np.ones(300))
    at_source, at_target = model.log_ratio()
    assert at_source.max() < -1 < 1 < at_target.min()
    assert x.columns.toarray() == pytest.approx(x.block(slice(0, 600))[:, 1:])


def test_a_weight_of_two_stands_for_two_rows_in_the_curves(rng):
    source, target = tables(rng, n=400)
    w = rng.integers(1, 4, 400)
    weighted = basis(source, target, np.concatenate([w, np.ones(400)]))
    doubled = basis(source.iloc[np.repeat(np.arange(400), w)], target)
    first = np.concatenate([[0], np.cumsum(w)[:-1]])
    assert weighted.block(slice(0, 400)) == pytest.approx(
        doubled.block(first), abs=1e-5
    )


def test_few_products_are_taken_in_and_of_many_only_those_needed(rng):
    n = 4000

    def one(together):
        x = rng.normal(0, 1, (n, 12))
        x[:, 1] = together * x[:, 0] + np.sqrt(1 - together**2) * x[:, 1]
        return pd.DataFrame(x, columns=[f"x{i}" for i in range(12)])

    ones = np.ones(n)

    def products(source, target):
        x = basis(source, target)
        layout = layout_of(np.arange(2 * n), n, 0)
        rows = with_pairs(Rows(x.take(layout.order), layout), ones, ones)
        return rows.basis.products

    assert len(candidates(basis(one(0.0), one(0.0)))) == 66
    found = products(one(0.0), one(0.6))
    starts = basis(one(0.0), one(0.0)).starts
    assert [starts[0], starts[1]] in found.tolist()
    assert len(found) <= 2
    assert len(products(one(0.0), one(0.0))) == 0
    few = [t.iloc[:, :3] for t in (one(0.0), one(0.0))]
    assert len(products(*few)) == 3


def test_products_of_a_node_and_its_parents_tell_an_interaction(rng):
    from analysis.frame import Grouping

    g = [rng.integers(0, 2, 3000) for _ in range(2)]
    y = [g[0], 1 - g[1]]  # together they changed, alone neither did
    first, second = (
        codes_basis(*(Grouping(codes, ("0", "1")) for codes in pair)) for pair in (g, y)
    )
    ones = np.ones(3000)
    layout = layout_of(np.arange(6000), 3000, 0)
    rows = Rows(interacted(first, second).take(layout.order), layout)
    at_source, at_target = fitted(rows, ones, ones).log_ratio()
    assert at_source.max() < -3 < 3 < at_target.min()
