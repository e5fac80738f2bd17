"""Thresholds by inferred group: rates of true groups, and the error of inference."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from analysis.errors import DataError
from analysis.frame import Grouping
from models.remedies.fitting import fitted_along, notes_of
from models.remedies.group_inference import design, inferred
from models.remedies.inferred_groups import InferredGroups


@pytest.fixture
def people(rng, labelled):
    """Draw two groups that a column tells apart, one of them scored too low."""
    n = 4_000
    codes = (rng.random(n) < 0.4).astype(int)
    honest = rng.normal(size=n) * 1.5
    labels = (rng.random(n) < 1 / (1 + np.exp(-honest))).astype(int)
    margin = honest - 1.2 * codes
    return labelled(
        np.column_stack([np.zeros(n), margin]),
        labels,
        codes,
        hint=rng.normal(size=n) + 2 * codes,
        group=pd.Categorical(np.where(codes, "v", "u")),
    )


def found_rates(scorer, frame):
    decided = np.diff(scorer.score(frame).logits)[:, 0] >= 0
    codes = frame.groups["group"].codes
    rows = [(codes == g) & (frame.y_true == 1) for g in (0, 1)]
    return np.array([decided[own].mean() for own in rows])


def test_rates_of_true_groups_agree_though_nobody_is_asked(people):
    scorer, frame = people
    fitted = InferredGroups("group", tolerance=0.02).fit(scorer, frame)
    assert np.ptp(found_rates(scorer, frame)) > 0.2
    assert np.ptp(found_rates(fitted, frame)) < 0.06
    assert fitted.parameters()["drawn"]["gaps"][0] <= 0.02 + 1e-9


def test_the_group_itself_is_not_read_when_deciding(people):
    scorer, frame = people
    fitted = InferredGroups("group").fit(scorer, frame)
    others = Grouping(1 - frame.groups["group"].codes, ("u", "v"))
    swapped = replace(frame, groups={"group": others})
    np.testing.assert_array_equal(
        fitted.score(frame).logits, fitted.score(swapped).logits
    )


def test_the_error_of_inference_is_told(people):
    scorer, frame = people
    found = InferredGroups("group").fit(scorer, frame).parameters()
    told = found["inferred_right"]
    assert 0.75 < told["overall"] < 0.9  # two normals two apart: 84 % at best, about
    assert told["largest"] == pytest.approx(1 - frame.groups["group"].codes.mean())
    (said, *_) = notes_of(found)
    assert f"inferred right for {100 * told['overall']:.1f} % of people" in said
    assert "%" not in notes_of(found, {"v"})[0]


def test_inference_agrees_with_scikit_learns_discriminants(people):
    _, frame = people
    codes = frame.groups["group"].codes
    names = ("u", "v")
    model, guessed = inferred(frame.features, codes, frame.weights, names, "group")
    assert {c.name for c in model.preprocessor.numeric} == {"age", "hint"}
    x = design(model.preprocessor, frame.features)[:, :-1]
    theirs = LinearDiscriminantAnalysis().fit(x, codes).predict(x)
    assert (model.codes(frame.features) == theirs).mean() > 0.998
    assert 0.95 < (guessed == theirs).mean() < 1.0


def test_rows_are_inferred_by_models_of_other_rows(rng):
    """Noise is inferred no better than by guessing, where own rows would leak."""
    n = 300
    features = pd.DataFrame(
        rng.normal(size=(n, 60)), columns=[f"c{i}" for i in range(60)]
    )
    codes = np.arange(n) % 2
    model, guessed = inferred(features, codes, np.ones(n), ("u", "v"), "group")
    assert (model.codes(features) == codes).mean() > 0.65
    assert (guessed == codes).mean() < 0.6


def test_at_full_tolerance_the_rule_is_the_cheapest_of_the_grid(people):
    scorer, frame = people
    cost = [
        fitted.parameters()["drawn"]["cost"]
        for fitted in fitted_along(
            InferredGroups("group"), scorer, frame, [0.0, 0.05, 1.0]
        )
    ]
    assert cost == sorted(cost, reverse=True)
    before = InferredGroups("group").fit(scorer, frame).parameters()["before"]
    decided = np.diff(scorer.score(frame).logits)[:, 0] >= 0
    assert before["cost"] == pytest.approx((decided != frame.y_true).mean())
    assert before["gaps"][0] == pytest.approx(np.ptp(found_rates(scorer, frame)))
    assert cost[-1] < before["cost"]


def test_parameters_survive_json(people):
    scorer, frame = people
    fitted = InferredGroups("group", tolerance=0.0).fit(scorer, frame)
    stored = json.loads(json.dumps(fitted.parameters(), allow_nan=False))
    again = InferredGroups("group").restored(scorer, stored)
    np.testing.assert_array_equal(again.score(frame).logits, fitted.score(frame).logits)


def test_with_nothing_to_infer_from_it_is_refused(people):
    scorer, frame = people
    bare = replace(frame, features=frame.features[["group"]])
    with pytest.raises(DataError, match="a table with more columns"):
        InferredGroups("group").fit(scorer, bare)


def test_a_table_without_rows_has_scores_without_rows(people):
    scorer, frame = people
    fitted = InferredGroups("group").fit(scorer, frame)
    assert len(fitted.score(frame.take(np.zeros(0, int))).logits) == 0


def test_what_draws_come_to_is_told(people):
    scorer, frame = people
    found = InferredGroups("group", tolerance=0.0).fit(scorer, frame).parameters()
    drawn = found["drawn"]
    assert found["taken"] == "drawn where needed"
    assert drawn["as_drawn"]["gaps"][0] < 0.03
    assert drawn["as_drawn"]["cost"] == pytest.approx(drawn["cost"], abs=0.01)
    assert f"({100 * drawn['as_drawn']['gaps'][0]:.1f} % as drawn)" in " ".join(
        notes_of(found)
    )


def test_where_few_draws_decide_for_many_inferred_groups_take_one_threshold(
    rng, labelled
):
    """Three scores and a hint of few values: few people who differ."""
    n = 2_000
    codes = rng.integers(0, 2, n)
    margin = rng.choice([-1.4, 0.1, 1.4], n) - 1.5 * codes
    labels = (rng.random(n) < 1 / (1 + np.exp(-margin - 0.7 * codes))).astype(int)
    hint = np.round(rng.normal(size=n) + 3 * codes)
    logits = np.column_stack([0 * margin, margin])
    scorer, frame = labelled(logits, labels, codes)
    frame = replace(frame, features=pd.DataFrame({"hint": hint}))
    fitted = InferredGroups("group", tolerance=0.0).fit(scorer, frame)
    found = fitted.parameters()
    assert found["drawn"]["by_lot"] > 0
    assert found["taken"] == "one threshold each"
    assert all(len(fit["cuts"]) == 1 for fit in found["by_group"].values())
    # The fit infers each row's group by a model of other rows.
    assert np.ptp(found_rates(fitted, frame)) == pytest.approx(
        found["one_each"]["gaps"][0], abs=0.02
    )
    assert "is taken instead of draws" in " ".join(notes_of(found))
