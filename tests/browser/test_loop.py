"""The loop, walked as a reader walks it: find, fix, watch, compare."""

import re

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.browser

FINDING = re.compile(r"Among people who earn .* are (missed|wrongly flagged) .*\d+ %")


def progress(visitor):
    """What the progress line says, such as 'epoch 3 of at most 20'."""
    return visitor.page.get_by_test_id("stProgress").first.inner_text()


def points_drawn(visitor):
    """How many points the visible curves hold."""
    return visitor.page.evaluate(
        """() => [...document.querySelectorAll('.js-plotly-plot')]
          .flatMap(p => p.calcdata || []).map(points => points.length)
          .reduce((a, b) => a + b, 0)"""
    )


def test_first_sight_is_a_finding_and_three_clicks_show_its_price(visitor):
    visitor.open()
    visitor.wait_for_text(FINDING, timeout=20_000)
    assert visitor.page.get_by_role("button", name="Try a fix").is_visible()
    visitor.shot("first sight")

    visitor.click("subgroups.fix")
    visitor.wait_for_text("Compare before and after")
    assert points_drawn(visitor) > 0
    visitor.settle()
    visitor.shot("remedies done")

    visitor.click("remedies.result")
    visitor.wait_for_text("What did the fix do, to whom, at what price?")
    visitor.settle()
    text = visitor.text()
    assert re.search(r"\d+(\.\d+)?\s+points", text)
    assert "The price, over everyone" in text
    visitor.shot("compare")


def test_each_groups_curve_moves_while_a_fix_trains(visitor):
    visitor.open("?data=census_income")  # large enough to be watched for seconds
    visitor.wait_for_text(re.compile("Among people whose income"))
    visitor.click("subgroups.fix")
    visitor.wait_for_text(re.compile(r"epoch [1-9]\d* of at most"))
    seen, drawn = set(), set()
    for _ in range(600):
        if len(seen) >= 3 and len(drawn) >= 3:
            break
        if visitor.page.get_by_test_id("stProgress").count():
            seen.add(progress(visitor))
            drawn.add(points_drawn(visitor))
        visitor.page.wait_for_timeout(200)
    assert len(seen) >= 3, f"the progress did not move: {seen}"
    assert len(drawn) >= 3, f"the curves did not move: {drawn}"
    visitor.shot("remedies live")
    visitor.click("remedies.cancel")
    visitor.wait_for_text(re.compile("cancelled"), timeout=20_000)


@pytest.mark.parametrize("page", ["Data", "Model", "Calibration", "Shift"])
def test_every_page_answers_for_the_shipped_run(visitor, page):
    visitor.open()
    visitor.go(page)
    visitor.settle(timeout=120_000)
    assert visitor.page.get_by_test_id("stException").count() == 0
    assert visitor.page.get_by_test_id("stAlert").count() == 0
    # Shift asks the worker, which starts with the first question.
    visitor.page.wait_for_selector(".js-plotly-plot", timeout=120_000)
    visitor.shot(page)


def test_a_running_job_is_cancelled_and_resumed(visitor):
    visitor.open("model?data=census_income")  # large enough to be caught training
    epochs = visitor.page.get_by_label("Epochs at most", exact=True).first
    epochs.fill("200")
    epochs.press("Enter")
    visitor.page.wait_for_timeout(800)
    visitor.page.get_by_role("button", name=re.compile("^Train")).last.click()
    visitor.wait_for_text(re.compile(r"epoch [1-9]\d* of at most"))
    visitor.click("model.cancel")
    visitor.wait_for_text(re.compile("cancelled"), timeout=20_000)
    visitor.settle()
    visitor.click("model.resume")
    visitor.wait_for_text(re.compile(r"epoch [1-9]\d* of at most"))
    visitor.click("model.cancel")
    visitor.wait_for_text(re.compile("cancelled"), timeout=20_000)


def test_compas_is_audited_by_its_own_score_then_trained_and_mended(visitor):
    visitor.open("?data=compas")
    visitor.wait_for_text(re.compile("Among defendants .* far more often than"))
    visitor.go("Calibration")
    visitor.wait_for_text("This score promises no probability")
    visitor.go("Shift")
    visitor.settle(timeout=120_000)
    assert "P(Y|X)" in visitor.text()
    visitor.go("Model")
    visitor.page.get_by_role("button", name=re.compile("^Train")).last.click()
    visitor.wait_for_text("See whom it fails")
    visitor.click("model.result")
    visitor.settle()
    visitor.go("Calibration")
    assert visitor.page.locator(".js-plotly-plot").count() >= 1
    visitor.go("Remedies")
    visitor.choose("Kind of fix", "Scores")
    visitor.page.get_by_role("button", name="Start").click()
    visitor.wait_for_text("Compare before and after")
    visitor.settle()
    visitor.click("remedies.result")
    visitor.wait_for_text("The price, over everyone")
    visitor.settle()
    assert visitor.page.get_by_test_id("stAlert").count() == 0


