"""The tabs By group and Where."""

import json
import re

import pytest

from models.store import open_store


def titles(at):
    specs = [json.loads(c.proto.spec) for c in at.get("plotly_chart")]
    return [s["layout"]["title"]["text"] for s in specs]


def test_every_group_is_split_and_named(shift_tab, said, answering):
    at = shift_tab("by_group")
    assert answering.asked[0][1]["way"] == "groups"
    assert "what moved each group of age" in titles(at)[0]
    assert "of age" in said(at) or "sure over all groups" in said(at)
    assert all(c.proto.alt for c in at.get("plotly_chart"))


def test_groups_can_be_split_by_the_mechanisms_of_the_graph(shift_tab, answering):
    at = shift_tab("by_group", **{"shift.graph": "housing->Y"})
    at.selectbox(key="shift.groups.way").set_value("mechanisms").run()
    assert not at.exception, [e.value for e in at.exception]
    assert answering.asked[-1][1]["graph"] == "housing->Y"


def test_withheld_groups_leave_no_numbers(shift_tab, said):
    at = shift_tab("by_group", k="8")
    assert re.search(r"Not shown: .*60 and over", said(at))
    (chart,) = at.get("plotly_chart")
    assert "25-39" in chart.proto.spec
    assert "60 and over" not in chart.proto.spec + chart.proto.alt
    at = shift_tab("by_group", k="200")
    assert "No group can be shown" in said(at) or "cannot be shown" in said(at)
    assert not at.get("plotly_chart")


def test_where_says_what_was_found_or_that_nothing_was(shift_tab, said, answering):
    at = shift_tab("where")
    assert [name for name, _ in answering.asked] == ["risk_region", "attribution"]
    assert "No region found" in said(at) or "changed most where" in said(at)
    assert "by way of people that both sides have" in titles(at)[-1]
    assert "the other side hardly has" in said(at)


@pytest.fixture
def region(monkeypatch):
    """Let every search find one region."""
    from analysis.attribution.risk_region import RiskRegion
    from analysis.estimates import Estimate

    def rate(value, n=120):
        return Estimate(value, value - 0.05, value + 0.05, n)

    found = RiskRegion(
        is_found=True,
        rule="age >= 40 & housing = own",
        words="found",
        outcome="label",
        at_source=rate(0.3),
        at_target=rate(0.6),
        difference=rate(0.3, 240),
        outside=rate(0.01, 500),
        share_of_target=rate(0.2, 400),
        n_source=240,
        n_target=160,
        p_value=0.001,
        overall=rate(0.05, 900),
        warnings=(),
    )
    monkeypatch.setattr(
        "models.inquiries.risk_region.risk_region", lambda *a, **k: found
    )


def test_a_region_is_said_drawn_and_kept_as_a_cohort(shift_tab, said, region):
    at = shift_tab("where")
    words = said(at)
    assert "changed most where age >= 40 & housing = own" in words
    assert "+30 points" in words
    assert "relabel" in words
    assert "Inside the rule" in titles(at)[0]
    at.button(key="shift.region.save").click().run()
    assert not at.exception, [e.value for e in at.exception]
    rules = [str(c) for c in open_store().notes.cohorts("german")]
    assert rules == ["age >= 40 & housing = own"]
    assert at.button(key="shift.region.save").disabled


def test_a_region_of_fewer_people_than_may_be_shown_is_withheld(
    shift_tab, said, region
):
    at = shift_tab("where", k="200", **{"by": "sex"})
    assert "changed most where" not in said(at)
