"""A reader mends a model: starts, watches, cancels, goes on, compares; then sweeps."""

import re

import pytest

pytestmark = pytest.mark.browser

UNDER_WAY = re.compile(r"epoch [1-9]\d* of at most")


def drawn(visitor):
    """How many points the curves on the page hold."""
    return visitor.page.evaluate(
        """() => [...document.querySelectorAll('.js-plotly-plot')]
          .flatMap(p => p.calcdata || []).map(points => points.length)
          .reduce((a, b) => a + b, 0)"""
    )


def choose_fix(visitor, family, fix):
    """Open a family by its name, then a remedy of it."""
    visitor.choose("Kind of fix", family)
    visitor.choose("Fix", fix)


def test_a_fix_is_started_watched_cancelled_resumed_and_compared(visitor):
    visitor.open("remedies")
    visitor.wait_for_text("A fix for")
    visitor.settle()
    choose_fix(
        visitor, "Fairness constraints", re.compile("robust adversary")
    )  # takes its time
    assert "remedy=road" in visitor.page.url
    visitor.click("remedies.start")
    visitor.wait_for_text(UNDER_WAY)
    before = drawn(visitor)
    visitor.page.wait_for_function(
        """n => [...document.querySelectorAll('.js-plotly-plot')]
          .flatMap(p => p.calcdata || []).map(points => points.length)
          .reduce((a, b) => a + b, 0) > n""",
        arg=before,
    )
    visitor.shot("remedies watched")

    visitor.click("remedies.cancel")
    visitor.wait_for_text(re.compile("Resume continues after"), timeout=20_000)
    visitor.settle()
    visitor.shot("remedies cancelled")
    visitor.click("remedies.resume")
    visitor.wait_for_text("Compare before and after")
    visitor.settle()
    text = visitor.text()
    assert "Over everyone: accuracy" in text
    assert "On the calibration rows" in text
    visitor.shot("remedies verdict")

    visitor.click("remedies.result")
    visitor.wait_for_text("The price, over everyone")
    visitor.settle()
    assert visitor.page.get_by_test_id("stAlert").count() == 0
    assert visitor.page.get_by_test_id("stException").count() == 0

    visitor.page.go_back()  # to the verdict, and to the model before
    visitor.wait_for_text("Compare before and after")
    visitor.settle()
    assert "A fix for MLP" in visitor.text()
    assert "job=" in visitor.page.url


def test_several_strengths_fill_the_frontier_and_a_slider_moves_at_once(visitor):
    visitor.open("remedies?remedy=last_layer")
    visitor.wait_for_text("A fix for")
    visitor.settle()
    visitor.click("remedies.sweep")
    visitor.wait_for_text(re.compile("6 of 6 values of evenness done"))
    visitor.settle()
    at = visitor.page.locator("[class*='st-key-remedies-at-'] .js-plotly-plot").first
    assert at.is_visible() or visitor.page.locator(".js-plotly-plot").count() >= 2
    before = visitor.text()
    slider = visitor.page.get_by_role("slider", name="Evenness").last
    slider.focus()
    slider.press("ArrowLeft")
    visitor.page.wait_for_timeout(500)
    visitor.settle()
    assert visitor.text() != before
    visitor.shot("remedies strengths")
    visitor.click("remedies.result")
    visitor.wait_for_text("The price, over everyone")
    visitor.settle()
    assert "strength" not in visitor.page.url
    assert visitor.page.get_by_test_id("stException").count() == 0


def test_a_fix_that_does_not_fit_says_why_and_cannot_be_started(visitor):
    visitor.open("remedies?remedy=added_source")
    visitor.wait_for_text("Not for this run")
    visitor.settle()
    start = visitor.page.get_by_role("button", name="Start")
    assert start.is_disabled()
    assert visitor.page.locator(".js-plotly-plot").count() >= 1
    visitor.shot("remedies not for this run")
