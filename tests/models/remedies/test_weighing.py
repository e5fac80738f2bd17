"""What every remedy by weights shares: aim, cap, mass, and weighing against drawing."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis.errors import DataError, SettingError
from models import batches
from models.prepare import Prepared, training_of
from models.preprocess import fit_preprocessor
from models.recipe import Recipe
from models.remedies.weighing import Weighing, capped, effective_rows
from models.row_changes import row_weights


@dataclass(frozen=True, kw_only=True)
class ByAge(Weighing):
    """Older people count more; a stand-in with very uneven weights."""

    def weights(self, train, seed):
        return np.exp(train.features["age"].fillna(50).to_numpy() / 20)


def factors(frame, recipe=None, **settings):
    changed = ByAge(**settings).change(recipe or Recipe("t"), frame)
    return changed.row_weights.factors(frame)


def test_aimed_rows_keep_their_total_weight_and_others_factor_1(dataset):
    frame = dataset.frame
    inside = frame.groups["group"].codes == 1
    for survey in (False, True):
        recipe = Recipe("t", survey_weights=survey)
        w = factors(frame, recipe, cohort="group = b")
        own = frame.weights if survey else np.ones(len(frame))
        assert (w[~inside] == 1).all()
        assert (w * own)[inside].sum() == pytest.approx(own[inside].sum())
        assert w[inside].std() > 0.5


def test_a_second_remedy_sees_and_keeps_what_the_first_did(dataset):
    frame = dataset.frame
    first = ByAge(cohort="group = a").change(Recipe("t"), frame)
    both = ByAge().change(first, frame).row_weights.factors(frame)
    once = first.row_weights.factors(frame)
    ratio = both / once
    expected = ByAge().weights(frame, 0)
    np.testing.assert_allclose(ratio / expected, (ratio / expected)[0])
    assert both.sum() == pytest.approx(once.sum())


def test_the_cap_is_in_multiples_of_the_mean_weight(dataset):
    frame = dataset.frame
    plain, cut = factors(frame), factors(frame, cap=2.0)
    assert plain.max() > 2.5
    assert cut.max() == pytest.approx(2 * cut.mean(), rel=1e-6)
    assert effective_rows(cut) > effective_rows(plain)


@pytest.mark.parametrize("cap", [1.1, 1.5, 3.0, 100.0])
@pytest.mark.parametrize("n_others", [0, 40])
def test_capped_weights_keep_their_order_and_their_limit(rng, cap, n_others):
    found, others = rng.pareto(1.0, 300), rng.uniform(0.5, 2, n_others)
    cut = capped(found, cap, others)
    mean = np.concatenate([cut, others]).mean()
    assert cut.max() <= cap * mean * (1 + 1e-9)
    assert (np.diff(cut[np.argsort(found)]) >= 0).all()
    assert (cut <= found).all()
    if (cut < found).any():  # and no lower than it must be
        assert cut.max() == pytest.approx(cap * mean)


@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.1, 1.0, 5.0, 1e6]), min_size=1, max_size=12),
    st.floats(1.1, 20),
)
def test_a_cap_never_wipes_rows_out(found, cap):
    found = np.array(found)
    assume(found.sum() > 0)
    cut = capped(found, cap, np.empty(0))
    assert ((cut > 0) == (found > 0)).all()
    is_even = len(np.unique(cut[cut > 0])) == 1
    assert is_even or cut.max() <= cap * cut.mean() * (1 + 1e-9)


def test_where_so_few_have_weight_that_no_cap_will_do_they_get_the_same():
    found = np.array([5.0, 2.0, 0.0, 0.0, 0.0, 0.0])
    np.testing.assert_array_equal(
        capped(found, 1.5, np.empty(0)), [2.0, 2.0, 0.0, 0.0, 0.0, 0.0]
    )


def test_no_cap_is_no_cap():
    found = np.array([0.0, 1.0, 1e9])
    np.testing.assert_array_equal(capped(found, 0.0, np.empty(0)), found)


@pytest.mark.parametrize("bad", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
def test_weights_that_make_no_sense_are_refused_with_advice(bad):
    with pytest.raises(DataError, match="Choose a milder setting"):
        capped(np.array(bad), 0.0, np.empty(0))


def test_a_cap_below_the_mean_is_refused(dataset):
    with pytest.raises(SettingError, match=r"Give 1.1 or more, or 0 for no cap"):
        factors(dataset.frame, cap=0.5)


def test_the_cap_counts_survey_weights_and_earlier_remedies(dataset):
    frame = dataset.frame
    recipe = Recipe("t", survey_weights=True)
    for _ in range(2):
        recipe = ByAge(cap=1.5).change(recipe, frame)
    final = frame.weights * recipe.row_weights.factors(frame)
    assert final.max() == pytest.approx(1.5 * final.mean(), rel=1e-6)


@pytest.mark.parametrize(
    ("weights", "rows"), [([1, 1, 1, 1], 4), ([1, 0, 0, 0], 1), ([3, 1], 1.6)]
)
def test_effective_rows_by_hand(weights, rows):
    assert effective_rows(np.array(weights, float)) == pytest.approx(rows)


def test_effective_rows_ignore_the_scale(rng):
    w = rng.uniform(0, 3, 50)
    assert effective_rows(w * 7) == pytest.approx(effective_rows(w))


# Upweighting equals upsampling under full-batch descent and differs in minibatches.


def trained(frame, weights, recipe, preprocessor):
    """Return the parameters after plain training, flat."""
    prepared = Prepared(recipe, frame, frame, weights, preprocessor)
    training = training_of(prepared, torch.device("cpu"))
    for _ in range(recipe.epochs):
        training.epoch(lambda: False)
    return torch.cat([p.detach().flatten() for p in training.network.parameters()])


def both_ways(frame, times, recipe):
    """Train once with weights and once with repeated rows."""
    preprocessor = fit_preprocessor(frame.features)
    repeated = frame.take(np.repeat(np.arange(len(frame)), times))
    weighed = trained(frame, times.astype(float), recipe, preprocessor)
    ones = np.ones(len(repeated))
    return weighed, trained(repeated, ones, recipe, preprocessor)


@pytest.fixture
def full_batch(monkeypatch):
    monkeypatch.setattr(batches, "MIN_BATCHES", 1)
    return 10_000


@pytest.mark.parametrize("architecture", ["logistic", "mlp"])
def test_upweighting_is_upsampling_under_full_batch_descent(
    dataset, rng, full_batch, architecture
):
    frame = dataset.frame.take(np.arange(150))
    times = rng.integers(1, 5, len(frame))
    recipe = Recipe(
        "t",
        architecture=architecture,
        hidden=(4,),
        dropout=0.0,
        epochs=4,
        batch_size=full_batch,
        schedule="constant",
    )
    weighed, sampled = both_ways(frame, times, recipe)
    start, _ = both_ways(frame, times, replace(recipe, epochs=1))
    torch.testing.assert_close(weighed, sampled, atol=1e-5, rtol=0)
    assert (weighed - start).abs().max() > 1e-3  # it did learn


def test_in_minibatches_they_differ(dataset, rng):
    frame = dataset.frame.take(np.arange(150))
    times = rng.integers(1, 5, len(frame))
    recipe = Recipe("t", hidden=(4,), dropout=0.0, epochs=4, batch_size=16)
    weighed, sampled = both_ways(frame, times, recipe)
    assert (weighed - sampled).abs().max() > 1e-3


def test_drawn_rows_come_in_proportion_to_their_weights(dataset):
    frame = dataset.frame
    values = np.where(frame.groups["group"].codes == 1, 3.0, 1.0)
    recipe = replace(Recipe("t"), draws=True, row_weights=row_weights(frame, values))
    prepared = Prepared(recipe, frame, frame, values, fit_preprocessor(frame.features))
    training = training_of(prepared, torch.device("cpu"))
    rows = torch.cat([training.shuffled() for _ in range(40)]).numpy()
    found = np.bincount(frame.groups["group"].codes[rows])
    expected = np.bincount(frame.groups["group"].codes, values)
    np.testing.assert_allclose(
        found / found.sum(), expected / expected.sum(), atol=0.01
    )
