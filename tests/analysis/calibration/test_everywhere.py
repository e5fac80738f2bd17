import numpy as np
import pytest

from analysis.calibration.against_bins import NUMBERS, ece_against_bins
from analysis.calibration.everywhere import FEW, miscalibration_map
from analysis.calibration.reliability import reliability_by_group, reliability_curve
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.frame import Grouping
from analysis.metrics.bins import Binning
from analysis.privacy.withheld import published
from analysis.subgroups.listing import listing


def crossed(rng, n, shift=0.0, sizes=(3, 4)):
    """Two attributes; the first values of both together are promised `shift` less."""
    a, b = (rng.integers(0, size, n) for size in sizes)
    scores = rng.uniform(0.2, 0.6, n)
    truth = scores + shift * ((a == 0) & (b == 0))
    names = [
        tuple(f"{letter}{i}" for i in range(s))
        for letter, s in zip("ab", sizes, strict=True)
    ]
    return Evaluation(
        "model",
        rng.binomial(1, truth),
        binary_probabilities(scores),
        ("no", "yes"),
        {"a": Grouping(a, names[0]), "b": Grouping(b, names[1])},
        np.ones(n),
        np.arange(n),
    )


def test_the_planted_crossing_comes_first_and_is_promised_too_little(rng):
    shown = crossed(rng, 6000, 0.25)
    found = miscalibration_map(shown, listing(shown, ("a", "b"), 2))
    assert len(found.names) == 3 + 4 + 12
    first = int(found.worst_first[0])
    assert found.names[first] == "a0 · b0"
    assert dict(found.groups[first]) == {"a": "a0", "b": "b0"}
    assert found.is_sure[first]
    assert found.difference.high[first] < 0
    assert found.error.debiased[first] == pytest.approx(0.25, abs=0.06)
    assert found.is_off_somewhere[first]


def test_of_true_scores_at_most_one_map_in_twenty_calls_anything_sure(rng):
    wrong = 0
    for _ in range(40):
        shown = crossed(rng, 1500)
        found = miscalibration_map(shown, listing(shown, ("a", "b"), 2))
        wrong += bool(found.is_sure.any())
    assert wrong <= 5


def test_numbers_are_those_of_each_group_by_itself(rng):
    shown = crossed(rng, 2000, 0.1)
    found = miscalibration_map(shown, listing(shown, ("a", "b"), 2))
    for name, by in (("a1", ("a",)), ("a2 · b3", ("a", "b"))):
        at = found.names.index(name)
        grouping = shown.grouping(by)
        rows = grouping.codes == grouping.names.index(name)
        score, label = shown.score[rows], shown.is_positive[rows]
        off = score.mean() - label.mean()
        assert found.difference.value[at] == pytest.approx(off)
        assert found.difference.n[at] == rows.sum()
        curve = reliability_curve(label, score)
        ece = curve.expected_calibration_error
        assert found.error.value[at] == pytest.approx(ece)


def test_few_people_are_in_no_family_and_in_no_order(rng):
    shown = crossed(rng, 150, sizes=(3, 9))
    found = miscalibration_map(shown, listing(shown, ("a", "b"), 2))
    assert found.is_few.any()
    assert np.isnan(found.q_value[found.is_few]).all()
    assert not set(found.worst_first) & set(np.flatnonzero(found.is_few))
    assert (found.difference.n[found.worst_first] >= FEW).all()


def test_scores_that_err_on_both_sides_are_off_somewhere_only(rng, make_evaluation):
    scores = rng.choice([0.3, 0.7], 2000)
    truth = np.where(scores == 0.3, 0.15, 0.85)
    shown = make_evaluation(rng.binomial(1, truth), scores)
    found = miscalibration_map(shown, listing(shown, ("group",), 1))
    assert found.is_off_somewhere.tolist() == [True]
    assert found.is_sure.tolist() == [False]


def test_withheld_groups_have_no_number(rng):
    shown = crossed(rng, 400, sizes=(3, 9))
    listed = listing(shown, ("a", "b"), 2)
    hidden = published(shown, listed.crossed, 10)
    found = miscalibration_map(shown, listed, hidden=hidden)
    assert found.hidden.any()
    assert not found.hidden.all()
    for array in (found.difference.value, found.difference.n, found.q_value):
        assert np.isnan(array[found.hidden]).all()
    for field in ("value", "debiased", "null_low", "p_value", "n"):
        assert np.isnan(getattr(found.error, field)[found.hidden]).all()
    assert not set(found.worst_first) & set(np.flatnonzero(found.hidden))


def test_groups_of_one_name_are_told_apart(rng):
    shown = crossed(rng, 300)
    codes = shown.groups["b"].codes
    twins = {"a": shown.groups["a"], "b": Grouping(codes, ("a0", "b1", "b2", "b3"))}
    shown = Evaluation(
        "m",
        shown.y_true,
        shown.scores,
        shown.classes,
        twins,
        shown.weights,
        shown.row_ids,
    )
    found = miscalibration_map(shown, listing(shown, ("a", "b"), 1))
    assert {"a0 (a)", "a0 (b)"} <= set(found.names)


@pytest.mark.parametrize("kind", ["width", "mass"])
def test_the_error_over_bins_is_that_of_each_number_of_bins(rng, kind):
    shown = crossed(rng, 900)
    found = ece_against_bins(shown, ("a",), (3, 10), kind)
    assert found.names == ("Everyone", "a0", "a1", "a2")
    for i, number in enumerate((3, 10)):
        record = reliability_by_group(shown, ("a",), Binning(number, kind))
        ece = [r.error.value.value for r in record]
        assert found.value[1:, i] == pytest.approx(ece)
        debiased = [r.error.debiased for r in record]
        assert found.debiased[1:, i] == pytest.approx(debiased)


def test_more_bins_are_noisier_for_true_scores_and_inside_their_range(rng):
    inside = []
    for _ in range(30):
        shown = crossed(rng, 500)
        found = ece_against_bins(shown, ())
        assert found.names == ("Everyone",)
        assert (np.diff(found.null_high[0]) > 0).sum() >= len(NUMBERS) - 2
        held = (found.null_low <= found.value) & (found.value <= found.null_high)
        inside.append(held.mean())
    assert np.mean(inside) >= 0.88


def test_the_error_over_bins_withholds_small_groups(rng, make_evaluation):
    scores, codes = rng.uniform(size=206), np.repeat([0, 1, 2], [100, 100, 6])
    shown = make_evaluation(rng.binomial(1, scores), scores, codes)
    found = ece_against_bins(shown, ("group",), (5,), k=10)
    assert found.hidden.tolist()[0] is False
    assert found.hidden.sum() == 2
    assert np.isnan(found.value[found.hidden]).all()
    assert np.isnan(found.n[found.hidden]).all()
