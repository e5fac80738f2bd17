"""Two scored tables are compared over the same columns and classes."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import cli
from analysis.datasets.comparing import two_domains
from analysis.datasets.declaring import task_from_roles
from analysis.datasets.load import Dataset, frame_of
from analysis.datasets.roles import Roles
from analysis.errors import DataError

ROLES = Roles(label="y", positive="1", score=("p",), weight="w")


def scored(table, roles=ROLES):
    task = task_from_roles(roles, table, "t", "")
    return Dataset(task, table, frame_of(task, table, np.arange(len(table))))


@pytest.fixture
def table(rng):
    return pd.DataFrame(
        {"x": rng.normal(size=60), "y": [0, 1, 1] * 20, "p": 0.5, "w": 1.0}
    )


def test_a_feature_that_is_named_twice_counts_once(table):
    data = scored(table)
    source, target = two_domains(data, data, features=("x", "x"))
    assert list(source.columns) == list(target.columns) == ["x"]


@pytest.mark.parametrize(
    ("feature", "role"), [("y", "the label"), ("p", "a score"), ("w", "the weight")]
)
def test_a_column_with_another_role_is_no_feature(table, feature, role):
    data = scored(table)
    with pytest.raises(DataError, match=f"'{feature}' is {role} .* Leave it out"):
        two_domains(data, data, features=("x", feature))


def three_classes(table):
    scores = np.where(np.arange(3) == np.tile(np.arange(3), 20)[:, None], 0.8, 0.1)
    table = table.drop(columns="p").assign(y=np.tile(["a", "b", "c"], 20))
    table[["s1", "s2", "s3"]] = scores
    roles = Roles(label="y", positive="c", score=("s1", "s2", "s3"))
    return scored(table.astype({"y": "category"}), roles)


def test_scores_follow_the_classes_of_the_source(table):
    source = three_classes(table)
    task = replace(
        source.task,
        classes=("b", "a", "c"),
        score=replace(source.task.score, columns=("s2", "s1", "s3")),
    )
    frame = frame_of(task, source.table, source.frame.row_ids)
    _, second = two_domains(source, Dataset(task, source.table, frame))
    shown = second.evaluation
    assert shown.classes == ("a", "b", "c")
    best = shown.scores.values.argmax(axis=1)  # noqa: PD011 - no DataFrame
    np.testing.assert_array_equal(best, shown.y_true)


def test_two_positive_classes_are_refused(table):
    other = scored(table, replace(ROLES, positive="0"))
    with pytest.raises(DataError, match="Choose the same one for both"):
        two_domains(scored(table), other)


def test_the_column_of_time_is_no_feature(table):
    data = scored(table.assign(month=np.arange(60) % 3))
    source, target = two_domains(data, data, time="month")
    assert list(source.columns) == list(target.columns) == ["x"]
    assert source.times.names == target.times.names
    assert "month" in two_domains(data, data)[0].columns
    with pytest.raises(DataError, match=r"'month' orders .* Leave it out"):
        two_domains(data, data, features=("x", "month"), time="month")


def test_new_months_are_estimated_on_the_command_line(tmp_path, capsys, rng):
    paths = []
    for first in (1, 4):
        x = rng.normal(size=900)
        p = 1 / (1 + np.exp(-x))
        month = [f"2024-{first + i % 3:02d}" for i in range(900)]
        table = pd.DataFrame({"x": x, "y": rng.binomial(1, p), "p": p, "month": month})
        paths.append(str(tmp_path / f"{first}.csv"))
        table.to_csv(paths[-1], index=False)
    given = ["estimate", "--reference", paths[0], "--target", paths[1], "--json"]
    given += ["--label", "y", "--scores", "p", "--metrics", "accuracy"]
    assert cli.main([*given, "--time", "month"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["metrics"]["accuracy"]["estimated"] is not None
    assert len(found["chunks"]) == 3
    assert all(c["metrics"]["accuracy"]["estimated"] for c in found["chunks"])
