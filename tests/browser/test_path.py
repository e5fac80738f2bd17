"""A reader drags the strength of a fix, sees every chart follow, accepts, compares."""

import re

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

pytestmark = pytest.mark.browser

DRAWN = """() => {
  const place = '[class*="st-key-remedies-path-at"] .js-plotly-plot';
  const plot = document.querySelector(place);
  if (!plot || !plot._fullData) return null;
  const axes = {};
  for (const trace of plot._fullData)
    axes[trace.xaxis] = [...(axes[trace.xaxis] || []), trace.x, trace.y];
  const said = plot.layout.annotations.map(a => a.text).join(' ');
  const drawn = plot._fullLayout;
  const ranges = Object.keys(axes).map(a => drawn['xaxis' + a.slice(1)].range);
  return {axes: axes, said: said, ranges: JSON.stringify(ranges),
          title: plot.layout.title.text};
}"""


def drawn(visitor):
    """Return what the figure shows, as soon as there is one."""
    visitor.page.wait_for_timeout(800)
    visitor.settle()
    return visitor.page.wait_for_function(DRAWN).json_value()


class Wire:
    """What the server sends to the browser."""

    def __init__(self, page):
        self.frames = []
        page.on("websocket", lambda socket: socket.on("framereceived", self._keep))

    def _keep(self, frame):
        message = ForwardMsg()
        message.ParseFromString(frame)
        self.frames.append(message)

    def elements(self):
        """Names of the elements that were sent since the last look."""
        deltas = [m.delta for m in self.frames if m.WhichOneof("type") == "delta"]
        self.frames.clear()
        elements = [d.new_element for d in deltas if d.HasField("new_element")]
        return [e.WhichOneof("type") for e in elements]


def changed(before, after):
    """Return the panels that moved."""
    return {
        axis
        for axis in after["axes"]
        if after["axes"][axis] != before["axes"].get(axis)
    }


def test_a_strength_is_dragged_followed_by_every_chart_accepted_and_compared(visitor):
    wire = Wire(visitor.page)
    visitor.open("remedies?remedy=demographic_parity")
    accept = visitor.page.locator(".st-key-remedies-path-accept button").first
    accept.wait_for(timeout=90_000)
    visitor.settle()
    groups = visitor.page.get_by_label("Groups of").last
    groups.press("Backspace")  # in place of age, whose youngest are too few to draw for
    groups.press_sequentially("sex")
    groups.press("Enter")
    visitor.page.keyboard.press("Escape")
    visitor.page.wait_for_timeout(500)
    accept.wait_for(timeout=90_000)
    visitor.settle()
    visitor.shot("path of strengths")
    before = drawn(visitor)
    assert "tolerance 0.05" in before["title"]

    slider = visitor.page.get_by_role("slider", name="Tolerance")
    slider.focus()
    wire.elements()
    slider.press("ArrowLeft")
    assert drawn(visitor)["title"] != before["title"]
    assert wire.elements() == ["plotly_chart"]  # a drag sends one thing
    for _ in range(2):
        slider.press("ArrowLeft")
    after = drawn(visitor)
    assert changed(before, after) >= {"x", "x2", "x3", "x4", "x5", "x6", "x7", "x8"}
    assert after["said"] != before["said"]
    assert after["ranges"] == before["ranges"]
    visitor.shot("path dragged")
    assert set(wire.elements()) == {"plotly_chart"}

    slider.press("ArrowRight")
    after = drawn(visitor)
    chosen = re.search(r"tolerance ([\d.e-]+)", after["title"])[1]
    accept.click()
    visitor.wait_for_text("Compare before and after")
    visitor.settle()
    visitor.shot("path accepted")
    assert drawn(visitor)["title"] == after["title"]
    assert f"tolerance {chosen}" in visitor.text()

    visitor.click("remedies.result")
    visitor.wait_for_text("The price, over everyone")
    visitor.settle()
    assert visitor.page.get_by_test_id("stException").count() == 0
    visitor.wait_for_text("Decided by lot")
    visitor.shot("path compared")


def test_while_groups_hide_a_strength_is_set_and_started(visitor):
    visitor.open("remedies?remedy=equal_opportunity&k=10")
    visitor.wait_for_text("strengths cannot be dragged")
    visitor.settle()
    assert visitor.page.get_by_role("button", name="Start").is_enabled()
    assert visitor.page.locator("[class*='st-key-remedies-path']").count() == 0
