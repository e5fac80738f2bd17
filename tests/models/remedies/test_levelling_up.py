import numpy as np
import pytest

from analysis.errors import SettingError
from models.remedies.fitting import fitted_along, notes_of
from models.remedies.levelling_up import LevellingUp


@pytest.fixture
def two(labelled, rng):
    """Draw two groups, of which v is found half as often."""
    codes = np.repeat([0, 1], 300)
    labels = np.tile([0, 1], 300)
    margin = rng.normal(size=600) + 2 * labels - 1 - 1.2 * codes
    return labelled(np.column_stack([np.zeros(600), margin]), labels, codes)


def found_rate(scorer, frame, g):
    rows = (frame.groups["group"].codes == g) & (frame.y_true == 1)
    return (np.diff(scorer.score(frame).logits)[rows, 0] >= 0).mean()


def test_the_group_that_falls_short_is_lifted_and_nobody_else_touched(two):
    scorer, frame = two
    assert found_rate(scorer, frame, 0) > 0.7 > found_rate(scorer, frame, 1)
    fitted = LevellingUp("group", minimum=0.7).fit(scorer, frame)
    assert found_rate(fitted, frame, 1) >= 0.7
    own = frame.groups["group"].codes == 0
    before, after = (s.score(frame).logits[own] for s in (scorer, fitted))
    np.testing.assert_array_equal(before, after)
    (said, *_) = notes_of(fitted.parameters())
    assert said.startswith("Lifted to a true positive rate of at least 70.0 %: v from")
    assert "taken from some people" not in " ".join(notes_of(fitted.parameters()))


@pytest.mark.parametrize("minimum", [0.1, 0.7])
def test_with_a_hidden_group_nobody_learns_who_was_lifted(two, minimum):
    """At 0.1 nobody is, at 0.7 v is; the notes say the same but for the number."""
    fitted = LevellingUp("group", minimum=minimum).fit(*two)
    assert bool(fitted.parameters()["by_group"]) == (minimum == 0.7)
    for hidden in ({"u"}, {"v"}, {"u", "v"}):
        said = notes_of(fitted.parameters(), hidden)
        assert said == (
            "Every group that fell short is lifted to a true positive rate of at least "
            f"{100 * minimum:.1f} %; which ones is not shown, as a group that is too "
            "small to be shown is among the groups.",
            "A group that had no calibration rows takes the decisions it had.",
        )


@pytest.mark.parametrize("rate", ["true_negative_rate", "precision", "accuracy"])
def test_who_loses_in_a_lifted_group_is_told(labelled, rng, rate):
    """Of v too many are decided positive, so its threshold rises."""
    codes, labels = np.repeat([0, 1], 300), np.tile([0, 1], 300)
    margin = rng.normal(size=600) + 2 * labels - 1 + 1.5 * codes
    logits = np.column_stack([np.zeros(600), margin])
    scorer, frame = labelled(logits, labels, codes)
    fitted = LevellingUp("group", rate=rate, minimum=0.75).fit(scorer, frame)
    before, after = (np.diff(s.score(frame).logits)[:, 0] for s in (scorer, fitted))
    assert ((before >= 0) & (after < 0))[codes == 1].any()
    np.testing.assert_array_equal(before[codes == 0], after[codes == 0])
    said = " ".join(notes_of(fitted.parameters()))
    assert "positive decisions are taken from some people of v; nobody of" in said
    assert "lose a positive decision" in LevellingUp.costs
    assert "anybody else" not in LevellingUp.mends


def test_whoever_reaches_the_minimum_keeps_every_score(two):
    scorer, frame = two
    fitted = LevellingUp("group", minimum=0.1).fit(scorer, frame)
    np.testing.assert_array_equal(
        scorer.score(frame).logits, fitted.score(frame).logits
    )
    assert (
        "has a true positive rate of at least 10.0 % already"
        in (notes_of(fitted.parameters())[0])
    )


def test_a_minimum_out_of_reach_names_the_nearest_and_no_group(two):
    scorer, frame = two
    remedy = LevellingUp("group", rate="accuracy", minimum=0.99)
    with pytest.raises(SettingError, match="highest that all can reach is") as refused:
        remedy.fit(scorer, frame)
    assert "give every group an accuracy of 0.99" in str(refused.value)
    assert "'u'" not in str(refused.value)
    assert "'v'" not in str(refused.value)


def test_a_path_of_minima_is_each_by_itself(two):
    scorer, frame = two
    minima = [0.0, 0.5, 0.9, 1.0]
    along = fitted_along(LevellingUp("group"), scorer, frame, minima)
    for minimum, fitted in zip(minima, along, strict=True):
        alone = LevellingUp("group", minimum=minimum).fit(scorer, frame)
        assert fitted.parameters() == alone.parameters()
        assert found_rate(fitted, frame, 1) >= minimum
