from dataclasses import replace

import numpy as np
import pytest

from analysis.datasets.load import Dataset, load
from analysis.datasets.tasks import task_named
from analysis.errors import SettingError
from analysis.evaluation import GroupThresholds, Threshold
from analysis.frame import Grouping
from analysis.subgroups.finding import find
from pages.ui.decision import (
    carried_over,
    customary_threshold,
    listed,
    look,
    rule_of,
    task_in_view,
    words,
)
from pages.ui.view import EXISTING_SCORE, View


@pytest.fixture(scope="module")
def german():
    return load(task_named("german"))


@pytest.fixture(scope="module")
def three_classes():
    return load(task_named("planted_multiclass"))


def by_sex(*cuts):
    return View("german", "run", "", None, ("sex", cuts))


def test_thresholds_by_group_decide_before_the_readers_and_the_customary(german):
    task = task_named("compas")
    assert rule_of(View("compas", EXISTING_SCORE, "", None), task) == Threshold(5)
    assert rule_of(View("compas", "a run", "", None), task) == Threshold(0.5)
    assert rule_of(View("compas", EXISTING_SCORE, "", 0.0), task) == Threshold(0)
    assert customary_threshold(View("compas", EXISTING_SCORE, "", 7), task) == 7
    expected = GroupThresholds("sex", (0.41, 0.5))
    assert rule_of(by_sex(0.41, 0.5), german.task) == expected


def test_the_rule_is_said_in_words(german, three_classes):
    single = View("german", "run", "", None)
    assert words(single, german) == "decided positive from 0.5"
    assert words(by_sex(0.412, 0.5), german) == (
        "decided positive by sex, from female 0.412, male 0.5"
    )
    view = View("planted_multiclass", EXISTING_SCORE, "", 0.4, positive="low")
    said = "decided low rather than any other class from 0.4"
    assert words(view, three_classes) == said
    assert "decided high rather" in words(replace(view, positive=""), three_classes)


def test_no_threshold_can_be_reached_or_missed_in_words(german):
    said = listed(by_sex(float("inf"), float("-inf")), german)
    assert said == "female nobody, male everybody"


def test_hundreds_of_groups_are_listed_in_part(german):
    names = tuple(f"g{i}" for i in range(100))
    groups = {"sex": Grouping(np.zeros(len(german.frame), int), names)}
    many = Dataset(german.task, german.table, replace(german.frame, groups=groups))
    said = listed(by_sex(*[0.5] * 100), many)
    assert said.endswith("g7 0.5 and 92 more")


def test_each_group_keeps_its_threshold_in_another_table(german):
    frame, codes = german.frame, german.frame.groups["sex"].codes
    turned = {"sex": Grouping(1 - codes, ("male", "female"))}
    task = replace(german.task, name="other")
    other = Dataset(task, german.table, replace(frame, groups=turned))
    there = carried_over(by_sex(0.1, 0.9), german, other)
    assert there == View("other", "run", "", None, ("sex", (0.9, 0.1)))
    single = View("german", "run", "", 0.3)
    assert carried_over(single, german, other) == replace(single, data="other")


@pytest.mark.parametrize(
    ("groups", "what"),
    [({"sex": ("female", "male", "Missing")}, "the group Missing"), ({}, "no such")],
)
def test_a_group_without_a_threshold_in_another_table_is_named(groups, what, german):
    n = len(german.frame)
    groups = {name: Grouping(np.zeros(n, int), g) for name, g in groups.items()}
    other = Dataset(german.task, german.table, replace(german.frame, groups=groups))
    with pytest.raises(SettingError, match=f"{what}.*Go back to one threshold"):
        carried_over(by_sex(0.1, 0.9), german, other)


def test_a_look_tells_rules_and_classes_apart():
    rules = [Threshold(0.5), Threshold(0.4), GroupThresholds("sex", (0.5, 0.5))]
    told = {look(rule, positive) for rule in rules for positive in ("", "low")}
    assert len(told) == 6


def test_a_finding_names_the_class_in_view(three_classes, make_evaluation, rng):
    y_true = rng.integers(0, 2, 4000)
    group = rng.integers(0, 2, 4000)
    right = np.where(rng.random(4000) < 0.5 + 0.4 * group, y_true, 1 - y_true)
    shown = make_evaluation(y_true, 0.2 + 0.6 * right, group)
    task = replace(three_classes.task, classes=("no", "yes"), positive_words="who win")
    assert "with outcome" not in find(shown, task_in_view(shown, task)).sentence
    turned = replace(shown, view=0)
    said = find(turned, task_in_view(turned, task)).sentence
    assert "outcome = no" in said or "outcome other than no" in said
