"""A reader asks why performance changed, and draws what causes what."""

import re

import pytest

pytestmark = pytest.mark.browser

TEXT = ".st-key-shift-edit-text textarea"


def turn_to(visitor, tab):
    visitor.page.get_by_role("tab", name=tab, exact=True).click()
    visitor.settle()


def answered(visitor):
    """Wait until the worker has answered what is asked."""
    progress = visitor.page.get_by_test_id("stProgress")
    visitor.page.wait_for_timeout(500)
    progress.first.wait_for(state="detached", timeout=240_000)
    visitor.settle()


def is_calm(visitor):
    alerts = visitor.page.get_by_test_id("stAlert").count()
    return not alerts and not visitor.page.get_by_test_id("stException").count()


def graph(visitor):
    """Return the graph as it stands, as text."""
    kind(visitor, "As text")
    text = visitor.page.locator(TEXT).input_value()
    kind(visitor, "Arrows")
    return text


def kind(visitor, name):
    place = visitor.page.locator(".st-key-shift-edit-kind")
    place.get_by_role("radio", name=name, exact=True).click()
    visitor.page.wait_for_timeout(400)
    visitor.settle()


def choose(visitor, label, option):
    box = visitor.page.get_by_label(label, exact=True).first
    box.scroll_into_view_if_needed()  # a list that opens while scrolling closes again
    visitor.page.wait_for_timeout(700)
    visitor.choose(label, option)


def press(visitor, key):
    visitor.click(key)
    visitor.page.wait_for_timeout(300)
    visitor.settle()


def write(visitor, text):
    kind(visitor, "As text")
    box = visitor.page.locator(TEXT)
    box.fill(text)
    box.press("Control+Enter")
    visitor.settle()
    press(visitor, "shift.edit.text.read")
    kind(visitor, "Arrows")


@pytest.fixture
def editor(visitor):
    visitor.open("shift?data=planted")
    visitor.wait_for_text("from source to target")
    answered(visitor)
    turn_to(visitor, "Cause and effect")
    visitor.wait_for_text(re.compile(r"\d mechanisms, \d+ arrows"))
    visitor.settle()
    return visitor


def test_the_graph_is_drawn_edited_and_used_to_split_the_change(editor):
    assert is_calm(editor)
    editor.shot("shift cause and effect")
    write(editor, "income->tenure,tenure->Y")
    editor.wait_for_text("3 mechanisms, 2 arrows")

    choose(editor, "Cause", "income")
    choose(editor, "Effect", "The label")
    press(editor, "shift.edit.add")
    assert "income->Y" in graph(editor)

    choose(editor, "Arrow", "income → tenure")
    press(editor, "shift.edit.reverse")
    assert "tenure->income" in graph(editor)

    choose(editor, "Cause", "income")
    choose(editor, "Effect", "tenure")
    press(editor, "shift.edit.add")
    editor.wait_for_text("form a cycle")
    editor.wait_for_text("The graph stays as it was")
    assert "income->tenure" not in graph(editor)

    choose(editor, "Arrow", "tenure → the label")
    press(editor, "shift.edit.drop")
    assert "tenure->Y" not in graph(editor)
    press(editor, "shift.cause.undo")
    assert "tenure->Y" in graph(editor)

    kind(editor, "Nodes")
    names = editor.page.get_by_label("Several nodes as one", exact=True)
    for name in ("income", "tenure"):
        names.click()
        editor.page.get_by_role("option", name=name, exact=True).click()
        editor.settle()
    editor.page.keyboard.press("Escape")
    press(editor, "shift.edit.merge")
    editor.wait_for_text("2 mechanisms, 1 arrows")

    press(editor, "shift.cause.use")
    answered(editor)
    editor.wait_for_text("The change, split over the mechanisms in use")
    assert "shift.graph=" in editor.page.url
    assert is_calm(editor)
    editor.shot("shift split by mechanisms")

    editor.page.reload()
    answered(editor)
    turn_to(editor, "Cause and effect")
    answered(editor)
    editor.wait_for_text("The change, split over the mechanisms in use")


def test_an_arrow_is_chosen_by_a_click_on_its_mark(editor):
    write(editor, "income->tenure,tenure->Y")
    editor.wait_for_text("3 mechanisms, 2 arrows")
    chart = editor.page.locator(".st-key-shift-graph_chart .js-plotly-plot")
    chart.scroll_into_view_if_needed()
    marks = chart.locator(".scatterlayer .trace").filter(
        has=editor.page.locator("path.point")
    )
    points = [
        box
        for i in range(marks.count())
        for box in [marks.nth(i).locator("path.point").last.bounding_box()]
        if marks.nth(i).locator("path.point").count() == 2
    ]
    (mark,) = points
    x, y = mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2
    editor.page.mouse.move(x, y)
    editor.page.wait_for_timeout(200)
    editor.page.mouse.click(x, y)
    editor.page.wait_for_timeout(500)
    editor.settle()
    arrow = editor.page.get_by_label("Arrow", exact=True)
    assert arrow.input_value() == "tenure → the label"


def test_a_suggestion_comes_from_the_worker_and_says_that_it_is_one(editor):
    choose(editor, "Start from", "A suggestion from the data")
    answered(editor)
    editor.wait_for_text("A suggestion, not a proof")
    assert "Two nodes are linked if no test" in editor.text()
    assert is_calm(editor)
    editor.shot("shift suggested graph")


def test_groups_regions_and_the_dial_answer_without_any_set_up(visitor):
    visitor.open("shift?data=planted")
    visitor.wait_for_text("from source to target")
    answered(visitor)
    for tab, words in (
        ("By group", "what moved each group"),
        ("Where", "People that both sides have"),
        ("Plant a shift", "at a strength of 20 %"),
    ):
        turn_to(visitor, tab)
        answered(visitor)
        visitor.wait_for_text(words)
        assert is_calm(visitor), tab
        visitor.shot(f"shift {tab.lower()}")
