"""The tab that estimates performance on the target without its labels."""

import streamlit as st

from analysis.charts import label_free as charts
from analysis.charts import label_free_doubt as doubts
from analysis.charts import label_free_words as words
from analysis.label_free.records import LabelFree, Part
from models.inquiries.label_free import Asked
from pages.ui import commands, controls, state, tables
from pages.ui.messages import answer, empty, note, plain
from pages.ui.shifting import asking, groups
from pages.ui.shifting.setting import Setting

KEY = "shift.unlabelled"

LOOKS = {
    "rows": "By group",
    "all": "All measures",
    "time": "Over time",
    "drift": "If outcomes drift",
    "energy": "A second opinion",
}

HOW = (
    "Source rows are weighted to look like the target, the score is calibrated anew on "
    "them, and expected counts of right and wrong decisions follow (M-CBPE; Białek et "
    "al. 2024). Intervals hold the noise of the source's rows, of the weights and of "
    "the labels still to come."
)


def draw(setting: Setting) -> None:
    """Draw the estimates, what they rest on, and what the labels say if asked."""
    place = st.container()
    look = str(
        st.segmented_control(
            "Look at",
            list(LOOKS),
            default="rows",
            format_func=LOOKS.__getitem__,
            required=True,
            key=f"{KEY}.look",
        )
    )
    attribute = groups.attribute(setting, f"{KEY}.attribute")
    is_open = setting.labelled is not None and st.toggle(
        "Show what the labels say",
        key=f"{KEY}.truth",
        help="Guess first, then look: the estimate does not read them.",
    )
    with place:
        found = asking.answered(
            setting,
            "label_free",
            _asked(setting, attribute),
            "Estimating performance without labels",
        )
        if found is None:
            return
        metric = setting.metric
        answer(words.finding(found, metric, with_labels=is_open), "unlabelled")
        if metric in found.left_out:
            return
        _LOOKS[look](setting, found, attribute, is_open)
    _lights(found)
    note(HOW)


def _asked(setting: Setting, attribute: str) -> Asked:
    metrics = controls.with_key_metrics(setting.source.evaluation, setting.metric)
    crossings = ((attribute,),) if attribute else ()
    return Asked(metrics, crossings, state.view().k)


def _lights(found: LabelFree) -> None:
    """Say every assumption, its state first."""
    with st.container(key="assumptions"):
        for light, name, said in doubts.lights_printed(found):
            st.markdown(f"**{plain(light)}**: {plain(name)}. {plain(said)}")


def _rows(setting: Setting, found: LabelFree, attribute: str, is_open: bool) -> None:
    names = setting.source.evaluation.groups[attribute].names if attribute else ()
    _draw(setting, found, found.groups, names, is_open)


def _time(setting: Setting, found: LabelFree, attribute: str, is_open: bool) -> None:
    if not found.chunks:
        empty(
            "The target has no periods",
            "Its rows have no time, or all the same. Declare a time on the Data page, "
            "and each period is estimated by itself.",
        )
        return
    _draw(setting, found, found.chunks, (), is_open)


def _draw(
    setting: Setting,
    found: LabelFree,
    parts: tuple[Part, ...],
    names: tuple[str, ...],
    is_open: bool,
) -> None:
    metric = setting.metric
    controls.chart(
        charts.rows(found, parts, metric, names, with_labels=is_open, ink=state.ink()),
        f"{KEY}.rows",
        charts.alt(found, parts, metric, with_labels=is_open),
    )
    if is_open:
        note(words.groups_words(parts, metric))
    note(words.notes(parts))
    _numbers(setting, found, is_open)


def _all(setting: Setting, found: LabelFree, attribute: str, is_open: bool) -> None:
    table = words.printed(found, with_labels=is_open)
    tables.printed(
        table,
        key=f"{KEY}.all",
        helps={"Without weights": "Calibrated on the source as it is (CBPE)."},
    )
    _numbers(setting, found, is_open)


def _drift(setting: Setting, found: LabelFree, attribute: str, is_open: bool) -> None:
    if setting.metric not in found.drift:
        empty("There is no estimate to doubt", found.overall.note)
        return
    record = found.drift[setting.metric]
    guess = found.overall.metrics[setting.metric]
    controls.chart(
        doubts.drift_curve(record, guess, state.ink()),
        f"{KEY}.drift",
        doubts.drift_alt(record),
    )
    note(doubts.drift_words(record))
    code = _snippet(setting, f".drift[{setting.metric!r}]")
    tables.numbers(doubts.drift_table(record), f"{KEY}.drift", code)


def _energy(setting: Setting, found: LabelFree, attribute: str, is_open: bool) -> None:
    record = found.energy[setting.metric]
    if not record.copies:
        empty("No second opinion", record.why_not)
        return
    guess = found.overall.metrics[setting.metric]
    controls.chart(
        doubts.energy_scatter(record, guess.realised if is_open else None, state.ink()),
        f"{KEY}.energy",
        doubts.energy_words(record),
    )
    note(doubts.energy_words(record))
    code = _snippet(setting, f".energy[{setting.metric!r}]")
    tables.numbers(doubts.energy_table(record), f"{KEY}.energy", code)


def _numbers(setting: Setting, found: LabelFree, is_open: bool) -> None:
    table = words.table(found, with_labels=is_open)
    tables.numbers(table, f"{KEY}.rows", _snippet(setting, ""))


def _snippet(setting: Setting, part: str) -> str:
    imports = [
        "from analysis.label_free.case import Wanted",
        "from analysis.label_free.estimate import estimates",
    ]
    metrics = controls.with_key_metrics(setting.source.evaluation, setting.metric)
    crossings = tuple((attribute,) for attribute in setting.by)
    lines = [f"wanted = Wanted({metrics!r}, {crossings!r})"]
    lines.append(f"estimates(source, target, wanted){part}")
    return commands.sides_snippet(setting.sides, imports, lines)


_LOOKS = {"rows": _rows, "all": _all, "time": _time, "drift": _drift, "energy": _energy}
