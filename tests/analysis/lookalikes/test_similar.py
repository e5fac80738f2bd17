import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.frame import AuditFrame, Grouping
from analysis.lookalikes.similar import similar_groups


def frame_of(features, groups, weights=None):
    n = len(next(iter(groups.values())).codes)
    return AuditFrame(
        features=pd.DataFrame(features),
        y_true=None,
        classes=("no", "yes"),
        groups=groups,
        weights=np.ones(n) if weights is None else weights,
    )


def colours(*shares):
    """One row per person: each group has 100 people in these shares of red."""
    red = np.concatenate([np.arange(100) < 100 * share for share in shares])
    return {"colour": pd.Categorical(np.where(red, "red", "blue"))}


def test_distances_worked_by_hand():
    grouping = Grouping(np.repeat([0, 1, 2], 100), ("a", "b", "c"))
    frame = frame_of(colours(0.5, 0.6, 0.9), {"team": grouping})
    found = similar_groups(frame, {"team": "a"})
    assert [(n.name, n.kind, n.n) for n in found.neighbours] == [
        ("b", "nearest", 100),
        ("c", "nearest", 100),
    ]
    near, far = found.neighbours
    assert (near.distance, far.distance) == pytest.approx((0.1, 0.4))
    # two bins, each of deviation sqrt(0.55 * 0.45 * 2 / 100)
    noise = np.sqrt(2 / np.pi) * np.sqrt(0.55 * 0.45 * 0.02)
    assert near.by_chance == pytest.approx(noise)
    assert near.beyond_chance == pytest.approx(0.1 - noise)
    assert not near.is_beyond_chance
    assert far.beyond_chance == pytest.approx(0.4)  # clear in both bins
    assert far.is_beyond_chance


def planted(rng, n=6_000):
    """Sex x region; women of the west look like men of the east, and no others."""
    sex, region = rng.integers(0, 2, n), rng.integers(0, 3, n)
    shift = np.array([[0.0, 2.0, 4.0], [6.0, 8.0, 2.0]])[sex, region]
    features = {
        "income": shift + rng.normal(size=n),
        "debt": np.where(rng.random(n) < 0.1, np.nan, shift + rng.normal(size=n)),
        "region": pd.Categorical.from_codes(region, ["north", "west", "east"]),
    }
    groups = {
        "sex": Grouping(sex, ("Female", "Male")),
        "region": Grouping(region, ("north", "west", "east")),
    }
    return frame_of(features, groups)


def test_a_planted_twin_is_nearest_and_groups_one_value_away_are_marked(rng):
    found = similar_groups(planted(rng), {"sex": "Female", "region": "west"}, most=1)
    first, *others = found.neighbours
    assert dict(first.group) == {"sex": "Male", "region": "east"}
    assert (first.kind, first.changed) == ("nearest", 2)
    assert not first.is_beyond_chance
    assert {o.name for o in others} == {
        "Male · west",
        "Female · north",
        "Female · east",
    }
    assert {(o.kind, o.changed) for o in others} == {("one condition away", 1)}
    assert all(o.is_beyond_chance for o in others)


def test_features_that_define_the_groups_are_left_out(rng):
    found = similar_groups(planted(rng), {"region": "west"})
    assert found.features == ("income", "debt")


def test_a_small_twin_is_not_pushed_behind_a_large_stranger(rng):
    """40 people with the same features, against 5,000 who differ a little."""
    codes = np.repeat([0, 1, 2], [2_000, 40, 5_000])
    features = {f"x{i}": rng.normal(size=7_040) for i in range(6)}
    features = {k: v + np.where(codes == 2, 0.3, 0.0) for k, v in features.items()}
    frame = frame_of(features, {"team": Grouping(codes, ("own", "twin", "other"))})
    twin, other = similar_groups(frame, {"team": "own"}).neighbours
    assert (twin.name, other.name) == ("twin", "other")
    assert twin.distance > other.distance
    assert twin.beyond_chance < 0.03


