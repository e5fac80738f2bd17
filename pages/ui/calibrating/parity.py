"""The tab on what true scores cost in error rates that are equal, and the reverse."""

import streamlit as st

from analysis.calibration.parity import Parity, parity
from analysis.charts import parity as charts
from analysis.evaluation import Evaluation
from models.recipe import Stage
from pages.ui import cache, controls, decision, state, tables
from pages.ui.calibrating import trying
from pages.ui.calibrating.reproduced import outcome_code, snippet
from pages.ui.calibrating.rows import Rows
from pages.ui.messages import answer, empty, note
from pages.ui.snippets import floats

AS_IT_IS = "As they are"
KEY = "calibration.parity"


def draw(rows: Rows) -> None:
    """Draw the tab, for the scores as they are or as a calibrator made them."""
    if not rows.by:
        empty(
            "There is no group to compare yet",
            "True scores and equal error rates are about groups; this table declares "
            "none. Declare an attribute on the Data page.",
        )
        return
    top = st.container()
    known = {c.title: c for c in trying.candidates(rows, {}) if trying.is_done(c)}
    chosen = st.selectbox(
        "Scores",
        [AS_IT_IS, *known],
        key=KEY + ".scores",
        help="Calibrators that were tried under Fix, fitted to everyone alike.",
    )
    shown, name = rows.report, ""
    if chosen in known:
        name = known[chosen].name
        shown = trying.after(rows.report, known[chosen])
    is_ranked = rows.is_ranked and not name
    record = _parity(shown, rows.by, state.view().k, is_ranked)
    with top:
        answer(charts.finding(record), "parity")
        controls.chart(charts.rates(record, state.ink()), KEY, charts.alt(record))
        note(charts.gaps_words(record))
    tables.printed(charts.printed(record), key=f"{KEY}.table")
    note(_words(rows, record, is_ranked=is_ranked))
    tables.numbers(charts.table(record), KEY, _snippet(rows, name))


def _words(rows: Rows, record: Parity, *, is_ranked: bool) -> str:
    """Say what the columns are, and what ranks cannot tell."""
    rule = decision.words(state.view(), rows.data)
    said = f"In percent, with 95 % intervals, on {rows.words}; {rule}. "
    if record.has_promise:
        said += (
            "( ): what to expect if every score were true, such as, of everyone who by "
            "the scores does not have the outcome, the share flagged. "
        )
    if is_ranked:
        said += (
            "What to expect of true scores needs probabilities, which ranks are not: "
            "try calibrators under Fix, then choose one of them under Scores. "
        )
    return said + (
        "Flags if equal: base rate p, everyone’s precision v and misses f give "
        "p / (1 - p) (1 - v) / v (1 - f) (Chouldechova 2017, equation 2.6)."
    )


def _snippet(rows: Rows, chosen: str) -> str:
    """Return the Python that gives the rates under the rule in force."""
    imports = ["from analysis.calibration.parity import parity"]
    if not chosen:
        ranks = ", is_ranked=True" if rows.is_ranked else ""
        lines = [f"parity(report, {rows.by!r}{ranks})"]
        return snippet(rows, imports, lines, is_test=False)
    side, by_group = "found.after", state.view().by_group
    if by_group is not None:
        imports.append("from analysis.evaluation import GroupThresholds")
        rule = f"GroupThresholds({by_group[0]!r}, {floats(by_group[1])})"
        side += f".decided_by({rule})"
    lines = [f"parity({side}, {rows.by!r})"]
    return outcome_code(rows, Stage(chosen, {}), imports, lines)


@cache.shared(32)
def _parity(shown: Evaluation, by: tuple[str, ...], k: int, is_ranked: bool) -> Parity:
    hidden = cache.hidden_together(shown, (by,), k).of(by)
    return parity(shown, by, hidden, is_ranked=is_ranked)
