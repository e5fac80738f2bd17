"""A reader finds a subgroup among dots, follows it, and moves thresholds by group."""

import re

import pytest

pytestmark = pytest.mark.browser


def dots(visitor):
    """Return the middle of every dot of the strips, in pixels of the page."""
    return visitor.page.evaluate(
        """() => [...document.querySelectorAll('.st-key-subgroups-strip .point')]
          .map(p => p.getBoundingClientRect())
          .map(r => [r.x + r.width / 2, r.y + r.height / 2])"""
    )


def open_subgroups(visitor):
    visitor.page.set_viewport_size({"width": 1280, "height": 2400})
    visitor.open()
    visitor.wait_for_text("Every subgroup")
    visitor.page.wait_for_selector(".st-key-subgroups-strip .point")
    visitor.settle()


def test_a_clicked_dot_becomes_a_cohort_that_another_page_follows(visitor):
    open_subgroups(visitor)
    visitor.page.mouse.click(*dots(visitor)[-1])
    follow = visitor.page.get_by_role("button", name=re.compile(r"^Follow "))
    follow.first.wait_for()
    visitor.settle()
    name = follow.first.inner_text().removeprefix("Follow ")
    # the chosen subgroup stands out on every strip
    named = visitor.page.locator(".st-key-subgroups-strip .textpoint text")
    assert named.count() >= 3
    visitor.shot("subgroup kept")

    follow.first.click()
    visitor.page.wait_for_url(re.compile("cohort="))
    visitor.settle()
    visitor.go("Calibration")
    text = visitor.text()
    said = re.search(r"rows \(people\) where (.+); decided", text)
    assert said, text
    assert {part.split(" = ")[-1].strip('"') for part in said[1].split(" & ")} == set(
        name.split(" · ")
    )


def test_thresholds_by_group_are_tried_on_calibration_rows_and_accepted_on_test(
    visitor,
):
    open_subgroups(visitor)
    visitor.page.get_by_role("tab", name="Thresholds").click()
    visitor.wait_for_text("calibration rows")
    visitor.settle()
    visitor.page.get_by_text("Equal shares found", exact=True).click()
    visitor.page.wait_for_timeout(500)
    visitor.settle()
    before = visitor.text()
    visitor.shot("thresholds")
    visitor.page.get_by_role("button", name=re.compile("^Accept")).click()
    visitor.page.wait_for_url(re.compile("thresholds="))
    visitor.settle()
    assert "by age" in visitor.text()
    assert visitor.text() != before
    visitor.page.get_by_role("button", name="One threshold for all").click()
    visitor.page.wait_for_function("() => !location.search.includes('thresholds=')")


def test_a_subgroup_is_found_by_its_name_and_pages_turn(visitor):
    open_subgroups(visitor)
    visitor.page.get_by_label("Find a subgroup").fill("black female")
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_timeout(500)
    visitor.settle()
    visitor.wait_for_text(re.compile(r"1 subgroup; difference is to everyone else"))
