import warnings

import fairlearn.metrics as fm
import numpy as np
import pytest
import sklearn.metrics as sk

from analysis.errors import NeedsProbabilitiesError, SettingError
from analysis.evaluation import Evaluation, Scores, Threshold
from analysis.metrics.kinds import Rate
from analysis.metrics.registry import METRICS, metric_named, usable_metrics
from analysis.subgroups.disaggregate import disaggregate


def _of_label(y_true, y_pred, sample_weight):
    return fm.selection_rate(y_true, y_true, sample_weight=sample_weight)


def _wrong_flags(y_true, y_pred, sample_weight):
    return 1 - sk.precision_score(y_true, y_pred, sample_weight=sample_weight)


def _right_rejections(y_true, y_pred, sample_weight):
    labels, decisions = 1 - y_true, 1 - y_pred
    return sk.precision_score(labels, decisions, sample_weight=sample_weight)


def _wrong_rejections(y_true, y_pred, sample_weight):
    return 1 - _right_rejections(y_true, y_pred, sample_weight)


FAIRLEARN = {
    "selection_rate": fm.selection_rate,
    "true_positive_rate": fm.true_positive_rate,
    "false_negative_rate": fm.false_negative_rate,
    "false_positive_rate": fm.false_positive_rate,
    "true_negative_rate": fm.true_negative_rate,
    "accuracy": sk.accuracy_score,
    "error_rate": sk.zero_one_loss,
    "prevalence": _of_label,
    "precision": sk.precision_score,
    "false_discovery_rate": _wrong_flags,
    "negative_predictive_value": _right_rejections,
    "false_omission_rate": _wrong_rejections,
    "f1": sk.f1_score,
    "balanced_accuracy": sk.balanced_accuracy_score,
    "matthews_correlation": sk.matthews_corrcoef,
    "cohens_kappa": sk.cohen_kappa_score,
}
UNDEFINED = {
    "true_positive_rate": lambda y, decided: not y.any(),
    "false_negative_rate": lambda y, decided: not y.any(),
    "false_positive_rate": lambda y, decided: y.all(),
    "true_negative_rate": lambda y, decided: y.all(),
    "precision": lambda y, decided: not decided.any(),
    "false_discovery_rate": lambda y, decided: not decided.any(),
    "negative_predictive_value": lambda y, decided: decided.all(),
    "false_omission_rate": lambda y, decided: decided.all(),
    "f1": lambda y, decided: not (y | decided).any(),
    "balanced_accuracy": lambda y, decided: len(set(y)) < 2,
    "matthews_correlation": lambda y, decided: len(set(y)) < 2 or len(set(decided)) < 2,
    "cohens_kappa": lambda y, decided: len({*y, *decided}) < 2,  # agree, both constant
}


def random_case(rng, n, g, weighted):
    y = rng.integers(0, 2, n)
    scores = rng.uniform(size=n).round(rng.integers(1, 4))
    codes = rng.integers(0, g, n)
    weights = rng.lognormal(size=n) if weighted else np.ones(n)
    return y, scores, codes, weights


