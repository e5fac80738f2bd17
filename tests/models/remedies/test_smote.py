import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.frame import AuditFrame, Grouping
from models.remedies.cells import cells_of
from models.remedies.smote import Smote


def edited(frame, seed=0, **settings):
    return Smote(**settings).edited(frame, seed, None)


def new_rows(frame, **settings):
    found = edited(frame, **settings)
    return found.take(np.flatnonzero(found.row_ids < 0))


def numbers(rng, counts=(60, 15)):
    """Return two classes of rows with three numbers each, apart from each other."""
    labels = np.repeat([0, 1], counts)
    x = rng.normal(size=(len(labels), 3)) + 4 * labels[:, None]
    features = pd.DataFrame(x, columns=list("abc"))
    group = Grouping(rng.integers(0, 2, len(labels)), ("u", "v"))
    return AuditFrame(
        features, labels, ("no", "yes"), {"g": group}, rng.uniform(1, 2, len(labels))
    )


def test_a_new_row_lies_between_two_real_ones_of_its_cell(rng):
    """x + u (x' - x): for some pair the three points are on one line, u in [0, 1]."""
    frame = numbers(rng)
    made = new_rows(frame)
    real = frame.features.to_numpy()[frame.y_true == 1]
    assert len(made) == 45
    assert (made.y_true == 1).all()
    for point in made.features.to_numpy():
        legs = np.linalg.norm(real - point, axis=1)
        across = np.linalg.norm(real[:, None] - real[None], axis=2)
        assert np.abs(legs[:, None] + legs[None] - across).min() < 1e-9


def test_a_new_row_lies_towards_a_near_neighbour(rng):
    frame = numbers(rng, (60, 30))
    made = new_rows(frame, neighbours=1)
    real = frame.features.to_numpy()[frame.y_true == 1]
    scale = frame.features.to_numpy().std(axis=0)
    apart = np.linalg.norm((real[:, None] - real[None]) / scale, axis=2)
    np.fill_diagonal(apart, np.inf)
    pairs = [(i, int(apart[i].argmin())) for i in range(len(real))]
    for point in made.features.to_numpy():
        legs = np.linalg.norm(real - point, axis=1)
        off = [legs[i] + legs[j] - np.linalg.norm(real[i] - real[j]) for i, j in pairs]
        assert min(off) < 1e-9


@pytest.mark.parametrize("level", ["class", "group", "both"])
def test_cells_grow_to_the_largest(dataset, level):
    found = edited(dataset.frame, level=level, attribute="group")
    counts = np.bincount(cells_of(found, level, "group").codes)
    assert (counts == counts.max()).all()


def test_strength_is_the_share_of_the_way(dataset):
    counts = np.bincount(dataset.frame.y_true)
    half = np.bincount(edited(dataset.frame, strength=0.5).y_true)
    np.testing.assert_allclose(half, (counts + counts.max()) / 2, atol=0.5)
    assert len(edited(dataset.frame, strength=0.0)) == len(dataset.frame)


def test_real_rows_stay_and_come_first(dataset):
    frame = dataset.frame
    found = edited(frame, attribute="group")
    np.testing.assert_array_equal(found.row_ids[: len(frame)], frame.row_ids)
    pd.testing.assert_frame_equal(found.features.iloc[: len(frame)], frame.features)
    added = found.row_ids[len(frame) :]
    assert (added < 0).all()
    assert len(set(added)) == len(added)


def test_categories_exist_and_whole_numbers_stay_whole(dataset):
    made = new_rows(dataset.frame, attribute="group").features
    assert (made["age"] % 1 == 0).all()
    assert made["age"].between(18, 90).all()
    assert set(made["work"].dropna()) <= {"office", "farm", "none"}
    assert made.dtypes.tolist() == dataset.frame.features.dtypes.tolist()


