"""The answer of the Calibration page: the reliability chart, and what is sure of it."""

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from analysis.calibration.claims import claims
from analysis.calibration.furthest import furthest_attribute
from analysis.calibration.smooth_curve import SmoothReliability, smooth_reliability
from analysis.charts import calibration, calibration_claims
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from analysis.metrics.bins import Binning
from analysis.subgroups.listing import Crossings
from pages.ui import cache, commands, controls, needs, state, tables
from pages.ui.calibrating import together
from pages.ui.messages import finding, note, plain
from pages.ui.snippets import code

Way = Literal["width", "mass", "smooth"]

WAYS: dict[str, str] = {
    "width": "Bins of equal width",
    "mass": "Bins of equal mass",
    "smooth": "Smooth",
}

NOTES: dict[str, str] = {
    "width": "A score on the edge of two bins belongs to the upper one.",
    "mass": "Each group's bins hold as many of its people each; equal scores stay in "
    "one bin. The bars below are of equal width.",
    "smooth": "The bandwidth is the smooth calibration error itself; the band is for "
    "each score by itself, and for the rate as smoothed. Sentences and the mean "
    "distance still rest on bins of equal width.",
}


@dataclass(frozen=True)
class Asked:
    """How the chart is drawn."""

    way: Way
    bins: int
    is_ranked: bool

    @property
    def binning(self) -> Binning:
        """The bins of the sentences and of the mean distance."""
        return Binning(self.bins, "mass" if self.way == "mass" else "width")


def asked(*, is_ranked: bool) -> Asked:
    """Let the reader choose bins, or none, for scores or their ranks.

    A smooth curve follows single people, so there is none while small groups are
    hidden.
    """
    left, right = st.columns([3, 2])
    hides = state.view().k > 1
    ways = [way for way in WAYS if not (hides and way == "smooth")]
    way = left.segmented_control(
        "Curve",
        ways,
        default="width",
        format_func=WAYS.__getitem__,
        required=True,
        key="calibration.way",
    )
    bins = right.slider("Bins", 5, 50, 10, key="calibration.bins", bind="query-params")
    return Asked(way if way in ways else "width", bins, is_ranked)


def first(shown: Evaluation, data: Dataset) -> str:
    """Return the attribute to open with: the one whose groups the scores fit least."""
    k = state.view().k
    return _furthest(shown, k) or cache.found(shown, data, k).attribute


def draw(
    shown: Evaluation, data: Dataset, by: tuple[str, ...], beside: Crossings, ask: Asked
) -> None:
    """Say what is found, show it, and fold its numbers away."""
    if needs.is_all_hidden(shown, by, beside):
        return
    k = state.view().k
    record = cache.reliability(shown, by, ask.binning, k, beside)
    bars = cache.reliability(shown, by, Binning(ask.bins), k, beside)
    smooth = _smooth(shown, by) if ask.way == "smooth" else ()
    # a rank promises nothing, so nothing it promises is untrue
    sure = () if ask.is_ranked else claims(record)
    who = calibration_claims.people_of(by, data.task)
    said = calibration_claims.first(sure, who)
    first = calibration.finding(record, by, is_ranked=ask.is_ranked)
    finding(f"{first} {said}".rstrip())
    figure = calibration.reliability(record, smooth=smooth, bars=bars, ink=state.ink())
    controls.chart(
        figure, "calibration.chart", calibration.alt(record), width="content"
    )
    if not ask.is_ranked:
        st.markdown(plain(calibration_claims.others(sure, record, who)))
    tables.printed(calibration.errors_table(record), key="calibration.errors")
    note(
        "Mean distance is the expected calibration error; noise alone makes it "
        "larger than 0, so it stands beside what chance alone would show if every "
        "score were true. Debiased is the distance less what noise adds to it. "
        f"{NOTES[ask.way]}{_joined(k)}"
    )
    if smooth:
        numbers, snippet = calibration.smooth_table(smooth), _smooth_snippet(by, ask)
    else:
        numbers = calibration.table(record)
        withheld = together.withheld(beside)
        snippet = commands.reliability_snippet(
            by, ask.binning, withheld, is_ranked=ask.is_ranked
        )
    tables.numbers(numbers, "calibration.chart", snippet)


def _joined(k: int) -> str:
    if k < 2:
        return ""
    return f" Bins of fewer than {k} people are joined with their neighbours."


def _smooth_snippet(by: tuple[str, ...], ask: Asked) -> str:
    module = "analysis.calibration.smooth_curve"
    call = f"smooth_reliability(shown, {by!r})"
    imports = [f"from {module} import smooth_reliability"]
    return code(imports, [call], is_ranked=ask.is_ranked)


@cache.shared(16)
def _smooth(shown: Evaluation, by: tuple[str, ...]) -> tuple[SmoothReliability, ...]:
    return smooth_reliability(shown, by)


@cache.shared(32)
def _furthest(shown: Evaluation, k: int) -> str:
    return furthest_attribute(shown, k)
