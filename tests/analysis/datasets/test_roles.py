"""Roles are suggested from names and values as a person would."""

import numpy as np
import pandas as pd
import pytest

from analysis.datasets.load import full_table
from analysis.datasets.roles import infer_roles


@pytest.fixture
def people(rng):
    n = 200
    return pd.DataFrame(
        {
            "person_id": np.arange(n),
            "Sex": pd.Categorical(rng.choice(["F", "M"], n)),
            "ageAtVisit": rng.integers(18, 90, n),
            "job": pd.Categorical(rng.choice(["a", "b", "c"], n)),
            "comment": pd.Categorical([f"text {i}" for i in range(n)]),
            "constant": 1,
            "hospital": pd.Categorical(rng.choice(["north", "south"], n)),
            "visit_date": pd.Timestamp("2020-01-01")
            + pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
            "sample_weight": rng.random(n),
            "risk_score": rng.random(n),
            "old_score": rng.integers(1, 11, n),
            "readmitted": pd.Categorical(rng.choice(["no", "yes"], n)),
        }
    )


def test_each_column_of_a_usual_table_finds_its_role(people):
    roles = infer_roles(people)
    assert (roles.label, roles.positive) == ("readmitted", "yes")
    assert roles.score == ("risk_score",)  # in [0, 1], before the other
    assert roles.sensitive == ("Sex", "ageAtVisit")
    assert roles.features == ("Sex", "ageAtVisit", "job")
    assert (roles.weight, roles.time) == ("sample_weight", "visit_date")
    assert roles.domain == "hospital"
    assert set(roles.left_out) == {"person_id", "comment", "constant", "old_score"}
    assert len(roles.cut_points["ageAtVisit"]) == 3


def test_the_embedded_tables_find_their_declared_labels():
    adult = infer_roles(full_table("adult"))
    assert (adult.label, adult.positive) == ("income", ">50K")
    assert adult.official_split == "official_split"
    assert (adult.weight, set(adult.sensitive)) == (
        "fnlwgt",
        {"sex", "race", "age", "marital_status"},
    )
    compas = infer_roles(full_table("compas"))
    assert (compas.label, compas.score) == ("two_year_recid", ("decile_score",))
    assert infer_roles(full_table("credit_default")).positive == "Default"
    assert infer_roles(full_table("census_income")).time == "year"


def test_three_classes_ask_for_three_score_columns_in_their_order():
    table = full_table("planted:3")
    roles = infer_roles(table)
    assert roles.label == "outcome"
    ends = [name.removeprefix("score_") for name in roles.score]
    assert sorted(ends) == ["high", "low", "middle"]
    assert ends[-1] == roles.positive
    assert infer_roles(table.drop(columns="score_low")).score == ()


def test_a_body_weight_is_no_survey_weight(people):
    table = people.drop(columns="sample_weight").assign(weight=70.0, height=180.0)
    table.loc[0, ["weight", "height"]] = [71.0, 181.0]
    assert infer_roles(table).weight is None
    assert infer_roles(table.drop(columns="height")).weight == "weight"


def test_a_table_without_a_label_gets_none(rng):
    table = pd.DataFrame({"a": rng.random(50), "b": rng.random(50)})
    assert infer_roles(table).label == ""
