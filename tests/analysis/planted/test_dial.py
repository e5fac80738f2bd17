import numpy as np
import pandas as pd
import pytest

from analysis.errors import SettingError
from analysis.evaluation import Evaluation, Scores, binary_probabilities
from analysis.frame import Grouping
from analysis.planted.dial import MIN_EFFECTIVE, dial
from analysis.planted.planting import Plant, values_of
from analysis.planted.tilting import flipped, standardised, tilted
from analysis.shifts.domain import Domain


@pytest.fixture
def domain(rng):
    """Women are scored worse; x is higher where people are decided wrongly."""
    n = 4000
    sex = (rng.random(n) < 0.4).astype(int)
    y = (rng.random(n) < 0.3).astype(int)
    wrong = rng.random(n) < np.where(sex == 0, 0.3, 0.1)
    score = np.where(wrong, 1 - y, y) * 0.8 + 0.1
    x = rng.normal(wrong.astype(float), 1, n)
    town = np.where(rng.random(n) < 0.2, "town", "land")
    evaluation = Evaluation(
        "m",
        y,
        binary_probabilities(score),
        ("no", "yes"),
        {"sex": Grouping(sex, ("Female", "Male"))},
        np.ones(n),
        np.arange(n),
    )
    return Domain(evaluation, pd.DataFrame({"x": x, "place": town}))


def everyone(n):
    return np.zeros(n, np.int64)


def test_a_share_moves_by_the_strength():
    weights, z = np.ones(10), np.array([1.0] * 3 + [0.0] * 7)
    moved = tilted(weights, z, 0.2, everyone(10))
    assert moved[:3] == pytest.approx([5 / 3] * 3, abs=1e-3)
    assert moved.sum() == pytest.approx(10)
    assert tilted(weights, z, 0.71, everyone(10)) is None


def test_a_tilt_has_the_distance_asked_for_and_changes_no_more_than_it_must(rng):
    weights, z = rng.uniform(0.5, 2, 500), rng.normal(size=500)
    moved = tilted(weights, z, 0.3, everyone(500))
    shares = moved / moved.sum(), weights / weights.sum()
    assert np.abs(shares[0] - shares[1]).sum() / 2 == pytest.approx(0.3, abs=1e-3)
    log_ratio = np.log(moved / weights)
    slope, _ = np.polyfit(z, log_ratio, 1)
    assert log_ratio - slope * z == pytest.approx(
        np.full(500, log_ratio[0] - slope * z[0])
    )
    assert slope > 0


def test_cells_keep_their_weight_while_values_within_them_move(rng):
    z, cells = rng.normal(size=600), rng.integers(0, 3, 600)
    moved = tilted(np.ones(600), z + 2 * cells, 0.25, cells)
    assert np.bincount(cells, moved) == pytest.approx(np.bincount(cells))


def test_standardised_numbers_pull_extremes_in_and_centre_missing():
    values = np.array([*np.arange(99.0), 1e9, np.nan])
    z = standardised(values, np.ones(101))
    assert z.max() < 2.5
    assert z[-1] == 0
    assert standardised(np.full(3, np.nan), np.ones(3)).tolist() == [0, 0, 0]


def test_changed_labels_hold_the_share_and_grow_with_it(rng):
    can, weights = rng.random(1000) < 0.5, rng.uniform(1, 2, 1000)
    few, more = (
        flipped(can, weights, share, np.random.default_rng(3)) for share in (0.1, 0.3)
    )
    assert weights[few].sum() / weights.sum() == pytest.approx(0.1, abs=0.002)
    assert not (few & ~more).any()
    assert not (more & ~can).any()
    assert flipped(can, weights, 0.7, np.random.default_rng(3)) is None


def test_a_changed_mix_of_groups_moves_everyone_along_and_no_group(domain):
    found = dial(domain, Plant("group", "sex", "Female"), "error_rate", ("sex",))
    female, male = found.by_group
    assert female.value == pytest.approx(np.full(len(female), female.value[0]))
    assert male.value == pytest.approx(np.full(len(male), male.value[0]))
    share = np.mean(domain.evaluation.groups["sex"].codes == 0)
    mixed = (share + found.strengths) * female.value[0]
    mixed += (1 - share - found.strengths) * male.value[0]
    assert found.overall.value == pytest.approx(mixed, abs=1e-4)
    assert found.stopped_by == "possible"  # at 0.4 everyone would be a woman
    assert found.strengths[-1] <= 1 - share


def test_a_changed_label_share_leaves_error_rates_of_labels_alone(domain):
    found = dial(domain, Plant("label"), "false_positive_rate", ("sex",))
    assert np.ptp(found.overall.value) < 1e-9
    rate = dial(domain, Plant("label"), "prevalence").overall.value
    assert np.diff(rate) == pytest.approx(np.full(len(rate) - 1, 0.05), abs=1e-3)


def test_labels_that_change_are_errors_that_grow_by_the_strength(domain):
    down = dial(domain, Plant("outcome", is_up=False), "selection_rate")
    assert np.ptp(down.overall.value) == 0  # decisions stay
    worse = dial(domain, Plant("outcome"), "prevalence").overall.value
    assert worse - worse[0] == pytest.approx(0.05 * np.arange(len(worse)), abs=1e-3)


def test_labels_of_one_group_change_for_that_group_alone(domain):
    plant = Plant("outcome", "sex", "Male", is_up=True)
    female, male = dial(domain, plant, "error_rate", ("sex",)).by_group
    assert np.ptp(female.value) == 0
    assert male.value[-1] > male.value[0] + 0.1


