from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.cohorts import parse
from analysis.datasets.load import load
from analysis.datasets.tasks import TASKS
from analysis.errors import SettingError
from analysis.evaluation import Evaluation, Threshold, binary_probabilities
from analysis.frame import Grouping
from analysis.lookalikes.suggested import suggested_groups
from analysis.matching import matches
from analysis.subgroups.disaggregate import disaggregate


def evaluation_of(wrong, rng, weights=None, score=None):
    n = len(wrong)
    y = rng.integers(0, 2, n)
    decided = np.where(wrong, 1 - y, y)
    score = 0.25 + 0.5 * decided if score is None else score
    return Evaluation(
        title="model",
        y_true=y,
        scores=binary_probabilities(score),
        classes=("no", "yes"),
        groups={"sex": Grouping(rng.integers(0, 2, n), ("Female", "Male"))},
        weights=np.ones(n) if weights is None else weights,
        row_ids=np.arange(n),
        rule=Threshold(0.5),
    )


def planted(rng, n=4_000, error=0.5):
    """Night workers of the north are old and form a cluster; half of them are erred."""
    is_cluster = rng.random(n) < 0.12
    shift = np.where(is_cluster | (rng.random(n) < 0.02), "night", "day")
    region = np.where(is_cluster, "north", rng.choice(["south", "east"], n))
    age = np.where(is_cluster, rng.normal(62, 3, n), rng.normal(38, 8, n)).round()
    features = pd.DataFrame(
        {
            "age": age,
            "shift": pd.Categorical(shift),
            "region": pd.Categorical(region),
            "noise": rng.normal(size=n),
            "colour": pd.Categorical(rng.choice(["red", "blue", "green"], n)),
        }
    )
    wrong = rng.random(n) < np.where(is_cluster, error, 0.1)
    return features, evaluation_of(wrong, rng), is_cluster


def test_a_planted_cluster_of_errors_comes_first(rng):
    features, evaluation, is_cluster = planted(rng)
    found = suggested_groups(evaluation, features, "error_rate")
    first = found.suggestions[0]
    rows = matches(first.cohort, features)
    assert (rows & is_cluster).sum() / rows.sum() > 0.85  # all of it, or a part
    assert first.q_value < 1e-6
    assert first.estimate.low < 0.5 < first.estimate.high
    assert {t.feature for t in first.traits} & {"shift", "region"}
    values = [s.estimate.value for s in found.suggestions]
    assert values == sorted(values, reverse=True)


def test_few_clusters_find_the_planted_one_whole(rng):
    features, evaluation, is_cluster = planted(rng)
    first, *_ = suggested_groups(
        evaluation, features, "error_rate", clusters=3
    ).suggestions
    rows = matches(first.cohort, features)
    assert (rows & is_cluster).sum() / (rows | is_cluster).sum() > 0.9
    assert first.estimate.value == pytest.approx(0.5, abs=0.06)
    assert first.rest.value == pytest.approx(0.1, abs=0.02)


def test_where_more_is_better_the_lowest_comes_first(rng):
    features, evaluation, _ = planted(rng)
    found = suggested_groups(evaluation, features, "accuracy").suggestions
    values = [s.estimate.value for s in found]
    assert values == sorted(values)
    assert found[0].difference.value < -0.3


@pytest.mark.parametrize("metric", ["error_rate", "f1", "auroc", "brier_score"])
def test_numbers_are_those_of_everyone_who_matches_the_printed_rule(rng, metric):
    features, evaluation, _ = planted(rng, 1_500)
    for s in suggested_groups(evaluation, features, metric, clusters=6).suggestions:
        rows = matches(parse(str(s.cohort)), features)
        assert s.n == rows.sum()
        split = Grouping((~rows).astype(int), ("matches", "others"))
        named = replace(evaluation, groups={"rule": split})
        expected = disaggregate(named, ("rule",), (metric,)).by_group[metric]
        for g, told in enumerate((s.estimate, s.rest)):
            taken = evaluation.take(np.flatnonzero(rows if g == 0 else ~rows))
            alone = disaggregate(taken, (), (metric,)).overall[metric]
            assert told.value == pytest.approx(alone.value, nan_ok=True)
            ends = expected.low[g], expected.high[g]
            assert (told.low, told.high) == pytest.approx(ends, nan_ok=True)
        assert s.difference.value == pytest.approx(s.estimate.value - s.rest.value)


