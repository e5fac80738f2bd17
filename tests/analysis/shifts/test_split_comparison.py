import numpy as np
import pandas as pd
import pytest

from analysis.datasets.load import Dataset, frame_of
from analysis.datasets.splits import split
from analysis.datasets.task import Task
from analysis.shifts.split_comparison import flattery_words, split_comparison


def table_over_time(rng, drift):
    """A table whose label turns round with time by `drift`."""
    n = 4000
    year = np.repeat(np.arange(10), n // 10)
    x = rng.normal(size=n)
    slope = np.where(year >= 8, 2 - drift, 2)
    label = rng.random(n) < 1 / (1 + np.exp(-slope * x))
    table = pd.DataFrame(
        {"x": x, "year": year.astype(float), "label": np.where(label, "yes", "no")}
    ).astype({"label": "category"})
    task = Task(
        name="t",
        title="t",
        table="t",
        label="label",
        classes=("no", "yes"),
        features=("x",),
        sensitive=(),
        time="year",
    )
    return Dataset(task, table, frame_of(task, table, np.arange(n)))


@pytest.mark.parametrize(("drift", "flatters"), [(3, True), (0, False)])
def test_a_random_split_flatters_only_where_time_matters(rng, drift, flatters):
    data = table_over_time(rng, drift)
    record = split_comparison(data, split(data, "time"))
    assert (record.flattery.low > 0) == flatters
    assert ("The random split flatters" in flattery_words(record)) == flatters
    assert record.chosen.n == record.random.n