def test_a_feature_that_goes_with_errors_makes_them_commoner(domain):
    found = dial(domain, Plant("feature", "x"), "error_rate", ("sex",))
    assert (np.diff(found.overall.value) > 0).all()
    other = dial(domain, Plant("feature", "x", is_up=False), "error_rate")
    assert (np.diff(other.overall.value) < 0).all()


def test_within_labels_and_groups_only_the_feature_moves(domain):
    plant = Plant("feature", "x", is_within=True)
    found = dial(domain, plant, "prevalence", ("sex",))
    for column in (found.overall, *found.by_group):
        assert column.value == pytest.approx(np.full(len(column), column.value[0]))
    errors = dial(domain, plant, "error_rate").overall.value
    assert errors[-1] > errors[0] + 0.05


def test_effective_rows_fall_and_end_the_curve(domain):
    few = domain.take(np.arange(200))
    found = dial(few, Plant("feature", "x"), "error_rate")
    assert (np.diff(found.effective) < 0).all()
    assert found.effective[0] == 200
    assert found.effective[-1] >= MIN_EFFECTIVE
    rare = dial(few, Plant("feature", "place", "town"), "error_rate")
    assert rare.stopped_by in ("rows", "")


def test_intervals_widen_as_fewer_rows_carry_the_weights(domain):
    found = dial(domain, Plant("feature", "place", "town"), "error_rate")
    width = found.overall.high - found.overall.low
    assert width[-1] > 1.3 * width[0]


def test_the_curve_is_near_a_table_drawn_from_the_shifted_distribution():
    """Resampling rows with the weights gives the same metric within its interval."""
    held = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=2000)
        y = (rng.random(2000) < 1 / (1 + np.exp(-x))).astype(int)
        evaluation = Evaluation(
            "m",
            y,
            binary_probabilities(np.full(2000, 0.9)),
            ("no", "yes"),
            {},
            np.ones(2000),
            np.arange(2000),
        )
        found = dial(
            Domain(evaluation, pd.DataFrame({"x": x})),
            Plant("feature", "x"),
            "accuracy",
        )
        at = 4  # total variation 0.2: a normal mean moved by about 0.507 deviations
        truth = np.mean(
            1 / (1 + np.exp(-np.random.default_rng(1).normal(0.507, 1, 200_000)))
        )
        held += found.overall.low[at] <= truth <= found.overall.high[at]
    assert held >= 35


def test_withheld_and_small_groups_are_nan(domain):
    hidden = np.array([True, False])
    plant = Plant("label")
    female, male = dial(domain, plant, "error_rate", ("sex",), hidden).by_group
    assert np.isnan(female.value).all()
    assert not np.isnan(male.value).any()
    tiny = domain.take(np.arange(40))
    found = dial(tiny, plant, "error_rate", ("sex",))
    assert all(np.isnan(g.value[0]) for g in found.by_group if g.n[0] < MIN_EFFECTIVE)


def test_raw_scores_and_three_classes_can_be_shifted(rng):
    n = 300
    raw = Evaluation(
        "m",
        rng.integers(0, 2, n),
        Scores(rng.normal(size=(n, 1)), "raw"),
        ("no", "yes"),
        {},
        np.ones(n),
        np.arange(n),
    )
    columns = pd.DataFrame({"x": rng.normal(size=n)})
    assert not np.isnan(
        dial(Domain(raw, columns), Plant("label"), "auroc").overall.value[0]
    )
    three = Evaluation(
        "m",
        rng.integers(0, 3, n),
        Scores(rng.dirichlet(np.ones(3), n)),
        ("a", "b", "c"),
        {},
        np.ones(n),
        np.arange(n),
        view=0,
    )
    found = dial(Domain(three, columns), Plant("outcome"), "prevalence")
    assert found.overall.value[2] == pytest.approx(
        found.overall.value[0] + 0.1, abs=0.01
    )


def test_weights_of_two_count_as_two_rows(domain):
    part = domain.take(np.arange(500))
    doubled = domain.take(np.concatenate([np.arange(500), np.arange(250)]))
    e = part.evaluation
    weights = np.where(np.arange(500) < 250, 2.0, 1.0)
    weighted = Domain(
        Evaluation(
            e.title, e.y_true, e.scores, e.classes, e.groups, weights, e.row_ids
        ),
        part.columns,
    )
    plant = Plant("feature", "place", "town")
    first, second = (dial(d, plant, "error_rate").overall for d in (doubled, weighted))
    both = min(len(first), len(second))
    assert first.value[:both] == pytest.approx(second.value[:both], abs=1e-4)


def test_a_constant_feature_cannot_move(domain):
    still = Domain(domain.evaluation, domain.columns.assign(x=1.0))
    found = dial(still, Plant("feature", "x"), "error_rate")
    assert found.strengths.tolist() == [0.0]
    assert found.stopped_by == "possible"


def test_what_can_be_chosen_is_listed(domain):
    assert values_of(domain, Plant("feature", "place")) == ("land", "town")
    assert values_of(domain, Plant("feature", "x")) == ()
    assert values_of(domain, Plant("group", "sex")) == ("Female", "Male")
    assert values_of(domain, Plant("label")) == ()


@pytest.mark.parametrize(
    ("plant", "advice"),
    [
        (Plant("feature", "height"), "Choose one of these"),
        (Plant("group", "race", "x"), "Choose one of sex"),
        (Plant("group", "sex", "x"), "Choose one of Female, Male"),
    ],
)
def test_what_is_not_there_is_refused(domain, plant, advice):
    with pytest.raises(SettingError, match=advice):
        dial(domain, plant, "error_rate")


def test_a_value_that_no_row_has_cannot_become_commoner(domain):
    with pytest.raises(SettingError, match="Choose one of land, town"):
        dial(domain, Plant("feature", "place", "no such value"), "accuracy")
