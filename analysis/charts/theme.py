"""The look of every chart: inks for light and dark, one template, safe text."""

import html
import re
import textwrap
from dataclasses import dataclass
from functools import cache

import plotly.graph_objects as go

FONT = "IBM Plex Sans, sans-serif"
TITLE_WIDTH = 92
SUBTITLE_WIDTH = 122
NARROW = 0.66
"""Share of these widths that fits beside a form."""
LABEL_WIDTH = 34
MAX_DIRECT_LABELS = 7

SYMBOLS = (
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "triangle-down",
    "pentagon",
    "star",
    "hexagon",
)


@dataclass(frozen=True)
class Ink:
    """The colours of one mode.

    Parameters
    ----------
    page : str
        What everything stands on.
    text, muted : str
        Reading text, and secondary text; both at least 4.5:1 on the page.
    mark : str
        Marks that belong to no group; at least 3:1.
    ghost : str
        What was before, what is not sure, what is not selected.
    grid : str
        Lines that only separate.
    accent : str
        The one statement of a chart.
    up, down : str
        Ends of the diverging scale: orange and blue.
    groups : tuple of str
        Okabe-Ito colours, darkened or lightened to reach 3:1, in an order that keeps
        the first five and all neighbours apart: its two blues stand far from another.
    """

    page: str
    text: str
    muted: str
    mark: str
    ghost: str
    grid: str
    accent: str
    up: str
    down: str
    groups: tuple[str, ...]


# Okabe & Ito (2008), Color Universal Design, in an order of our own with grey last.
# Orange, sky blue, yellow and purple do not reach 3:1 on white, so light mode darkens
# them; dark mode lightens the deep ones.
LIGHT = Ink(
    page="#ffffff",
    text="#1b1f24",
    muted="#5f6670",
    mark="#3d444d",
    ghost="#8b929b",
    grid="#e6e6e1",
    accent="#34459c",
    up="#d55e00",
    down="#0072b2",
    groups=(
        "#c07f00",
        "#0072b2",
        "#009473",
        "#b8608f",
        "#8a8000",
        "#3b8fc2",
        "#d55e00",
        "#3d444d",
    ),
)
DARK = Ink(
    page="#14171b",
    text="#e7e9ec",
    muted="#a3abb5",
    mark="#c6ccd3",
    ghost="#7d8691",
    grid="#2c3138",
    accent="#8fa2f5",
    up="#f58a4b",
    down="#5ca8e0",
    groups=(
        "#f5b942",
        "#5ca8e0",
        "#3cc7a0",
        "#e3a0cb",
        "#f0e442",
        "#7cc8f2",
        "#f58a4b",
        "#c6ccd3",
    ),
)


# Marks that turn the direction of text, hide or take no width. Joiners belong to some
# scripts, so they count only beside ASCII, where they do nothing but hide.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)


def visible(text: str) -> str:
    """Return text on one line with a '�' for each mark that cannot be seen.

    Such marks can reverse what stands after them, or make two names look the same.
    """
    return _UNSEEN.sub("�", " ".join(text.split()))


def safe(text: str, width: int = 0) -> str:
    """Return text that Plotly draws letter by letter.

    Plotly reads tags, entities and `$...$` in every text; names of groups and
    categories come from strangers' tables.

    Parameters
    ----------
    text : str
    width : int
        Longest text, in characters, before it is cut with an ellipsis; 0 for no cut.
    """
    text = visible(text)
    if width and len(text) > width:
        text = text[: width - 1].rstrip() + "…"
    return html.escape(text, quote=False).replace("$", "&#36;")


def group_color(i: int, ink: Ink = LIGHT) -> str:
    """Return the colour of the i-th group of an attribute, the same on every page."""
    return ink.groups[i % len(ink.groups)]


def group_symbol(i: int) -> str:
    """Return the shape of the i-th group, so that colour never stands alone."""
    return SYMBOLS[i % len(SYMBOLS)]


def translucent(color: str, alpha: float) -> str:
    """Return a hex colour at an opacity in [0, 1], for bands."""
    r, g, b = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r},{g},{b},{alpha:g})"


def figure(
    title: str,
    subtitle: str,
    *,
    height: int = 360,
    ink: Ink = LIGHT,
    is_narrow: bool = False,
) -> go.Figure:
    """Return an empty figure.

    Parameters
    ----------
    title : str
        What is seen.
    subtitle : str
        What is drawn, and its unit.
    height : int
        Of the plot itself, in pixels; the title comes on top.
    ink : Ink
    is_narrow : bool
        Whether it stands beside a form rather than across the page.
    """
    share = NARROW if is_narrow else 1.0
    head = _wrapped(title, int(share * TITLE_WIDTH))
    sub = _wrapped(subtitle, int(share * SUBTITLE_WIDTH))
    top = 30 + 21 * len(head) + 18 * len(sub)
    whole = height + top + 30
    text = f"<b>{'<br>'.join(head)}</b>"
    text += f"<br><span style='font-size:13px;color:{ink.muted}'>"
    text += f"{'<br>'.join(sub)}</span>"
    chart = go.Figure()
    chart.update_layout(
        template=_template(ink),
        title={"text": text, "y": 1 - 12 / whole},
        height=whole,
        margin={"t": top, "b": 30},
    )
    return chart


def label(chart: go.Figure, text: str, **position: object) -> None:
    """Write a small text into a figure; `text` must be safe."""
    style = {"showarrow": False, "align": "left", "xanchor": "left"} | position
    chart.add_annotation(text=text, **style)


def _wrapped(text: str, width: int) -> list[str]:
    return [safe(line) for line in textwrap.wrap(text, width)] or [""]


@cache
def _template(ink: Ink) -> go.layout.Template:
    axis = {
        "gridcolor": ink.grid,
        "zeroline": False,
        "linecolor": ink.grid,
        "tickfont": {"color": ink.muted, "size": 13},
        "title": {"font": {"color": ink.muted, "size": 13}, "standoff": 10},
        "automargin": True,
        "fixedrange": True,
    }
    layout = go.Layout(
        font={"family": FONT, "size": 14, "color": ink.text},
        title={
            "x": 0,
            "xref": "container",
            "yref": "container",
            "yanchor": "top",
            "font": {"size": 16, "color": ink.text},
            "automargin": False,
        },
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        colorway=list(ink.groups),
        xaxis=axis,
        yaxis=axis | {"ticklabelstandoff": 8},
        margin={"l": 8, "r": 8},
        showlegend=False,
        hovermode="closest",
        hoverlabel={"font": {"family": FONT, "size": 13}, "align": "left"},
        annotationdefaults={"font": {"size": 13, "color": ink.muted}},
        bargap=0.35,
    )
    return go.layout.Template(layout=layout)
