import numpy as np
import pandas as pd
import pytest
from scipy.stats.contingency import association

from analysis.errors import DataError, SettingError
from analysis.frame import AuditFrame, Grouping
from models.recipe import Recipe
from models.remedies.reweighing import Reweighing
from models.remedies.target_correlation import TargetCorrelation, correlation_of


def frame_of_counts(counts):
    """Return rows with a count of each cell, [g, k]."""
    counts = np.asarray(counts)
    g, k = np.indices(counts.shape)
    groups, labels = (part.ravel().repeat(counts.ravel()) for part in (g, k))
    names = tuple("abcd"[: len(counts)])
    return AuditFrame(
        pd.DataFrame({"x": np.arange(len(labels), dtype=float)}),
        labels,
        tuple("uvwz"[: counts.shape[1]]),
        {"group": Grouping(groups, names)},
        np.ones(len(labels)),
    )


def table(frame, w):
    k = len(frame.classes)
    cells = frame.groups["group"].codes * k + frame.y_true
    return np.bincount(cells, w, len(frame.groups["group"].names) * k).reshape(-1, k)


def change(frame, correlation):
    remedy = TargetCorrelation(attribute="group", correlation=correlation)
    recipe = remedy.change(Recipe("t"), frame)
    assert recipe.draws
    return recipe.row_weights.factors(frame)


@pytest.mark.parametrize("correlation", [-0.3, 0.0, 0.1, 0.5])
def test_two_by_two_gets_the_correlation_and_keeps_both_marginals(correlation):
    frame = frame_of_counts([[40, 20], [30, 60]])
    w = change(frame, correlation)
    shares = table(frame, w) / w.sum()
    group, label = frame.groups["group"].codes, frame.y_true
    covariance = np.cov(group, label, aweights=w, ddof=0)
    phi = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert phi == pytest.approx(correlation, abs=1e-9)
    assert correlation_of(shares) == pytest.approx(correlation, abs=1e-9)
    np.testing.assert_allclose(shares.sum(axis=0), [70 / 150, 80 / 150])
    np.testing.assert_allclose(shares.sum(axis=1), [60 / 150, 90 / 150])


def test_independence_is_reweighing():
    frame = frame_of_counts([[40, 20, 9], [30, 60, 5]])
    expected = Reweighing(attribute="group").weights(frame, 0)
    np.testing.assert_allclose(change(frame, 0.0), expected)


def test_cramers_v_is_that_of_scipy_and_is_reached():
    counts = np.array([[40, 20, 9], [30, 60, 5], [12, 12, 12]])
    frame = frame_of_counts(counts)
    assert correlation_of(counts / counts.sum()) == pytest.approx(association(counts))
    w = change(frame, 0.15)
    assert correlation_of(table(frame, w) / w.sum()) == pytest.approx(0.15)


def test_an_unreachable_correlation_names_the_range_that_is():
    frame = frame_of_counts([[40, 20], [30, 60]])
    with pytest.raises(
        SettingError, match=r"Choose a value from (\S+) to (\S+)\.$"
    ) as e:
        change(frame, 0.99)
    low, high = (float(x.strip(".")) for x in str(e.value).split()[-3::2])
    change(frame, high - 1e-3)
    change(frame, low + 1e-3)
    with pytest.raises(SettingError):
        change(frame, low - 1e-2)


def test_larger_tables_have_no_negative_correlation():
    with pytest.raises(SettingError, match=r"from 0\.000 to"):
        change(frame_of_counts([[40, 20, 9], [30, 60, 5]]), -0.2)


def test_a_group_without_a_class_is_named():
    with pytest.raises(DataError, match=r"Group 'a' has no row with label 'v'"):
        change(frame_of_counts([[40, 0], [30, 60]]), 0.1)


@pytest.mark.parametrize("counts", [[[40, 20], [0, 0]], [[40, 0], [30, 0]]])
def test_one_group_or_one_class_is_refused(counts):
    with pytest.raises(DataError, match="only one class or one group"):
        change(frame_of_counts(counts), 0.0)
