import pytest
from streamlit.testing.v1 import AppTest

from analysis.errors import DataError
from pages.ui.messages import audit_errors, plain

HOSTILE = "**bold** :red[x] $y$ [l](http://e) <b>h</b> `c` _e_ www.e.e"


def test_plain_leaves_no_markup_unescaped():
    escaped = plain(HOSTILE)
    for mark in "*:[]$<>`()":
        assert escaped.count(mark) == escaped.count(f"\\{mark}") == HOSTILE.count(mark)
    assert "\\_e\\_" in escaped


def test_plain_keeps_the_text():
    assert plain(HOSTILE).replace("\\", "").replace("\u2060", "") == HOSTILE


def test_an_address_in_a_name_cannot_become_a_link():
    for address in ("http://a.b", "HTTPS://a.b", "www.a.b", "a@b.c"):
        shown = plain(f"see {address}").replace("\\", "")
        assert "\u2060" in shown
        assert address not in shown
    assert plain("a wwwide http") == "a wwwide http"


def test_a_number_and_its_unit_stay_on_one_line():
    assert plain("58 % of 4 points, 3 people") == "58\u00a0% of 4\u00a0points, 3 people"


def test_names_of_columns_stay_readable():
    assert plain("native_country") == "native_country"


def test_only_errors_of_the_tree_are_shown():
    with pytest.raises(ZeroDivisionError), audit_errors():
        raise ZeroDivisionError
    with audit_errors():
        raise DataError("Choose another column.")


def test_an_error_outside_a_page_keeps_its_words():
    def script():
        from app import on_script_error
        from models.failures import DiskFullError

        on_script_error(DiskFullError("home"))
        on_script_error(ZeroDivisionError())

    at = AppTest.from_function(script, default_timeout=30).run()
    (full,) = at.warning
    assert "Free some space, or point FAULTLINE" in full.value.replace("\\", "")
    (fault,) = at.error
    assert "reference" in fault.value


def test_marks_that_turn_text_around_are_shown():
    assert plain("user\u202egpj.exe") == "user\ufffdgpj\\.exe"
