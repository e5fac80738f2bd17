from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from analysis.attribution.attribution import attribute_covariates
from analysis.attribution.by_group import attribute_by_group
from analysis.causes.graph import parse_graph
from analysis.errors import DataError
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.frame import Grouping
from analysis.shifts.domain import Domain

NAMES = ("a", "b", "c", "tiny")


def world(rng, sizes=(2500, 2500, 150, 12), *, concept=0.0, mean=0.0):
    """Labels of group a follow another law by `concept`; x moves in group b."""
    codes = np.repeat(np.arange(4), sizes)
    n = len(codes)
    x = rng.normal(mean * (codes == 1), 1, n)
    y = rng.random(n) < expit(1.5 * x + concept * (codes == 0))
    evaluation = Evaluation(
        "m",
        y.astype(int),
        binary_probabilities(expit(1.5 * x)),
        ("no", "yes"),
        {"g": Grouping(codes, NAMES)},
        np.ones(n),
        np.arange(n),
    )
    return Domain(evaluation, pd.DataFrame({"x": x}))


@pytest.fixture(scope="module")
def split():
    rng = np.random.default_rng(3)
    source, target = world(rng), world(rng, concept=-1.5, mean=1.5)
    return source, target, attribute_by_group(source, target, "accuracy", "g")


def test_who_lost_through_what_is_told(split):
    found = split[2]
    assert [g.group for g in found.groups] == list(NAMES)
    assert set(found.sure) == {("a", "P(Y|X)"), ("b", "P(X)")}
    assert found.components == ("P(X)", "P(Y|X)")
    assert found.p_values["b"]["P(Y|X)"] > 0.05


def test_a_large_group_is_split_as_if_it_stood_alone(split):
    source, target, found = split
    alone = attribute_covariates(
        source.of_group({"g": "a"}), target.of_group({"g": "a"}), "accuracy"
    )
    assert found.groups[0].split == alone
    assert found.groups[0].fitted_within


def test_a_small_group_takes_the_ratios_of_everyone_and_that_is_said(split):
    source, _, found = split
    small = found.groups[2]
    assert not small.fitted_within
    assert (small.n_source, small.n_target) == (150, 150)
    rows = source.of_group({"g": "c"}).evaluation
    assert small.split.source.value == pytest.approx(
        (rows.decisions == rows.is_positive).mean()
    )
    assert found.warnings[0].startswith("c: fewer than 300 rows")
    told = [p.value for p in small.split.parts]
    assert sum(told) == pytest.approx(small.split.change.value, abs=1e-9)


def test_a_tiny_group_gets_a_reason_and_no_number(split):
    tiny = split[2].groups[3]
    assert tiny.split is None
    assert "12 rows at the source" in tiny.reason
    assert "coarser attribute" in tiny.reason
    assert "tiny" not in split[2].p_values


def test_a_group_in_which_the_metric_is_undefined_gets_a_reason(rng):
    source, target = world(rng), world(rng)
    y = source.evaluation.y_true.copy()
    y[source.evaluation.groups["g"].codes == 1] = 1
    source = replace(source, evaluation=replace(source.evaluation, y_true=y))
    found = attribute_by_group(source, target, "auroc", "g", bootstrap=0)
    assert found.groups[1].split is None
    assert "Choose another metric" in found.groups[1].reason
    assert found.groups[0].split is not None


def test_groups_are_split_by_a_graph_too(rng):
    source, target = world(rng), world(rng, concept=-1.5)
    told = []
    found = attribute_by_group(
        source,
        target,
        "accuracy",
        "g",
        parse_graph("x->Y"),
        bootstrap=40,
        tick=lambda share, doing: told.append(share),
    )
    assert found.components == ("P(x)", "P(Y|x)")
    assert found.sure[0] == ("a", "P(Y|x)")
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_equal_groups_are_seldom_called_sure():
    rng = np.random.default_rng(0)
    sizes = (320, 320, 320, 320)
    called = [
        bool(
            attribute_by_group(
                world(rng, sizes), world(rng, sizes), "accuracy", "g", bootstrap=40
            ).sure
        )
        for _ in range(25)
    ]
    assert sum(called) <= 4


def test_an_unknown_attribute_is_refused(rng):
    with pytest.raises(DataError, match="choose one of these"):
        attribute_by_group(world(rng), world(rng), "accuracy", "height")
