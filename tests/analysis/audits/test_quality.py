import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from analysis.audits.quality import quality
from analysis.frame import AuditFrame, Grouping


def frame_of(features, y_true, codes, names=("a", "b"), weights=None, **others):
    groups = {"group": Grouping(codes, names)}
    return AuditFrame(
        features=pd.DataFrame(features),
        y_true=y_true,
        classes=others.get("classes", ("no", "yes")),
        groups=groups,
        weights=np.ones(len(codes)) if weights is None else weights,
    )


def clean(rng, n=4_000, g=2):
    features = {f"x{i}": rng.normal(size=n) for i in range(4)}
    return features, rng.integers(0, 2, n), rng.integers(0, g, n)


def kinds(found):
    return [(n.kind, n.group) for n in found.notes]


def test_a_clean_table_has_no_notes(rng):
    found = quality(frame_of(*clean(rng)))
    assert found.notes == ()
    assert found.compared == 3  # two groups are each other's rest; three kinds


def test_a_group_whose_label_rate_differs_is_named_with_its_numbers(rng):
    features, _, codes = clean(rng)
    y = (rng.random(4_000) < np.where(codes == 1, 0.3, 0.5)).astype(int)
    frame = frame_of(features, y, codes)
    note = quality(frame).notes[0]
    assert note.kind == "label"
    hits, sizes = (
        [int(y[codes == 0].sum()), int(y[codes == 1].sum())],
        [int((codes == 0).sum()), int((codes == 1).sum())],
    )
    a = 0 if note.group == "a" else 1
    assert note.inside.value == pytest.approx(hits[a] / sizes[a])
    assert note.inside.n == sizes[a]
    expected = confint_proportions_2indep(
        hits[a], sizes[a], hits[1 - a], sizes[1 - a], method="newcomb"
    )
    assert (note.difference.low, note.difference.high) == pytest.approx(expected)
    assert f"{100 * note.inside.value:.0f}\u00a0% have the label yes" in note.sentence


def test_p_values_are_those_of_the_score_test():
    y = np.repeat([1, 0, 1, 0], [30, 70, 40, 60])
    codes = np.repeat([0, 1], 100)
    frame = frame_of({"x": np.arange(200.0)}, y, codes)
    p = proportions_ztest([30, 40], [100, 100])[1]
    assert quality(frame).notes == ()  # p = 0.14
    y = np.repeat([1, 0, 1, 0], [20, 80, 45, 55])
    p = proportions_ztest([20, 45], [100, 100])[1]
    note = quality(frame_of({"x": np.arange(200.0)}, y, codes)).notes[0]
    # six comparisons, two of them this one: the second of six in order
    assert note.q_value == pytest.approx(p * 6 / 2)


def test_a_sure_difference_under_the_floor_is_not_reported(rng):
    n = 200_000
    codes = rng.integers(0, 2, n)
    y = (rng.random(n) < np.where(codes == 1, 0.48, 0.50)).astype(int)
    assert quality(frame_of({"x": rng.normal(size=n)}, y, codes)).notes == ()


def test_missing_cells_are_counted_over_features(rng):
    features, y, codes = clean(rng)
    features["x0"] = np.where((codes == 1) & (rng.random(4_000) < 0.4), np.nan, 1.0)
    note = quality(frame_of(features, y, codes)).notes[0]
    assert note.kind == "missing"
    cells = np.isnan(features["x0"]) / 4
    assert note.inside.value == pytest.approx(
        cells[codes == (note.group == "b")].mean()
    )


def test_a_feature_missing_for_a_whole_group_is_found(rng):
    features, y, codes = clean(rng)
    features["x0"] = np.where(codes == 1, np.nan, 1.0)
    found = quality(frame_of(features, y, codes))
    (note,) = found.notes
    assert (note.group, note.inside.value, note.outside.value) == ("b", 0.25, 0.0)


def test_values_missing_together_weigh_less_than_values_missing_alone(rng):
    """The same share of cells: all four of some rows, or one of four times as many."""
    codes = np.repeat([0, 1], 400)
    y = np.tile([0, 1], 400)
    together = np.ones((800, 4))
    together[400:424] = np.nan
    alone = np.ones((800, 4))
    alone[np.arange(400, 496), np.arange(96) % 4] = np.nan
    widths = []
    for table in (together, alone):
        features = {f"x{i}": table[:, i] + np.arange(800) for i in range(4)}
        note = quality(frame_of(features, y, codes)).notes[0]
        assert abs(note.difference.value) == pytest.approx(0.06)
        widths.append(note.difference.high - note.difference.low)
    assert widths[0] > 1.5 * widths[1]


def test_duplicates_are_identical_in_every_feature_and_in_the_label(rng):
    features, y, codes = clean(rng)
    twins = np.flatnonzero(codes == 1)[:400]
    for name in features:
        features[name][twins[200:]] = features[name][twins[:200]]
    y[twins[200:]] = y[twins[:200]]
    found = quality(frame_of(features, y, codes))
    assert {kind for kind, _ in kinds(found)} == {"duplicates"}
    note = next(n for n in found.notes if n.group == "b")
    assert note.inside.value == pytest.approx(400 / (codes == 1).sum())
    assert note.outside.value == 0
    y[twins[200:]] = 1 - y[twins[:200]]
    assert kinds(quality(frame_of(features, y, codes))) == []


