from dataclasses import fields, is_dataclass, replace

import numpy as np

from analysis.estimates import Estimate
from analysis.frame import Grouping
from analysis.subgroups.group_table import FEW_ROWS
from analysis.subgroups.listing import listing
from analysis.subgroups.tabulate import Options, group_table

METRICS = ["selection_rate", "f1", "auroc", "log_loss", "expected_calibration_error"]


def table(make_evaluation, rng, metrics, n=400, **options):
    """Rows by sex and race: both alone, and crossed."""
    y = rng.integers(0, 2, n)
    scores = np.clip(0.3 * y + 0.7 * rng.uniform(size=n), 0, 1)
    evaluation = replace(
        make_evaluation(y, scores, weights=rng.lognormal(size=n)),
        groups={
            "sex": Grouping(rng.integers(0, 2, n), ("men", "women")),
            "race": Grouping(rng.integers(0, 3, n), ("a", "b", "c")),
        },
    )
    listed = listing(evaluation, ["sex", "race"], 2)
    return group_table(evaluation, listed, metrics, Options(**options))


def test_a_small_group_is_marked_not_dropped(make_evaluation, rng):
    found = table(make_evaluation, rng, ["precision"], n=6 * FEW_ROWS)
    column = found.columns["precision"]
    assert (column.is_small == (column.own.n < FEW_ROWS)).all()
    assert column.is_small.any()
    assert not column.is_small.all()
    assert np.isfinite(column.own.value).all()


def test_rows_needed_shrink_with_the_gap(make_evaluation, rng):
    column = table(make_evaluation, rng, ["accuracy"], n=4_000).columns["accuracy"]
    wide, narrow = column.rows_needed(0.2), column.rows_needed(0.1)
    assert (wide < narrow)[np.isfinite(narrow)].all()
    assert np.isfinite(narrow).any()


def test_a_hidden_group_leaves_no_number_behind(make_evaluation, rng):
    found = table(make_evaluation, rng, METRICS)
    hidden = np.arange(len(found)) % 3 == 1
    kept = found.withholding(hidden)
    assert kept.hidden.tolist() == hidden.tolist()
    assert numbers_of(kept, hidden) == []
    assert len(numbers_of(found, hidden)) > 200
    before, after = numbers_of(found, ~hidden), numbers_of(kept, ~hidden)
    assert after == before
    assert kept.withholding(~hidden).hidden.all()


def test_a_hidden_reference_is_not_shown_through_those_compared_with_it(
    make_evaluation, rng
):
    """Group minus difference would give it away, and so would the column beside it."""
    reference = {"sex": "women", "race": "a"}
    found = table(make_evaluation, rng, METRICS, reference=reference)
    hidden = np.array([name == "women · a" for name in found.names])
    kept = found.withholding(hidden)
    crossed = np.array([" · " in name for name in found.names])
    for name, column in kept.columns.items():
        for field in ("other", "difference", "ratio"):
            part = getattr(column, field)
            for array in (part.value, part.low, part.high, part.n):
                assert np.isnan(array[crossed]).all(), (name, field)
        assert np.isnan(column.q_value[crossed]).all()
        assert np.isnan(column.detectable[crossed]).all()
        shown = crossed & ~hidden
        assert np.isfinite(column.own.value[shown]).all()
        # the references of sex and of race are shown, and so what rests on them
        assert np.isfinite(column.difference.value[[0, 3, 4]]).all()
    assert kept.hidden.tolist() == hidden.tolist()


def numbers_of(record, rows):
    """Every number of some rows anywhere in a table, of any field it ever gets."""
    found = []

    def look(thing):
        if isinstance(thing, Estimate):
            return  # of everyone
        if isinstance(thing, np.ndarray) and thing.dtype != bool:
            found.extend(thing[rows][np.isfinite(thing[rows])].tolist())
        elif is_dataclass(thing):
            for field in fields(thing):
                look(getattr(thing, field.name))
        elif hasattr(thing, "values"):
            for inner in thing.values():
                look(inner)

    look(record)
    return found
