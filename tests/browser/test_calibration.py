"""A reader asks whether scores are true, tries every fix live, and keeps one."""

import re

import pytest

pytestmark = pytest.mark.browser

TABS = (
    "Measures",
    "Every group",
    "Price in error rates",
    "Sets of answers",
    "Risk control",
    "Accept or defer",
)


def turn_to(visitor, tab):
    visitor.page.get_by_role("tab", name=tab, exact=True).click()
    visitor.settle()


def is_calm(visitor):
    alerts = visitor.page.get_by_test_id("stAlert").count()
    return not alerts and not visitor.page.get_by_test_id("stException").count()


def test_every_tab_answers_without_a_word_of_code(visitor):
    visitor.open("calibration")
    visitor.wait_for_text("Score against outcome")
    visitor.settle()
    for tab in TABS:
        turn_to(visitor, tab)
        open_tab = visitor.page.get_by_role("tabpanel").filter(visible=True).first
        open_tab.locator(
            ".js-plotly-plot, [data-testid='stDataFrame']"
        ).first.wait_for()
        assert is_calm(visitor), tab
        visitor.shot(f"calibration {tab.lower()}")


def test_calibrators_are_tried_live_and_one_is_kept_and_compared(visitor):
    visitor.open("calibration?data=adult")
    visitor.wait_for_text("Score against outcome")
    turn_to(visitor, "Fix")
    visitor.wait_for_text("What each calibrator does to the log loss")
    visitor.page.get_by_text("One of them, closer").wait_for()
    visitor.settle()
    assert "validation rows" in visitor.text()
    assert is_calm(visitor)
    visitor.shot("calibration fix")
    box = visitor.page.get_by_label("Calibrator", exact=True)
    box.scroll_into_view_if_needed()  # a list that opens while scrolling closes again
    visitor.page.wait_for_timeout(700)
    box.click()
    visitor.page.get_by_role("option", name="Temperature scaling").first.click()
    visitor.wait_for_text(re.compile(r"Temperature for everyone: \d"))
    visitor.settle()
    assert "No decision changes" in visitor.text()
    visitor.click("calibration.keep")
    visitor.wait_for_text("Compare before and after")
    visitor.settle()
    visitor.click("remedies.result")
    visitor.wait_for_text("The price, over everyone")
    visitor.settle()
    assert is_calm(visitor)


def test_a_raw_score_is_ranked_by_consent(visitor):
    visitor.open("calibration?data=compas")
    visitor.wait_for_text("This score promises no probability")
    visitor.settle()
    visitor.shot("calibration raw score")
    visitor.page.get_by_text("Put each score").click()
    visitor.wait_for_text("Lost: the distances between scores")
    turn_to(visitor, "Fix")
    visitor.wait_for_text("brings the scores closest to what happens")
    visitor.settle()
    assert is_calm(visitor)