def test_an_attribute_that_is_a_feature_agrees_with_its_group(dataset):
    """Also for 'work', which the cells know nothing of."""
    made = new_rows(dataset.frame, attribute="group")
    for name in ("group", "work"):
        grouping = made.groups[name]
        told = made.features[name].astype(object).fillna("Missing")
        assert [grouping.names[code] for code in grouping.codes] == told.tolist()


def test_a_numeric_attribute_agrees_with_its_cut_points(rng):
    labels = np.repeat([0, 1], [80, 20])
    age = rng.uniform(20, 60, 100)
    age[rng.random(100) < 0.1] = np.nan
    codes = np.where(np.isnan(age), 2, (age >= 40).astype(int))
    frame = AuditFrame(
        pd.DataFrame({"age": age, "x": rng.normal(size=100)}),
        labels,
        ("no", "yes"),
        {"age": Grouping(codes, ("young", "old", "Missing"))},
        np.ones(100),
    )
    made = new_rows(frame)
    ages, found = made.features["age"].to_numpy(), made.groups["age"].codes
    assert (np.isnan(ages) == (found == 2)).all()
    known = found < 2
    assert ((ages[known] >= 40) == (found[known] == 1)).all()


def test_new_rows_have_the_mean_weight_of_their_cell(rng):
    frame = numbers(rng)
    expected = frame.weights[frame.y_true == 1].mean()
    assert new_rows(frame).weights == pytest.approx(expected)


def test_categories_alone_and_missing_ones_will_do(rng):
    words = pd.Series(rng.choice(["x", "y", "z"], 90)).where(rng.random(90) > 0.2)
    frame = AuditFrame(
        pd.DataFrame({"a": pd.Categorical(words), "b": pd.Categorical(words[::-1])}),
        np.repeat([0, 1, 2], [50, 30, 10]),
        ("p", "q", "r"),
        {},
        np.ones(90),
    )
    found = edited(frame)
    assert np.bincount(found.y_true).tolist() == [50, 50, 50]
    assert set(found.features["a"].dropna()) <= {"x", "y", "z"}


def test_a_constant_and_an_empty_column_do_no_harm(rng):
    frame = numbers(rng)
    features = frame.features.assign(
        a=1.0, b=np.nan, w=pd.Categorical(["same"] * len(frame))
    )
    made = edited(
        AuditFrame(features, frame.y_true, frame.classes, frame.groups, frame.weights)
    )
    assert (made.features["a"] == 1).all()
    assert (made.features["w"] == "same").all()


def test_large_amounts_come_in_portions(rng, monkeypatch):
    from models import synthetic_rows

    monkeypatch.setattr(synthetic_rows, "BUDGET", 0)
    made = new_rows(numbers(rng, (400, 20)))
    assert len(made) == 380
    assert len(made.features.drop_duplicates()) == 380


def test_of_a_large_cell_some_rows_serve(rng, monkeypatch):
    from models import synthetic_rows

    monkeypatch.setattr(synthetic_rows, "MAX_REAL", 20)
    frame = numbers(rng, (400, 50))
    made = new_rows(frame)
    assert len(made) == 350
    assert set(made.groups["g"].codes) <= {0, 1}
    real = frame.features.to_numpy()[frame.y_true == 1]
    assert (made.features >= real.min(axis=0) - 1e-9).all(axis=None)
    assert (made.features <= real.max(axis=0) + 1e-9).all(axis=None)


def test_only_the_cohort_is_filled_up(dataset):
    made = new_rows(dataset.frame, cohort="group = b")
    assert len(made) > 0
    assert (made.groups["group"].codes == 1).all()


def test_the_draw_follows_the_seed(dataset):
    found = [edited(dataset.frame, seed).features for seed in (0, 0, 1)]
    assert found[0].equals(found[1])
    assert not found[0].equals(found[2])


def test_a_cell_with_too_few_rows_is_refused_by_name(rng):
    with pytest.raises(DataError, match="'yes' has 5 training rows; with 5 neighbours"):
        edited(numbers(rng, (60, 5)))
    assert len(edited(numbers(rng, (60, 5)), neighbours=4)) == 120
