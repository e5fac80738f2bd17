"""What remedies that decide by group share: fallbacks, aim, marks and notes."""

import json
from dataclasses import replace

import numpy as np
import pytest

from analysis.errors import DataError, SettingError
from analysis.frame import Grouping
from analysis.marks import BY_LOT
from models.remedies.demographic_parity import DemographicParity
from models.remedies.equal_opportunity import EqualOpportunity
from models.remedies.equalized_odds import EqualizedOdds
from models.remedies.fitting import fitted_along, fitted_on, notes_of


def positive(scorer, frame):
    return scorer.score(frame).values[:, 1] >= 0.5


def test_groups_without_rows_or_with_one_label_fall_back_and_are_told(unequal):
    scorer, frame = unequal()
    codes = frame.groups["group"].codes.copy()
    codes[:20] = 3  # too few
    one_label = np.flatnonzero((codes == 2) & (frame.y_true == 0))
    codes[one_label] = 0
    small = replace(frame, groups={"group": Grouping(codes, tuple("uvwx"))})
    fitted = EqualOpportunity("group").fit(scorer, small)
    found = fitted.parameters()
    assert set(found["by_group"]) == {"u", "v"}
    assert found["fell_back"]["x"] == "has 20 calibration rows, and 50 are needed"
    assert found["fell_back"]["w"] == "has calibration rows of one class only"
    (cut,) = found["everyone"]["cuts"]
    margin = np.diff(scorer.score(small).logits)[:, 0]
    rest = codes >= 2
    np.testing.assert_array_equal(positive(fitted, small)[rest], margin[rest] >= cut)
    said = " ".join(notes_of(found))
    assert "They take everyone's threshold, as does any group that had no" in said


def test_where_no_group_has_the_rows_everyone_takes_one_threshold(unequal):
    scorer, frame = unequal()
    remedy = EqualizedOdds("group", min_rows=5_000)
    fitted = remedy.fit(scorer, frame)
    found = fitted.parameters()
    assert found["by_group"] == {}
    assert set(found["fell_back"]) == set("uvw")
    margin = np.diff(scorer.score(frame).logits)[:, 0]
    errors = [
        ((margin >= cut) != frame.y_true).sum()
        for cut in [*margin[:300], *found["everyone"]["cuts"]]
    ]
    assert errors[-1] == min(errors)
    (along,) = fitted_along(remedy, scorer, frame, [0.05])
    assert along.parameters() == found


def test_marks_of_the_base_are_kept(unequal):
    scorer, frame = unequal()
    first = EqualizedOdds("group", tolerance=0.0).fit(scorer, frame)
    second = DemographicParity("group", tolerance=1.0).fit(first, frame)
    before, after = first.marks(frame)[BY_LOT], second.marks(frame)[BY_LOT]
    np.testing.assert_array_equal(before, after)
    assert before.any()


def test_a_group_that_was_absent_takes_everyones_threshold(unequal):
    scorer, frame = unequal()
    fitted = EqualizedOdds("group").fit(scorer, frame)
    (cut,) = fitted.parameters()["everyone"]["cuts"]
    new = replace(
        frame, groups={"group": Grouping(np.zeros(len(frame), int), ("new",))}
    )
    margin = np.diff(scorer.score(new).logits)[:, 0]
    decided = positive(fitted, new)
    np.testing.assert_array_equal(decided, margin >= cut)
    assert 0 < decided.mean() < 1
    assert not fitted.marks(new)[BY_LOT].any()
    assert (
        "had no calibration rows takes everyone's" in notes_of(fitted.parameters())[-1]
    )


def test_only_the_aim_is_touched_and_only_it_is_constrained(unequal, rng):
    young = rng.random(3_000) < 0.5
    scorer, frame = unequal(young=young.astype(float))
    remedy = EqualizedOdds("group", cohort="young >= 1", tolerance=0.0)
    fitted = remedy.fit(scorer, frame)
    before, after = (s.score(frame).logits for s in (scorer, fitted))
    np.testing.assert_array_equal(before[~young], after[~young])
    assert not fitted.marks(frame)[BY_LOT][~young].any()
    alone = EqualizedOdds("group", tolerance=0.0).fit(
        scorer, frame.take(np.flatnonzero(young))
    )
    assert fitted.parameters()["by_group"] == alone.parameters()["by_group"]
    assert "who match 'young >= 1' are touched" in notes_of(fitted.parameters())[0]
    assert "young" not in notes_of(fitted.parameters(), set())[0]
    with pytest.raises(SettingError, match="Widen the rule, or leave it out"):
        EqualizedOdds("group", cohort="young >= 2").fit(scorer, frame)


def test_scores_of_32_bits_and_extreme_ones_stay_finite(unequal):
    scorer, frame = unequal()
    scorer.logits = (scorer.logits * 1e4).astype(np.float32)
    for tolerance in (0.0, 0.05, 1.0):
        fitted = EqualizedOdds("group", tolerance=tolerance).fit(scorer, frame)
        assert np.isfinite(fitted.score(frame).logits).all()
        json.dumps(fitted.parameters(), allow_nan=False)


def test_intersections_are_groups(unequal, rng):
    scorer, frame = unequal()
    other = Grouping(rng.integers(0, 2, 3_000), ("m", "f"))
    frame = replace(frame, groups={**frame.groups, "sex": other})
    fitted = EqualOpportunity("group, sex", tolerance=0.0).fit(scorer, frame)
    assert set(fitted.parameters()["by_group"]) == {
        f"{a} · {b}" for a in "uvw" for b in "mf"
    }
    assert fitted.parameters()["drawn"]["gaps"][0] < 1e-9


def test_hidden_groups_have_no_numbers_in_the_notes(unequal):
    scorer, frame = unequal()
    found = EqualizedOdds("group").fit(scorer, frame).parameters()
    said = notes_of(found, {"v"})
    assert "v withheld" in said[0]
    assert "Gaps are not shown" in said[2]
    assert "from" not in said[2]
    shown = notes_of(found, set())
    assert "the gap between groups goes in false positive rate from" in shown[2]


def test_more_than_two_classes_are_refused(labelled, rng):
    scorer, frame = labelled(rng.normal(size=(90, 3)), np.arange(90) % 3)
    with pytest.raises(DataError, match="Choose a table with two classes"):
        EqualizedOdds("group").fit(scorer, frame)


def test_it_fits_without_what_surrounds_a_model(unequal):
    scorer, frame = unequal()
    remedy = EqualOpportunity("group")
    assert fitted_on(remedy, scorer, frame).parameters()["method"] == remedy.name
