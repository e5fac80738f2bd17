"""The tab that plants a shift of growing strength."""

import streamlit as st

from analysis.charts import dial as charts
from analysis.charts.theme import visible
from analysis.planted.dial import STRENGTHS, Dial, dial
from analysis.planted.planting import MECHANISMS, Mechanism, Plant, values_of
from analysis.shifts.domain import Domain
from pages.ui import cache, commands, controls, state, tables
from pages.ui.messages import answer, note, plain
from pages.ui.panels.part import is_withheld
from pages.ui.shifting import groups
from pages.ui.shifting.setting import Setting

KEY = "shift.dial"
EVERYONE = "Everyone"
FIRST = 0.2


def draw(setting: Setting) -> None:
    """Draw a measure by group against the strength of a shift in the source's rows."""
    if is_withheld("A shift that is dialled up leaves ever fewer people."):
        return
    place = st.container()
    plant = _plant(setting)
    left, right = st.columns(2)
    at = left.slider(
        "Strength, % of people",
        0,
        round(100 * STRENGTHS[-1]),
        round(100 * FIRST),
        5,
        key=f"{KEY}.strength",
    )
    with right:
        attribute = groups.attribute(setting, f"{KEY}.attribute")
    by = (attribute,) if attribute else ()
    record = _dial(setting.source, plant, setting.metric, by)
    with place:
        answer(charts.finding(record, at / 100), "dial")
        figure = charts.curves(record, at / 100, state.ink())
        controls.chart(figure, KEY, charts.alt(record))
    note(
        f"Planted into the {len(setting.source):,} rows of the source by weights, or "
        "by changed labels; the scores stay. Strength is the total variation distance: "
        "the share of people who would have to be replaced by others. Bands are 95 % "
        "intervals that count the rows the weights leave."
    )
    imports = [
        "from analysis.planted.dial import dial",
        "from analysis.planted.planting import Plant",
    ]
    call = f"dial(source, {plant!r}, {setting.metric!r}, {by!r})"
    snippet = commands.sides_snippet(setting.sides, imports, [call])
    tables.numbers(charts.table(record), KEY, snippet)


def _plant(setting: Setting) -> Plant:
    """Let the reader choose what moves, and which way."""
    what, column, way, value = st.columns([4, 3, 2, 3])
    kinds = [m for m in MECHANISMS if setting.by or m != "group"]
    mechanism: Mechanism = what.selectbox(
        "What moves", kinds, format_func=MECHANISMS.__getitem__, key=f"{KEY}.what"
    )
    name = ""
    if mechanism == "feature":
        features = [str(c) for c in setting.source.columns.columns]
        name = str(column.selectbox("Feature", features, key=f"{KEY}.feature"))
    elif mechanism == "group":
        name = str(column.selectbox("Attribute", setting.by, key=f"{KEY}.group"))
    elif mechanism == "outcome":
        whose = [EVERYONE, *setting.by]
        chosen = str(column.selectbox("Whose labels", whose, key=f"{KEY}.whose"))
        name = "" if chosen == EVERYONE else chosen
    values = values_of(setting.source, Plant(mechanism, name))
    of_value = ""
    if values:
        key = f"{KEY}.value.{mechanism}.{name}"
        of_value = str(value.selectbox("Value", values, key=key, format_func=visible))
    is_up = _direction(way, mechanism, has_value=bool(of_value))
    is_within = mechanism == "feature" and st.checkbox(
        plain("Hold the label's share and the mix of groups as they are"),
        key=f"{KEY}.within",
    )
    return Plant(mechanism, name, of_value, is_up, is_within)


def _direction(
    place: st.delta_generator.DeltaGenerator, mechanism: str, *, has_value: bool
) -> bool:
    names = ("commoner", "rarer")
    if mechanism == "outcome":
        names = ("positive", "negative")
    elif mechanism == "feature" and not has_value:
        names = ("higher", "lower")
    chosen = place.selectbox("Which way", names, key=f"{KEY}.way.{names[0]}")
    return bool(chosen == names[0])


@cache.shared(32)
def _dial(source: Domain, plant: Plant, metric: str, by: tuple[str, ...]) -> Dial:
    return dial(source, plant, metric, by)
