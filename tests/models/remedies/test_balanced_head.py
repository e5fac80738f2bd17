import numpy as np
import pytest

from models.remedies.balanced_head import drawn_counts, drawn_rows, within_cells
from models.remedies.head_cells import LabelCells

CELLS = LabelCells(
    np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [60, 20, 10, 30])),
    np.array([0, 0, 1, 1]),
    (),
)


@pytest.mark.parametrize(
    ("evenness", "counts"),
    [(1.0, [10, 10, 10, 10]), (0.0, [60, 20, 10, 30]), (0.5, [22, 12, 10, 15])],
)
def test_cells_are_as_large_as_they_can_be_at_their_shares(evenness, counts):
    """At one half shares are 3/8, 5/24, 1/6 and 1/4: of 60 rows, as 10 are a sixth."""
    np.testing.assert_array_equal(drawn_counts(CELLS, evenness), counts)


def test_a_subsample_has_no_row_twice_and_its_cells_are_as_asked(rng):
    counts = np.array([10, 5, 10, 1])
    rows = drawn_rows(CELLS, counts, rng)
    assert len(set(rows)) == len(rows) == 26
    np.testing.assert_array_equal(np.bincount(CELLS.codes[rows]), counts)


def test_every_row_of_a_cell_may_be_drawn(rng):
    counts = np.array([1, 1, 1, 1])
    seen = {r for _ in range(600) for r in drawn_rows(CELLS, counts, rng)}
    assert set(np.flatnonzero(CELLS.codes == 2)) <= seen


def test_weights_count_within_a_cell_alone(rng):
    weights = rng.uniform(1, 5, 120) * (1 + 9 * (CELLS.codes == 2))
    scaled = within_cells(weights, CELLS)
    for c in range(4):
        own = CELLS.codes == c
        assert scaled[own].mean() == pytest.approx(1)
        np.testing.assert_allclose(
            scaled[own] / scaled[own][0], weights[own] / weights[own][0]
        )
