"""Split conformal sets: against MAPIE, by hand, and in simulation."""

import numpy as np
import pytest
from mapie.classification import SplitConformalClassifier
from sklearn.base import BaseEstimator, ClassifierMixin

from analysis.conformal.coverage import coverage
from analysis.conformal.scores import SCORES, nonconformity
from analysis.conformal.sets import fit_sets, sets_of
from analysis.errors import NeedsProbabilitiesError, SettingError
from analysis.evaluation import Argmax, Evaluation, Scores
from analysis.frame import Grouping


class Passed(ClassifierMixin, BaseEstimator):
    """A classifier that returns the columns it is given as its probabilities."""

    def fit(self, x, y):
        self.classes_ = np.arange(x.shape[1])
        return self

    def predict_proba(self, x):
        return np.asarray(x)

    def predict(self, x):
        return np.asarray(x).argmax(axis=1)


class MapieDraws:
    """MAPIE takes off a random part of a class where we add one: one minus its draw."""

    def __init__(self, seed):
        self.state = np.random.RandomState(seed)

    def uniform(self, size):
        return 1 - self.state.uniform(size=size)


def evaluation(y_true, values, codes=None, weights=None, scale="probability"):
    n, k = np.shape(values)
    codes = np.zeros(n, np.int64) if codes is None else np.asarray(codes)
    names = tuple("abcdefgh"[: int(codes.max(initial=0)) + 1])
    return Evaluation(
        title="model",
        y_true=np.asarray(y_true),
        scores=Scores(np.asarray(values, dtype=float), scale),
        classes=tuple("0123456789"[:k]),
        groups={"group": Grouping(codes, names)},
        weights=np.ones(n) if weights is None else np.asarray(weights, float),
        row_ids=np.arange(n),
        rule=Argmax(),
    )


def drawn(rng, n, k, decimals=12):
    values = rng.dirichlet(np.ones(k), size=n)
    if decimals < 12:
        values = rng.multinomial(10**decimals, values) / 10**decimals
    cumulated = values.cumsum(axis=1)
    y_true = (rng.uniform(size=(n, 1)) > cumulated[:, :-1]).sum(axis=1)
    return y_true, values


def mapie_sets(fit, test, alpha, score, seed=0, **params):
    model = Passed().fit(fit[1], fit[0])
    splitter = SplitConformalClassifier(
        model, 1 - alpha, conformity_score=score, prefit=True, random_state=seed
    )
    splitter.conformalize(fit[1], fit[0])
    return splitter.predict_set(test, conformity_score_params=params)[1][:, :, 0]


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("alpha", [0.05, 0.1, 0.3])
@pytest.mark.parametrize("decimals", [1, 2, 12])  # 1: many ties, zeros and ones
def test_lac_sets_are_those_of_mapie(rng, k, alpha, decimals):
    fit, test = drawn(rng, 157, k, decimals), drawn(rng, 90, k, decimals)[1]
    rule = fit_sets(evaluation(*fit), alpha, "lac")
    ours = sets_of(rule, evaluation(np.zeros(90, int), test))
    assert (ours == mapie_sets(fit, test, alpha, "lac")).all()


@pytest.mark.parametrize("k", [3, 6])
@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_randomised_adaptive_sets_are_those_of_mapie_with_its_draws(rng, k, alpha):
    fit, test = drawn(rng, 211, k), drawn(rng, 90, k)[1]
    rule = fit_sets(evaluation(*fit), alpha, "aps_randomised", rng=MapieDraws(3))
    ours = sets_of(rule, evaluation(np.zeros(90, int), test), MapieDraws(3))
    theirs = mapie_sets(
        fit, test, alpha, "aps", seed=3, include_last_label="randomized"
    )
    assert (ours == theirs).all()


def test_a_threshold_for_each_group_is_mapie_fitted_on_each_group(rng):
    fit, test = drawn(rng, 400, 3), drawn(rng, 200, 3)[1]
    codes, coming = rng.integers(0, 3, 400), rng.integers(0, 3, 200)
    rule = fit_sets(evaluation(*fit, codes), 0.1, "lac", "group", ("group",))
    ours = sets_of(rule, evaluation(np.zeros(200, int), test, coming))
    for g in range(3):
        own = fit[0][codes == g], fit[1][codes == g]
        theirs = mapie_sets(own, test[coming == g], 0.1, "lac")
        assert (ours[coming == g] == theirs).all()


