import pytest

from analysis.errors import DataError
from pages.ui.messages import audit_errors, plain

HOSTILE = "**bold** :red[x] $y$ [l](http://e) <b>h</b> `c` _e_ www.e.e"


def test_plain_leaves_no_markup_unescaped():
    escaped = plain(HOSTILE)
    for mark in "*:[]$<>`()":
        assert escaped.count(mark) == escaped.count(f"\\{mark}") == HOSTILE.count(mark)
    assert "\\_e\\_" in escaped


def test_plain_keeps_the_text():
    assert plain(HOSTILE).replace("\\", "") == HOSTILE


def test_names_of_columns_stay_readable():
    assert plain("native_country") == "native_country"


def test_only_errors_of_the_tree_are_shown():
    with pytest.raises(ZeroDivisionError), audit_errors():
        raise ZeroDivisionError
    with audit_errors():
        raise DataError("Choose another column.")
