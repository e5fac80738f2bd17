"""Tables of texts: every column as wide as its longest text, whatever stood there."""

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui import tables


def script():
    import pandas as pd
    import streamlit as st

    from pages.ui import tables

    values = st.query_params.get_all("value")
    tables.printed(pd.DataFrame({"Group": ["a"] * len(values), "n": values}), "t")


def config(*values):
    import json

    at = AppTest.from_function(script)
    at.query_params["value"] = list(values)
    (grid,) = at.run().dataframe
    return json.loads(grid.proto.columns)


def test_a_column_has_room_for_its_longest_text_and_its_head():
    short, long = (tables.width("n", pd.Series([text])) for text in ("7", "17 (few)"))
    assert long - short == pytest.approx(7 * tables.LETTER, abs=1)
    assert tables.width("Wrongly flagged", pd.Series(["1"])) > 14 * tables.LETTER
    assert tables.width("n", pd.Series(["x" * 500])) == tables.WIDEST
    assert tables.width("n", pd.Series([], dtype=str)) >= tables.PADDING


def test_a_long_text_far_down_still_sets_the_width():
    columns = config(*["7"] * 20, "17,345 (few)")
    assert columns["n"]["width"] >= 12 * tables.LETTER


def test_other_widths_make_another_grid_and_the_same_widths_the_same():
    first, again, other = (
        tables.fresh_key("t", {"Group": 50, "n": pixels}) for pixels in (40, 40, 90)
    )
    assert first == again
    assert first != other


def test_words_stand_left_and_numbers_right():
    columns = config("7")
    assert columns["Group"]["alignment"] == "left"
    assert columns["n"]["alignment"] == "right"
