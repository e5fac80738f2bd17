"""Which row serves which stage: official, random, by time or by domain.

Whatever the test rows are, the others are drawn into train, validation and calibration
rows in strata of label and groups.
"""

import numpy as np

from analysis.arrays import Bools, Ints
from analysis.datasets.load import Dataset
from analysis.datasets.task import Task
from analysis.datasets.times import time_order
from analysis.errors import DataError, SettingError
from analysis.frame import SPLIT_NAMES, AuditFrame, Splits

TEST_SHARE = 0.20
VALIDATION_SHARE = 0.15
CALIBRATION_SHARE = 0.15
MIN_STRATUM = 20
"""Rows of a smaller stratum are drawn within the coarser one it is part of."""

METHODS = ("official", "random", "time", "domain")


def methods_for(task: Task) -> tuple[str, ...]:
    """Return the split methods that a task's columns allow."""
    allowed = {
        "official": task.official_split is not None,
        "random": True,
        "time": task.time is not None,
        "domain": task.domain is not None,
    }
    return tuple(method for method in METHODS if allowed[method])


def split(
    dataset: Dataset, method: str = "official", seed: int = 0, held_out: str = ""
) -> Splits:
    """Divide a data set's rows into train, validation, calibration and test.

    Parameters
    ----------
    dataset : Dataset
    method : str
        'official' takes the published test rows; 'random' draws 20 % in strata of
        label and groups; 'time' takes the latest times that come closest to 20 % of
        the rows, at least the last one; 'domain' takes the rows of one domain.
    seed : int
        Seed of the draw. Of the rows that are not test, 70 % train, 15 % serve
        early stopping and 15 % calibration.
    held_out : str
        The domain that is test; only for 'domain'.

    Raises
    ------
    SettingError
        The task does not allow the method, or the domain does not exist.
    DataError
        A split would be empty, or would hold one class only.
    """
    if method not in methods_for(dataset.task):
        raise _not_allowed(dataset.task, method)
    rng = np.random.default_rng(seed)
    strata, note = _strata(dataset.frame)
    if method == "random":
        is_test = _drawn(strata, round(len(strata) * TEST_SHARE), rng)
    else:
        is_test, chosen = _declared_test(dataset, method, held_out)
        note = f"{chosen} {note}"
    rows = _divided(dataset.frame, is_test, strata, rng)
    return Splits(rows, method, seed, note.strip())


def random_like(dataset: Dataset, splits: Splits, seed: int = 0) -> Splits:
    """Return a random split with as many rows in each part as another split has.

    Comparing the two shows how much a random split flatters a model that will meet
    other times or domains.
    """
    rng = np.random.default_rng(seed)
    strata, note = _strata(dataset.frame)
    is_test = _drawn(strata, len(splits.rows["test"]), rng)
    rows = _divided(dataset.frame, is_test, strata, rng)
    note = f"As large as the '{splits.method}' split. {note}".strip()
    return Splits(rows, "random", seed, note)


def _declared_test(dataset: Dataset, method: str, held_out: str) -> tuple[Bools, str]:
    """Return which rows are test, and a sentence that says so."""
    if method == "official":
        return _official_test(dataset)
    return _latest(dataset) if method == "time" else _held_out(dataset, held_out)


def _official_test(dataset: Dataset) -> tuple[Bools, str]:
    column = dataset.table[dataset.task.official_split].astype(object).map(str)
    is_test = (column == "test").to_numpy()
    return is_test, f"The published test file, {is_test.sum():,} rows, is test."


def _latest(dataset: Dataset) -> tuple[Bools, str]:
    ranks, names = time_order(dataset.table[dataset.task.time])
    if len(names) < 2:
        raise DataError(
            f"The time column '{dataset.task.time}' holds one time only, "
            f"'{names[0]}'; two are needed to test on later rows. Choose another time "
            "column, or a random split."
        )
    later = np.cumsum(np.bincount(ranks)[::-1])[:-1] / len(ranks)  # share of last j
    n_times = int(np.abs(later - TEST_SHARE).argmin()) + 1
    first = len(names) - n_times
    is_test = ranks >= first
    span = names[first] if n_times == 1 else f"{names[first]} to {names[-1]}"
    return is_test, f"Rows of {span} ({is_test.mean():.0%}) are test."


