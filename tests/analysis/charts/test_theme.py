import json

import pytest

from analysis.charts import theme

HOSTILE = "<script>alert(1)</script>"
MARKUP = "**bold** :red[x] $y$ [l](http://e) <a href='http://e'>l</a> <b>b</b> &lt;"


def contrast(color, background):
    def luminance(c):
        parts = [int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [
            p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(color), luminance(background)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("text", [HOSTILE, MARKUP])
def test_safe_text_holds_no_tag_entity_or_formula(text):
    safe = theme.safe(text)
    assert "<" not in safe
    assert ">" not in safe
    assert "$" not in safe
    assert safe.count("&") == text.count("<") + text.count(">") + text.count("$") + (
        text.count("&")
    )


def test_safe_text_is_cut_before_it_is_escaped():
    assert theme.safe("<<<<<<", width=3) == "&lt;&lt;…"


def test_titles_are_escaped_and_wrapped():
    chart = theme.figure(HOSTILE, "long words " * 30)
    text = chart.layout.title.text
    assert "<script>" not in text
    assert text.count("<br>") >= 2


@pytest.mark.parametrize(
    ("ink", "page"), [(theme.LIGHT, "#ffffff"), (theme.DARK, "#14171b")]
)
def test_colours_can_be_seen(ink, page):
    for mark in (*ink.groups, ink.mark, ink.ghost, ink.accent, ink.up, ink.down):
        assert contrast(mark, page) >= 3, mark
    for text in (ink.text, ink.muted):
        assert contrast(text, page) >= 4.5, text


def test_a_group_keeps_its_colour_and_two_neighbours_differ():
    assert theme.group_color(1) == theme.group_color(1)
    assert len({theme.group_color(i) for i in range(8)}) == 8
    assert len({theme.group_symbol(i) for i in range(8)}) == 8


def test_a_figure_is_json_with_the_shipped_font():
    chart = theme.figure("Title", "Subtitle")
    spec = json.loads(chart.to_json())
    assert spec["layout"]["template"]["layout"]["font"]["family"] == theme.FONT
