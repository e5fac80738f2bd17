"""Charts and words of what moved, of performance over time, and without labels."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.charts import (
    chunks,
    detection,
    detection_words,
    feature_shifts,
    label_free,
    label_free_doubt,
    label_free_words,
)
from analysis.charts.theme import DARK
from analysis.detection.columns import OneSided
from analysis.detection.dependence import Dependence, GroupMix
from analysis.detection.detect import Detection
from analysis.detection.over_time import Chunk, Course
from analysis.detection.shares import Shares
from analysis.detection.told_apart import GivesAway, GroupApart, ToldApart
from analysis.estimates import UNDEFINED, Estimate
from analysis.label_free.records import Drift, Energy, Guess, LabelFree, Light, Part
from analysis.shifts.shift import FeatureShift

HOSTILE = "<script>alert(1)</script>"


def near(value, half=0.02, n=100.0):
    return Estimate(value, value - half, value + half, n)


def share(name, change, q):
    return Shares(name, near(0.2), near(0.2 + change), near(change, 0.03), q, q)


WEAK = near(0.54, 0.003, 9000.0)


def found(area=WEAK, **more):
    whole = ToldApart(
        area,
        (
            GivesAway("income", near(0.03, 0.01), 0.001, 0.002),
            GivesAway(HOSTILE, near(0.001, 0.01), 0.4, 0.5),
        ),
        (GroupApart("sex", HOSTILE, near(0.6, 0.05), 0.01, 0.02),),
    )
    record = Detection(
        n_source=4000,
        n_target=5000,
        whole=whole,
        columns=(
            FeatureShift("income", 0.1, 0.01, 0.0, 0.0),
            FeatureShift("age", 0.015, 0.01, 0.0, 0.0),
            FeatureShift("still", 0.005, 0.01, 0.0, 0.0),
        ),
        missing=(share("income", 0.1, 0.001), share("age", 0.0, 0.9)),
        one_sided=(OneSided("city", HOSTILE, "target", 12, 0.004),),
        score=FeatureShift("score", 0.2, 0.05, 0.0, 0.0),
        mix=(GroupMix("sex", (share(HOSTILE, 0.1, 0.01),), 0.1),),
        labels=(share("no", -0.1, 0.001), share("yes", 0.1, 0.001)),
        dependence=(
            Dependence(
                "sex", near(0.1), near(0.2), near(0.1), (share("f", 0.1, 0.01),)
            ),
        ),
        why_no_labels="",
    )
    return replace(record, **more)


def drawn(chart):
    text = chart.to_json()
    assert HOSTILE not in json.dumps(json.loads(text))
    return text


@pytest.mark.parametrize(
    ("area", "words"),
    [
        (near(0.503, 0.01), "cannot be told apart at all"),
        (near(0.54, 0.003), "told apart only weakly"),
        (near(0.7, 0.01), "told apart somewhat"),
        (near(0.9, 0.01), "told apart clearly"),
    ],
)
def test_how_well_sides_are_told_apart_is_said_in_plain_words(area, words):
    said = detection_words.finding(found(area), ("year 94", "year 95"))
    assert said.startswith("Year 94 and year 95 ")
    assert words in said
    assert ("income" in said) == (area.low > 0.5)


def test_small_moves_are_said_to_be_small():
    said = detection_words.finding(found(), ("a", "b"))
    assert "2 of 3 columns moved by more than noise, only 1 of them in 2 %" in said
    still = tuple(replace(c, size=0.0) for c in found().columns)
    assert "None of 3 columns moved" in detection_words.finding(
        found(columns=still), ("a", "b")
    )
    chart = feature_shifts.sizes(found().columns)
    assert "2 of 3 columns moved by more than noise, 1 in 2 %" in (
        chart.layout.title.text
    )


def test_a_group_and_an_unknown_whole_are_said():
    assert "Among women, a and b" in detection_words.finding(
        found(), ("a", "b"), "women"
    )
    few = ToldApart(UNDEFINED, (), (), "The smaller side has 9 rows.")
    said = detection_words.finding(found(whole=few), ("a", "b"))
    assert "could not be compared as a whole. The smaller side has 9 rows." in said


def test_labels_groups_and_missing_values_are_said():
    assert "The share of yes went from 20 % [18, 22] to 30 % [28, 32]." in (
        detection_words.labels_finding(found()).replace("\u00a0", " ")
    )
    assert "go together with sex otherwise" in detection_words.labels_finding(found())
    blind = found(labels=(), dependence=(), why_no_labels="No labels.")
    assert detection_words.labels_finding(blind) == "No labels."
    said = detection_words.missing_finding(found())
    assert "1 of 2 columns" in said
    assert "1 category at the target is new, none of the source have" in said
    assert "No value is missing" in detection_words.missing_finding(
        found(missing=(), one_sided=())
    )


def test_rows_are_drawn_sure_ones_first_and_safely():
    rows = detection.away_rows(found())
    chart = detection.changes(("t", "s"), rows, unit="change", ink=DARK)
    assert list(chart.layout.yaxis.ticktext)[-1] == "income"
    drawn(chart)
    assert "income" in detection.changes_alt("What", rows, unit="change")
    assert HOSTILE not in detection.changes_alt("What", rows, unit="change")
    chart = detection.changes(("t", "s"), detection.group_rows(found()), at=0.5)
    drawn(chart)


def test_of_many_rows_the_furthest_are_drawn_and_that_is_said():
    rows = [detection.Row(str(i), near(i / 100), i > 90) for i in range(100)]
    chart = detection.changes(("t", "s"), rows)
    assert list(chart.layout.yaxis.ticktext)[-1] == "99"
    assert "The 20 of 100" in chart.layout.title.text
    assert sum(len(t.x) for t in chart.data) < 2000


def test_of_two_classes_one_is_drawn_and_of_three_all():
    assert [s.name for s in detection.labels_shown(found())] == ["yes"]
    three = tuple(share(n, 0.1, 0.1) for n in "abc")
    assert len(detection.labels_shown(found(labels=three))) == 3


def test_tables_hold_every_number():
    table = detection.shares_table(found().missing, "column")
    assert list(table["change"]) == [0.1, 0.0]
    assert list(detection.one_sided_printed(found())["Rows"]) == ["12"]


def course(*, is_alert, group=""):
    chunk = [
        Chunk("May", "source", near(0.8), np.nan, is_alert=False),
        Chunk(HOSTILE, "target", near(0.7), 0.001, is_alert=is_alert),
        Chunk("July", "target", UNDEFINED, np.nan, is_alert=False),
    ]
    by = "sex" if group else ""
    return Course("accuracy", by, group, near(0.8, 0.01, 500.0), tuple(chunk))


def test_alerts_are_said_and_ringed():
    record = (course(is_alert=True),)
    assert "1 of the target's 2 periods out of the ordinary" in chunks.finding(record)
    chart = chunks.course(record, ())
    drawn(chart)
    assert len(chart.data[1].x) == 1
    calm = (course(is_alert=False),)
    assert "No period of the target (2 in all)" in chunks.finding(calm)
    assert not len(chunks.course(calm, ()).data[1].x)
    assert "No value of the target" in chunks.finding(calm, "value")


def test_groups_are_followed_in_their_colours_and_alarms_named():
    record = (
        course(is_alert=False),
        course(is_alert=True, group="women"),
        course(is_alert=False, group="men"),
    )
    assert "out of the ordinary for women" in chunks.finding(record)
    chart = chunks.course(record, ("men", "women"), "value", DARK)
    assert chart.data[0].mode == "markers"
    assert "by sex" in chart.layout.title.text
    assert len(chunks.table(record)) == 9


def guess(estimated, realised, reference=0.8):
    return Guess(near(estimated), estimated + 0.01, near(reference), near(realised))


def free(estimated=0.7, realised=0.69, **more):
    def part(name, n, note=""):
        metrics = {"accuracy": guess(estimated, realised)}
        return Part(name, ("sex",) if name else (), n, 50.0, metrics, note)

    record = LabelFree(
        overall=part("", 300.0),
        groups=(part(HOSTILE, 200.0), part("men", 100.0, "borrowed")),
        chunks=(),
        lights=(Light("It overlaps", "good", 50.0, "Yes."),),
        drift={},
        energy={},
        left_out={"f1_macro": "is a mean over classes"},
        drawn=1000,
        has_labels=True,
    )
    return replace(record, **more)


def test_the_estimate_is_said_without_the_labels_and_then_with_them():
    said = label_free_words.finding(free(), "accuracy", with_labels=False)
    assert "estimated at 70 % [68, 72]" in said.replace("\u00a0", " ")
    assert "69" not in said
    assert "same people" in said
    said = label_free_words.finding(free(), "accuracy", with_labels=True)
    assert "69 %, inside the interval" in said.replace("\u00a0", " ")
    off = label_free_words.finding(free(realised=0.6), "accuracy", with_labels=True)
    assert "below the interval" in off
    assert "P(Y|X)" in off


def test_a_miss_by_a_hair_is_not_printed_as_a_hit():
    record = free(realised=0.7195 + 0.0007)
    said = label_free_words.finding(record, "accuracy", with_labels=True)
    assert "72.0 %, above the interval, which ends at 72.0 %" not in said
    wide = free(0.7, 0.7249).overall.metrics["accuracy"]
    wide = replace(wide, estimated=Estimate(0.7, 0.68, 0.7226, 100.0))
    part = replace(free().overall, metrics={"accuracy": wide})
    said = label_free_words.finding(
        free(overall=part), "accuracy", with_labels=True
    ).replace("\u00a0", " ")
    assert "72.5 %, above the interval, which ends at 72.3 %" in said


def test_what_is_refused_is_said_with_its_reason():
    said = label_free_words.finding(free(), "f1_macro", with_labels=False)
    assert "cannot be estimated without labels: it is a mean over classes." in said
    nothing = Guess(UNDEFINED, np.nan, near(0.8))
    part = replace(free().overall, metrics={"accuracy": nothing}, note="No overlap.")
    said = label_free_words.finding(free(overall=part), "accuracy", with_labels=True)
    assert said == "Decided right is not estimated. No overlap."


def test_labels_are_drawn_only_when_asked_for():
    record = free()
    groups = record.groups
    names = (HOSTILE, "men")
    hidden = label_free.rows(record, groups, "accuracy", names, with_labels=False)
    shown = label_free.rows(record, groups, "accuracy", names, with_labels=True)
    crosses = [
        sum(t.marker.symbol == "x-thin" for t in chart.data)
        for chart in (hidden, shown)
    ]
    assert crosses == [0, 3]
    drawn(shown)
    assert "labels say" not in label_free.alt(
        record, groups, "accuracy", with_labels=False
    )
    assert "realised" not in label_free_words.table(record, with_labels=False)
    assert "Labels say" in label_free_words.printed(record, with_labels=True)


def test_groups_outside_and_borrowed_ones_are_named():
    record = free(realised=0.5)
    said = label_free_words.groups_words(record.groups, "accuracy")
    assert "men" in said
    assert "2 of 2" in said
    assert label_free_words.notes(record.groups) == "men: borrowed."


def test_withheld_parts_are_not_drawn():
    away = replace(free().groups[1], n=np.nan)
    parts = label_free.drawn_parts(free(), (free().groups[0], away))
    assert [p.name for p in parts] == ["", HOSTILE]


def drift(enough):
    shifts = (-2.0, 0.0, 2.0)
    levels, flipped = (0.75, 0.7, 0.5), (0.1, 0.0, 0.2)
    return Drift("accuracy", shifts, levels, flipped, 0.02, enough, abs(enough) / 10)


def test_how_much_drift_matters_is_drawn_and_said():
    chart = label_free_doubt.drift_curve(drift(0.5), guess(0.7, 0.69))
    assert "× 1.65" in chart.layout.title.text
    assert "1.65 times those" in label_free_doubt.drift_words(drift(0.5))
    never = drift(float("nan"))
    assert "No drift" in label_free_doubt.drift_words(never)
    assert (
        "No drift"
        in label_free_doubt.drift_curve(never, guess(0.7, 0.69)).layout.title.text
    )
    assert len(label_free_doubt.drift_table(never)) == 3


def test_a_second_opinion_is_drawn_or_refused():
    copies = tuple((i / 10, 0.7 + i / 100) for i in range(5))
    way = (HOSTILE,) * 5
    read = Energy("accuracy", copies, way, 0.1, 0.7, 0.2, near(0.72), "")
    chart = label_free_doubt.energy_scatter(read, near(0.6))
    drawn(chart)
    assert any(t.marker.symbol == "x-thin" for t in chart.data)
    assert "copies of the source" in label_free_doubt.energy_words(read)
    off = replace(read, estimated=UNDEFINED, why_not="It lies outside.")
    assert label_free_doubt.energy_words(off).endswith("It lies outside.")
    assert "cannot be read off" in (
        label_free_doubt.energy_scatter(off, None).layout.title.text
    )
    assert isinstance(label_free_doubt.energy_table(read), pd.DataFrame)


def test_lights_are_said_in_words():
    assert label_free_doubt.lights_printed(free()) == [("Holds", "It overlaps", "Yes.")]