def test_chance_is_neither_over_nor_understated():
    """Groups without any difference: distances average what chance was said to give."""
    found, expected, over = [], [], 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        codes = np.repeat([0, 1], [300, 80])
        features = {f"x{i}": rng.normal(size=380) for i in range(5)}
        frame = frame_of(features, {"team": Grouping(codes, ("a", "b"))})
        (n,) = similar_groups(frame, {"team": "a"}).neighbours
        found.append(n.distance)
        expected.append(n.by_chance)
        over += n.is_beyond_chance
    assert np.mean(found) == pytest.approx(np.mean(expected), rel=0.03)
    assert over / 150 <= 0.1


@pytest.mark.parametrize("n", [80, 400, 4_000])
def test_a_true_distance_is_recovered_at_any_size(n):
    """A shift of 1.5 deviations moves a share of 0.547 to the other side."""
    found = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        codes = np.repeat([0, 1], [4_000, n])
        x = rng.normal(size=len(codes)) + 1.5 * codes
        frame = frame_of({"x": x}, {"team": Grouping(codes, ("a", "b"))})
        found.append(similar_groups(frame, {"team": "a"}).neighbours[0].beyond_chance)
    assert np.mean(found) == pytest.approx(0.547, abs=0.03)


def test_weights_count_as_people_would(rng):
    grouping = Grouping(np.repeat([0, 1], 100), ("a", "b"))
    weights = np.where(np.arange(200) % 100 < 50, 3.0, 1.0)
    frame = frame_of(colours(0.5, 0.5), {"team": grouping}, weights)
    assert similar_groups(frame, {"team": "a"}).neighbours[0].distance == 0
    weights[100:] = 1.0
    frame = frame_of(colours(0.5, 0.5), {"team": grouping}, weights)
    found = similar_groups(frame, {"team": "a"}).neighbours[0]
    assert found.distance == pytest.approx(0.25)  # 150 of 200 against 50 of 100


def test_groups_under_the_limit_are_no_candidates_and_are_counted():
    grouping = Grouping(np.repeat([0, 1, 2], [100, 29, 171]), ("a", "b", "c", "empty"))
    frame = frame_of(colours(0.5, 0.5, 0.5), {"team": grouping})
    found = similar_groups(frame, {"team": "a"})
    assert [n.name for n in found.neighbours] == ["c"]
    assert found.too_small == 1


def test_what_is_not_there_is_said():
    grouping = Grouping(np.repeat([0, 1], 100), ("a", "b", "empty"))
    frame = frame_of(colours(0.5, 0.5), {"team": grouping})
    with pytest.raises(DataError, match="has no group 'z'"):
        similar_groups(frame, {"team": "z"})
    with pytest.raises(DataError, match="Nobody is in this group"):
        similar_groups(frame, {"team": "empty"})
    only = frame_of({"team": pd.Categorical(["a", "b"] * 100)}, {"team": grouping})
    with pytest.raises(DataError, match="No feature is left"):
        similar_groups(only, {"team": "a"})


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_neighbours_do_not_depend_on_the_scale_of_the_weights(rng, scale):
    codes = rng.integers(0, 3, 300)
    weights = rng.exponential(size=300)
    features = {"x": rng.normal(codes, 1), "y": rng.normal(size=300)}
    team = {"team": Grouping(codes, ("a", "b", "c"))}
    usual, scaled = (
        similar_groups(frame_of(features, team, w), {"team": "a"}).neighbours
        for w in (weights, weights * scale)
    )
    for one, other in zip(usual, scaled, strict=True):
        assert one.name == other.name
        assert one.beyond_chance == pytest.approx(other.beyond_chance, rel=1e-9)
        assert one.chance_high == pytest.approx(other.chance_high, rel=1e-9)


def test_groups_whose_weights_differ_by_hundreds_of_digits_are_compared(rng):
    codes = np.repeat([0, 1], 100)
    features = colours(0.5, 0.6)
    team = {"team": Grouping(codes, ("a", "b"))}
    equal = similar_groups(frame_of(features, team), {"team": "a"})
    weights = np.where(codes == 0, 1e-300, 1e300)
    apart = similar_groups(frame_of(features, team, weights), {"team": "a"})
    assert apart.neighbours == equal.neighbours
