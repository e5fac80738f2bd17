import numpy as np
import pytest
import torch

from models.lookup import lit_slots, sum_of_points


@pytest.fixture
def points(rng):
    """A table of 9 rows, and 6 rows of 3 points between neighbours of it."""
    table = torch.tensor(rng.normal(size=(9, 4)), dtype=torch.float32)
    left = torch.tensor(rng.integers(0, 8, (6, 3)))
    share = torch.tensor(rng.random((6, 3)), dtype=torch.float32)
    return table.requires_grad_(), left, share


def by_hand(table, left, share):
    return (
        (1 - share[..., None]) * table[left] + share[..., None] * table[left + 1]
    ).sum(1)


def test_points_between_rows_are_summed(points):
    torch.testing.assert_close(sum_of_points(*points), by_hand(*points))


def test_only_the_table_gets_a_gradient_and_the_right_one(points, rng):
    table, left, share = points
    ahead = torch.tensor(rng.normal(size=(6, 4)), dtype=torch.float32)
    (found,) = torch.autograd.grad(sum_of_points(*points), table, ahead)
    (expected,) = torch.autograd.grad(by_hand(*points), table, ahead)
    torch.testing.assert_close(found, expected)
    assert not sum_of_points(table.detach(), left, share).requires_grad


@pytest.mark.parametrize("shared", [True, False])
def test_members_of_a_sweep_look_up_as_if_alone(rng, shared):
    tables = torch.tensor(rng.normal(size=(3, 9, 4)), dtype=torch.float32)
    tables.requires_grad_()
    left = torch.tensor(rng.integers(0, 8, (3, 6, 2)))
    share = torch.tensor(rng.random((3, 6, 2)), dtype=torch.float32)
    if shared:
        left, share = left[0], share[0]
    dims = (0, None, None) if shared else (0, 0, 0)
    found = torch.vmap(sum_of_points, dims)(tables, left, share)
    each = [
        by_hand(tables[m], left if shared else left[m], share if shared else share[m])
        for m in range(3)
    ]
    torch.testing.assert_close(found, torch.stack(each))
    ahead = torch.tensor(rng.normal(size=(3, 6, 4)), dtype=torch.float32)
    (ours,) = torch.autograd.grad(found, tables, ahead)
    (theirs,) = torch.autograd.grad(torch.stack(each), tables, ahead)
    torch.testing.assert_close(ours, theirs)


def test_slots_are_lit(rng):
    slots = torch.tensor([[0, 3], [2, 2], [4, 1]])
    expected = np.zeros((3, 5))
    for row, lit in enumerate(slots.tolist()):
        expected[row, lit] = 1
    assert lit_slots(slots, 5).tolist() == expected.tolist()
    members = torch.stack([slots, slots.flip(0)])
    found = torch.vmap(lambda s: lit_slots(s, 5))(members)
    assert found.tolist() == [expected.tolist(), expected[::-1].tolist()]


def test_without_columns_nothing_is_lit():
    assert lit_slots(torch.zeros(3, 0, dtype=torch.int64), 1).tolist() == [[0.0]] * 3
