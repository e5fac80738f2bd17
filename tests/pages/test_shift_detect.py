"""The tabs What moved, Over time and Without labels."""

import json

import pytest


def specs(at):
    return [json.loads(c.proto.spec) for c in at.get("plotly_chart")]


def titles(at):
    return [s["layout"]["title"]["text"].replace("\u00a0", " ") for s in specs(at)]


def look(at, key, name):
    at.button_group(key=key).set_value(name).run()
    assert not at.exception, [e.value for e in at.exception]


def everything(at, said):
    """Return all that a tab says, draws and lists."""
    drawn = " ".join(c.proto.spec + c.proto.alt for c in at.get("plotly_chart"))
    listed = " ".join(str(d.value.to_dict()) for d in at.dataframe)
    return said(at) + drawn + listed


MULTICLASS = {
    "data": "planted_multiclass",
    "by": "region",
    "source": "north",
    "target": "south",
}
BINARY = MULTICLASS | {"data": "planted"}
"""Enough rows on either side of the decision to be estimated without labels."""

RAW = {"data": "compas", "by": "sex", "source": "Male", "target": "Female"}


def test_what_moved_is_said_without_any_set_up(shift_tab, said, answering):
    at = shift_tab("moved")
    assert answering.asked == [
        ("detection", {"attribute": "", "group": "", "k": 0, "__type__": "Asked"})
    ]
    assert "told apart" in said(at)
    assert "AUROC; guessing is 50 %" in said(at)
    assert "columns moved by more than noise" in titles(at)[0]
    assert "The scores themselves" in said(at)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("away", "What gives the sides away"),
        ("labels", "how often the label"),
    ],
)
def test_every_look_has_its_chart_without_asking_again(
    shift_tab, answering, part, words
):
    at = shift_tab("moved")
    look(at, "shift.moved.look", part)
    assert words in titles(at)[0]
    assert all(c.proto.alt for c in at.get("plotly_chart"))
    assert len(answering.asked) == 1


def test_labels_and_groups_are_compared_and_said(shift_tab, said):
    at = shift_tab("moved")
    look(at, "shift.moved.look", "labels")
    assert "of the labels did not change" in said(at) or "The share of" in said(at)
    assert "correlation shift" in said(at)
    assert "go together" in titles(at)[1]


def test_the_groups_that_moved_are_named(shift_tab, said):
    at = shift_tab("moved", **MULTICLASS)
    look(at, "shift.moved.look", "who")
    assert "Who moved" in titles(at)[0]
    names = specs(at)[0]["layout"]["yaxis"]["ticktext"]
    assert any(name.startswith("sex") for name in names)
    assert not any("region" in name for name in names)  # it is what parts them
    at = shift_tab("moved")
    look(at, "shift.moved.look", "who")
    assert "No groups to tell apart" in said(at)


def test_missing_and_new_values_are_said_even_if_there_are_none(shift_tab, said):
    at = shift_tab("moved")
    look(at, "shift.moved.look", "missing")
    assert "No value is missing on either side" in said(at)


def test_one_group_can_be_looked_at(shift_tab, said, answering):
    at = shift_tab("moved")
    box = at.selectbox(key="shift.moved.whom")
    chosen = next(option for option in box.options if "25-39" in option)
    box.set_value(chosen).run()
    assert not at.exception, [e.value for e in at.exception]
    assert answering.asked[-1][1]["group"] == "25-39"
    assert "Among 25-39" in said(at)


def test_without_labels_columns_are_compared_and_labels_are_asked_for(
    shift_tab, said, monkeypatch
):
    from analysis.detection.detect import detect
    from analysis.shifts.domain import without_labels

    monkeypatch.setattr(
        "models.inquiries.detection.detect",
        lambda source, target, **more: detect(source, without_labels(target), **more),
    )
    at = shift_tab("moved", labels="no")
    assert "columns moved" in titles(at)[0]
    look(at, "shift.moved.look", "labels")
    assert "The target has no labels" in said(at)
    assert len(titles(at)) == 1
    assert "label:" not in " ".join(c.proto.spec for c in at.get("plotly_chart"))


def test_withheld_groups_are_not_compared(shift_tab, said):
    at = shift_tab("moved", k="8")
    for part in ("columns", "who", "labels", "missing"):
        look(at, "shift.moved.look", part)
        assert "60 and over" not in everything(at, said)
    assert not any("60 and over" in o for o in at.selectbox[0].options)


@pytest.mark.parametrize("sides", [RAW, MULTICLASS])
def test_raw_scores_and_three_classes_are_compared(shift_tab, said, sides):
    at = shift_tab("moved", **sides)
    assert "told apart" in said(at)
    look(at, "shift.moved.look", "labels")
    shown = specs(at)[0]["layout"]["yaxis"]["ticktext"]
    labels = sum(name.startswith("label:") for name in shown)
    assert labels == (3 if sides is MULTICLASS else 1)


