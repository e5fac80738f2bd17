import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from analysis.answers import flips_json, harmed_json, paired_json
from analysis.compare import flips, paired
from analysis.errors import DataError
from analysis.subgroups.disaggregate import disaggregate


def two_models(make_evaluation, rng, n=400, g=2, noise=0.1):
    y = rng.integers(0, 2, n)
    first = np.clip(0.5 + 0.3 * (y - 0.5) + 0.2 * rng.normal(size=n), 0, 1)
    second = np.clip(first + noise * rng.normal(size=n), 0, 1)
    codes = rng.integers(0, g, n)
    return (make_evaluation(y, s, codes, g=g) for s in (first, second))


def test_flips_are_counted_by_hand(make_evaluation):
    before = make_evaluation([1, 1, 0, 0], [0.9, 0.9, 0.9, 0.1], [0, 0, 0, 1])
    after = make_evaluation([1, 1, 0, 0], [0.9, 0.1, 0.1, 0.1], [0, 0, 0, 1])
    counted = flips(before, after, ("group",))
    assert counted.newly_wrong.tolist() == [1, 0]
    assert counted.newly_right.tolist() == [1, 0]
    assert counted.n.tolist() == [3, 1]
    assert counted.changed.value.tolist() == [pytest.approx(2 / 3), 0]
    assert counted.changed.high[1] > 0.5  # one row that did not flip proves little


METRICS = ["accuracy", "false_negative_rate", "precision", "f1", "auroc", "brier_score"]


def test_change_is_after_minus_before_for_every_metric(make_evaluation, rng):
    before, after = two_models(make_evaluation, rng)
    result = paired(before, after, ("group",), METRICS)
    first, second = (disaggregate(e, ("group",), METRICS) for e in (before, after))
    for name in METRICS:
        expected = second.by_group[name].value - first.by_group[name].value
        assert result.change[name].estimates.value == pytest.approx(expected)
        change = result.overall[name]
        assert change.low <= change.value <= change.high


def test_a_model_compared_with_itself_changes_nothing(make_evaluation, rng):
    before, _ = two_models(make_evaluation, rng)
    result = paired(before, before, ("group",), METRICS)
    for name in METRICS:
        assert result.change[name].estimates.value == pytest.approx([0, 0])
    assert result.harmed == ()


def test_no_flips_in_a_small_group_still_leaves_doubt(make_evaluation):
    evaluation = make_evaluation([1, 0, 1, 0], [0.9, 0.1, 0.9, 0.1])
    change = paired(evaluation, evaluation, (), ["accuracy"]).overall["accuracy"]
    assert change.low < -0.2
    assert change.high > 0.2


@pytest.mark.parametrize("n", [40, 250])
@pytest.mark.parametrize(
    "metric",
    ["accuracy", "precision", "f1", "balanced_accuracy", "auroc", "brier_score"],
)
def test_paired_intervals_cover_the_true_change(make_evaluation, metric, n):
    rng = np.random.default_rng(17)
    first, second = two_models(make_evaluation, rng, n=300_000, g=1)
    values = [
        disaggregate(e, (), [metric]).overall[metric].value for e in (first, second)
    ]
    true, covered = values[1] - values[0], 0
    for _ in range(300):
        before, after = two_models(make_evaluation, rng, n=n, g=1)
        change = paired(before, after, (), [metric]).overall[metric]
        covered += change.low <= true <= change.high
    assert covered / 300 >= 0.912


def test_one_flipped_row_harms_nobody_for_sure(make_evaluation):
    y = np.array([1] * 20 + [0] * 20)
    before = np.where(np.arange(40) == 0, 0.9, 0.1)
    after = np.where(np.isin(np.arange(40), [0, 25]), 0.9, 0.1)
    result = paired(
        make_evaluation(y, before),
        make_evaluation(y, after),
        (),
        ["precision", "f1", "false_positive_rate"],
    )
    assert result.change["precision"].estimates.value[0] == -0.5
    assert result.harmed == ()


def test_exchangeable_models_seldom_harm_anybody(make_evaluation):
    rng = np.random.default_rng(5)
    harmed = 0
    for _ in range(200):
        y, codes = rng.integers(0, 2, (2, 160))
        first, second = np.clip(
            0.5 + 0.3 * (y - 0.5) + 0.3 * rng.normal(size=(2, 160)), 0, 1
        )
        models = (make_evaluation(y, s, codes, g=2) for s in (first, second))
        harmed += bool(paired(*models, ("group",), ["precision", "f1", "auroc"]).harmed)
    assert harmed / 200 <= 0.06


def test_paired_interval_is_narrower_than_two_unpaired_ones(make_evaluation, rng):
    before, after = two_models(make_evaluation, rng, noise=0.02)
    result = paired(before, after, (), ["auroc"])
    change = result.overall["auroc"]
    apart = result.before.overall["auroc"].high - result.before.overall["auroc"].low
    assert change.high - change.low < apart / 2


