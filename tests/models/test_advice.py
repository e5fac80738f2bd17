"""From what moved to what to try."""

import math

import pytest

from analysis.attribution.attribution import Part
from analysis.estimates import Estimate
from analysis.shifts.alone import Alone
from models.advice import Target, is_worse, steps
from models.remedies import REMEDIES
from models.remedies.chain import stage

TARGET = Target("year = 95", "", ("year",))


def part(component, value, low, high):
    return Part(component, value, low, high)


def share(attribute, value, low, high):
    return Alone(attribute, Estimate(value, low, high, 100), 0.1)


def ranked(change, parts, shares=(), region=None, target=TARGET):
    return steps(change, parts, shares, region, target)


def test_the_sure_and_the_large_come_first_and_the_opposite_is_left_out():
    found = ranked(
        -0.10,
        [part("P(X)", -0.03, -0.05, -0.01), part("P(Y|X)", -0.06, -0.08, -0.04)],
        [share("", -0.08, -0.2, 0.04), share("sex", 0.02, 0.01, 0.03)],
    )
    assert [s.cause for s in found] == ["outcomes", "features", "label"]
    assert [s.is_sure for s in found] == [True, True, False]


def test_a_metric_that_rises_turns_the_signs():
    found = ranked(0.1, [part("P(X)", 0.1, 0.05, 0.2), part("P(Y|X)", -0.02, -0.1, 0)])
    assert [s.cause for s in found] == ["features"]


def test_refused_parts_are_no_cause():
    nan = math.nan
    assert ranked(-0.1, [part("P(X)", nan, nan, nan)]) == ()


@pytest.mark.parametrize("target", [TARGET, Target(table="new")])
def test_every_proposal_is_a_remedy_with_settings_that_it_knows(target):
    found = ranked(
        -0.1,
        [part("P(X)", -0.1, -0.2, -0.01), part("P(Y|X)", -0.1, -0.2, -0.01)],
        [share("", -0.1, -0.2, -0.01), share("sex", -0.1, -0.2, -0.01)],
        target=target,
    )
    proposals = [p for step in found for p in step.proposals]
    assert {p.remedy for p in proposals} == {
        "importance_weights",
        "prior_correction",
        "target_mix",
        "fine_tune",
    }
    for proposal in proposals:
        assert proposal.remedy in REMEDIES
        stage(proposal.remedy, **proposal.settings)
    estimates = {p.settings.get("estimate") for p in proposals}
    assert {"classifier", "kernel mean matching", "double weighting"} <= estimates


def test_labels_are_asked_for_in_the_region_that_was_found():
    class Region:
        is_found, rule = True, "job = clerk"

    (step,) = ranked(-0.1, [part("P(Y|X)", -0.1, -0.2, -0.05)], region=Region())
    assert step.proposals[1].settings["target"] == "year = 95 & job = clerk"


@pytest.mark.parametrize(
    ("metric", "change", "worse"),
    [("accuracy", -0.1, True), ("accuracy", 0.1, False), ("error_rate", 0.1, True)],
)
def test_worse_follows_the_direction_of_the_metric(metric, change, worse):
    assert is_worse(change, metric) is worse
