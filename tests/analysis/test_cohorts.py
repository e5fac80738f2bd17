import contextlib
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.cohorts import (
    OPERATORS,
    Cohort,
    Condition,
    cohort_of_group,
    parse,
)
from analysis.datasets.groups import grouping_of
from analysis.datasets.load import load
from analysis.datasets.tasks import TASKS, task_named
from analysis.errors import AuditError, SettingError
from analysis.frame import Grouping
from analysis.matching import matches

TABLE = pd.DataFrame(
    {
        "sex": pd.Categorical(["Female", "Male", None, "Female"]),
        "age": [25.0, 40.0, 60.0, np.nan],
        "a & b": ["<script>", 'say "hi"', "x", "y"],
    }
)
GROUPS = {
    "sex": grouping_of(TABLE["sex"]),
    "age": grouping_of(TABLE["age"], (40, 60)),
    "a & b": Grouping([0, 0, 1, 1], ("x", "others")),
    "region": Grouping([0, 1, 0, 2], ("north", "south", "Missing")),
}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("", [1, 1, 1, 1]),
        ("sex = Female", [1, 0, 0, 1]),
        ("sex != Female", [0, 1, 0, 0]),
        ("sex = Missing", [0, 0, 1, 0]),
        ("age != Missing", [1, 1, 1, 0]),
        ("age >= 40", [0, 1, 1, 0]),
        ("age>=40&sex=Male", [0, 1, 0, 0]),
        ("age < 40 & sex = Female", [1, 0, 0, 0]),
        ("age ≥ 40 & sex ≠ Female", [0, 1, 0, 0]),
        ('"a & b" = "<script>"', [1, 0, 0, 0]),
        ("'a & b' = '<script>'", [1, 0, 0, 0]),
        ("sex == Female and age < 40", [1, 0, 0, 0]),
        ("'sex' == 'Female' AND age<40", [1, 0, 0, 0]),
        ('"a & b" = "say ""hi"""', [0, 1, 0, 0]),
    ],
)
def test_a_rule_matches_the_rows_worked_by_hand(rule, expected):
    assert matches(parse(rule), TABLE).tolist() == [bool(e) for e in expected]


def test_other_ways_of_writing_are_printed_in_one():
    written = parse("'a & b' == 'it''s' and sex=Female")
    assert str(written) == '"a & b" = "it\'s" & sex = Female'


def test_a_message_lists_ten_names_at_most():
    wide = pd.DataFrame({f"c{i}": [i] for i in range(12)})
    with pytest.raises(SettingError, match="c9 and 2 more"):
        matches(parse("d = 1"), wide)


@given(
    st.lists(
        st.builds(
            Condition, st.text(min_size=1), st.sampled_from(OPERATORS), st.text()
        ),
        max_size=4,
    )
)
def test_every_printed_rule_is_read_back(conditions):
    cohort = Cohort(tuple(conditions))
    assert parse(str(cohort)) == cohort


@given(st.text())
def test_any_text_gives_a_cohort_or_a_plain_message(text):
    with contextlib.suppress(AuditError):  # anything else fails the test
        assert len(matches(parse(text), TABLE)) == len(TABLE)


@pytest.mark.parametrize(
    ("rule", "advice"),
    [
        ("height > 3", "Choose one of its columns: sex, age, a & b"),
        ("sex = Women", "has no value 'Women'. It has Female, Male"),
        ("age > old", "Write a number"),
        ("sex > Female", "use = or !="),
        ("age >", "Write comparisons joined by &"),
        ("age > 3 &", "Write comparisons joined by &"),
    ],
)
def test_a_bad_rule_says_what_to_do(rule, advice):
    with pytest.raises(SettingError, match=advice):
        matches(parse(rule), TABLE)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("age = 40-59", [0, 1, 0, 0]),
        ('age != "under 40"', [0, 1, 1, 0]),  # no value: in no other group
        ("age = 40", [0, 1, 0, 0]),
        ("age != 40", [1, 0, 1, 0]),
        ("age = Missing", [0, 0, 0, 1]),
        ("age != Missing", [1, 1, 1, 0]),
        ("sex != Female", [0, 1, 0, 0]),
        ("sex = Missing & age >= 40", [0, 0, 1, 0]),
        ("region = north", [1, 0, 1, 0]),  # groups alone, without a column
        ("region != north", [0, 1, 0, 0]),
        ("region != Missing", [1, 1, 1, 0]),
        ('"a & b" = x', [1, 1, 0, 0]),  # the group of that name, not the value
        ('"a & b" = y', [0, 0, 0, 1]),
    ],
)
def test_the_name_of_a_group_stands_for_its_rows(rule, expected):
    found = matches(parse(rule), TABLE, GROUPS)
    assert found.tolist() == [bool(e) for e in expected]


