import numpy as np
import pandas as pd
import pytest

from analysis.shifts.shift import feature_shifts


def table(rng, n, mean=0.0, share=0.5):
    colour = rng.choice(["red", "blue"], n, p=[share, 1 - share])
    return pd.DataFrame({"x": rng.normal(mean, 1, n), "colour": colour})


def test_size_is_the_share_of_rows_that_would_have_to_move():
    first = pd.DataFrame({"c": ["a"] * 8 + ["b"] * 2})
    second = pd.DataFrame({"c": ["a"] * 5 + ["b"] * 4 + [None]})
    (shift,) = feature_shifts(first, second, np.ones(10), np.ones(10))
    assert shift.size == pytest.approx(0.3)
    assert (shift.missing_source, shift.missing_target) == (0, 0.1)


def test_the_column_that_moved_comes_first_and_the_other_is_noise():
    rng = np.random.default_rng(1)
    first, second = table(rng, 2000), table(rng, 2000, mean=0.5)
    moved, still = feature_shifts(first, second, np.ones(2000), np.ones(2000))
    assert (moved.feature, moved.is_sure) == ("x", True)
    assert (still.feature, still.is_sure) == ("colour", False)


def test_the_verdict_does_not_depend_on_n():
    """Equal tables pass the floor about 1 % of the time, small or large."""
    rng = np.random.default_rng(2)
    for n in (100, 5000):
        sure = sum(
            shift.is_sure
            for _ in range(100)
            for shift in feature_shifts(
                table(rng, n), table(rng, n), np.ones(n), np.ones(n)
            )
        )
        assert sure / 200 < 0.035


def test_a_column_that_is_mostly_zero_is_seen_to_move(rng):
    def gains(share):
        return pd.DataFrame(
            {"gain": np.where(rng.random(4000) < share, rng.lognormal(8, 1, 4000), 0.0)}
        )

    (moved,) = feature_shifts(gains(0.05), gains(0.15), np.ones(4000), np.ones(4000))
    assert moved.size == pytest.approx(0.10, abs=0.02)
    (larger,) = feature_shifts(gains(0.2), gains(0.2) * 3, np.ones(4000), np.ones(4000))
    assert larger.is_sure


def test_weights_count_as_copies(rng):
    first, second = table(rng, 300), table(rng, 300, share=0.7)
    copies = rng.integers(1, 4, 300)
    weighted = feature_shifts(first, second, copies.astype(float), np.ones(300))
    repeated = feature_shifts(
        first.loc[first.index.repeat(copies)],
        second,
        np.ones(copies.sum()),
        np.ones(300),
    )
    sizes = [
        {s.feature: s.size for s in each}["colour"] for each in (weighted, repeated)
    ]
    assert sizes[0] == pytest.approx(sizes[1])
