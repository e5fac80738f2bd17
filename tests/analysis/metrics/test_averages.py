import warnings
from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics as sk

from analysis.errors import NeedsProbabilitiesError, SettingError
from analysis.evaluation import Argmax, Evaluation, Scores
from analysis.frame import Grouping
from analysis.metrics.averages import AVERAGES
from analysis.metrics.registry import CLASS_MEANS, metric_named
from analysis.subgroups.disaggregate import disaggregate

ORACLES = {
    "precision": sk.precision_score,
    "true_positive_rate": sk.recall_score,
    "f1": sk.f1_score,
}


def three_classes(rng, n=200, g=3, weighted=False, view=-1, labels=3):
    p = rng.dirichlet([1.0, 1.0, 1.0], n)
    w = rng.lognormal(size=n) if weighted else np.ones(n)
    return Evaluation(
        title="model",
        y_true=rng.integers(0, labels, n),
        scores=Scores(p),
        classes=("a", "b", "c"),
        groups={"group": Grouping(rng.integers(0, g, n), tuple("xyzuvw"[:g]))},
        weights=w,
        row_ids=np.arange(n),
        rule=Argmax(),
        view=view,
    )


def decided_as(y, decided, k=3):
    """An evaluation that is sure of its decisions, one group."""
    decided = np.asarray(decided)
    return Evaluation(
        title="model",
        y_true=np.asarray(y),
        scores=Scores(np.eye(k)[decided]),
        classes=("a", "b", "c")[:k],
        groups={"group": Grouping(np.zeros(len(y), int), ("x",))},
        weights=np.ones(len(y)),
        row_ids=np.arange(len(y)),
        rule=Argmax(),
    )


def value(evaluation, name):
    return disaggregate(evaluation, (), [name]).overall[name].value


def test_means_worked_by_hand():
    # found of a: 2 of 3, of b: 1 of 1, of c: 0 of 2; right overall: 3 of 6
    evaluation = decided_as([0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 1, 0])
    assert value(evaluation, "true_positive_rate_macro") == pytest.approx(5 / 9)
    assert value(evaluation, "true_positive_rate_micro") == pytest.approx(0.5)
    assert value(evaluation, "true_positive_rate_weighted") == pytest.approx(0.5)
    # precision of a: 2 of 3, of b: 1 of 3; nobody is called c
    assert value(evaluation, "precision_macro") == pytest.approx(0.5)
    assert value(evaluation, "precision_weighted") == pytest.approx(
        (3 * 2 / 3 + 1 * 1 / 3) / 4
    )


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("base", ORACLES)
@pytest.mark.parametrize("seed", range(4))
def test_means_of_decisions_agree_with_scikit_learn(base, average, seed):
    rng = np.random.default_rng(seed)
    evaluation = three_classes(rng, (12, 200)[seed % 2], weighted=seed > 1)
    name = f"{base}_{average}"
    ours = disaggregate(evaluation, ("group",), [name]).by_group[name]
    for g in range(3):
        mine = evaluation.groups["group"].codes == g
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = ORACLES[base](
                evaluation.y_true[mine],
                evaluation.decided_classes[mine],
                labels=[0, 1, 2],
                average=average,
                sample_weight=evaluation.weights[mine],
                zero_division=np.nan,
            )
        assert ours.value[g] == pytest.approx(expected, abs=1e-12, nan_ok=True)
        assert ours.n[g] == mine.sum()


@pytest.mark.parametrize("average", ["macro", "weighted"])
@pytest.mark.parametrize("weighted", [False, True])
def test_means_of_rankings_agree_with_scikit_learn(rng, average, weighted):
    evaluation = three_classes(rng, weighted=weighted)
    names = [f"auroc_{average}", f"average_precision_{average}"]
    ours = disaggregate(evaluation, ("group",), names).by_group
    for g in range(3):
        mine = evaluation.groups["group"].codes == g
        y, p = evaluation.y_true[mine], evaluation.scores.values[mine]
        w = evaluation.weights[mine]
        area = sk.roc_auc_score(
            y, p, multi_class="ovr", average=average, sample_weight=w
        )
        precision = sk.average_precision_score(
            np.eye(3)[y], p, average=average, sample_weight=w
        )
        if average == "weighted" and weighted:  # scikit-learn's shares ignore weights
            share = np.bincount(y, w, 3) / w.sum()
            by_class = [
                sk.average_precision_score(y == c, p[:, c], sample_weight=w)
                for c in range(3)
            ]
            precision = share @ by_class
            area = share @ [
                sk.roc_auc_score(y == c, p[:, c], sample_weight=w) for c in range(3)
            ]
        assert ours[names[0]].value[g] == pytest.approx(area, abs=1e-12)
        assert ours[names[1]].value[g] == pytest.approx(precision, abs=1e-12)