@pytest.mark.parametrize(
    ("rule", "advice"),
    [
        ("age = 40-60", "or one of its groups: under 40, 40-59, 60 and over, Missing"),
        ("region = east", "no group 'east'.*It has north, south, Missing"),
        ("region > north", "no group 'north' to compare with = or !="),
    ],
)
def test_a_group_that_is_not_there_is_answered_with_those_that_are(rule, advice):
    with pytest.raises(SettingError, match=advice):
        matches(parse(rule), TABLE, GROUPS)


def test_a_rule_that_names_no_group_means_the_same_with_groups_and_without():
    table, groups = german().table, german().frame.groups
    for rule in ("age >= 40", "age = 40", "housing = own & age < 30"):
        plain = matches(parse(rule), table)
        assert plain.any()
        assert (plain == matches(parse(rule), table, groups)).all()


def german():
    return load(task_named("german"))


def rule_of(group):
    """The rule of a group, once printed and read back as the address does."""
    cohort = cohort_of_group(group)
    assert parse(str(cohort)) == cohort
    return cohort


@pytest.mark.parametrize("name", [*TASKS, "compas:customary"])
def test_the_rule_of_every_group_of_every_task_finds_exactly_its_rows(name):
    data = load(task_named(name))
    for attribute, grouping in data.frame.groups.items():
        for code, group in enumerate(grouping.names):
            cohort = rule_of({attribute: group})
            found = matches(cohort, data.table, data.frame.groups)
            assert (found == (grouping.codes == code)).all(), str(cohort)


@pytest.mark.parametrize("name", ["german", "compas", "adult"])
def test_the_rule_of_every_pair_of_groups_finds_exactly_its_rows(name):
    data = load(task_named(name))
    groups = data.frame.groups
    for first, second in combinations(groups, 2):
        crossed = data.frame.grouping((first, second))
        pairs = product(groups[first].names, groups[second].names)
        for code, (one, other) in enumerate(pairs):
            cohort = rule_of({first: one, second: other})
            found = matches(cohort, data.table, groups)
            assert (found == (crossed.codes == code)).all(), str(cohort)


def test_the_rule_of_no_group_is_everyone():
    assert cohort_of_group({}) == Cohort()
    assert matches(cohort_of_group({}), TABLE).all()


TIMES = pd.to_datetime(["2020-01-01 00:00", "2020-01-02 12:00", None, None])
HOSTILE = {
    "recorded as Missing": pd.Series(["Missing", None, "b", "Missing"]),
    "text that is a number": pd.Series(["1", "01", "1.0", None]),
    "operators": pd.Series(["a & b", "a", "and", "\"a\" = 'b'"]),
    "empty and blank": pd.Series(["", " ", None, "nan"]),
    "fractions": pd.Series([0.1, 0.1 + 0.2, 0.3, np.nan]),
    "long numbers": pd.Series([2**53, 2**53 + 1, 2**53, 7]),
    "times": pd.Series(TIMES),
    "numbers as objects": pd.Series([1.0, 2.5, 1.0, None], dtype=object),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_names_of_strangers_groups_are_found_again(case):
    column = HOSTILE[case].rename(case)
    grouping = grouping_of(column)
    for code, name in enumerate(grouping.names):
        cohort = rule_of({case: name})
        found = matches(cohort, column.to_frame(), {case: grouping})
        assert (found == (grouping.codes == code)).all(), str(cohort)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4, unique=True),
    st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=20),
)
def test_every_interval_is_found_again(edges, values):
    column = pd.Series(values, dtype=float, name="dose")
    grouping = grouping_of(column, sorted(edges))
    found = [
        matches(rule_of({"dose": name}), column.to_frame(), {"dose": grouping})
        for name in grouping.names
    ]
    assert (np.argmax(found, axis=0) == grouping.codes).all()
    assert (np.sum(found, axis=0) == 1).all()
