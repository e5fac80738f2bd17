"""What charts, tables and sentences say of groups that are withheld for privacy."""

import base64
import json
import re

import numpy as np
import pandas as pd
import pytest

from analysis.calibration.reliability import reliability_by_group
from analysis.charts import calibration, compare, flips, splits, training
from analysis.charts.withheld import withheld_words
from analysis.compare import flips as flips_of
from analysis.compare import paired
from analysis.composition import composition
from analysis.counts import counts_of
from analysis.evaluation import Evaluation, Threshold, binary_probabilities
from analysis.frame import AuditFrame, Grouping
from analysis.history import history

NAMES = ("aardvark", "badger", "civet", "dormouse")
SIZES = (311, 257, 173, 18)
SHOWN, HIDDEN = NAMES[:2], NAMES[2:]
K = 30


@pytest.fixture
def grouping():
    return Grouping(np.repeat(range(4), SIZES), NAMES)


@pytest.fixture
def models(grouping, rng):
    """Return two models; the second decides more for everybody but the dormice."""
    n = len(grouping.codes)
    y = rng.integers(0, 2, n)
    first = np.clip(0.3 + 0.35 * y + 0.2 * rng.normal(size=n), 0.001, 0.999)
    second = np.where(grouping.codes == 3, 1 - first, np.clip(first + 0.12, 0, 1))
    return [
        Evaluation(
            title="model",
            y_true=y,
            scores=binary_probabilities(scores),
            classes=("no", "yes"),
            groups={"animal": grouping},
            weights=np.ones(n),
            row_ids=np.arange(n),
            rule=Threshold(0.5),
        )
        for scores in (first, second)
    ]


