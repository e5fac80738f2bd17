import numpy as np
import pytest

from analysis.errors import MetricError
from analysis.history import history, history_metrics, inside, losses


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


def test_the_kept_epoch_is_the_one_told_or_the_last_ones_best_so_far():
    told = [{"epoch": 1, "best_epoch": 1}, {"epoch": 2, "best_epoch": 1}]
    assert losses(told).kept == 1
    assert losses(told, kept=2).kept == 2
    assert losses([{"epoch": 1}]).kept == 0


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


def told(epoch, norms):
    """An epoch that says how hard two groups pull."""
    return {"epoch": epoch, "gradients": {"g": {"names": ["a", "b"], "norm": norms}}}


def test_what_goes_on_inside_is_what_the_epochs_told():
    record = inside([told(1, [3.0, 1.0]), told(2, [2.0, None])], "gradients", "g")
    assert record.names == ("a", "b")
    assert record.epoch.tolist() == [1, 2]
    assert record.value[:, 0].tolist() == [3.0, 2.0]
    assert record.value[0, 1] == 1.0
    assert np.isnan(record.value[1, 1])
    assert record


def test_epochs_that_tell_nothing_are_left_out():
    silent = {"epoch": 1, "counts": {}}
    assert not inside([silent], "pruned", "g")
    assert not inside([told(1, [1.0, 1.0])], "pruned", "g")
    assert inside([silent, told(2, [1.0, 1.0])], "gradients", "g").epoch.tolist() == [2]


def test_a_group_whose_curve_is_withheld_does_not_show_how_hard_it_pulls():
    norm = {"names": ["a", "b", "c"], "norm": [3.0, 1.0, 2.0]}
    epochs = [epoch | {"gradients": {"g": norm}} for epoch in UNEVEN]
    record = inside(epochs, "gradients", "g", k=10)
    curves = history(epochs, "g", "error_rate", 10)
    assert record.hidden.tolist() == curves.hidden.tolist() == [False, True, True]
    assert np.isnan(record.value[:, 1:]).all()
    assert (record.value[:, 0] == 3.0).all()