def test_adaptive_scores_by_hand():
    shown = evaluation([0], [[0.2, 0.5, 0.3]])
    assert nonconformity(shown, "lac")[0] == pytest.approx([0.8, 0.5, 0.7])
    assert nonconformity(shown, "aps")[0] == pytest.approx([1.0, 0.5, 0.8])


def test_classes_of_equal_probability_are_in_a_set_together():
    shown = evaluation([0], [[0.4, 0.4, 0.2]])
    assert nonconformity(shown, "aps")[0] == pytest.approx([0.8, 0.8, 1.0])


def test_a_threshold_by_hand():
    # nine rows: the tenth part of ten is one, so that the largest of nine serves
    p_true = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    shown = evaluation(np.ones(9, int), np.column_stack([1 - p_true, p_true]))
    assert fit_sets(shown, 0.1).thresholds[0] == pytest.approx(0.9)
    assert fit_sets(shown, 0.2).thresholds[0] == pytest.approx(0.8)


def test_too_few_rows_put_everything_into_every_set(rng):
    rule = fit_sets(evaluation(*drawn(rng, 8, 3)), 0.1)
    assert rule.is_open.all()
    assert rule.rows_needed == 9
    assert sets_of(rule, evaluation(*drawn(rng, 50, 3))).all()
    assert not fit_sets(evaluation(*drawn(rng, 9, 3)), 0.1).is_open.any()


def test_a_small_or_unknown_group_gets_everything_and_others_keep_theirs(rng):
    codes = np.append(np.zeros(100, int), np.ones(5, int))
    rule = fit_sets(
        evaluation(*drawn(rng, 105, 3), codes), 0.1, by="group", attributes=("group",)
    )
    assert rule.is_open.tolist() == [False, True]
    coming = evaluation(*drawn(rng, 300, 3), np.repeat([0, 1, 2], 100))
    sets = sets_of(rule, coming)
    assert sets[100:].all()
    assert not sets[:100].all()
    report = coverage(coming, rule, sets, ("group",))
    assert report.by_group.is_open.tolist() == [False, True, True]
    assert np.isnan(report.by_group.kept_low).tolist() == [False, True, True]


def test_a_class_without_rows_is_in_every_set(rng):
    y_true, values = drawn(rng, 200, 3)
    kept = y_true != 2
    rule = fit_sets(evaluation(y_true[kept], values[kept]), 0.1, by="class")
    assert rule.is_open.tolist() == [False, False, True]
    assert sets_of(rule, evaluation(*drawn(rng, 50, 3)))[:, 2].all()


def test_equal_weights_of_any_size_change_nothing(rng):
    fit = drawn(rng, 120, 3)
    plain = fit_sets(evaluation(*fit), 0.1)
    heavy = fit_sets(evaluation(*fit, weights=np.full(120, 250.0)), 0.1)
    assert heavy.thresholds == plain.thresholds
    assert heavy.effective == pytest.approx([120])


def test_a_heavier_row_counts_as_several(rng):
    # 3 rows of weight 9 and 3 of weight 1: 30^2 / 246 = 3.66 people, and one to come
    p_true = np.array([0.9, 0.8, 0.7, 0.3, 0.2, 0.1])
    values = np.column_stack([1 - p_true, p_true])
    rule = fit_sets(
        evaluation(np.ones(6, int), values, weights=[9, 9, 9, 1, 1, 1]), 0.3
    )
    # 27 / 30 of 3.66 is 3.29 and 0.7 * 4.66 = 3.26: the three heavy rows suffice
    assert rule.effective == pytest.approx([900 / 246])
    assert rule.thresholds == pytest.approx([0.3])


def test_constant_scores_put_the_classes_in_together():
    values = np.tile([0.5, 0.5], (40, 1))
    shown = evaluation(np.arange(40) % 2, values)
    for score in ("lac", "aps"):
        assert sets_of(fit_sets(shown, 0.1, score), shown).all()


