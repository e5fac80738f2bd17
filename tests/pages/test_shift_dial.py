"""The tab Plant a shift."""

import json

import pytest


def titles(at):
    specs = [json.loads(c.proto.spec) for c in at.get("plotly_chart")]
    return [s["layout"]["title"]["text"] for s in specs]


def choose(at, key, value):
    at.selectbox(key=key).set_value(value).run()
    assert not at.exception, [e.value for e in at.exception]


def test_a_shift_is_planted_without_any_set_up(shift_tab, said, answering):
    at = shift_tab("dial")
    assert "Decided right (accuracy) as" in titles(at)[0]
    assert "at a strength of 20 %" in said(at)
    assert not answering.asked  # at once, without the worker
    assert all(c.proto.alt for c in at.get("plotly_chart"))


def test_the_slider_moves_the_place_and_not_the_curves(shift_tab, said):
    at = shift_tab("dial")
    before = json.loads(at.get("plotly_chart")[0].proto.spec)["data"]
    at.slider(key="shift.dial.strength").set_value(0).run()
    assert "as things are" in said(at)
    assert json.loads(at.get("plotly_chart")[0].proto.spec)["data"] == before


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("group", "gets commoner"),
        ("label", "the positive label gets commoner"),
        ("outcome", "labels turn positive"),
    ],
)
def test_every_mechanism_can_be_moved(shift_tab, said, what, words):
    at = shift_tab("dial")
    choose(at, "shift.dial.what", what)
    assert words in said(at)


def test_a_category_becomes_commoner_or_rarer(shift_tab, said):
    at = shift_tab("dial")
    choose(at, "shift.dial.feature", "housing")
    choose(at, "shift.dial.value.feature.housing", "rent")
    choose(at, "shift.dial.way.commoner", "rarer")
    assert "housing rent gets rarer" in said(at)
    at.checkbox(key="shift.dial.within").check().run()
    assert not at.exception, [e.value for e in at.exception]


def test_nothing_is_planted_while_small_groups_are_hidden(shift_tab, said):
    at = shift_tab("dial", k="5")
    assert "Not shown while small groups are hidden" in said(at)
    assert not at.get("plotly_chart")


def test_a_raw_score_three_classes_and_no_labels_have_a_dial(shift_tab, said):
    at = shift_tab(
        "dial", data="compas", by="sex", source="Male", target="Female", metric="auroc"
    )
    assert "goes from" in said(at)
    at = shift_tab("dial", labels="no")
    assert "goes from" in said(at)
    shift_tab(
        "dial",
        data="planted_multiclass",
        by="sex",
        source="Male",
        target="Female",
        metric="f1_macro",
    )
