import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from analysis.errors import DataError
from analysis.frame import Grouping
from models.probabilities import log_softmax
from models.remedies.fitting import fitted_along, notes_of
from models.remedies.logit_factors import FACTORS, LOWEST, LogitFactors

LABELS = np.repeat([0, 1, 2], [70, 20, 10])


@pytest.fixture
def uneven(rng, labelled):
    """Logits of 100 rows of three classes: 70, 20 and 10 of them."""
    return labelled(rng.normal(size=(100, 3)), LABELS, weights=np.full(100, 4.0))


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("inverse", np.log([1 / 0.7, 5, 10])),
        ("smooth", 1 + np.log([101 / 71, 101 / 21, 101 / 11])),
        ("relative", np.log([3 / 7, 4, 9])),
        ("normit", -norm.ppf([0.7, 0.2, 0.1])),
        ("gombit", -np.log(-np.log([0.3, 0.8, 0.9]))),
        ("base 2", np.log2([1 / 0.7, 5, 10])),
        ("base 10", np.log10([1 / 0.7, 5, 10])),
    ],
)
def test_factors_are_those_of_the_paper(uneven, variant, expected):
    scorer, frame = uneven
    added = LogitFactors(variant=variant).fit(scorer, frame)
    np.testing.assert_allclose(added.parameters()["everyone"], expected)
    before, after = (s.score(frame).logits for s in (scorer, added))
    np.testing.assert_allclose(after - before, np.tile(expected, (100, 1)))
    times = LogitFactors(variant=variant, form="multiplied").fit(scorer, frame)
    product = before * np.maximum(expected, LOWEST)
    np.testing.assert_allclose(times.score(frame).logits, product)


def test_exact_scores_become_those_of_even_classes(rng, labelled):
    """Menon et al.: log p(c | x) + log(1 / pi_c) are the logits of even classes."""
    labels = np.repeat([0, 1], [900, 100])
    x = rng.normal(size=1_000) + 2 * labels
    odds = 2 * x - 2 + np.log(1 / 9)
    scorer, frame = labelled(np.column_stack([np.zeros(1_000), odds]), labels)
    after = LogitFactors().fit(scorer, frame).score(frame).logits
    np.testing.assert_allclose(after[:, 1] - after[:, 0], 2 * x - 2)


def test_half_the_strength_takes_half_of_the_way(uneven):
    scorer, frame = uneven
    for form in ("added", "multiplied"):
        whole, half, none = (
            LogitFactors(form=form, strength=s).fit(scorer, frame).score(frame).logits
            for s in (1.0, 0.5, 0.0)
        )
        np.testing.assert_allclose(half, (whole + none) / 2)
        np.testing.assert_array_equal(none, scorer.score(frame).logits)


@given(
    k=st.integers(2, 5),
    seed=st.integers(0, 99),
    form=st.sampled_from(["added", "multiplied"]),
    variant=st.sampled_from(list(FACTORS)),
)
def test_even_classes_keep_the_class_decided_for(k, seed, form, variant):
    logits = np.random.default_rng(seed).normal(size=(k * 6, k)) * 3
    remedy = LogitFactors(form=form, variant=variant)
    factors = remedy._factors(np.tile(np.arange(k), 6), np.full(k * 6, 0.3), k)
    assert np.ptp(factors) < 1e-9
    after = logits * factors if form == "multiplied" else logits + factors
    np.testing.assert_array_equal(after.argmax(axis=1), logits.argmax(axis=1))


def test_a_product_of_two_opposite_logits_changes_no_decision(rng, labelled):
    z = rng.normal(size=200)
    labels = (np.arange(200) % 10 == 0).astype(int)
    scorer, frame = labelled(np.column_stack([-z, z]), labels)
    decided = [
        LogitFactors(form=form).fit(scorer, frame).score(frame).logits.argmax(axis=1)
        for form in ("multiplied", "added")
    ]
    np.testing.assert_array_equal(decided[0], z > 0)
    assert decided[1].sum() > (z > 0).sum() + 20


def test_rareness_is_counted_within_groups_and_small_ones_take_everyones(labelled):
    labels = np.r_[
        np.repeat([0, 1], [90, 10]), np.repeat([0, 1], [10, 90]), [0, 1], [1]
    ]
    codes = np.repeat([0, 1, 2, 3], [100, 100, 2, 1])
    scorer, frame = labelled(np.zeros((203, 2)), labels, codes)
    fitted = LogitFactors(attribute="group").fit(scorer, frame)
    found = fitted.parameters()
    assert set(found["by_group"]) == {"u", "v"}
    np.testing.assert_allclose(found["by_group"]["u"], np.log([1 / 0.9, 10]))
    scores = fitted.score(frame).values[:, 1]
    np.testing.assert_allclose(scores[[0, 100]], [0.9, 0.1])
    everyone = np.exp(log_softmax(np.array([found["everyone"]])))[0, 1]
    np.testing.assert_allclose(scores[200:], everyone)
    assert any("'w' has 2 calibration rows, and 50" in s for s in notes_of(found))
    absent = replace(frame, groups={"group": Grouping(np.zeros(203, int), ("new",))})
    np.testing.assert_allclose(fitted.score(absent).values[:, 1], everyone)
    told = " ".join(notes_of(found, {"u", "w"}))
    assert "u withheld" in told
    assert "2 calibration rows" not in told
    assert "2.30" not in told.split("By group")[1].split(";")[0]


def test_a_class_without_rows_is_not_lifted_above_others(labelled):
    scorer, frame = labelled(np.zeros((100, 3)), np.repeat([0, 1], [80, 20]))
    factors = LogitFactors().fit(scorer, frame).parameters()["everyone"]
    np.testing.assert_allclose(factors, np.log([1.25, 5, 1.25]))


def test_strengths_along_the_dial_are_those_of_single_fits_and_survive_json(uneven):
    scorer, frame = uneven
    remedy = LogitFactors(variant="smooth")
    for at, fitted in zip(
        (0.0, 0.3, 1.0),
        fitted_along(remedy, scorer, frame, (0.0, 0.3, 1.0)),
        strict=True,
    ):
        single = replace(remedy, strength=at).fit(scorer, frame)
        assert single.parameters() == fitted.parameters()
        stored = json.loads(json.dumps(fitted.parameters(), allow_nan=False))
        again = remedy.restored(scorer, stored).score(frame).logits
        np.testing.assert_array_equal(again, fitted.score(frame).logits)


def test_an_attribute_that_is_not_there_is_refused(uneven):
    with pytest.raises(DataError, match="choose one of these"):
        LogitFactors(attribute="height").fit(*uneven)
