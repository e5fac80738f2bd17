import numpy as np
import pytest

from analysis.errors import MetricError
from analysis.history import history, history_metrics, losses


def event(epoch, table):
    return {"epoch": epoch, "counts": {"g": {"names": ["a", "b"], "n": table}}}


EVENTS = [
    event(1, [[[2, 2], [1, 3]], [[0, 0], [0, 0]]]),
    event(2, [[[4, 0], [2, 2]], [[0, 0], [0, 0]]]),
]


def test_each_epoch_is_the_rate_of_its_counts():
    record = history(EVENTS, "g", "false_negative_rate")
    assert record.value[:, 0].tolist() == [0.25, 0.5]
    assert np.isnan(record.value[:, 1]).all()
    assert record.n.tolist() == [4, 0]
    assert (record.low[:, 0] < record.value[:, 0]).all()


def test_without_epochs_there_is_nothing_to_draw():
    assert history([], "g", "error_rate").names == ()


def test_only_rates_can_be_followed():
    assert "auroc" not in history_metrics()
    with pytest.raises(MetricError, match="Choose a rate"):
        history(EVENTS, "g", "auroc")


def test_a_loss_that_was_not_reported_is_nan():
    record = losses([{"epoch": 1, "train_loss": 0.5, "validation_loss": None}])
    assert record.train.tolist() == [0.5]
    assert np.isnan(record.validation).all()


UNEVEN = [
    {"epoch": 1, "counts": {"g": {"names": ["a", "b", "c"], "n": tables}}}
    for tables in (
        [[[50, 50], [50, 50]], [[20, 20], [20, 20]], [[15, 15], [15, 15]]],
        [[[50, 50], [50, 50]], [[20, 20], [20, 20]], [[29, 1], [29, 1]]],
    )
]


def test_a_group_that_is_small_in_one_epoch_is_withheld_in_all():
    record = history(UNEVEN, "g", "error_rate", k=10)
    assert record.hidden.tolist() == [False, True, True]
    assert (record.value[:, 0] == 0.5).all()
    assert record.n[0] == 200
    for numbers in (record.value, record.low, record.high, record.n):
        assert np.isnan(numbers[..., 1:]).all()


def test_without_a_threshold_every_curve_is_drawn():
    record = history(UNEVEN, "g", "error_rate")
    assert not record.hidden.any()
    assert not np.isnan(record.value).any()
    assert not history([], "g", "error_rate", k=10).hidden.any()
