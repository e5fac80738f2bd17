import numpy as np
import pandas as pd
import pytest

from analysis.attribution.attribution import attribute_mechanisms
from analysis.causes.association import association, bundled, coded
from analysis.causes.graph import LABEL_NODE, parse_graph
from analysis.causes.starting_graphs import (
    MOST_NODES,
    graph_in_order,
    starting_graphs,
)
from analysis.datasets.load import load
from analysis.datasets.tasks import TASKS, task_named
from analysis.errors import SettingError
from analysis.evaluation import Scores, Threshold, evaluate
from analysis.shifts.domain import Domain


@pytest.mark.parametrize("task", list(TASKS))
def test_every_embedded_task_has_graphs_of_all_its_features(task):
    frame = load(task_named(task)).frame
    attributes = list(frame.groups)
    for start in starting_graphs(frame.features, attributes):
        held = {c for n in start.graph.nodes for c in n.columns}
        assert set(map(str, frame.features)) <= held - {LABEL_NODE}
        assert LABEL_NODE in held
        assert len(start.graph.nodes) <= MOST_NODES
        assert parse_graph(str(start.graph)).edges == start.graph.edges
        assert start.words.endswith(".")


def half(frame, rows):
    part = frame.take(rows)
    scores = Scores(np.full((len(part), len(part.classes)), 1 / len(part.classes)))
    evaluation = evaluate("m", part, scores, Threshold())
    return Domain(evaluation, part.features.reset_index(drop=True))


@pytest.mark.parametrize("task", list(TASKS))
def test_every_start_on_every_embedded_task_can_be_split_over(task):
    frame = load(task_named(task)).frame
    rows = np.random.default_rng(0).permutation(len(frame))[:4000]
    source, target = (half(frame, np.sort(r)) for r in (rows[::2], rows[1::2]))
    for start in starting_graphs(frame.features, list(frame.groups)):
        record = attribute_mechanisms(
            source, target, "prevalence", start.graph, bootstrap=0
        )
        assert len(record.parts) == len(start.graph.nodes)


def test_mechanisms_of_a_start_multiply_to_the_whole_distribution():
    table = pd.DataFrame({c: np.arange(8.0) for c in "ab"})
    starts = {s.name: s.graph for s in starting_graphs(table, ["sex"])}
    assert [str(m) for m in starts["label_last"].mechanisms] == [
        "P(a)",
        "P(b|a)",
        "P(Y|a,b)",
    ]
    assert [str(m) for m in starts["label_first"].mechanisms] == [
        "P(Y)",
        "P(a|Y)",
        "P(b|Y,a)",
    ]
    assert [str(m) for m in starts["groups_first"].mechanisms] == [
        "P(sex)",
        "P(features|sex)",
        "P(Y|sex,features)",
    ]


def test_without_sensitive_attributes_no_graph_starts_from_them():
    table = pd.DataFrame({"a": np.arange(8.0)})
    assert [s.name for s in starting_graphs(table, [])] == ["label_last", "label_first"]


def test_a_feature_named_like_the_label_is_left_out():
    table = pd.DataFrame({"Y": np.arange(8.0), "a": np.arange(8.0)})
    for start in starting_graphs(table, []):
        assert {c for n in start.graph.nodes for c in n.columns} == {"a", "Y"}


def test_an_order_of_ones_own_becomes_ordered_conditionals():
    graph = graph_in_order([["age", "sex"], ["job", "age"], []])
    assert [str(m) for m in graph.mechanisms] == [
        "P(age+sex)",
        "P(job|age+sex)",
        "P(Y|age+sex,job)",
    ]


@pytest.mark.parametrize("order", [[], [[c] for c in "abcdefgh"]])
def test_an_order_of_no_or_too_many_groups_is_refused(order):
    with pytest.raises(SettingError, match="into one group"):
        graph_in_order(order)


def test_columns_that_hang_together_share_a_bundle(rng):
    x, z = rng.normal(size=300), rng.choice(["u", "v", "w"], 300)
    table = pd.DataFrame({"x": x, "z": z, "square": x**2, "twin": np.char.upper(z)})
    assert bundled(table, 2) == (("x", "square"), ("z", "twin"))
    assert bundled(table, 9) == (("x",), ("z",), ("square",), ("twin",))


def test_association_is_one_for_a_copy_and_near_zero_for_noise(rng):
    x = rng.normal(size=2000)
    codes = [x, np.exp(x), rng.normal(size=2000)]
    strength = association({str(i): coded(pd.Series(c)) for i, c in enumerate(codes)})
    assert strength[0, 1] == pytest.approx(1)
    assert strength[0, 2] < 0.01


def test_codes_of_a_category_are_centred_and_few():
    codes = coded(pd.Series(["a"] * 5 + ["b"] * 3 + [None] * 2))
    assert codes.shape == (10, 2)
    assert codes.sum(axis=0) == pytest.approx([0, 0])
    assert coded(pd.Series(["a"] * 4)).tolist() == [[0.0]] * 4