def test_duplicates_agree_with_pandas_for_text_missing_values_and_minus_zero(rng):
    n = 600
    codes = np.repeat([0, 1], 300)
    colour = rng.choice(["red", "blue", "green"], n)
    x = rng.choice([0.0, -0.0, 1.0, np.nan], n) + np.where(codes == 0, codes, 0)
    x = np.where(codes == 0, np.arange(n) + 2.0, x)
    y = rng.integers(0, 2, n)
    features = {"colour": pd.Categorical(colour), "x": x}
    found = quality(frame_of(features, y, codes))
    note = next(n for n in found.notes if (n.kind, n.group) == ("duplicates", "b"))
    twin = pd.DataFrame({**features, "y": y}).duplicated(keep=False).to_numpy()
    assert note.inside.value == pytest.approx(twin[codes == 1].mean())


def test_weights_move_the_shares(rng):
    features, y, codes = clean(rng)
    weights = np.where((codes == 1) & (y == 1), 3.0, 1.0)
    note = quality(frame_of(features, y, codes, weights=weights)).notes[0]
    expected = np.average(y[codes == 1], weights=weights[codes == 1])
    value = note.inside.value if note.group == "b" else note.outside.value
    assert value == pytest.approx(expected)
    scaled = quality(frame_of(features, y, codes, weights=1e3 * weights)).notes[0]
    assert scaled.difference.high == pytest.approx(note.difference.high)


def test_each_class_of_three_is_compared(rng):
    features, _, codes = clean(rng)
    y = np.where(codes == 1, rng.integers(0, 2, 4_000), rng.integers(0, 3, 4_000))
    frame = frame_of(features, y, codes, classes=("low", "middle", "high"))
    assert {n.label for n in quality(frame).notes} == {"low", "middle", "high"}


def test_faults_of_the_table_stand_before_label_rates(rng):
    features, _, codes = clean(rng)
    y = (rng.random(4_000) < np.where(codes == 1, 0.2, 0.7)).astype(int)
    features["x0"] = np.where((codes == 1) & (rng.random(4_000) < 0.4), np.nan, 1.0)
    assert [n.kind for n in quality(frame_of(features, y, codes)).notes] == [
        "missing",
        "label",
    ]


def test_an_attribute_missing_by_definition_is_no_note(rng):
    """Those whose age is missing have one feature missing, which says nothing."""
    features, y, codes = clean(rng, g=3)
    features["group"] = np.where(codes == 2, np.nan, codes)
    names = ("a", "b", "Missing")
    assert quality(frame_of(features, y, codes, names)).notes == ()
    features["x0"] = np.where(codes == 2, np.nan, 1.0)
    worst = quality(frame_of(features, y, codes, names)).notes[0]
    assert (worst.group, worst.inside.value) == ("Missing", 0.25)
    alone = quality(frame_of({"group": features["group"]}, y, codes, names))
    assert {n.kind for n in alone.notes} <= {"duplicates", "label"}


def test_a_group_with_more_missing_stands_before_one_with_less(rng):
    features, y, codes = clean(rng, n=9_000, g=3)
    share = np.array([0.0, 0.30, 0.45])[codes]
    features["x0"] = np.where(rng.random(9_000) < share, np.nan, 1.0)
    notes = quality(frame_of(features, y, codes, ("a", "b", "c"))).notes
    assert [n.is_fault for n in notes] == sorted(n.is_fault for n in notes)[::-1]
    assert notes[0].group == "c"
    assert not notes[-1].is_fault
    assert notes[-1].group == "a"


def test_small_groups_one_group_and_unlabelled_tables_are_no_error(rng):
    features, y, _ = clean(rng)
    tiny = np.zeros(4_000, int)
    tiny[:10] = 1
    assert quality(frame_of(features, y, tiny)).compared == 0
    assert quality(frame_of(features, y, np.zeros(4_000, int), ("a",))).notes == ()
    assert quality(frame_of(features, None, tiny)).notes == ()


def test_twenty_clean_groups_seldom_yield_a_note():
    """Among small groups, differences above the floors are common by chance alone."""
    noted = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        frame = frame_of(*clean(rng, 2_000, 20), names=tuple("abcdefghijklmnopqrst"))
        noted += bool(quality(frame).notes)
    assert noted / 60 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_notes_do_not_depend_on_the_scale_of_the_weights(rng, scale):
    features, _, codes = clean(rng, g=3)
    y = (rng.random(4_000) < np.where(codes == 1, 0.3, 0.5)).astype(int)
    weights = rng.exponential(size=4_000)
    usual, scaled = (
        quality(frame_of(features, y, codes, ("a", "b", "c"), weights=w)).notes
        for w in (weights, weights * scale)
    )
    assert usual
    for one, other in zip(usual, scaled, strict=True):
        assert one.sentence == other.sentence
        ends = other.difference.low, other.difference.high
        assert (one.difference.low, one.difference.high) == pytest.approx(ends)


def test_a_group_of_no_weight_beside_the_others_is_no_note(rng):
    features, y, codes = clean(rng, g=3)
    weights = np.where(codes == 2, 1e-300, 1e300)
    named = ("a", "b", "c")
    assert not [
        note
        for note in quality(frame_of(features, y, codes, named, weights=weights)).notes
        if note.group == "c"
    ]
