"""Several measures of calibration side by side, by group."""

from typing import Literal

import streamlit as st

from analysis.calibration.against_bins import ErrorAgainstBins, ece_against_bins
from analysis.calibration.measures import MEASURES
from analysis.calibration.table import CalibrationTable, calibration_table
from analysis.charts import calibration_bins, calibration_dots, calibration_measures
from analysis.charts.theme import visible
from analysis.datasets.load import Dataset
from analysis.evaluation import Evaluation
from analysis.metrics.bins import Binning
from analysis.subgroups.listing import Crossings
from pages.ui import cache, controls, state, tables, widgets
from pages.ui.calibrating import together
from pages.ui.calibrating.rows import OF_RANKS, Rows
from pages.ui.messages import note, plain
from pages.ui.snippets import code

KEY, BINS = "calibration.measures", "calibration.against"
KINDS: dict[str, str] = {"width": "Equal width", "mass": "Equal mass"}
FIRST = "smooth_error"


def draw(rows: Rows) -> None:
    """Draw the tab: all measures, one of them by group, and the error over bins."""
    beside = together.crossings(rows.shown)
    binning = Binning(widgets.held("calibration.bins", 10))
    record = _table(rows.shown, rows.by, binning, state.view().k, beside)
    st.markdown(plain(calibration_measures.finding(record)))
    if rows.is_ranked:
        note(OF_RANKS)
    table = calibration_measures.printed(record, _beside(record))
    tables.printed(table, key=f"{KEY}.all", texts=("Furthest off",))
    note(
        "[ ]: a 95 % interval; ( ): what chance alone would show if every score were "
        "true. Distances in points. Furthest off: by what is left of a distance "
        "without its noise, by the nearer end of a signed measure's interval, by the "
        "size of a test; sure with a q-value below 0.05 over all groups. Brier = "
        f"reliability - resolution + uncertainty + within bins, in {binning.number} "
        "bins."
    )
    _explain(record)
    _one(record, rows.data)
    tables.numbers(
        calibration_measures.table(record), KEY, _snippet(rows, binning, beside)
    )
    _against_bins(rows, beside)


def _beside(record: CalibrationTable) -> int | None:
    """Let the reader choose the group that stands beside everyone in the table."""
    groups = calibration_measures.groups_beside(record)
    if not groups:
        return None
    names = [record.names[g] for g in groups]
    name = st.columns(2)[0].selectbox(
        "Beside everyone", names, format_func=visible, key=f"{KEY}.beside"
    )
    return groups[names.index(name)]


def _explain(record: CalibrationTable) -> None:
    """Offer what each measure says, in a sentence or two."""
    with st.popover("What each measure says", key=f"{KEY}.words"):
        for name in record.by_group:
            spec = MEASURES[name]
            st.markdown(f"**{plain(spec.title)}** · {plain(spec.words)}")


def _one(record: CalibrationTable, data: Dataset) -> None:
    """Draw the measure that the reader chooses by group."""
    names = list(record.by_group)
    name = st.selectbox(
        "Measure by group",
        names,
        names.index(FIRST),
        format_func=lambda name: MEASURES[name].title,
        key=f"{KEY}.one",
    )
    figure = calibration_dots.dots(
        record, name, people=data.task.rows_are, ink=state.ink()
    )
    controls.chart(figure, KEY, calibration_measures.alt(record, name))
    st.markdown(plain(calibration_measures.words(record, name)))
    note(MEASURES[name].words)


def _against_bins(rows: Rows, beside: Crossings) -> None:
    """Draw the error over the number of bins, in bins of either kind."""
    kind: Literal["width", "mass"] = st.segmented_control(
        "Bins of",
        list(KINDS),
        default="width",
        format_func=KINDS.__getitem__,
        required=True,
        key=f"{BINS}.kind",
    )
    record = _errors(rows.shown, rows.by, kind, state.view().k, beside)
    figure = calibration_bins.lines(record, ink=state.ink())
    controls.chart(figure, BINS, calibration_bins.alt(record))
    note(
        "More bins see finer and measure noisier, so the plain error rises with their "
        "number even where every score is true; what leaves the grey range is real."
    )
    call = f"ece_against_bins(shown, {rows.by!r}, kind={kind!r}"
    imports = ["from analysis.calibration.against_bins import ece_against_bins"]
    call += f"{together.withheld(beside)})"
    snippet = code(imports, [call], is_ranked=rows.is_ranked)
    tables.numbers(calibration_bins.table(record), BINS, snippet)


def _snippet(rows: Rows, binning: Binning, beside: Crossings) -> str:
    """Return the Python that gives every measure of the view."""
    imports = [
        "from analysis.calibration.table import calibration_table",
        "from analysis.metrics.bins import Binning",
    ]
    given = f"{rows.by!r}, {binning!r}{together.withheld(beside)}"
    call = f"calibration_table(shown, {given})"
    return code(imports, [call], is_ranked=rows.is_ranked)


@cache.shared(16)
def _table(
    shown: Evaluation, by: tuple[str, ...], binning: Binning, k: int, beside: Crossings
) -> CalibrationTable:
    return calibration_table(shown, by, binning, k, beside)


@cache.shared(16)
def _errors(
    shown: Evaluation,
    by: tuple[str, ...],
    kind: Literal["width", "mass"],
    k: int,
    beside: Crossings,
) -> ErrorAgainstBins:
    return ece_against_bins(shown, by, kind=kind, k=k, beside=beside)