def test_scores_of_exactly_0_and_1_have_thresholds_at_the_ends():
    sure = np.column_stack([np.zeros(50), np.ones(50)])
    right = evaluation(np.ones(50, int), sure)
    assert (sets_of(fit_sets(right, 0.1), right) == [False, True]).all()
    wrong = evaluation(np.zeros(50, int), sure)
    assert sets_of(fit_sets(wrong, 0.1), wrong).all()


def test_a_raw_score_is_refused():
    raw = Evaluation(
        "model",
        np.array([0, 1]),
        Scores(np.array([[3.0], [7.0]]), "raw"),
        ("no", "yes"),
        {},
        np.ones(2),
        np.arange(2),
    )
    with pytest.raises(NeedsProbabilitiesError, match="calibrate the scores first"):
        fit_sets(raw, 0.1)


@pytest.mark.parametrize(
    ("asked", "advice"),
    [
        ({"alpha": 0.0}, "between 0 and 1"),
        ({"alpha": 1.0}, "between 0 and 1"),
        ({"alpha": 0.1, "score": "best"}, "choose one of lac, aps"),
        ({"alpha": 0.1, "score": "aps_randomised"}, "give it a generator"),
        ({"alpha": 0.1, "by": "person"}, "everyone, class, group"),
    ],
)
def test_a_setting_that_promises_nothing_is_refused(rng, asked, advice):
    with pytest.raises(SettingError, match=advice):
        fit_sets(evaluation(*drawn(rng, 20, 3)), **asked)


def _covered(rng, score, by, n=60, runs=300):
    """Return coverage of 40 new people per run: overall, by group and by class."""
    overall, by_group, by_class = [], [], []
    for _ in range(runs):
        codes, coming = rng.integers(0, 2, n), rng.integers(0, 2, 40)
        fit, new = _unlike_groups(rng, codes), _unlike_groups(rng, coming)
        draws = rng if SCORES[score].is_random else None
        rule = fit_sets(evaluation(*fit, codes), 0.2, score, by, ("group",), draws)
        sets = sets_of(rule, evaluation(*new, coming), draws)
        hit = sets[np.arange(40), new[0]]
        overall.append(hit.mean())
        by_group.append([hit[coming == g].mean() for g in (0, 1)])
        by_class.append([_mean(hit[new[0] == c]) for c in (0, 1, 2)])
    return np.mean(overall), np.mean(by_group, axis=0), np.nanmean(by_class, axis=0)


def _mean(hits):
    return hits.mean() if len(hits) else np.nan


def _unlike_groups(rng, codes):
    """Return labels and scores; the model is much worse for group 1."""
    y_true, values = drawn(rng, len(codes), 3)
    noise = rng.integers(0, 3, len(codes))
    return np.where(
        (codes == 1) & (rng.uniform(size=len(codes)) < 0.5), noise, y_true
    ), (values)


NOISE = 3.5 * np.sqrt(0.16 / (300 * 40) + 0.16 / (300 * 61))
"""Monte-Carlo error: of the people counted, and of the thresholds they share."""


@pytest.mark.parametrize("score", ["lac", "aps_randomised"])
def test_coverage_of_everyone_is_nominal(rng, score):
    overall, by_group, _ = _covered(rng, score, "everyone")
    assert 0.8 - NOISE < overall < 0.8 + 1 / 61 + NOISE
    assert by_group[1] < 0.8 - NOISE  # the promise is for everyone together only


@pytest.mark.parametrize("score", ["lac", "aps_randomised"])
def test_coverage_of_each_group_is_nominal_when_promised(rng, score):
    _, by_group, _ = _covered(rng, score, "group")
    assert (by_group > 0.8 - 1.5 * NOISE).all()
    assert (by_group < 0.8 + 1 / 20 + 1.5 * NOISE).all()


def test_coverage_of_each_class_is_nominal_when_promised(rng):
    _, _, by_class = _covered(rng, "lac", "class")
    assert (by_class > 0.8 - 2 * NOISE).all()
    assert (by_class < 0.8 + 1 / 12 + 2 * NOISE).all()


def test_adaptive_sets_without_a_draw_cover_at_least_as_often(rng):
    overall, _, _ = _covered(rng, "aps", "everyone", runs=150)
    assert overall > 0.8 - 1.5 * NOISE
