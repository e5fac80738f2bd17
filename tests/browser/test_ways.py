"""A reader runs what to try first, and puts a chain together, saves and runs it."""

import json

import pytest

pytestmark = pytest.mark.browser


def open_tab(visitor, title):
    visitor.page.get_by_role("tab", name=title).click()
    visitor.page.wait_for_timeout(300)
    visitor.settle()


def test_one_click_runs_the_first_three_side_by_side(visitor):
    visitor.open("remedies")
    open_tab(visitor, "What to try first")
    visitor.click("remedies.first")
    visitor.wait_for_text("Look closer")
    grid = visitor.page.get_by_test_id("stDataFrame").first
    grid.wait_for()
    visitor.page.wait_for_function(
        "() => !document.querySelector('.st-key-remedies-first button')",
        timeout=120_000,
    )
    visitor.settle()
    tried = visitor.page.get_by_role("button", name="Tried")
    assert tried.count() == 3
    visitor.shot("first three")


def test_a_chain_is_saved_run_and_held_against_the_model_before(visitor):
    visitor.open("remedies")
    open_tab(visitor, "A chain of fixes")
    assert "learns from part 2 of 2" in visitor.text()
    with visitor.page.expect_download() as saved:
        visitor.click("remedies.chain.save")
    chain = json.loads(saved.value.path().read_text())
    names = [stage["remedy"] for stage in chain["stages"]]
    assert names == ["reweighing", "isotonic", "equal_opportunity"]

    visitor.click("remedies.chain.2.up")  # thresholds before the map of scores
    visitor.wait_for_text("first")
    visitor.settle()
    run = visitor.page.locator(".st-key-remedies-chain-run button").first
    assert run.is_disabled()
    visitor.click("remedies.chain.2.down")
    visitor.page.wait_for_timeout(500)
    visitor.settle()
    run.click()
    visitor.wait_for_text("Compare before and after")
    visitor.settle()
    visitor.shot("chain")
    visitor.click("remedies.result")
    visitor.wait_for_text("The price, over everyone")
    visitor.settle()
    assert "parts of the rows" not in visitor.text()  # not against its own last step
