from dataclasses import replace

import numpy as np
import pytest

from analysis.calibration.graded import FIELDS, Graded
from analysis.calibration.measures import MEASURES, measures_for
from analysis.calibration.table import calibration_table
from analysis.errors import NeedsProbabilitiesError
from analysis.evaluation import Evaluation, Scores
from analysis.frame import Grouping
from analysis.metrics.bins import USUAL, Binning


@pytest.fixture
def planted(rng, make_evaluation):
    """Four groups of 800; the second is promised far too much."""
    scores, codes = rng.beta(2, 3, 3200), np.repeat(np.arange(4), 800)
    truth = np.where(codes == 1, scores**1.8, scores)
    return make_evaluation(rng.binomial(1, truth), scores, codes)


def every(shown, binning=USUAL):
    graded = Graded(shown, shown.grouping(tuple(shown.groups)), binning)
    return {m: MEASURES[m].function(graded) for m in measures_for(shown)}


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_says_what_it_is(name):
    spec = MEASURES[name]
    assert spec.name == name
    assert spec.title
    assert len(spec.words) > 30
    assert len(spec.title) <= 41, "longer titles are cut in the table"


def test_every_measure_finds_the_planted_group_or_says_nothing_sure(planted):
    table = calibration_table(planted, ("group",))
    tested = [m for m in table.worst if not np.isnan(MEASURES[m].true)]
    found = {m: table.worst[m] for m in tested}
    sure = [m for m in tested if found[m].is_sure]
    assert {found[m].group for m in sure} == {1}
    assert {"mean_difference", "equal_width_error", "smooth_error"} <= set(sure)
    assert {"kolmogorov_smirnov", "intercept", "equal_mass_error"} <= set(sure)
    assert table.by_group["mean_difference"].low[1] > 0.05
    assert table.by_group["intercept"].high[1] < 0


def test_scores_are_worst_where_they_are_highest(planted):
    table = calibration_table(planted, ("group",))
    by_group = table.by_group["brier"].value
    assert table.worst["brier"].group == int(by_group.argmax())
    assert not table.worst["brier"].is_sure
    resolution = table.by_group["resolution_part"].debiased
    assert table.worst["resolution_part"].group == int(resolution.argmin())


def test_true_scores_are_called_surely_off_by_a_measure_in_one_table_of_twenty(
    rng, make_evaluation
):
    sure = []
    for _ in range(20):
        scores, codes = rng.beta(2, 3, 1200), np.repeat(np.arange(4), 300)
        shown = make_evaluation(rng.binomial(1, scores), scores, codes)
        worst = calibration_table(shown, ("group",)).worst
        sure.append([w.is_sure for m, w in worst.items()])
    assert np.mean(sure) <= 0.05


@pytest.mark.parametrize("name", [m for m in MEASURES if MEASURES[m].kind != "test"])
def test_a_weight_of_two_is_two_rows(name, rng, many_classes):
    shown = many_classes(rng, 240)
    copies = rng.integers(1, 4, 240)
    weighted = replace(shown, weights=copies.astype(float))
    rows = np.repeat(np.arange(240), copies)
    repeated = shown.take(rows)
    assert every(weighted)[name].value == pytest.approx(every(repeated)[name].value)


@pytest.mark.parametrize("name", MEASURES)
def test_the_scale_of_weights_is_no_evidence(name, rng, many_classes):
    shown = replace(many_classes(rng, 240), weights=rng.uniform(1, 3, 240))
    scaled = replace(shown, weights=shown.weights * 10)
    one, ten = every(shown)[name], every(scaled)[name]
    for field in FIELDS:
        ours, theirs = getattr(one, field), getattr(ten, field)
        assert ours == pytest.approx(theirs, nan_ok=True), field


def test_groups_are_measured_alike_in_any_order(planted):
    back = Grouping(3 - planted.groups["group"].codes, tuple("dcba"))
    turned = replace(planted, groups={"group": back})
    ours, theirs = every(planted), every(turned)
    for name in ours:
        for field in FIELDS:
            one, other = getattr(ours[name], field), getattr(theirs[name], field)
            assert one == pytest.approx(other[::-1], nan_ok=True), (name, field)


