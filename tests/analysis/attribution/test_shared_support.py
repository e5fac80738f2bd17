import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm

from analysis.attribution.quantity import Quantity
from analysis.attribution.shared_support import PARTS, shared_support
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.frame import Grouping
from analysis.shifts.domain import Domain


def world(rng, n=4000, *, mean=0.0, concept=0.0):
    x = rng.normal(mean, 1, n)
    y = rng.random(n) < expit(x + concept)
    evaluation = Evaluation(
        "m",
        y.astype(int),
        binary_probabilities(expit(x)),
        ("no", "yes"),
        {"g": Grouping((rng.random(n) < 0.5).astype(int), ("a", "b"))},
        np.ones(n),
        np.arange(n),
    )
    return Domain(evaluation, pd.DataFrame({"x": x}))


def truth(mean, concept):
    """The four squared errors, by integration over p, q and p q / (p + q)."""
    x = np.linspace(-8, 8 + mean, 20_001)
    p, q = norm.pdf(x), norm.pdf(x, mean)
    s = p * q / (p + q)

    def error(density, moved):
        rate, score = expit(x + moved), expit(x)
        loss = rate * (1 - score) ** 2 + (1 - rate) * score**2
        return np.average(loss, weights=density)

    four = [error(p, 0), error(s, 0), error(s, concept), error(q, concept)]
    return np.diff(four)


def test_the_three_parts_are_those_of_the_densities_and_covered(rng):
    expected = truth(1.5, -1.0)
    covered = np.zeros(3)
    values = []
    for _ in range(40):
        result = shared_support(
            world(rng, n=1500),
            world(rng, n=1500, mean=1.5, concept=-1.0),
            "brier_score",
            bootstrap=40,
        )
        values.append([p.value for p in result.parts])
        covered += [
            p.low <= e <= p.high for p, e in zip(result.parts, expected, strict=True)
        ]
        assert sum(values[-1]) == pytest.approx(result.change.value, abs=1e-9)
    assert np.mean(values, axis=0) == pytest.approx(expected, abs=0.004)
    assert (covered >= 35).all()


def test_a_change_of_x_alone_leaves_nothing_on_y_given_x(rng):
    result = shared_support(world(rng), world(rng, mean=1.5), "accuracy", bootstrap=40)
    first, conditional, second = result.parts
    assert tuple(p.component for p in result.parts) == PARTS
    assert conditional.low <= 0 <= conditional.high
    assert first.low > 0
    assert second.low > 0
    assert result.is_shift_found


def test_the_shared_values_lie_between_the_steps(rng):
    result = shared_support(
        world(rng), world(rng, mean=1.0), Quantity("accuracy", "g", "a"), bootstrap=40
    )
    at = [result.source, result.source_on_shared]
    assert at[1].value - at[0].value == pytest.approx(result.parts[0].value)
    at = [result.target_on_shared, result.target]
    assert at[1].value - at[0].value == pytest.approx(result.parts[2].value)
    assert result.source_on_shared.low < result.source_on_shared.value


def test_rows_outside_the_other_table_are_counted(rng):
    """With means 2 apart, log q / p = 2 x - 2 is above log 19 where x > 2.472."""
    result = shared_support(
        world(rng, n=20_000), world(rng, n=20_000, mean=2.0), "accuracy", bootstrap=40
    )
    expected = norm.sf(2.472 - 2)
    for share in (result.outside_source, result.outside_target):
        assert share.value == pytest.approx(expected, abs=0.03)
        assert 0 <= share.low <= share.value <= share.high <= 1
    assert result.auroc == pytest.approx(norm.cdf(np.sqrt(2)), abs=0.01)


def test_identical_tables_have_no_shift(rng):
    table = world(rng)
    result = shared_support(table, table, "accuracy", bootstrap=40)
    assert result.is_shift_found is False
    assert [p.value for p in result.parts] == pytest.approx([0, 0, 0], abs=1e-9)
    assert shared_support(table, table, "accuracy", bootstrap=0).is_shift_found is None


def test_tables_that_share_nothing_get_no_parts(rng):
    result = shared_support(world(rng), world(rng, mean=9.0), "accuracy", bootstrap=40)
    assert all(np.isnan(p.value) and p.is_refused for p in result.parts)
    assert np.isnan(result.source_on_shared.value)
    assert "share too little" in result.warnings[0]
    assert "leave out the columns" in result.warnings[0]
