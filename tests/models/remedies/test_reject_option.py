import numpy as np
import pytest

from analysis.errors import SettingError
from models.remedies.fitting import notes_of
from models.remedies.reject_option import RejectOption


@pytest.fixture
def two(labelled, rng):
    """Draw two groups, of which v is decided positive less often."""
    codes = np.repeat([0, 1], 300)
    margin = rng.normal(size=600) - codes
    labels = rng.integers(0, 2, 600)
    return labelled(np.column_stack([np.zeros(600), margin]), labels, codes)


def chances(scorer, frame):
    return scorer.score(frame).values[:, 1]


@pytest.mark.parametrize(("favourable", "gains"), [("", 1), ("b", 1), ("a", 0)])
def test_in_the_band_the_worse_off_are_favoured_and_the_others_not(
    two, favourable, gains
):
    """The first class is given to u less often, the second to v."""
    scorer, frame = two
    fitted = RejectOption("group", half_width=0.15, favourable=favourable).fit(*two)
    before, after = chances(scorer, frame), chances(fitted, frame) >= 0.5
    band = np.abs(before - 0.5) < 0.15
    np.testing.assert_array_equal(after[~band], before[~band] >= 0.5)
    second = frame.groups["group"].codes == 1
    np.testing.assert_array_equal(after[band], second[band])
    assert fitted.parameters()["worse_off"] == ["v" if gains else "u"]


def test_without_a_band_nothing_changes(two):
    scorer, frame = two
    fitted = RejectOption("group", half_width=0.0).fit(scorer, frame)
    np.testing.assert_array_equal(
        scorer.score(frame).logits, fitted.score(frame).logits
    )


def test_a_band_over_all_scores_decides_by_group_alone_and_says_so(two):
    scorer, frame = two
    fitted = RejectOption("group", half_width=0.5).fit(scorer, frame)
    second = frame.groups["group"].codes == 1
    np.testing.assert_array_equal(chances(fitted, frame) >= 0.5, second)
    said = notes_of(fitted.parameters())
    assert said[0] == "Between scores of 0.000 and 1.000, favoured are: v."
    assert "Everybody or nobody is decided positive in u; v" in said[-1]
    assert "favoured are: v" not in notes_of(fitted.parameters(), {"v"})[0]


def test_an_unknown_class_is_refused_with_those_there_are(two):
    with pytest.raises(SettingError, match="Choose one of these"):
        RejectOption("group", favourable="gold").fit(*two)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("favourable", ["a", "b"])
def test_where_nobody_is_worse_off_nothing_changes_and_that_is_said(
    labelled, rng, groups, favourable
):
    margin = np.repeat(rng.normal(size=300), 2)
    labels, codes = np.repeat(rng.integers(0, 2, 300), 2), np.arange(600) % groups
    scorer, frame = labelled(np.column_stack([0 * margin, margin]), labels, codes)
    remedy = RejectOption("group", half_width=0.2, favourable=favourable)
    fitted = remedy.fit(scorer, frame)
    before, after = (s.score(frame).logits for s in (scorer, fitted))
    np.testing.assert_array_equal(before, after)
    said = notes_of(fitted.parameters())
    assert "nobody is favoured and nothing changes" in said[0]
    assert said[1] == "Decided positive from a score of: everyone 0.500."