def test_rows_in_another_order_change_nothing(rng, planted):
    shuffled = planted.take(rng.permutation(len(planted)))
    ours, theirs = every(planted), every(shuffled)
    for name in ours:
        value = ours[name].value
        assert value == pytest.approx(theirs[name].value, abs=1e-9), name


@pytest.mark.parametrize(
    ("y_true", "scores"),
    [
        ([], []),
        ([1], [0.4]),
        ([0, 0, 0], [0.1, 0.2, 0.9]),
        ([0, 1, 1, 0], [0.5, 0.5, 0.5, 0.5]),
        ([0, 1, 1, 0], [0.0, 1.0, 0.0, 1.0]),
        ([0, 1, 1, 0], [0.0, 1.0, 1.0, 0.0]),
        ([0] * 30, [0.0] * 30),
        ([0] * 30, [1.0] * 30),
    ],
)
def test_odd_input_is_measured_or_undefined_and_never_a_crash(
    make_evaluation, y_true, scores
):
    shown = make_evaluation(np.array(y_true, int), np.array(scores, float), g=2)
    table = calibration_table(shown, ("group",))
    for name, found in table.by_group.items():
        assert found.n.tolist() == [len(y_true), 0]
        assert np.isnan(found.value[1]), name
        assert not np.isinf([getattr(found, f) for f in FIELDS]).any(), name
        # an end may be unknown, as that of the surprise at one person
        assert not (found.low > found.value + 1e-12).any(), name
        assert not (found.value > found.high + 1e-12).any(), name


def test_weights_of_zero_count_for_nothing(rng, make_evaluation):
    scores, codes = rng.uniform(size=80), np.repeat([0, 1], 40)
    w = np.where(codes == 1, 0.0, 1.0)
    found = every(make_evaluation(rng.integers(0, 2, 80), scores, codes, w))
    for name, measured in found.items():
        assert np.isnan(measured.value[1]), name


def test_twenty_distinct_scores(rng, make_evaluation):
    scores = rng.integers(1, 20, 2000) / 20
    shown = make_evaluation(rng.binomial(1, scores), scores)
    for name, found in every(shown, Binning(50)).items():
        assert np.isfinite(found.value[0]), name


def test_a_class_that_nobody_has_is_measured(rng, many_classes):
    shown = many_classes(rng, 300, classes=("x", "y", "z", "nobody"))
    assert shown.view == 3
    found = every(shown)
    assert np.isfinite(found["classwise_error"].value).all()
    assert np.isfinite(found["top_label_error"].value).all()
    assert found["mean_difference"].value == pytest.approx([0, 0])
    assert np.isnan(found["intercept"].value).all()


def test_two_classes_have_no_classwise_error(planted, rng, many_classes):
    assert "classwise_error" not in measures_for(planted)
    assert "top_label_error" in measures_for(many_classes(rng, 10))


def test_withheld_groups_have_no_number(rng, make_evaluation):
    scores, codes = rng.uniform(size=206), np.repeat([0, 1, 2], [100, 100, 6])
    shown = make_evaluation(rng.binomial(1, scores), scores, codes)
    table = calibration_table(shown, ("group",), k=10)
    assert table.hidden.sum() == 2
    for name, found in table.by_group.items():
        for field in FIELDS:
            assert np.isnan(getattr(found, field)[table.hidden]).all(), (name, field)
        assert np.isnan(table.q_value[name][table.hidden]).all()
        assert not table.hidden[table.worst[name].group]
    assert "largest_error" not in table.by_group, "a single person can decide it"


def test_raw_scores_are_refused(rng):
    raw = Scores(rng.normal(size=(9, 1)), "raw")
    shown = Evaluation(
        "raw", rng.integers(0, 2, 9), raw, ("no", "yes"), {}, np.ones(9), np.arange(9)
    )
    with pytest.raises(NeedsProbabilitiesError, match="calibrate the scores first"):
        calibration_table(shown, ())
