"""What differs between two sides: planted shifts are named, chance is not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.datasets.load import existing_scores, load
from analysis.datasets.tasks import task_named
from analysis.detection.columns import missingness, one_sided
from analysis.detection.dependence import (
    cramers_v,
    dependence,
    group_mix,
    label_shift,
)
from analysis.detection.detect import NEEDS_LABELS, detect, of_group
from analysis.detection.shares import in_family, shares
from analysis.detection.told_apart import told_apart
from analysis.errors import DataError, OverlapError
from analysis.evaluation import Evaluation, Threshold, binary_probabilities
from analysis.frame import Grouping
from analysis.shifts.domain import Domain, without_labels


def side(rng, n, mean=0.0, rate=0.4, tie=0.0, women=0.5):
    """Draw rows; `tie` is how much oftener women have the label."""
    woman = rng.random(n) < women
    y = rng.binomial(1, np.clip(rate + tie * (woman - women), 0, 1))
    x = rng.normal(mean, 1, n)
    e = Evaluation(
        "model",
        y,
        binary_probabilities(np.clip(0.5 + 0.1 * x, 0.01, 0.99)),
        ("no", "yes"),
        {"sex": Grouping(woman.astype(int), ("man", "woman"))},
        np.ones(n),
        np.arange(n),
        Threshold(0.5),
    )
    colour = rng.choice(["red", "blue"], n)
    return Domain(e, pd.DataFrame({"x": x, "colour": colour}))


def ones(*tables):
    return tuple(np.ones(len(t)) for t in tables)


def test_a_difference_of_shares_agrees_with_statsmodels(rng):
    from statsmodels.stats.proportion import (
        confint_proportions_2indep,
        proportions_ztest,
    )

    first, second = rng.random(200) < 0.3, rng.random(340) < 0.45
    found = shares("a", (first, second), ones(first, second))
    k, n = (second.sum(), first.sum()), (340, 200)
    low, high = confint_proportions_2indep(k[0], n[0], k[1], n[1], method="newcomb")
    assert (found.change.low, found.change.high) == pytest.approx((low, high))
    assert found.p_value == pytest.approx(proportions_ztest(k, n)[1])


def test_q_values_are_those_of_the_family():
    rng = np.random.default_rng(0)
    alike = [
        shares(
            str(i), (rng.random(300) < 0.4, rng.random(300) < 0.4), (np.ones(300),) * 2
        )
        for i in range(40)
    ]
    assert not any(s.is_sure for s in in_family(alike))


def test_missingness_is_compared_column_by_column():
    first = pd.DataFrame({"a": [None, 1.0] * 50, "b": [1.0] * 100, "c": ["x"] * 100})
    second = pd.DataFrame({"a": [None, 1.0] * 50, "b": [None] * 30 + [1.0] * 70})
    second["c"] = "x"
    b, a = missingness(first, second, ones(first, second))
    assert (b.name, a.name) == ("b", "a")
    assert (b.source.value, b.target.value) == (0, 0.3)
    assert b.is_sure
    assert not a.is_sure


def test_new_and_vanished_categories_are_named_with_their_rows():
    first = pd.DataFrame({"c": ["a"] * 6 + ["b"] * 3 + [None], "n": range(10)})
    second = pd.DataFrame({"c": ["a"] * 6 + ["new"] * 4, "n": range(10, 20)})
    new, gone = one_sided(first, second, ones(first, second))
    assert (new.feature, new.value, new.side, new.n, new.share) == (
        "c", "new", "target", 4, 0.4,
    )  # fmt: skip
    assert (gone.value, gone.side, gone.n) == ("b", "source", 3)
    (kept,) = one_sided(first, second, ones(first, second), k=4)
    assert kept.value == "new"
    both = (c.astype("category") for c in (first["c"], second["c"]))
    frames = [pd.DataFrame({"c": c}) for c in both]
    assert len(one_sided(*frames, ones(first, second))) == 2


def test_classes_and_groups_are_counted_by_name():
    rng = np.random.default_rng(8)
    first, second = side(rng, 2000, rate=0.3), side(rng, 2000, rate=0.4, women=0.7)
    yes = {s.name: s for s in label_shift(first.evaluation, second.evaluation)}["yes"]
    assert yes.is_sure
    assert yes.change.low <= 0.1 <= yes.change.high
    swapped = Grouping(1 - second.evaluation.groups["sex"].codes, ("woman", "man"))
    own = first.evaluation.groups["sex"]
    mix = group_mix("sex", (own, swapped), ones(first, second))
    woman = {s.name: s for s in mix.groups}["woman"]
    assert woman.is_sure
    assert woman.change.low <= 0.2 <= woman.change.high
    assert mix.size == pytest.approx(woman.change.value)


def test_cramers_v_by_hand_and_without_its_bias(rng):
    assert cramers_v(np.array([[50.0, 0], [0, 50]]), 1e9) == pytest.approx(1)
    assert cramers_v(np.array([[40.0, 10], [10, 40]]), 1e9) == pytest.approx(0.6)
    drawn = rng.multinomial(200, np.full(8, 1 / 8), 500).reshape(500, 4, 2) * 1.0
    assert np.mean(cramers_v(drawn, 200) ** 2) < 0.01  # uncorrected it is 3 / 200


@pytest.mark.parametrize(("tie", "share"), [(0.1, (0.0, 0.1)), (0.35, (0.9, 1.0))])
def test_a_changed_tie_of_label_and_group_is_found_and_an_old_one_is_not(tie, share):
    rng, sure, held = np.random.default_rng(1), [], []
    for _ in range(40):
        first, second = side(rng, 1200, tie=0.1), side(rng, 1200, tie=tie)
        found = dependence("sex", first.evaluation, second.evaluation)
        sure.append(found.is_sure)
        change = found.groups[1].change
        held.append(change.low <= tie - 0.1 <= change.high)
    assert np.mean(held) >= 0.85
    assert share[0] <= np.mean(sure) <= share[1]


def test_identical_sides_are_not_told_apart_at_the_stated_rate():
    rng, held, sure = np.random.default_rng(2), [], 0
    for seed in range(12):
        first, second = side(rng, 300), side(rng, 300)
        found = told_apart(
            (first.columns[["x"]], second.columns[["x"]]),
            ones(first, second),
            (first.evaluation.groups, second.evaluation.groups),
            seed=seed,
        )
        held.append(found.area.low <= 0.5 <= found.area.high)
        sure += sum(each.is_sure for each in (*found.groups, *found.columns))
    assert sum(held) >= 10
    assert sure <= 3


def test_the_column_that_gives_it_away_is_named_and_the_other_is_not(rng):
    first, second = side(rng, 2000), side(rng, 2000, mean=1.0)
    found = told_apart((first.columns, second.columns), ones(first, second), ({}, {}))
    # two normals one apart rank with AUROC Phi(1 / sqrt 2) = 0.760
    assert found.area.value == pytest.approx(0.760, abs=0.03)
    assert found.grade in ("some", "clear")
    assert [c.feature for c in found.columns if c.is_sure] == ["x"]


def test_an_interaction_that_moved_is_seen_although_no_column_moved(rng):
    n = 1500
    x, z, w = (rng.normal(size=n) for _ in range(3))
    tables = pd.DataFrame({"x": x, "z": w}), pd.DataFrame({"x": z, "z": z})
    found = told_apart(tables, (np.ones(n),) * 2, ({}, {}))
    assert found.area.low > 0.7


def test_the_group_that_moved_is_named(rng):
    first, second = side(rng, 1500), side(rng, 1500)
    woman = second.evaluation.groups["sex"].codes == 1
    columns = second.columns.assign(x=second.columns["x"] + woman)
    columns["sex"] = np.where(woman, "f", "m")
    own = first.columns.assign(
        sex=np.where(first.evaluation.groups["sex"].codes == 1, "f", "m")
    )
    groups = first.evaluation.groups, second.evaluation.groups
    found = told_apart((own, columns), ones(first, second), groups)
    by_name = {g.name: g for g in found.groups}
    assert by_name["woman"].is_sure
    assert by_name["woman"].area.value > 0.7
    assert by_name["man"].area.low <= 0.55


def test_the_years_of_the_census_are_told_apart_only_weakly():
    data = load(task_named("census_income"))
    features = list(data.features_for("time"))
    rng, tables = np.random.default_rng(0), []
    for year in (0, 1):
        rows = np.flatnonzero(data.frame.domain.codes == year)
        rows = rng.choice(rows, 20_000, replace=False)
        tables.append(data.frame.features[features].iloc[rows])
    found = told_apart(tuple(tables), ones(*tables), ({}, {}))
    assert 0.52 < found.area.value < 0.55
    assert found.grade == "weak"


def test_everything_is_found_in_one_go_and_labels_are_asked_for(rng):
    first, second = side(rng, 900), side(rng, 900, mean=0.8, rate=0.6)
    found = detect(first, second)
    assert found.columns[0].feature == "x"
    assert found.columns[0].is_large
    assert found.score.is_large
    assert found.labels[1].is_sure
    assert [m.attribute for m in found.mix] == ["sex"]
    blind = detect(first, without_labels(second))
    assert blind.labels == blind.dependence == ()
    assert blind.why_no_labels == NEEDS_LABELS
    assert blind.columns == found.columns


def test_with_many_rows_a_small_move_is_sure_but_not_large():
    rng = np.random.default_rng(5)
    tables = [
        pd.DataFrame({"c": np.where(rng.random(60_000) < share, "a", "b")})
        for share in (0.500, 0.512)
    ]
    domains = []
    for table in tables:
        e = side(rng, 60_000).evaluation
        domains.append(Domain(replace(e, groups={}), table))
    (moved,) = detect(*domains).columns
    assert moved.is_sure
    assert not moved.is_large


def test_one_group_is_looked_at_by_itself(rng):
    first, second = side(rng, 600), side(rng, 600)
    women = of_group(first, "sex", "woman")
    assert len(women) == (first.evaluation.groups["sex"].codes == 1).sum()
    assert len(of_group(without_labels(second), "sex", "man")) > 0
    with pytest.raises(OverlapError, match="Choose another group"):
        of_group(first, "sex", "nobody")


def test_groups_that_are_withheld_are_left_out(rng):
    first, second = side(rng, 900), side(rng, 900)
    both = []
    for each in (first, second):
        codes = np.where(np.arange(900) < 4, 2, each.evaluation.groups["sex"].codes)
        grown = {"sex": Grouping(codes, ("man", "woman", "other"))}
        both.append(Domain(replace(each.evaluation, groups=grown), each.columns))
    assert detect(*both, k=10).mix == ()
    assert len(detect(*both).mix[0].groups) == 3


def test_bad_sides_are_refused_or_said(rng):
    first, second = side(rng, 900), side(rng, 40)
    few = detect(first, second)
    assert few.whole.grade == "unknown"
    assert "takes 60 rows" in few.whole.why_not
    other = Domain(second.evaluation, second.columns.rename(columns={"x": "y"}))
    with pytest.raises(DataError, match="different columns"):
        detect(first, other)
    with pytest.raises(OverlapError, match="no row"):
        detect(first, second.take(np.zeros(0, np.int64)))


def test_planted_tables_are_read(rng):
    data = load(task_named("planted"))
    e = Evaluation(
        "score",
        data.frame.y_true,
        existing_scores(data),
        data.frame.classes,
        data.frame.groups,
        data.frame.weights,
        data.frame.row_ids,
    )
    whole = Domain(e, data.frame.features.reset_index(drop=True))
    rows = rng.permutation(len(e))
    half = len(rows) // 2
    found = detect(whole.take(rows[:half]), whole.take(rows[half:]))
    assert found.whole.grade in ("none", "weak")
    assert not any(s.is_sure for s in found.labels)
