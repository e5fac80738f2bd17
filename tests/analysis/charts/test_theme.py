import itertools
import json

import numpy as np
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


def lab(color):
    rgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ linear / np.array([0.9505, 1, 1.089])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("ink", [theme.LIGHT, theme.DARK])
def test_five_groups_and_any_two_neighbours_are_told_apart(ink):
    colors = [lab(c) for c in ink.groups]
    for a, b in itertools.combinations(colors[:5], 2):
        assert np.linalg.norm(a - b) > 25
    for a, b in itertools.pairwise(colors):
        assert np.linalg.norm(a - b) > 45


def test_a_figure_is_json_with_the_shipped_font():
    chart = theme.figure("Title", "Subtitle")
    spec = json.loads(chart.to_json())
    assert spec["layout"]["template"]["layout"]["font"]["family"] == theme.FONT


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff"])
def test_marks_that_turn_or_hide_text_are_shown(mark):
    assert theme.safe(f"ab{mark}cd") == "ab\ufffdcd"
    assert theme.safe("ab") != theme.safe(f"ab{mark}")


@pytest.mark.parametrize(
    "text", ["\u05d0\u05d1", "\u0645\u06cc\u200c\u062e", "\U0001f469\u200d\U0001f52c"]
)
def test_scripts_keep_their_letters_and_joiners(text):
    assert theme.safe(text) == text