def test_a_metric_is_followed_by_what_tells_the_sides_apart(shift_tab, said):
    at = shift_tab("over_time")
    assert "over the source's rows" in said(at).replace("’", "'")
    assert "no time" in said(at)
    ticks = specs(at)[0]["layout"]["xaxis"]["ticktext"]
    assert ticks == ["male", "female"] or set(ticks) == {"male", "female"}
    at.button_group(key="shift.time.attribute").set_value("age").run()
    assert not at.exception, [e.value for e in at.exception]
    assert "by age" in titles(at)[0]
    assert all(c.proto.alt for c in at.get("plotly_chart"))


def test_groups_are_not_followed_while_small_ones_are_hidden(shift_tab, said):
    at = shift_tab("over_time", k="8")
    assert "only everyone is followed" in said(at)
    assert not at.get("button_group")


def test_without_labels_nothing_is_followed(shift_tab, said):
    at = shift_tab("over_time", labels="no")
    assert "no labels" in said(at)
    assert not at.get("plotly_chart")


@pytest.mark.parametrize("sides", [RAW, MULTICLASS])
def test_raw_scores_and_three_classes_are_followed(shift_tab, said, sides):
    at = shift_tab("over_time", **sides)
    assert "over the source" in said(at)


def test_performance_is_estimated_without_labels_and_then_shown(
    shift_tab, said, answering
):
    at = shift_tab("without_labels", **BINARY)
    assert "is estimated at" in said(at)
    assert "labels say" not in everything(at, said)
    assert "Cannot be seen" in said(at)
    at.toggle(key="shift.unlabelled.truth").set_value(True).run()
    assert not at.exception, [e.value for e in at.exception]
    assert "Its labels say" in said(at)
    assert "labels say" in at.get("plotly_chart")[0].proto.alt
    assert len(answering.asked) == 1


@pytest.mark.parametrize(
    ("part", "words"),
    [("drift", "odds of the label"), ("energy", "energy")],
)
def test_doubts_are_drawn(shift_tab, said, part, words):
    at = shift_tab("without_labels", **BINARY)
    look(at, "shift.unlabelled.look", part)
    assert words in titles(at)[0]
    assert words in at.get("plotly_chart")[0].proto.alt


def test_all_measures_stand_in_a_table(shift_tab):
    at = shift_tab("without_labels")
    look(at, "shift.unlabelled.look", "all")
    table = at.dataframe[0].value
    assert list(table.columns) == [
        "Measure",
        "Source",
        "Estimated at the target",
        "Without weights",
    ]
    at.toggle(key="shift.unlabelled.truth").set_value(True).run()
    assert {"Labels say", "Inside"} <= set(at.dataframe[0].value.columns)


def test_no_periods_are_said_to_be_missing(shift_tab, said):
    at = shift_tab("without_labels")
    look(at, "shift.unlabelled.look", "time")
    assert "no periods" in said(at)


def test_a_target_without_labels_has_nothing_to_reveal(shift_tab, said):
    at = shift_tab("without_labels", **BINARY, labels="no")
    assert "is estimated at" in said(at)
    assert not at.toggle
    assert "labels say" not in everything(at, said)


def test_small_groups_stay_hidden_without_labels(shift_tab, said):
    at = shift_tab("without_labels", k="8")
    at.button_group(key="shift.unlabelled.attribute").set_value("age").run()
    assert not at.exception, [e.value for e in at.exception]
    ticks = specs(at)[0]["layout"]["yaxis"]["ticktext"]
    assert "60 and over" not in ticks
    assert "Withheld" in said(at)


def test_a_raw_score_is_estimated_and_what_needs_probabilities_is_refused(
    shift_tab, said
):
    at = shift_tab("without_labels", **RAW)
    assert "is estimated at" in said(at)
    look(at, "shift.unlabelled.look", "energy")
    assert "The score is raw" in said(at)


def test_of_three_classes_the_one_in_view_is_estimated(shift_tab, said):
    at = shift_tab("without_labels", **MULTICLASS)
    assert "is estimated at" in said(at)
    at = shift_tab("without_labels", **MULTICLASS, metric="f1_macro")
    assert "cannot be estimated without labels" in said(at)


@pytest.mark.parametrize(
    ("tab", "key"),
    [
        ("moved", "shift.moved.columns"),
        ("over_time", "shift.time.course"),
        ("without_labels", "shift.unlabelled.rows"),
    ],
)
def test_the_code_runs_as_it_stands(shift_tab, tab, key):
    at = shift_tab(tab)
    at.session_state[f"{key}.numbers"] = True
    at.run()
    assert not at.exception, [e.value for e in at.exception]
    names = {}
    lines = at.get("code")[0].value.splitlines()
    exec("\n".join([*lines[:-1], f"record = {lines[-1]}"]), names)
    assert names["record"]
