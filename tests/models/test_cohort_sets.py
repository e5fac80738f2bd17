from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.cohorts import parse
from analysis.errors import DataError, SettingError
from analysis.frame import AuditFrame, Grouping
from models.cohort_sets import (
    CohortSet,
    listed_sets,
    members_of,
    rules_of,
    set_from_json,
    text_of,
)


@pytest.fixture
def frame(rng):
    n = 400
    work = pd.Categorical(rng.choice(["office; desk", "farm"], n))
    return AuditFrame(
        features=pd.DataFrame(
            {"age": rng.integers(18, 90, n).astype(float), "work": work}
        ),
        y_true=rng.integers(0, 2, n),
        classes=("no", "yes"),
        groups={
            "sex": Grouping(rng.integers(0, 2, n), ("F", "M")),
            "region": Grouping(rng.integers(0, 2, n), ("east", "west")),
        },
        weights=np.ones(n),
    )


def test_every_group_cohort_and_intersection_is_listed_with_its_rows(frame):
    rules = rules_of("age >= 50; work = farm")
    found = listed_sets(frame, "sex, region", rules, 5)
    # (everyone + 4 groups + 4 cells) x (no rule + 2 rules + their pair) - everyone
    assert len(found) == 9 * 4 - 1
    by_name = {str(people): rows for people, rows in found}
    age, farm = frame.features["age"] >= 50, frame.features["work"] == "farm"
    women, west = frame.groups["sex"].codes == 0, frame.groups["region"].codes == 1
    expected = women & west & age & farm
    together = by_name["sex = F & region = west & age >= 50 & work = farm"]
    np.testing.assert_array_equal(together, expected)
    np.testing.assert_array_equal(by_name["age >= 50"], age)
    for people, rows in found:
        np.testing.assert_array_equal(members_of(people, frame), rows)
        back = set_from_json(people.to_json())
        assert back == people
        assert members_of(back, frame).sum() == rows.sum()


def test_small_and_repeated_sets_are_left_out(frame):
    few = np.flatnonzero(frame.groups["sex"].codes == 0)[:20]
    part = frame.take(np.r_[few, np.flatnonzero(frame.groups["sex"].codes == 1)])
    names = {str(people) for people, _ in listed_sets(part, "sex", (), 30)}
    assert names == {"sex = M"}
    again = listed_sets(frame, "sex", rules_of("sex = F"), 30)
    assert [str(p) for p, _ in again] == ["sex = F", "sex = M"]
    light = replace(part, weights=np.r_[np.full(20, 1e-9), np.ones(len(part) - 20)])
    light = replace(light, weights=np.where(light.groups["sex"].codes == 1, 1e-9, 1.0))
    assert len(listed_sets(light, "sex", (), 30)) == 1  # scale says nothing


def test_too_many_sets_are_refused_with_advice(frame):
    rules = rules_of("; ".join(f"age != {a}" for a in range(18, 50)))
    with pytest.raises(
        SettingError, match=r"more than 500 sets of people\. Name fewer"
    ):
        listed_sets(frame, "sex, region", rules, 2)


def test_a_rule_that_matches_nobody_and_an_unknown_attribute_are_refused(frame):
    with pytest.raises(SettingError, match="matches the cohort 'age > 200'"):
        listed_sets(frame, "", rules_of("age > 200"), 5)
    with pytest.raises(SettingError, match="not a column"):
        listed_sets(frame, "", rules_of("height > 2"), 5)
    with pytest.raises(DataError, match="Declare it on the Data page"):
        listed_sets(frame, "race", (), 5)


def test_a_group_or_value_of_another_table_means_nobody(frame):
    assert not members_of(CohortSet({"sex": "X"}, ()), frame).any()
    assert not members_of(CohortSet({}, ("work = mine",)), frame).any()
    with pytest.raises(SettingError, match="not a column"):
        members_of(CohortSet({}, ("height > 2",)), frame)


@pytest.mark.parametrize(
    "text",
    ['work = "office; desk" & age > 3; sex = F', "work = 'office; desk'", "age > 3;;"],
)
def test_semicolons_in_names_survive(text):
    rules = rules_of(text)
    assert rules_of(text_of(rules)) == rules
    first = text.split(";")[0] if "'" not in text and '"' not in text else text
    assert len(rules) == (2 if "sex" in text else 1)
    if len(rules) == 1:
        assert rules[0] == parse(first)
