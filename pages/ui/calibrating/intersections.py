"""The map of miscalibration: every group of every crossing, worst first."""

import streamlit as st

from analysis.calibration.everywhere import MiscalibrationMap, miscalibration_map
from analysis.charts import calibration_map, calibration_map_words
from analysis.evaluation import Evaluation
from analysis.subgroups.listing import Crossings, listing
from pages.ui import cache, controls, needs, state, tables
from pages.ui.calibrating import together
from pages.ui.calibrating.rows import OF_RANKS, Rows
from pages.ui.messages import empty, note, plain
from pages.ui.snippets import code

KEY = "calibration.map"
HELPS = {
    "Score minus rate": "Mean score minus how often the outcome happens, in points, "
    "with its 95 % interval.",
    "q": "Benjamini-Hochberg over all groups.",
    "Distance": "Mean distance of score and rate (ECE) in ten bins, in points.",
    "Debiased": "The distance less what noise adds to it, in points.",
    "Chance alone": "Where the distance of true scores would fall, in points.",
}


def draw(rows: Rows) -> None:
    """Draw the tab: who is promised too much and who too little."""
    shown = rows.shown
    names = together.attributes(shown)
    if not names:
        empty(
            "There are no groups to look at",
            "This page compares groups; declare a sensitive attribute on the Data "
            "page, and every combination stands here.",
        )
        return
    answer = st.container()
    depth = together.choose_depth(shown)
    # in the order of the other tabs, so that the same groups are hidden everywhere
    beside = (rows.by, *together.crossings(shown))
    record = _map(shown, names, depth, state.view().k, beside)
    people = rows.data.task.rows_are
    with answer:
        _draw(record, people, is_ranked=rows.is_ranked)
    if len(record.worst_first):
        _tell(record, people)
    tables.numbers(
        calibration_map.table(record), KEY, _snippet(rows, names, depth, beside)
    )


def _draw(record: MiscalibrationMap, people: str, *, is_ranked: bool) -> None:
    """Say who is off, and show it; nothing is drawn where every group is withheld."""
    said = calibration_map_words.words(record, people, is_ranked=is_ranked)
    if record.hidden.any() and not len(record.worst_first):
        empty("No group can be shown", f"{said} {needs.WITHHELD_WAY_OUT}")
        return
    st.markdown(plain(said))
    note(OF_RANKS if is_ranked else "")
    figure = calibration_map.dots(
        record, people=people, is_ranked=is_ranked, ink=state.ink()
    )
    alt = calibration_map_words.alt(record, people, is_ranked=is_ranked)
    controls.chart(figure, KEY, alt)


def _tell(record: MiscalibrationMap, people: str) -> None:
    """Show the table, and say how it is to be read."""
    table = calibration_map.printed(record, people)
    tables.printed(table, key=f"{KEY}.all", helps=HELPS)
    note(calibration_map.printed_words(record))
    note(
        f"{calibration_map_words.few_words(record, people)} A group counts as off when "
        "its q-value over all groups is below 0.05 and its interval leaves out 0. Too "
        "much at some scores and too little at others can cancel out: the mean "
        "distance, in ten bins, sees that."
    )


def _snippet(rows: Rows, names: tuple[str, ...], depth: int, beside: Crossings) -> str:
    """Return the Python that gives the map of the view."""
    imports = [
        "from analysis.calibration.everywhere import miscalibration_map",
        "from analysis.subgroups.listing import listing",
    ]
    lines, hidden = [f"listed = listing(shown, {names!r}, {depth})"], ""
    if k := state.view().k:
        imports.append("from analysis.privacy.withheld import published")
        lines.append(f"hidden = published(shown, {beside!r}, {k})")
        hidden = ", hidden=hidden"
    lines.append(f"miscalibration_map(shown, listed{hidden})")
    return code(imports, lines, is_ranked=rows.is_ranked)


@cache.shared(16)
def _map(
    shown: Evaluation, names: tuple[str, ...], depth: int, k: int, beside: Crossings
) -> MiscalibrationMap:
    listed = listing(shown, names, depth)
    together_with = (*beside, *listed.crossed)
    hidden = cache.hidden_together(shown, together_with, k)
    return miscalibration_map(shown, listed, hidden=hidden)
