from dataclasses import replace

import pytest

from analysis.faults.fault import Fault
from models.remedies import REMEDIES
from models.remedies.chain import stage
from models.remedies.fits import Facts
from models.shortlist import MOST, PROPOSED, TIERS, Suggestion, shortlist
from models.studied import MEASURES, usual, usual_words

FACTS = Facts(
    classes=2,
    attributes=("sex", "race"),
    numeric_features=3,
    tables=0,
    architecture="mlp",
    is_finished=True,
)


def fault(kind, size=0.1, *, is_sure=True, attribute="sex"):
    return Fault(kind, attribute, "a", f"Found: {kind}.", size, is_sure)


def names(found):
    return [one.stage.remedy for one in found]


def test_the_first_choice_against_each_fault_comes_before_any_second_one():
    found = shortlist([fault("missed"), fault("scores", attribute="")], FACTS)
    assert names(found)[:2] == ["equal_opportunity", "beta"]
    assert "gap_penalty" in names(found)[2:]


def test_harms_of_decisions_come_first_and_hints_last():
    kinds = ("doubtful_labels", "selected", "scores_by_group", "missed")
    found = shortlist([fault(kind) for kind in kinds], FACTS)
    assert [one.fault.kind for one in found[:4]] == list(reversed(kinds))


def test_sure_comes_before_unsure_and_large_before_small():
    small, large = fault("missed", 0.1), fault("wrongly_flagged", 0.2)
    unsure = fault("scores", 0.9, is_sure=False, attribute="")
    found = shortlist([unsure, small, large], FACTS)
    assert [one.fault for one in found[:3]] == [large, small, unsure]


def test_no_remedy_stands_twice_and_it_stands_for_what_is_larger():
    by_race = fault("missed", 0.3, attribute="race")
    found = shortlist([fault("missed"), by_race, fault("decided_wrong")], FACTS)
    assert len(set(names(found))) == len(found) <= MOST
    assert found[0].fault is by_race
    assert found[0].stage.settings["attribute"] == "race"


def test_what_a_run_cannot_take_is_left_out():
    trees = replace(FACTS, architecture="boosting")
    assert "group_dro" not in names(shortlist([fault("missed")], trees))
    three = replace(FACTS, classes=3)
    assert "equal_opportunity" not in names(shortlist([fault("missed")], three))


@pytest.mark.parametrize(("rows", "first"), [(5_000, "isotonic"), (300, "beta")])
def test_a_group_with_few_calibration_rows_is_given_a_smoother_map(rows, first):
    found = shortlist([fault("scores_by_group")], FACTS, (), lambda _: rows)
    assert names(found)[0] == first


def test_what_moved_stands_after_sure_harms_and_before_the_rest():
    moved = Suggestion(stage("temperature"), fault("moved"), "moves scores")
    found = shortlist([fault("selected"), fault("missed")], FACTS, [moved])
    assert [one.fault.kind for one in found[:3]] == ["missed", "moved", "selected"]


def test_every_kind_of_fault_has_a_remedy_that_is_registered():
    own = {"scores_by_group", "moved"}  # theirs depend on rows, or come along
    assert set(PROPOSED) | own == set(TIERS)
    for proposals in PROPOSED.values():
        for proposed in proposals:
            assert proposed.remedy in REMEDIES


def test_nothing_found_is_nothing_suggested():
    assert shortlist([], FACTS) == ()


def test_what_a_remedy_usually_does_agrees_with_the_committed_study():
    from numpy import median

    from benchmarks.remedies import LARGE, changes, read

    found = changes(read())["reweighing"]
    for measure, value in usual("reweighing").items():
        by_task = [by[measure].mean for task, by in found.items() if task != LARGE]
        assert value == pytest.approx(median(by_task), abs=1e-12)
    assert set(usual("reweighing")) == set(MEASURES)
    assert "accuracy" in usual_words("reweighing")
    assert usual_words("added_source") == ""
