import numpy as np
import pandas as pd

from analysis.thresholds.halves import may_be_learnt, person_hashes, row_hashes


def test_a_person_is_the_same_in_any_order_and_storage_of_columns():
    table = pd.DataFrame(
        {"age": [31, 0, 52], "job": ["x", None, "y"], "is_new": [True, False, True]}
    )
    scores = np.array([0.5, 1.0, 2.0])
    stored = table[["job", "is_new", "age"]].astype(
        {"age": "Float64", "job": "category", "is_new": "int8"}
    )
    found = person_hashes(table, scores)
    np.testing.assert_array_equal(person_hashes(stored, scores), found)
    assert len(np.unique(found)) == 3
    swapped = table.rename(columns={"age": "is_new", "is_new": "age"})
    assert (person_hashes(swapped, scores) != found)[[0, 2]].all()


def test_the_score_counts_and_alone_where_there_are_no_columns():
    table = pd.DataFrame({"age": [31, 31, 31]})
    for features in (table, table[[]]):
        one, other, same = person_hashes(features, np.array([0.5, 1.0, 0.5]))
        assert one == same != other
    assert len(person_hashes(table[:0], np.zeros(0))) == 0


def test_rows_keep_the_side_they_had():
    """Stored runs were fitted on one side; the order of columns counts there."""
    table = pd.DataFrame(
        {"age": [1.0, 2.0, 3.0], "job": pd.Categorical(["x", "y", "x"])}
    )
    expected = pd.util.hash_pandas_object(table.astype({"job": object}), index=False)
    np.testing.assert_array_equal(row_hashes(table), expected)
    np.testing.assert_array_equal(may_be_learnt(table), expected % 2 == 0)
