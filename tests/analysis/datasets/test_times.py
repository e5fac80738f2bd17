"""Times keep their order, whatever they are written as."""

import pandas as pd
import pytest

from analysis.datasets.times import periods, time_order
from analysis.errors import DataError


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([95, 94, 95], ("94", "95")),
        (pd.to_datetime(["2020-02-01", "2019-12-31"]), ("2019-12-31", "2020-02-01")),
        (pd.Categorical(["2020-10-01", "2020-9-1"]), ("2020-09-01", "2020-10-01")),
        (pd.Categorical(["week 2", "week 10"]), ("week 10", "week 2")),
        (
            pd.Categorical(["2021-01-01T00:00", "2020-12-31"]),
            ("2020-12-31", "2021-01-01"),
        ),
        (pd.Categorical(["2019-Q2", "2019-Q1"]), ("2019-Q1", "2019-Q2")),
    ],
)
def test_order_follows_time_or_else_the_alphabet(values, names):
    ranks, found = time_order(pd.Series(values))
    assert found == names
    assert [found[r] for r in ranks] == [names[r] for r in ranks]


def test_a_row_without_a_time_is_refused():
    with pytest.raises(DataError, match=r"missing in 1 of 2 rows.*'No time column'"):
        time_order(pd.Series([1.0, None], name="when"))


def test_many_times_become_ten_ranges_that_keep_their_order():
    days = pd.Series(pd.date_range("2020-01-01", periods=1_000, freq="D"))
    found = periods(days)
    assert len(found.names) == 10
    assert (found.codes[1:] >= found.codes[:-1]).all()
    assert found.names[0] == "2020-01-01 to 2020-04-09"
