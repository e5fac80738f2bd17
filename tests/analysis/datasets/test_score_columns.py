"""Each class gets its own score column, whichever class is positive."""

import numpy as np
import pandas as pd
import pytest

from analysis.datasets.declared import ScoredColumns, scored_file
from analysis.datasets.declaring import role_notes, task_from_roles
from analysis.datasets.load import Dataset, existing_scores, frame_of
from analysis.datasets.roles import Roles, infer_roles
from analysis.datasets.score_columns import in_class_order, named_after
from analysis.evaluation import Argmax, Threshold, evaluate
from analysis.subgroups.disaggregate import disaggregate

NUMBERS = (0, 2, 10)
WORDS = ("high", "low", "mid")


def perfect(classes, names):
    """Return 60 rows whose scores say the label, classes in their natural order."""
    position = np.tile(np.arange(len(classes)), 20)
    scores = np.where(position[:, None] == np.arange(len(classes)), 0.8, 0.1)
    table = pd.DataFrame(scores, columns=list(names))
    return table.assign(y=pd.Series(np.asarray(classes)[position]))


def told_right(data):
    """Return accuracy and AUROC of the positive class, and the accuracy of all."""
    scores = existing_scores(data)
    shown = evaluate("t", data.frame, scores, Threshold())
    table = disaggregate(shown, (), ("accuracy", "auroc"))
    best = scores.values.argmax(axis=1)  # noqa: PD011 - no DataFrame
    whole = (best == data.frame.y_true).mean()
    decided = shown.decided_by(Argmax()).decisions == shown.is_positive
    return (
        table.overall["accuracy"].value,
        table.overall["auroc"].value,
        whole,
        decided.mean(),
    )


CASES = [
    (NUMBERS, ("a", "b", "c")),  # nothing in the names: natural order
    (NUMBERS, ("p0", "p2", "p10")),
    (WORDS, ("c1", "c2", "c3")),
    (WORDS, ("p_high", "p_low", "p_mid")),
]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(("classes", "names"), CASES)
def test_perfect_scores_are_perfect_whichever_class_is_positive(classes, names, place):
    table = perfect(classes, names)
    if isinstance(classes[0], str):
        table["y"] = table["y"].astype("category")
    roles = Roles(label="y", positive=str(classes[place]), score=names)
    task = task_from_roles(roles, table, "t", "0" * 32)
    data = Dataset(task, table, frame_of(task, table, np.arange(len(table))))
    assert task.positive == str(classes[place])
    assert task.score.columns[-1] == names[place]
    assert told_right(data) == (1, 1, 1, 1)


@pytest.mark.parametrize("place", [None, 0, 1, 2])
@pytest.mark.parametrize(("classes", "names"), CASES)
def test_perfect_scores_in_a_file_are_perfect(tmp_path, classes, names, place):
    path = tmp_path / "three.csv"
    perfect(classes, names).to_csv(path, index=False)
    positive = None if place is None else str(classes[place])
    columns = ScoredColumns("y", names, positive=positive)
    data = scored_file(str(path), columns)
    assert told_right(data) == (1, 1, 1, 1)
    pair = f"{names[1]} is the probability of {classes[1]}"
    assert any(n.startswith("Score columns: ") and pair in n for n in data.notes)


def test_columns_named_after_classes_may_stand_in_any_order():
    table = perfect(WORDS, ("p_high", "p_low", "p_mid"))
    roles = Roles(label="y", positive="high", score=("p_low", "p_mid", "p_high"))
    task = task_from_roles(roles, table.astype({"y": "category"}), "t", "0" * 32)
    assert dict(zip(task.classes, task.score.columns, strict=True)) == {
        "low": "p_low",
        "mid": "p_mid",
        "high": "p_high",
    }
    assert role_notes(task, table)[0] == (
        "Score columns: p_low is the probability of low, p_mid is the probability of "
        "mid, p_high is the probability of high."
    )


def test_two_columns_of_a_binary_label_follow_the_positive_class():
    table = perfect((0, 1), ("a", "b"))
    table[["a", "b"]] = table[["a", "b"]] / 0.9
    roles = Roles(label="y", positive="0", score=("a", "b"))
    assert task_from_roles(roles, table, "t", "").score.columns == ("b", "a")


@pytest.mark.parametrize(
    ("columns", "classes"),
    [
        (("pLow", "pMid", "pHigh"), ("Low", "Mid", "High")),
        (("low_score", "mid_score", "high_score"), ("low", "mid", "high")),
        (("P(LOW)", "P(MID)", "P(HIGH)"), ("low", "mid", "high")),
        (("p_male", "p_female"), ("male", "female")),
        (("p_-1", "p_0", "p_1"), ("-1", "0", "1")),
        (("p1", "p10", "p0"), ("1", "10", "0")),
    ],
)
def test_names_that_leave_no_doubt_are_matched(columns, classes):
    assert named_after(columns, classes) == dict(zip(classes, columns, strict=True))


@pytest.mark.parametrize(
    ("columns", "classes"),
    [
        (("score1", "score2", "score3"), ("0", "1", "2")),
        (("p10", "p11", "p12"), ("0", "1", "2")),
        (("p_a", "p_b", "other"), ("a", "b", "c")),
        (("x_a", "y_a", "p_b"), ("a", "b", "c")),
        (("a_b_1", "a_b_2"), ("a", "b")),
    ],
)
def test_names_that_leave_a_doubt_are_read_in_the_order_of_the_classes(
    columns, classes
):
    assert named_after(columns, classes) == {}
    last_first = classes[::-1]
    assert in_class_order(columns, classes, last_first) == columns[::-1]


def test_short_names_are_suggested_as_scores_of_their_classes():
    table = perfect(NUMBERS, ("p0", "p2", "p10")).assign(x=np.arange(60.0))
    roles = infer_roles(table)
    assert (roles.label, roles.positive) == ("y", "10")
    assert roles.score == ("p0", "p2", "p10")
    assert roles.features == ("x",)
