import numpy as np
import pytest

from analysis.bisection import bisected


def test_bisection_finds_the_edge_from_either_side():
    edges = np.array([0.3, 0.7, np.nan])
    found = bisected(lambda x: x > edges, np.ones(3), np.where(edges > 0, 0.0, np.nan))
    assert found == pytest.approx(edges, nan_ok=True)
    found = bisected(lambda x: x < edges, np.zeros(3), np.ones(3))
    assert found[:2] == pytest.approx(edges[:2])