def _held_out(dataset: Dataset, held_out: str) -> tuple[Bools, str]:
    domain = dataset.frame.domain
    if domain is None or held_out not in domain.names:
        names = domain.names[:20] if domain is not None else ()
        raise SettingError(
            f"'{held_out}' is not a value of '{dataset.task.domain}'; there is "
            f"{', '.join(names)}. Choose the one to hold out as test."
        )
    is_test = domain.codes == domain.names.index(held_out)
    return is_test, f"Rows with {dataset.task.domain} = {held_out} are test."


def _strata(frame: AuditFrame) -> tuple[Ints, str]:
    """Return each row's stratum: its label, refined by each attribute in turn.

    A cell of fewer than `MIN_STRATUM` rows keeps the coarser stratum, so that every
    stratum is large enough to be divided in its shares.
    """
    if frame.y_true is None:
        raise DataError(
            "This table has no labels, so it cannot be split for training. Choose a "
            "label on the Data page."
        )
    strata = frame.y_true
    pooled = np.zeros(len(frame), dtype=bool)
    for grouping in frame.groups.values():
        cell = strata * len(grouping.names) + grouping.codes
        _, cell, sizes = np.unique(cell, return_inverse=True, return_counts=True)
        small = sizes[cell] < MIN_STRATUM
        pooled |= small
        _, strata = np.unique(
            np.where(small, strata, strata.max() + 1 + cell), return_inverse=True
        )
    names = " and ".join(["label", *frame.groups])
    note = f"Drawn in strata of {names}."
    if pooled.any():
        note += (
            f" {pooled.sum():,} rows in cells of fewer than {MIN_STRATUM} are drawn in "
            "coarser strata."
        )
    return strata, note


def _drawn(strata: Ints, size: int, rng: np.random.Generator) -> Bools:
    """Draw exactly `size` rows, from each stratum its share to within one row.

    Systematic sampling: rows stand stratum by stratum, in random order within, and
    every (n / size)-th is taken from a random start.
    """
    n = len(strata)
    order = np.lexsort((rng.random(n), strata))
    start = rng.random()
    steps = np.floor(np.arange(n + 1) * (size / max(n, 1)) + start)
    steps[-1] = np.floor(start) + size  # rounding must not cost the last row
    chosen = np.zeros(n, dtype=bool)
    chosen[order] = np.diff(steps) > 0
    return chosen


def _divided(
    frame: AuditFrame, is_test: Bools, strata: Ints, rng: np.random.Generator
) -> dict[str, Ints]:
    """Divide the rows that are not test, and refuse parts that cannot serve."""
    rest = np.flatnonzero(~is_test)
    in_calibration = _drawn(strata[rest], round(len(rest) * CALIBRATION_SHARE), rng)
    size = round(len(rest) * VALIDATION_SHARE)
    others = rest[~in_calibration]
    in_validation = _drawn(strata[others], size, rng)
    rows = {
        "train": others[~in_validation],
        "validation": others[in_validation],
        "calibration": rest[in_calibration],
        "test": np.flatnonzero(is_test),
    }
    _check(frame, rows)
    return rows


def _check(frame: AuditFrame, rows: dict[str, Ints]) -> None:
    for name in SPLIT_NAMES:
        if not len(rows[name]):
            raise DataError(
                f"The {name} split would be empty. Use a table with more rows, or "
                "choose another way to split."
            )
        found = np.unique(frame.y_true[rows[name]])  # type: ignore[index]
        if len(found) < 2:
            raise DataError(
                f"The {name} split would hold one class only, "
                f"'{frame.classes[found[0]]}'; two are needed. Choose another way to "
                "split, another seed, or a table with more rows of the rare class."
            )


def _not_allowed(task: Task, method: str) -> SettingError:
    needed = {
        "official": "a column that says 'train' or 'test'",
        "time": "a time column",
        "domain": "a domain column",
    }
    if method not in METHODS:
        return SettingError(
            f"'{method}' is not a way to split; use one of {', '.join(METHODS)}."
        )
    return SettingError(
        f"'{task.title}' has no {method} split: it needs {needed[method]}. Choose "
        f"{' or '.join(methods_for(task))}."
    )