@pytest.fixture
def uploaded(tmp_path):
    """A table of labels and scores with a hostile name and category in it."""
    rng = np.random.default_rng(0)
    n = 3000
    town = rng.choice(["north", "south", "<script>alert(1)</script>"], n)
    skill = rng.normal(size=n)
    hired = (rng.random(n) < 1 / (1 + np.exp(-skill))).astype(int)
    lost = (town == "south") & (rng.random(n) < 0.5)
    score = np.where(lost, 0.2, 1 / (1 + np.exp(-skill)))
    path = tmp_path / "hiring <b>2026.csv"
    table = {"town": town, "skill": skill, "year": rng.choice([2024, 2025], n)}
    pd.DataFrame({**table, "hired": hired, "score": score.round(4)}).to_csv(
        path, index=False
    )
    return path


def test_an_uploaded_table_goes_once_around_the_loop(visitor, uploaded):
    visitor.open("data")
    visitor.page.locator('input[type="file"]').set_input_files(str(uploaded))
    visitor.wait_for_text("3,000 rows")
    visitor.settle()
    box = visitor.page.get_by_test_id("stMultiSelect")
    box.filter(has_text="Sensitive attributes").locator("input").click()
    visitor.page.keyboard.type("town")
    visitor.page.get_by_role("option", name="town", exact=True).click()
    box.filter(has_text="Sensitive attributes").get_by_text("town").first.wait_for()
    visitor.page.wait_for_timeout(500)
    visitor.settle()
    visitor.click("data.use")
    visitor.settle()
    visitor.go("Subgroups")
    visitor.wait_for_text(re.compile("south"))
    visitor.shot("uploaded subgroups")
    visitor.go("Calibration")
    assert visitor.page.locator(".js-plotly-plot").count() >= 1
    visitor.go("Shift")
    visitor.settle(timeout=120_000)
    assert visitor.page.get_by_test_id("stException").count() == 0
    visitor.go("Model")
    visitor.page.get_by_role("button", name=re.compile("^Train")).last.click()
    visitor.wait_for_text("See whom it fails")
    visitor.click("model.result")
    visitor.settle()
    # the planted fault was in the score, so the new model has no sure gap to aim at
    visitor.wait_for_text("No gap larger than chance")
    visitor.click("subgroups.fix")
    visitor.wait_for_text("Pick a fix")
    visitor.settle()
    visitor.page.get_by_role("button", name="Start").click()
    visitor.wait_for_text("Compare before and after")
    visitor.settle()
    visitor.click("remedies.result")
    visitor.wait_for_text("The price, over everyone")
    visitor.settle()
    assert visitor.page.get_by_test_id("stException").count() == 0
    visitor.shot("uploaded compare")


def chosen(visitor):
    """The data set that the sidebar shows."""
    return visitor.page.get_by_label("Data set").first.input_value()


def test_a_switch_by_a_button_keeps_the_data_set(visitor):
    visitor.open("?data=german")
    visitor.wait_for_text("Nothing has been scored yet")
    visitor.click("needs.train")
    visitor.wait_for_text("What was trained or loaded")
    visitor.settle()
    assert "data=german" in visitor.page.url
    assert chosen(visitor) == "German credit"
    visitor.page.reload()
    visitor.settle()
    assert "data=german" in visitor.page.url
    assert chosen(visitor) == "German credit"


def test_two_fixes_in_a_row_are_each_compared(visitor):
    """A bound control of Remedies once stood in the way of the second switch."""
    visitor.open("model?data=credit_default")
    visitor.page.get_by_role("button", name=re.compile("^Train")).last.click()
    visitor.wait_for_text("See whom it fails")
    visitor.click("model.result")
    visitor.wait_for_text("Who does the model fail?")
    visitor.settle()
    visitor.go("Remedies")
    visitor.choose("Kind of fix", "Scores")
    for groups in ("", "sex"):
        if groups:
            visitor.go("Remedies")
            visitor.settle()
            box = visitor.page.get_by_test_id("stMultiSelect")
            box.filter(has_text="Groups of").locator("input").click()
            visitor.page.get_by_role("option", name=groups).first.click()
            visitor.page.keyboard.press("Escape")
        visitor.page.get_by_role("button", name="Start").click()
        visitor.wait_for_text("Compare before and after")
        visitor.settle()
        assert "Temperature" in visitor.text()
        visitor.click("remedies.result")
        visitor.wait_for_text("The price, over everyone")
        visitor.settle()
        assert visitor.page.get_by_test_id("stException").count() == 0
        assert "data=credit_default" in visitor.page.url
