"""Planted chains, forks and colliders, and which of their mechanisms moved."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import pearsonr

from analysis.causes.partial_tests import partial_tests
from analysis.causes.suggested_graph import MOST_ROWS, suggested_graph
from analysis.errors import DataError, OverlapError
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.frame import Grouping
from analysis.shifts.domain import Domain


def side(columns, y, groups=None, weights=None):
    n = len(y)
    evaluation = Evaluation(
        "m",
        np.asarray(y).astype(int),
        binary_probabilities(np.full(n, 0.5)),
        ("no", "yes"),
        groups or {},
        np.ones(n) if weights is None else weights,
        np.arange(n),
    )
    return Domain(evaluation, pd.DataFrame(columns))


def step(moved, name):
    return 0.8 if moved == name else 0.0


def chain(rng, n, moved=""):
    """a -> b -> Y, the columns in the other order."""
    a = rng.normal(step(moved, "a"), 1, n)
    b = 0.8 * a + rng.normal(step(moved, "b"), 1, n)
    y = rng.random(n) < expit(1.2 * b + step(moved, "Y"))
    return side({"b": b, "a": a}, y)


def fork(rng, n, moved=""):
    """a -> b and a -> Y."""
    a = rng.normal(step(moved, "a"), 1, n)
    b = 0.8 * a + rng.normal(step(moved, "b"), 1, n)
    y = rng.random(n) < expit(1.2 * a + step(moved, "Y"))
    return side({"b": b, "a": a}, y)


def collider(rng, n, moved=""):
    """a -> Y <- b, one of them a category."""
    a = rng.normal(step(moved, "a"), 1, n)
    b = rng.random(n) < expit(step(moved, "b"))
    y = rng.random(n) < expit(1.2 * a + 1.5 * b - 0.7 + step(moved, "Y"))
    return side({"b": np.where(b, "town", "land"), "a": a}, y)


def effect(rng, n, moved=""):
    """Y -> a and Y -> b: what is predicted shows itself."""
    y = rng.random(n) < 0.4 + step(moved, "Y") / 4
    a = 1.2 * y + rng.normal(step(moved, "a"), 1, n)
    b = 1.2 * y + rng.normal(step(moved, "b"), 1, n)
    return side({"b": b, "a": a}, y)


LINKS = {chain: ["ab", "bY"], fork: ["ab", "aY"], collider: ["aY", "bY"]}
LINKS |= {effect: ["aY", "bY"]}


def links(suggestion):
    return {frozenset((e.cause, e.effect)) for e in suggestion.edges}


@pytest.mark.parametrize("plant", list(LINKS), ids=lambda f: f.__name__)
@pytest.mark.parametrize("moved", ["", "a", "b", "Y"])
def test_planted_links_and_the_mechanism_that_moved_are_found(plant, moved):
    right_links = right_moves = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        found = suggested_graph(plant(rng, 2000), plant(rng, 2000, moved))
        right_links += links(found) == {frozenset(pair) for pair in LINKS[plant]}
        right_moves += {m.node for m in found.moved} == ({moved} if moved else set())
    assert right_links >= 8
    assert right_moves >= 8


def directed(suggestion):
    return {(e.cause, e.effect) for e in suggestion.edges if not e.is_default}


@pytest.mark.parametrize(
    ("plant", "moved", "known"),
    [
        (collider, "", {("a", "Y"), ("b", "Y")}),  # independent causes of one effect
        (chain, "a", {("a", "b"), ("b", "Y")}),  # the moved cause carries along
        (chain, "Y", {("b", "Y")}),  # b stays as it is, so Y is not its cause
        (effect, "Y", {("Y", "a"), ("Y", "b")}),
        (effect, "a", {("Y", "a")}),
        (fork, "b", {("a", "b")}),
    ],
)
def test_directions_that_the_data_determine_are_right(plant, moved, known):
    right = 0
    for seed in range(10):
        rng = np.random.default_rng(100 + seed)
        found = directed(suggested_graph(plant(rng, 3000), plant(rng, 3000, moved)))
        right += known <= found
    assert right >= 8


def test_what_the_data_leave_open_points_in_the_stated_order_and_says_so(rng):
    found = suggested_graph(chain(rng, 3000), chain(rng, 3000))
    assert {(e.cause, e.effect) for e in found.edges} == {("b", "a"), ("b", "Y")}
    assert all(e.is_default for e in found.edges)


def test_independent_columns_are_linked_as_rarely_as_the_level_says():
    wrong = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        columns = {c: rng.normal(size=400) for c in "abc"}
        first = side(columns, rng.random(400) < 0.5)
        second = side({c: rng.normal(size=400) for c in "abc"}, rng.random(400) < 0.5)
        found = suggested_graph(first, second)
        wrong += len(found.edges) + len(found.moved)
    assert wrong / (100 * 10) < 0.02  # of 10 pairs each; the level is 1 %


def test_a_pair_of_numbers_is_tested_as_the_partial_correlation(rng):
    z = rng.normal(size=500)
    x, y = z + rng.normal(size=500), z + rng.normal(size=500)
    tests = partial_tests([v[:, None] for v in (x, y, z)], np.ones(500))
    freed = [v - np.polyval(np.polyfit(z, v, 1), z) for v in (x, y)]
    assert tests.p_value(0, 1, [2]) == pytest.approx(pearsonr(*freed)[1], abs=0.01)
    assert tests.p_value(0, 1, []) < 1e-10


def test_a_variable_that_follows_from_the_given_ones_is_independent(rng):
    x, y = rng.normal(size=300), rng.normal(size=300)
    tests = partial_tests([v[:, None] for v in (x, y, x.copy())], np.ones(300))
    assert tests.p_value(0, 1, [2]) == 1.0


def test_a_sensitive_attribute_is_nobodys_effect(rng):
    n = 3000

    def drawn(share):
        g = (rng.random(n) < share).astype(int)
        x = g + rng.normal(size=n)
        y = rng.random(n) < expit(x)
        return side({"x": x}, y, {"sex": Grouping(g, ("F", "M"))})

    found = suggested_graph(drawn(0.5), drawn(0.5), ["sex"])
    (edge,) = (e for e in found.edges if "sex" in (e.cause, e.effect))
    assert (edge.cause, edge.effect, edge.reason) == ("sex", "x", "given")
    assert edge.p_value < 1e-10


def test_the_same_question_gets_the_same_answer_and_says_what_was_read():
    rng = np.random.default_rng(0)
    first, second = chain(rng, MOST_ROWS + 50), chain(rng, 400, "Y")
    found = suggested_graph(first, second)
    assert found == suggested_graph(first, second)
    assert (found.rows, found.of_rows) == (MOST_ROWS + 400, MOST_ROWS + 450)


def test_many_features_share_nodes(rng):
    base = rng.normal(size=(500, 5))
    twins = base + 0.1 * rng.normal(size=(500, 5))
    table = np.column_stack([base, twins])
    columns = {f"x{i}": table[:, i] for i in range(10)}
    first = side(columns, rng.random(500) < 0.5)
    found = suggested_graph(first, first, nodes=6)
    bundles = [set(n.columns) for n in found.graph.nodes if not n.is_label]
    assert bundles == [{f"x{i}", f"x{i + 5}"} for i in range(5)]


def test_a_constant_column_and_missing_values_break_nothing(rng):
    x = np.where(rng.random(400) < 0.2, np.nan, rng.normal(size=400))
    flag = rng.random(400) < 0.5
    first = side({"c": np.ones(400), "x": x, "f": flag}, np.isnan(x))
    found = suggested_graph(first, first)
    assert {"x", "Y"} in [set(link) for link in links(found)]
    assert not found.moved


def test_a_weight_of_two_counts_as_two_rows(rng):
    copies = rng.integers(1, 4, 200)
    columns = [rng.normal(size=(200, 2)) for _ in range(3)]
    weighted = partial_tests(columns, copies.astype(float))
    repeated = partial_tests(
        [np.repeat(c, copies, axis=0) for c in columns], np.ones(copies.sum())
    )
    assert weighted.products == pytest.approx(repeated.products)
    assert weighted.rows < 200 < repeated.rows


def test_a_tiny_side_and_an_unknown_attribute_are_refused(rng):
    with pytest.raises(OverlapError, match="Start from another graph"):
        suggested_graph(chain(rng, 50), chain(rng, 500))
    with pytest.raises(DataError, match="Leave it out"):
        suggested_graph(chain(rng, 500), chain(rng, 500), ["height"])
