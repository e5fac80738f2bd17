"""Controls of settings that name several cohorts or several classes."""

import json

import pytest
from streamlit.testing.v1 import AppTest


def script():
    import streamlit as st

    from analysis.errors import SettingError
    from models.remedies import REMEDIES
    from pages.ui import forms

    def reach(rule):
        if "height" in rule:
            raise SettingError("There is no column 'height'.")
        return "Reaches 12 of 40 training rows."

    offer = forms.Offer(
        attributes=("sex", "race"),
        aim="",
        classes=("low", "mid", "high"),
        positive="high",
        features=("age",),
        tables={"other": "Other people"},
        cohort="",
        reach=reach,
    )
    for name in ("platt", "bias_correction", "prior_correction"):
        chosen = forms.settings(REMEDIES[name], f"t.{name}", offer)
        said = forms.problem(REMEDIES[name], chosen, offer)
        st.json({"name": name, "problem": said, **chosen})


@pytest.fixture
def form():
    return AppTest.from_function(script, default_timeout=60).run()


def test_each_rule_is_said_whom_it_reaches(form):
    form.get_by_key("t.platt.cohorts").input("age>=60; sex = F & age < 25").run()
    assert not form.exception
    said = [c.value.replace("\\", "") for c in form.caption]
    assert any(s.startswith("age >= 60: Reaches 12") for s in said)
    assert any(s.startswith("sex = F & age < 25: Reaches 12") for s in said)


@pytest.mark.parametrize("rules", ["age >= 60; height > 2", "age >= 60; older"])
def test_a_rule_that_cannot_be_used_stops_the_form(form, rules):
    form.get_by_key("t.platt.cohorts").input(rules).run()
    assert not form.exception
    problem = json.loads(form.json[0].value)["problem"]
    assert problem == "Mend the rule under ‘Cohorts’ first."


def test_whom_a_calibrator_is_for_is_seen_at_once(form):
    folded = {c.key for e in form.expander for c in (*e.text_input, *e.number_input)}
    assert {"t.platt.cohorts", "t.platt.level", "t.platt.min_rows"} <= folded
    assert form.get_by_key("t.platt.scope").value == "each group alone"


def test_several_classes_and_no_other_table_can_be_chosen(form):
    form.get_by_key("t.bias_correction.classes").select("low").select("mid").run()
    assert json.loads(form.json[1].value)["classes"] == "low, mid"
    assert form.get_by_key("t.prior_correction.table").value == ""
    form.get_by_key("t.prior_correction.table").select("other").run()
    chosen = json.loads(form.json[2].value)
    assert chosen["table"] == "other"
    assert chosen["problem"] == ""  # with another table the rule may be empty
