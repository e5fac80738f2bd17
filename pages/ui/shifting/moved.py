"""The tab that says what differs between the two sides."""

import streamlit as st

from analysis.charts import detection as charts
from analysis.charts import detection_words as words
from analysis.charts import feature_shifts
from analysis.detection.detect import Detection
from analysis.shifts.sides import called
from models.inquiries.detection import Asked
from pages.ui import commands, controls, state, tables
from pages.ui.messages import answer, empty, note
from pages.ui.shifting import asking, groups
from pages.ui.shifting.setting import Setting

KEY = "shift.moved"
EVERYONE = "Everyone"
SPLIT = " · "

LOOKS = {
    "columns": "Column by column",
    "away": "What gives them away",
    "who": "Who moved",
    "labels": "Labels and groups",
    "missing": "Missing and new values",
}

HOW = (
    "Trees (gradient boosting) are fitted three times to two thirds of the rows and "
    "asked about the rest. Rows told apart weakly can still matter to a model, and "
    "rows told apart clearly need not: whether performance changed is said above."
)


def draw(setting: Setting) -> None:
    """Draw what differs, for everyone or for one group."""
    place = st.container()
    look = str(
        st.segmented_control(
            "Look at",
            list(LOOKS),
            default="columns",
            format_func=LOOKS.__getitem__,
            required=True,
            key=f"{KEY}.look",
        )
    )
    attribute, group = _whom(setting)
    with place:
        asked = Asked(attribute, group, state.view().k)
        found = asking.answered(
            setting, "detection", asked, "Looking for differences between the sides"
        )
        if found is None:
            return
        answer(words.finding(found, called(setting.sides), group), "moved")
    _LOOKS[look](setting, found)
    note(HOW)


def _whom(setting: Setting) -> tuple[str, str]:
    """Let the reader choose whose rows are compared."""
    options = {EVERYONE: ("", "")}
    for attribute in setting.by:
        for name in groups.shown(setting, attribute):
            options[f"{attribute}{SPLIT}{name}"] = (attribute, name)
    chosen = st.selectbox("Whose rows", list(options), key=f"{KEY}.whom")
    return options[str(chosen)]


def _columns(setting: Setting, found: Detection) -> None:
    controls.chart(
        feature_shifts.sizes(found.columns, state.ink()),
        f"{KEY}.columns",
        feature_shifts.alt(found.columns),
    )
    note(words.score_words(found))
    code = commands.moved_snippet(setting.sides)
    tables.numbers(feature_shifts.table(found.columns), f"{KEY}.columns", code)


def _away(setting: Setting, found: Detection) -> None:
    rows = charts.away_rows(found)
    if not rows:
        empty("Nothing to tell apart by", found.whole.why_not)
        return
    title = "What gives the sides away"
    subtitle = (
        "Ranking (AUROC) lost when one column is shuffled among the rows asked, with "
        "95 % intervals; grey: could be chance. Columns that say the same share it."
    )
    controls.chart(
        charts.changes((title, subtitle), rows, unit="change", ink=state.ink()),
        f"{KEY}.away",
        charts.changes_alt(title, rows, unit="change"),
    )
    table = charts.rows_table(rows, "column", "AUROC lost")
    tables.numbers(table, f"{KEY}.away", _snippet(setting, ".whole.columns"))


def _who(setting: Setting, found: Detection) -> None:
    rows = charts.group_rows(found)
    if not rows:
        empty(
            "No groups to tell apart",
            "No attribute has groups of enough people on both sides that may be shown.",
        )
        return
    note(words.groups_finding(found))
    subtitle = (
        "How well each group's rows of the two sides are told apart (AUROC), with 95 % "
        "intervals; 0.5 is guessing; grey: could be chance"
    )
    controls.chart(
        charts.changes(
            ("Who moved", subtitle), rows, at=0.5, unit="number", ink=state.ink()
        ),
        f"{KEY}.who",
        charts.changes_alt("Who moved", rows, at=0.5, unit="number"),
    )
    table = charts.rows_table(rows, "group", "AUROC")
    tables.numbers(table, f"{KEY}.who", _snippet(setting, ".whole.groups"))


def _labels(setting: Setting, found: Detection) -> None:
    note(words.labels_finding(found))
    rows = charts.rows_of_shares(charts.labels_shown(found), "label: ")
    for mix in found.mix:
        rows += charts.rows_of_shares(mix.groups, f"{mix.attribute}: ")
    if rows:
        subtitle = (
            "Change of the share of rows, target minus source, with 95 % intervals; "
            "grey: could be chance"
        )
        title = "Who is there, and how often the label"
        controls.chart(
            charts.changes((title, subtitle), rows, ink=state.ink()),
            f"{KEY}.shares",
            charts.changes_alt(title, rows),
        )
        table = charts.rows_table(rows, "share of", "change")
        tables.numbers(table, f"{KEY}.shares", _snippet(setting, ".mix"))
    _tied(setting, found)


def _tied(setting: Setting, found: Detection) -> None:
    tied = [
        row
        for each in found.dependence
        for row in charts.rows_of_shares(each.groups, f"{each.attribute}: ")
    ]
    if not tied:
        return
    title = "How labels and groups go together (correlation shift)"
    subtitle = (
        "Change of the label's rate in a group less that of everyone else, target "
        "minus source, with 95 % intervals; grey: could be chance"
    )
    controls.chart(
        charts.changes((title, subtitle), tied, ink=state.ink()),
        f"{KEY}.tied",
        charts.changes_alt(title, tied),
    )
    table = charts.rows_table(tied, "group", "change")
    tables.numbers(table, f"{KEY}.tied", _snippet(setting, ".dependence"))


def _missing(setting: Setting, found: Detection) -> None:
    note(words.missing_finding(found))
    rows = charts.rows_of_shares(found.missing)
    if rows:
        title = "What is missing more often, or less"
        subtitle = (
            "Change of the share missing, target minus source, with 95 % intervals; "
            "grey: could be chance"
        )
        controls.chart(
            charts.changes((title, subtitle), rows, ink=state.ink()),
            f"{KEY}.missing",
            charts.changes_alt(title, rows),
        )
        table = charts.shares_table(found.missing, "column")
        tables.numbers(table, f"{KEY}.missing", _snippet(setting, ".missing"))
    if found.one_sided:
        tables.printed(
            charts.one_sided_printed(found),
            key=f"{KEY}.values",
            texts=("Value", "Only in"),
        )


def _snippet(setting: Setting, part: str) -> str:
    imports = ["from analysis.detection.detect import detect"]
    return commands.sides_snippet(
        setting.sides, imports, [f"detect(source, target){part}"]
    )


_LOOKS = {
    "columns": _columns,
    "away": _away,
    "who": _who,
    "labels": _labels,
    "missing": _missing,
}