def fairlearn_by_group(name, y, decided, codes, weights):
    """fairlearn's MetricFrame, with its conventions for empty denominators undone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = fm.MetricFrame(
            metrics=FAIRLEARN[name],
            y_true=y,
            y_pred=decided,
            sensitive_features=codes,
            sample_params={"sample_weight": weights},
        )
    values = frame.by_group.to_dict()
    for g in values:
        mine = codes == g
        if is_undefined(name, y[mine], decided[mine]):
            values[g] = np.nan
    return values


def is_undefined(name, y, decided):
    """What an empty denominator means, worked from the definitions."""
    return bool(UNDEFINED.get(name, lambda y, decided: False)(y, decided))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_group_metrics_agree_with_fairlearn_undefined_cells_included(
    make_evaluation, seed, weighted
):
    rng = np.random.default_rng(seed)
    n, g = ((12, 5), (40, 8), (300, 4))[seed % 3]
    y, scores, codes, weights = random_case(rng, n, g, weighted)
    evaluation = make_evaluation(y, scores, codes, weights, g=g)
    ours = disaggregate(evaluation, ("group",), list(FAIRLEARN))
    decided = (scores >= 0.5).astype(int)
    for name in FAIRLEARN:
        theirs = fairlearn_by_group(name, y, decided, codes, weights)
        for group in range(g):
            value = ours.by_group[name].value[group]
            expected = theirs.get(group, np.nan)
            assert value == pytest.approx(expected, abs=1e-12, nan_ok=True), name


def test_gaps_are_fairlearns_differences(make_evaluation, rng):
    y, scores, codes, weights = random_case(rng, 400, 3, True)
    evaluation = make_evaluation(y, scores, codes, weights)
    names = ["selection_rate", "true_positive_rate", "false_positive_rate"]
    ours = disaggregate(evaluation, ("group",), names)
    settings_ = {"sensitive_features": codes, "sample_weight": weights}
    decided = scores >= 0.5
    for name, theirs in {
        "demographic_parity_difference": fm.demographic_parity_difference,
        "equalized_odds_difference": fm.equalized_odds_difference,
    }.items():
        expected = theirs(y, decided, **settings_)
        assert ours.gaps[name].value == pytest.approx(expected, abs=1e-12)
    ratio = fm.demographic_parity_ratio(y, decided, **settings_)
    assert ours.ratios["selection_rate"].value == pytest.approx(ratio, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_score_metrics_agree_with_scikit_learn(make_evaluation, seed):
    rng = np.random.default_rng(seed)
    y, scores, codes, weights = random_case(rng, 200, 3, seed % 2 == 1)
    evaluation = make_evaluation(y, scores, codes, weights)
    names = ["auroc", "brier_score", "log_loss", "mean_score"]
    ours = disaggregate(evaluation, ("group",), names)
    for g in range(3):
        mine = codes == g
        arguments = (y[mine], scores[mine])
        weighted = {"sample_weight": weights[mine]}
        expected = {
            "auroc": sk.roc_auc_score(*arguments, **weighted),
            "brier_score": sk.brier_score_loss(*arguments, **weighted),
            "log_loss": sk.log_loss(*arguments, **weighted),
            "mean_score": np.average(scores[mine], weights=weights[mine]),
        }
        for name, value in expected.items():
            got = ours.by_group[name].value[g]
            assert got == pytest.approx(value, abs=1e-12), name


def test_auroc_of_a_group_with_one_class_is_nan_with_its_n(make_evaluation):
    evaluation = make_evaluation([1, 1, 0, 1], [0.2, 0.9, 0.1, 0.4], [0, 0, 1, 1])
    auroc = disaggregate(evaluation, ("group",), ["auroc"]).by_group["auroc"]
    assert np.isnan(auroc.value[0])
    assert auroc.n[0] == 2
    assert auroc.value[1] == 1


def test_a_row_at_the_threshold_is_decided_positive(make_evaluation):
    evaluation = make_evaluation([0, 1], [0.5, 0.49])
    rates = disaggregate(evaluation, (), ["selection_rate"])
    assert rates.overall["selection_rate"].value == 0.5


def test_every_rate_and_correlation_has_an_oracle():
    decided = {m.name for m in METRICS.values() if m.kind in ("rate", "counts")}
    by_hand = {"expected_cost", "generalized_entropy", "theil_index"}
    assert decided == set(FAIRLEARN) | by_hand


def test_multi_class_brier_sums_over_classes_as_scikit_learn_does(rng):
    p = rng.dirichlet([1, 1, 1], 50)
    y = rng.integers(0, 3, 50)
    evaluation = Evaluation(
        "m", y, Scores(p), ("a", "b", "c"), {}, np.ones(50), np.arange(50)
    )
    ours = disaggregate(evaluation, (), ["brier_score", "log_loss"]).overall
    assert ours["brier_score"].value == pytest.approx(sk.brier_score_loss(y, p))
    assert ours["log_loss"].value == pytest.approx(sk.log_loss(y, p))


def test_raw_scores_serve_decisions_and_ranking_but_not_probabilities(rng):
    evaluation = Evaluation(
        "deciles",
        rng.integers(0, 2, 30),
        Scores(rng.integers(1, 11, 30)[:, None], "raw"),
        ("no", "yes"),
        {},
        np.ones(30),
        np.arange(30),
        Threshold(5),
    )
    usable = usable_metrics(METRICS, is_probability=False)
    assert "auroc" in usable
    assert "false_positive_rate" in usable
    disaggregate(evaluation, (), usable)
    for name in set(METRICS) - set(usable):
        with pytest.raises(NeedsProbabilitiesError, match="calibrate the scores first"):
            disaggregate(evaluation, (), [name])


def test_unknown_metric_names_the_known_ones():
    with pytest.raises(SettingError, match="choose from selection_rate"):
        metric_named("acuracy")


def test_every_rate_has_a_numerator_within_its_denominator():
    for metric in METRICS.values():
        if isinstance(metric, Rate):
            inside = np.array(metric.numerator) <= np.array(metric.denominator)
            assert inside.all(), metric.name