def test_weighted_recall_and_micro_precision_are_accuracy(rng):
    evaluation = three_classes(rng, weighted=True)
    right = evaluation.y_true == evaluation.decided_classes
    accuracy = np.average(right, weights=evaluation.weights)
    for name in ("true_positive_rate_weighted", "precision_micro", "f1_micro"):
        assert value(evaluation, name) == pytest.approx(accuracy)


def test_the_class_in_view_moves_no_mean_over_classes():
    for name in ("f1_macro", "precision_weighted", "auroc_macro", "auroc_weighted"):
        first, second = (
            three_classes(np.random.default_rng(3), view=view) for view in (0, 2)
        )
        a, b = (
            disaggregate(e, ("group",), [name]).by_group[name] for e in (first, second)
        )
        assert a.value == pytest.approx(b.value), name
        assert a.low == pytest.approx(b.low), name
        assert a.high == pytest.approx(b.high), name


def test_a_class_that_does_not_occur_is_left_out_of_value_and_interval(rng):
    y = rng.integers(0, 2, 300)
    decided = np.where(rng.random(300) < 0.9, y, 1 - y)
    two, three = decided_as(y, decided, k=2), decided_as(y, decided, k=3)
    for name in ("f1_macro", "precision_macro", "true_positive_rate_weighted"):
        a, b = (disaggregate(e, (), [name]).overall[name] for e in (two, three))
        assert b.value == pytest.approx(a.value)
        # pseudo-rows differ, the width hardly
        assert b.low == pytest.approx(a.low, abs=0.01)
        assert b.high == pytest.approx(a.high, abs=0.01)


def test_a_group_without_rows_is_nan(rng):
    evaluation = three_classes(rng, n=1)
    names = ["f1_macro", "auroc_macro", "precision_micro"]
    found = disaggregate(evaluation, ("group",), names)
    for name in names:
        empty = found.by_group[name].n == 0
        assert empty.sum() == 2
        assert np.isnan(found.by_group[name].value[empty]).all()
        assert np.isnan(found.by_group[name].low[empty]).all()


def test_means_of_rankings_have_influences_of_weighted_mean_0_and_slope(rng):
    evaluation = three_classes(rng, n=60, weighted=True, labels=3)
    grouping = evaluation.groups["group"]
    metric = metric_named("auroc_macro")
    rows = metric.function(evaluation, grouping).rows
    assert np.bincount(grouping.codes, evaluation.weights * rows) == pytest.approx(
        np.zeros(3), abs=1e-9
    )
    for row in (0, 17, 59):
        g = grouping.codes[row]
        values = []
        for step in (1e-5, -1e-5):
            w = evaluation.weights.copy()
            w[row] += step
            moved = replace(evaluation, weights=w)
            values.append(metric.function(moved, grouping).value[g])
        total = evaluation.weights[grouping.codes == g].sum()
        slope = (values[0] - values[1]) / 2e-5 * total
        assert rows[row] == pytest.approx(slope, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", ["f1_macro", "precision_weighted", "auroc_macro"])
def test_intervals_of_means_cover(name):
    """Each group is one draw of 200 rows from one population."""
    rng = np.random.default_rng(12)
    draws, n = 600, 200

    def population(rows, groups):
        y = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
        logits = rng.normal(size=(rows, 3)) + 1.2 * np.eye(3)[y]
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        return Evaluation(
            title="model",
            y_true=y,
            scores=Scores(p),
            classes=("a", "b", "c"),
            groups={"group": groups},
            weights=np.ones(rows),
            row_ids=np.arange(rows),
            rule=Argmax(),
        )

    names = tuple(map(str, range(draws)))
    drawn = population(draws * n, Grouping(np.repeat(np.arange(draws), n), names))
    found = disaggregate(drawn, ("group",), [name]).by_group[name]
    everyone = Grouping(np.zeros(400_000, int), ("all",))
    truth = value(population(400_000, everyone), name)
    covered = ((found.low <= truth) & (truth <= found.high)).mean()
    assert 0.923 <= covered <= 0.977  # three standard errors of 600 draws


@pytest.mark.parametrize(
    "name", ["auroc_micro", "brier_score_macro", "expected_calibration_error_macro"]
)
def test_a_mean_that_does_not_exist_is_refused_with_advice(name):
    with pytest.raises(SettingError, match="choose a rate of decisions"):
        metric_named(name)


def test_means_of_rankings_need_probabilities(rng):
    raw = Evaluation(
        title="raw",
        y_true=rng.integers(0, 2, 9),
        scores=Scores(rng.normal(size=(9, 1)), "raw"),
        classes=("no", "yes"),
        groups={},
        weights=np.ones(9),
        row_ids=np.arange(9),
    )
    with pytest.raises(NeedsProbabilitiesError, match="calibrate the scores first"):
        disaggregate(raw, (), ["auroc_macro"])


def test_every_mean_that_is_offered_exists_and_says_what_it_is():
    for name in CLASS_MEANS:
        metric = metric_named(name)
        assert metric.name == name
        assert "classes" in metric.title
        assert "hide the class" in metric.avoid
