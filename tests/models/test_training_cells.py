import numpy as np
import pytest
import torch

from analysis.errors import RunError
from models.train import Training
from models.training_cells import Cells, cells_of


def cells(codes, weights):
    codes = torch.tensor(codes)
    weights = torch.tensor(weights).double()
    count = 4
    masses = torch.bincount(codes, weights, minlength=count)
    return Cells(codes, torch.arange(count), masses, weights)


def test_quotas_are_off_by_less_than_one():
    generator = torch.Generator().manual_seed(0)
    shares = torch.tensor([0.2, 0.0, 0.5, 0.3])
    for n in (1, 7, 1000):
        found = cells([0], [1.0]).quota(shares, n, generator)
        counts = torch.bincount(found, minlength=4)
        assert counts[1] == 0
        assert (counts - n * shares).abs().max() < 1 + 1e-6
        assert counts.sum() == n


def test_rows_are_drawn_from_their_cell_and_by_weight():
    case = cells([2, 0, 2, 3, 2, 0], [1.0, 2, 3, 1, 0, 0])
    generator = torch.Generator().manual_seed(0)
    chosen = torch.tensor([0, 2, 3, 2]).repeat(5_000)
    rows = case.drawn(chosen, generator)
    assert torch.equal(case.codes[rows], chosen)
    counts = torch.bincount(rows, minlength=6) / 5_000
    np.testing.assert_allclose(counts, [0.5, 1, 1.5, 1, 0, 0], atol=0.03)


def test_a_training_without_tables_is_refused(recipe):
    training = Training.__new__(Training)
    training.frames = None
    with pytest.raises(RunError, match="needs the classes and groups"):
        cells_of(training)