def values(part):
    """Return every number and every text of a figure's JSON, arrays unpacked."""
    if isinstance(part, dict) and "bdata" in part:
        numbers = np.frombuffer(base64.b64decode(part["bdata"]), part["dtype"])
        yield from numbers.tolist()
    elif isinstance(part, dict):
        for inner in part.values():
            yield from values(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from values(inner)
    else:
        yield part


def drawn(figure):
    return set(values(json.loads(figure.to_json())))


def numbers_of(table, names):
    """Return the unrounded numbers that a table gives of some groups."""
    rows = table[table.iloc[:, 0].isin(names)].select_dtypes("number")
    return {v for v in rows.to_numpy(float).ravel().tolist() if v % 1}


def is_silent(text):
    """Whether no clause that names a hidden group holds a figure."""
    clauses = re.split(r"[;.,]\s", text)
    return not any(n in c and re.search(r"\d", c) for c in clauses for n in HIDDEN)


def withheld_labels(figure):
    return [a.text for a in figure.layout.annotations if a.text == "withheld"]


def test_groups_are_counted_in_words():
    assert withheld_words(np.zeros(3, bool)) == ""
    assert withheld_words(np.array([True, False])) == "1 group is withheld for privacy."
    assert "1,200 groups are" in withheld_words(np.ones(1200, bool))


def test_moves_print_withheld_and_draw_no_mark(models):
    usual = paired(*models, ("animal",), ["error_rate"])
    record = paired(*models, ("animal",), ["error_rate"], k=K)
    before, after = (compare.moves(r, "error_rate") for r in (usual, record))
    hidden = numbers_of(compare.table(usual, "error_rate"), HIDDEN)
    assert hidden & drawn(before)
    assert not hidden & drawn(after)
    assert len(withheld_labels(after)) == 2
    assert not withheld_labels(before)
    assert after.layout.yaxis.ticktext[:2] == HIDDEN[::-1]
    assert len(before.data) - len(after.data) == 6  # two dots and a line each


def test_a_comparison_says_no_number_of_a_withheld_group(models):
    usual = paired(*models, ("animal",), ["error_rate", "accuracy"])
    record = paired(*models, ("animal",), ["error_rate", "accuracy"], k=K)
    assert "dormouse" in compare.finding(usual, "error_rate")
    texts = [
        compare.finding(record, "error_rate"),
        compare.alt(record, "error_rate"),
        compare.harmed_words(record),
    ]
    assert not any(name in text for text in texts for name in HIDDEN)
    assert "2 groups are withheld" in texts[1]
    table = compare.table(record, "error_rate").set_index("group")
    assert table.loc[list(HIDDEN)].isna().all(axis=None)
    assert table.loc[list(SHOWN)].notna().all(axis=None)
    assert compare.price(record).equals(compare.price(usual))


def test_when_all_groups_are_withheld_the_price_is_still_said(models):
    record = paired(*models, ("animal",), ["error_rate", "accuracy"], k=400)
    assert record.hidden.all()
    assert len(withheld_labels(compare.moves(record, "error_rate"))) == 4
    assert "accuracy" in compare.finding(record, "error_rate")
    assert "4 groups are withheld" in compare.alt(record, "error_rate")
    nobody = flips_of(*models, ("animal",), k=400)
    order = compare.row_names(record, "error_rate")
    assert len(withheld_labels(flips.bars(nobody, order))) == 4
    assert not any(name in flips.alt(nobody) for name in NAMES)


def test_flips_print_withheld_and_draw_no_bar(models):
    usual, record = (flips_of(*models, ("animal",), k=k) for k in (0, K))
    figure = flips.bars(record, NAMES)
    assert [len(bar.x) for bar in figure.data] == [2, 2]
    assert list(figure.data[0].y) == [3, 2]
    assert len(withheld_labels(figure)) == 2
    assert "of 173" not in drawn(figure)
    assert is_silent(flips.alt(record))
    assert flips.alt(usual).split(";")[0] == flips.alt(record).split(";")[0]
    table = flips.table(record).set_index("group")
    assert table.loc[list(HIDDEN)].isna().all(axis=None)


def test_reliability_has_no_panel_of_a_withheld_group(models):
    usual, record = (reliability_by_group(models[0], ("animal",), k=k) for k in (0, K))
    table = calibration.table(usual).set_index("group")["mean score"].dropna()
    hidden = set(table.loc[list(HIDDEN)])  # rates of few people are anyone's
    figure = calibration.reliability(record)
    assert hidden & drawn(calibration.reliability(usual))
    assert hidden & drawn(figure) == set()
    assert not any(name in str(v) for v in drawn(figure) for name in HIDDEN)
    assert "2 groups are withheld" in figure.layout.title.text.replace("<br>", " ")
    assert "largest of" not in figure.layout.title.text
    assert is_silent(calibration.alt(record))
    assert is_silent(calibration.finding(record))


def test_calibration_tables_print_withheld(models):
    record = reliability_by_group(models[0], ("animal",), k=K)
    printed = calibration.errors_table(record).set_index("Group")
    assert (printed.loc[list(HIDDEN)] == "withheld").all(axis=None)
    assert not (printed.loc[list(SHOWN)] == "withheld").any(axis=None)
    bins = calibration.table(record).set_index("group").drop(columns=["from", "to"])
    assert bins.loc[list(HIDDEN)].isna().all(axis=None)
    nobody = reliability_by_group(models[0], ("animal",), k=400)
    assert calibration.finding(nobody) == "4 groups are withheld for privacy."
    assert "no group is shown" in calibration.alt(nobody)


def test_who_prints_withheld_and_draws_no_bar(grouping):
    n = len(grouping.codes)
    frame = AuditFrame(
        features=pd.DataFrame({"x": np.zeros(n)}),
        y_true=np.arange(n) % 2,
        classes=("no", "yes"),
        groups={"animal": grouping},
        weights=np.ones(n),
    )
    usual, record = (composition(frame, "animal", k=k) for k in (0, K))
    figure = splits.who(record, "yes")
    assert list(figure.data[0].x) == [311, 257]
    assert list(figure.data[1].y) == [3, 2]
    assert not numbers_of(splits.table(usual), HIDDEN) & drawn(figure)
    assert len(withheld_labels(figure)) == 2
    assert sorted(figure.layout.yaxis.ticktext[:2]) == sorted(HIDDEN)
    assert is_silent(splits.alt(record, "yes"))
    assert "dormouse" in splits.alt(usual, "yes")
    assert (
        splits.table(record).set_index("animal").loc[list(HIDDEN)].isna().all(axis=None)
    )


def test_live_curves_leave_withheld_groups_out(models):
    payloads = [
        {"epoch": e, "counts": {"animal": counts_of(m, ("animal",)).to_json()}}
        for e, m in enumerate(models, start=1)
    ]
    usual, record = (history(payloads, "animal", "error_rate", k) for k in (0, K))
    frame = training.Epochs(2)
    figure = training.by_group(record, usual, frame)
    assert set(usual.value[:, 3].tolist()) & drawn(
        training.by_group(usual, None, frame)
    )
    for values_ in (usual.value, usual.low, usual.high):
        assert not set(values_[:, 2:].ravel().tolist()) & drawn(figure)
    assert not any(name in str(v) for v in drawn(figure) for name in HIDDEN)
    assert "2 groups are withheld" in figure.layout.title.text.replace("<br>", " ")
    assert not any(name in training.alt(record, frame) for name in HIDDEN)
    nobody = history(payloads, "animal", "error_rate", 400)
    assert "no group is shown" in training.alt(nobody, frame)
    assert not any(len(t.x) for t in training.by_group(nobody, None, frame).data)
