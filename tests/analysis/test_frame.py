from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.cohorts import parse
from analysis.errors import DataError, TooManyGroupsError
from analysis.frame import AuditFrame, Grouping, Splits, intersection
from analysis.matching import matches


def frame(n=6, **changes):
    values = {
        "features": pd.DataFrame({"x": np.arange(n, dtype=float)}),
        "y_true": np.arange(n) % 2,
        "classes": ("no", "yes"),
        "groups": {"g": Grouping(np.arange(n) % 2, ("a", "b"))},
        "weights": np.ones(n),
    }
    return AuditFrame(**{**values, **changes})


def test_intersections_hold_every_combination_in_order():
    first = Grouping(np.array([0, 1, 0]), ("f", "m"))
    second = Grouping(np.array([2, 0, 2]), ("x", "y", "z"))
    both = intersection({"sex": first, "race": second})
    assert both.names == ("f · x", "f · y", "f · z", "m · x", "m · y", "m · z")
    assert both.codes.tolist() == [2, 3, 2]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("x", "x · y"), ("z", "y · z")),
        (("x", "x ·"), ("y", "· y")),
        (("x", '"x · y"', "x · y"), ("z", 'y" · z')),
    ],
)
def test_names_that_hold_the_separator_stay_apart_when_crossed(first, second):
    parts = {
        "a": Grouping(np.arange(len(first)), first),
        "b": Grouping(np.zeros(len(first), int), second),
    }
    crossed = intersection(parts)
    assert len(set(crossed.names)) == len(first) * len(second)
    assert crossed.codes.tolist() == [len(second) * i for i in range(len(first))]
    assert intersection({"a": parts["a"]}).names == first


def test_an_attribute_that_is_named_twice_counts_once():
    table = frame()
    assert table.grouping(("g", "g")).names == ("a", "b")


def test_too_many_groups_are_refused_with_advice():
    many = Grouping(np.arange(50), tuple(map(str, range(50))))
    with pytest.raises(TooManyGroupsError, match="drop one attribute"):
        intersection({"a": many, "b": many})


@pytest.mark.parametrize("column", ["features", "y_true", "weights", "groups"])
def test_one_changed_cell_changes_the_digest(column):
    other = {
        "features": pd.DataFrame({"x": [0, 1, 2, 3, 4, 5.5]}),
        "y_true": np.array([0, 1, 0, 1, 0, 0]),
        "weights": np.array([1, 1, 1, 1, 1, 2.0]),
        "groups": {"g": Grouping(np.array([0, 1, 0, 1, 0, 0]), ("a", "b"))},
    }[column]
    assert frame().digest == frame().digest
    assert frame(**{column: other}).digest != frame().digest


def test_taken_rows_remember_where_they_came_from():
    part = frame().take(np.array([4, 1]))
    assert part.row_ids.tolist() == [4, 1]
    assert part.take(np.array([1])).row_ids.tolist() == [1]


@pytest.mark.parametrize("weights", [[-1.0] * 6, [np.nan] * 6, [0.0] * 6])
def test_unusable_weights_say_what_to_do(weights):
    with pytest.raises(DataError, match="'No weights'"):
        frame(weights=np.array(weights))


def test_records_do_not_share_memory_with_their_caller():
    weights = np.ones(6)
    made = frame(weights=weights)
    weights[0] = 9
    assert made.weights[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        made.weights[0] = 9


def test_a_row_may_stand_in_one_split_only():
    rows = {"train": [0, 1], "validation": [2], "calibration": [3], "test": [1]}
    with pytest.raises(DataError, match="two splits"):
        Splits({k: np.array(v) for k, v in rows.items()}, "random", 0)


def test_rules_may_name_the_domain_by_its_column():
    years = Grouping(np.array([0, 1, 1]), ("94", "95"))
    frame = AuditFrame(
        features=pd.DataFrame({"age": [20.0, 30.0, 40.0]}),
        y_true=np.array([0, 1, 0]),
        classes=("no", "yes"),
        groups={},
        weights=np.ones(3),
        domain=years,
        domain_name="year",
    )
    part = frame.take(np.array([0, 2]))
    inside = matches(parse("year = 95 & age > 30"), part.features, part.named_groups)
    np.testing.assert_array_equal(inside, [False, True])
    assert set(replace(frame, domain=None).named_groups) == set()
