import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.subgroups.windows import MAX_BINS, MEAN_OF_KERNEL, axis_of, windows_over


def test_few_values_are_bins_of_their_own_and_weights_add_up():
    axis = axis_of(np.array([3.0, 1.0, 3.0, 2.0]), np.array([1.0, 2.0, 3.0, 4.0]))
    assert axis.place.tolist() == [1, 2, 3]
    assert axis.weight.tolist() == [2, 4, 4]
    assert axis.w2.tolist() == [4, 16, 10]
    assert axis.codes.tolist() == [2, 0, 2, 1]


def test_many_values_share_bins_of_about_equal_numbers(rng):
    axis = axis_of(rng.lognormal(size=40_000), np.ones(40_000))
    assert len(axis.place) == MAX_BINS
    assert axis.weight.max() < 110
    assert (np.diff(axis.place) > 0).all()


def test_an_even_density_gives_windows_of_the_span_itself():
    """A window of a fifth reaches a tenth of the line to either side."""
    values = np.linspace(0, 1, 301)
    windows = windows_over(axis_of(values, np.ones(301)), span=0.2, points=301)
    middle = int(np.abs(windows.x - 0.5).argmin())
    inside = values[windows.kernel[middle] > 0]
    assert inside.max() - inside.min() == pytest.approx(0.2, abs=0.01)


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=80),
    st.floats(0.02, 1.0),
)
def test_every_window_weighs_enough_and_places_increase(values, span):
    axis = axis_of(np.asarray(values, float), np.ones(len(values)))
    windows = windows_over(axis, span, 60)
    held = windows.kernel @ axis.weight
    assert (held >= MEAN_OF_KERNEL * span * len(values) * (1 - 1e-6)).all()
    assert (np.diff(windows.x) > 0).all()
    assert windows.kernel.max() <= 1
    assert windows.x[0] >= min(values)
    assert windows.x[-1] <= max(values) + 1e-9