def test_auroc_change_agrees_with_a_row_bootstrap(make_evaluation, rng):
    before, after = two_models(make_evaluation, rng, g=1)
    change = paired(before, after, (), ["auroc"]).overall["auroc"]
    drawn = []
    for _ in range(400):
        rows = rng.integers(0, len(before), len(before))
        y = before.y_true[rows]
        drawn.append(
            roc_auc_score(y, after.score[rows]) - roc_auc_score(y, before.score[rows])
        )
    half = (change.high - change.low) / 2
    assert half == pytest.approx(1.96 * np.std(drawn), rel=0.15)


def test_a_group_that_got_worse_is_named(make_evaluation):
    n = 400
    y = np.ones(n, int)
    codes = np.repeat([0, 1], n // 2)
    after = np.where((codes == 1) & (np.arange(n) % 2 == 0), 0.1, 0.9)
    before = np.full(n, 0.9)
    result = paired(
        make_evaluation(y, before, codes),
        make_evaluation(y, after, codes),
        ("group",),
        ["false_negative_rate", "selection_rate"],
    )
    assert result.harmed == (("b", "false_negative_rate"),)
    p = 2 * stats.norm.sf(20)
    assert result.change["false_negative_rate"].q_value[1] < max(p, 1e-10)


def test_other_rows_cannot_be_compared(make_evaluation, rng):
    before, after = two_models(make_evaluation, rng)
    with pytest.raises(DataError, match="same data set, split and seed"):
        paired(before, after.take(np.arange(10)), (), ["accuracy"])


@pytest.fixture
def uneven(make_evaluation, rng):
    """Return two models on groups of 300, 200 and 8, the second bad for the last."""
    codes = np.repeat([0, 1, 2], [300, 200, 8])
    y = rng.integers(0, 2, 508)
    first = np.clip(0.3 + 0.4 * y + 0.2 * rng.normal(size=508), 0, 1)
    second = np.where(codes == 2, 1 - y, first)
    return [make_evaluation(y, s, codes) for s in (first, second)]


def test_withheld_groups_lose_every_number_and_everyone_keeps_theirs(uneven):
    usual = paired(*uneven, ("group",), METRICS)
    record = paired(*uneven, ("group",), METRICS, k=10)
    assert record.hidden.tolist() == [False, True, True]
    for name in METRICS:
        assert record.overall[name] == usual.overall[name]
        sides = [t.by_group[name] for t in (record.before, record.after)]
        change = record.change[name]
        for estimates in (*sides, change.estimates):
            for end in ("value", "low", "high", "n"):
                assert np.isnan(getattr(estimates, end)[1:]).all()
        assert np.isnan(change.q_value[1:]).all()
        expected = usual.change[name].estimates.at(0)
        assert change.estimates.at(0) == expected or np.isnan(expected.value)
    for table in (record.before, record.after):
        assert np.isnan(table.n[1:]).all()
        assert {**table.gaps, **table.ratios, **table.worst} == {}


def test_a_withheld_group_is_not_named_as_harmed(uneven):
    harmed = {name for name, _ in paired(*uneven, ("group",), ["accuracy"]).harmed}
    assert harmed == {"c"}
    assert paired(*uneven, ("group",), ["accuracy"], k=10).harmed == ()


def test_flips_of_everyone_stand_without_those_of_withheld_groups(uneven):
    usual, record = flips(*uneven, ("group",)), flips(*uneven, ("group",), k=10)
    assert record.hidden.tolist() == [False, True, True]
    assert record.newly_wrong[0] == usual.newly_wrong[0]
    assert np.isnan(record.newly_wrong[1:]).all()
    assert np.isnan(record.changed.value[1:]).all()
    assert record.overall().newly_wrong[0] == usual.newly_wrong.sum() > 0


def test_a_group_small_under_either_model_is_withheld_under_both(make_evaluation):
    y, codes = np.tile([0, 1], 120), np.repeat([0, 1, 2], 80)
    before = make_evaluation(y, np.tile([0.1, 0.1, 0.9, 0.9], 60), codes)
    few = np.where((codes == 2) & (np.arange(240) < 236), 0.1, 0.9)
    after = make_evaluation(y, few, codes)
    record = paired(before, after, ("group",), ["accuracy"], k=10)
    assert record.hidden[2]
    assert np.isnan(record.before.by_group["accuracy"].value[2])


def test_withheld_groups_have_no_number_in_json(uneven):
    groups = [{"group": name} for name in "abc"]
    record = paired(*uneven, ("group",), ["accuracy"], k=10)
    shown, *withheld = paired_json(record, groups)["groups"]
    assert "hidden" not in shown
    nothing = dict.fromkeys(("value", "low", "high", "n"))
    for group in withheld:
        assert group["hidden"] is True
        said = group["metrics"]["accuracy"]
        assert said.pop("q_value") is None
        assert all(estimate == nothing for estimate in said.values())
    flipped = flips_json("run", flips(*uneven, ("group",), k=10), groups)
    assert flipped[0]["n"] == 300
    assert flipped[2] == {
        "run": "run",
        "group": {"group": "c"},
        "hidden": True,
        **dict.fromkeys(("n", "newly_right", "newly_wrong")),
        "changed": nothing,
    }
    assert harmed_json("run", record, groups) == []
