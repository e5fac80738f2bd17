"""Two sides of one table, or of two."""

import numpy as np
import pytest

from analysis.datasets.groups import OTHERS
from analysis.datasets.load import existing_scores, load
from analysis.datasets.tasks import task_named
from analysis.errors import DataError
from analysis.evaluation import Threshold, evaluate
from analysis.shifts.sides import (
    Sides,
    called,
    columns_of,
    compared,
    domains_of,
    grouping_of_sides,
    implied,
    unlabelled_of,
)


@pytest.fixture(scope="module")
def planted():
    return load(task_named("planted"))


@pytest.fixture(scope="module")
def adult():
    return load(task_named("adult"))


def evaluation(data):
    return evaluate("s", data.frame, existing_scores(data), Threshold())


def test_a_declared_comparison_gathers_values_and_names_the_rest(adult):
    by = grouping_of_sides(adult, "region of origin")
    assert by.names[-1] == OTHERS
    country = adult.table["native_country"].astype(object)
    mexico = by.codes[country == "Mexico"]
    assert {by.names[c] for c in mexico} == {"Latin America and the Caribbean"}
    assert {by.names[c] for c in by.codes[country.isna()]} == {OTHERS}
    known = {
        v for c in adult.task.comparisons.values() for g in c.groups.values() for v in g
    }
    unknown = set(country.dropna()) - known
    assert unknown == {"South"}


def test_every_value_of_a_declared_comparison_occurs(adult):
    for comparison in adult.task.comparisons.values():
        present = set(adult.table[comparison.column].dropna().astype(str))
        for values in comparison.groups.values():
            assert set(values) - {"Holand-Netherlands"} <= present


def test_the_column_behind_the_sides_is_not_compared(adult):
    assert implied(adult, "region of origin") == ("native_country",)
    left = compared(adult, Sides("region of origin"))
    assert "native_country" not in left
    assert "age" in left
    assert "age" not in compared(adult, Sides("region of origin", without=("age",)))


def test_years_leave_out_columns_recorded_in_one_of_them():
    census = load(task_named("census_income"))
    left = compared(census, Sides("year"))
    assert not set(census.task.recorded_in) & set(left)
    assert columns_of(census)[0] == "year"


def test_both_sides_hold_the_rows_of_their_values(planted):
    names = planted.frame.groups["region"].names
    sides = Sides("region", names[:1], names[1:2])
    source, target = domains_of(evaluation(planted), planted, sides)
    region = planted.table["region"].astype(str).to_numpy()
    assert len(source) == (region == names[0]).sum()
    assert len(target) == (region == names[1]).sum()
    assert "region" not in source.columns
    assert "score" in source.columns  # its model is elsewhere


def test_an_unknown_column_is_refused(planted):
    with pytest.raises(DataError, match="tells no sides apart"):
        grouping_of_sides(planted, "height")


def test_rules_may_name_a_declared_comparison(adult):
    from analysis.cohorts import parse
    from analysis.matching import matches

    rule = parse('"region of origin" = Asia')
    inside = matches(rule, adult.frame.features, adult.frame.named_groups)
    by = grouping_of_sides(adult, "region of origin")
    assert inside.sum() == (by.codes == by.names.index("Asia")).sum() > 0


def test_gathered_groups_leave_the_digest_alone(adult):
    from dataclasses import replace

    assert replace(adult.frame, gathered={}).digest == adult.frame.digest


def test_unlabelled_rows_are_those_of_the_cohort(planted):
    features = compared(planted, Sides("", table="other"))
    whole = unlabelled_of(planted, existing_scores(planted), features, Threshold())
    part = unlabelled_of(
        planted, existing_scores(planted), features, Threshold(), "age >= 40"
    )
    assert len(whole) == len(planted.frame)
    assert len(part) == (planted.table["age"] >= 40).sum()
    np.testing.assert_array_equal(
        part.evaluation.decisions,
        evaluation(planted).decisions[(planted.table["age"] >= 40).to_numpy()],
    )
    with pytest.raises(DataError, match="Widen the rule"):
        unlabelled_of(
            planted, existing_scores(planted), features, Threshold(), "age > 1e6"
        )


def test_sides_are_called_by_their_values():
    assert called(Sides("year", ("94",), ("95",))) == ("year 94", "year 95")
    assert called(Sides("year", tuple("abcd"), ("e",))) == ("year 4 values", "year e")
    assert called(Sides("", table="new.csv")) == ("this table", "new.csv")
