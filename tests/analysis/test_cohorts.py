import contextlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.cohorts import OPERATORS, Cohort, Condition, matches, parse
from analysis.errors import AuditError, SettingError

TABLE = pd.DataFrame(
    {
        "sex": pd.Categorical(["Female", "Male", None, "Female"]),
        "age": [25.0, 40.0, 60.0, np.nan],
        "a & b": ["<script>", 'say "hi"', "x", "y"],
    }
)


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