def test_the_outcome_plays_no_part_in_finding_groups(rng):
    features, evaluation, _ = planted(rng)
    other = evaluation_of(rng.random(4_000) < 0.3, rng)
    rules = [
        {str(s.cohort) for s in suggested_groups(e, features, "error_rate").suggestions}
        for e in (evaluation, other)
    ]
    assert rules[0] == rules[1]


def test_without_any_fault_nothing_is_sure():
    sure = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        features, evaluation, _ = planted(rng, 1_500, error=0.1)
        found = suggested_groups(evaluation, features, "error_rate", clusters=10)
        sure += any(s.q_value < 0.05 for s in found.suggestions)
    assert sure <= 4  # of 20 at 5 %


def test_the_same_seed_gives_the_same_groups_and_says_how_many_rows_it_drew(
    rng, monkeypatch
):
    monkeypatch.setattr("analysis.lookalikes.clusters.FITTED_ROWS", 500)
    features, evaluation, _ = planted(rng)
    first, again = (suggested_groups(evaluation, features, "f1") for _ in range(2))
    assert first == again
    assert (first.rows_fitted, first.clusters, first.seed) == (500, 12, 0)


def test_small_groups_and_groups_of_everyone_are_dropped(rng):
    features, evaluation, _ = planted(rng)
    found = suggested_groups(evaluation, features, "error_rate", min_rows=400)
    assert all(400 <= s.n < 4_000 for s in found.suggestions)
    rules = [str(s.cohort) for s in found.suggestions]
    assert len(rules) == len(set(rules)) > 0


def test_a_feature_that_repeats_another_is_not_named_beside_it(rng):
    features, evaluation, _ = planted(rng)
    features["region again"] = features["region"].cat.rename_categories(str.upper)
    for s in suggested_groups(evaluation, features, "error_rate").suggestions:
        named = {t.feature for t in s.traits}
        assert not {"region", "region again"} <= named


def test_missing_values_and_the_word_missing_are_told_apart(rng):
    n = 2_000
    is_cluster = np.arange(n) < 400
    word = np.where(is_cluster, None, np.where(np.arange(n) < 800, "Missing", "ok"))
    features = pd.DataFrame(
        {
            "kind": pd.Categorical(word),
            "x": np.where(is_cluster, np.nan, rng.normal(size=n)),
        }
    )
    found = suggested_groups(evaluation_of(is_cluster, rng), features, "error_rate")
    first = found.suggestions[0]
    assert "Missing" in str(first.cohort)
    assert np.array_equal(matches(first.cohort, features), is_cluster)


def test_weights_move_the_numbers_not_the_clusters(rng):
    features, _, _ = planted(rng)
    heavy = evaluation_of(np.zeros(4_000, bool), rng, rng.lognormal(size=4_000))
    for s in suggested_groups(heavy, features, "selection_rate").suggestions[:3]:
        rows = matches(s.cohort, features)
        expected = np.average(heavy.decisions[rows], weights=heavy.weights[rows])
        assert s.estimate.value == pytest.approx(expected)


def test_identical_rows_no_features_and_unknown_metrics_are_no_crash(rng):
    evaluation = evaluation_of(np.zeros(60, bool), rng)
    same = pd.DataFrame({"x": np.ones(60)})
    assert suggested_groups(evaluation, same, "error_rate").suggestions == ()
    assert suggested_groups(evaluation, same[[]], "error_rate").suggestions == ()
    with pytest.raises(SettingError, match="is not a metric here"):
        suggested_groups(evaluation, same, "accuracies")


def test_rules_of_an_embedded_table_find_the_same_rows_in_it(rng):
    data = load(TASKS["german"])
    evaluation = evaluation_of(rng.random(len(data.frame)) < 0.3, rng)
    found = suggested_groups(evaluation, data.frame.features, "error_rate")
    assert len(found.suggestions) >= 5
    for s in found.suggestions:
        assert matches(parse(str(s.cohort)), data.table).sum() == s.n
