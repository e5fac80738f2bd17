import streamlit as st

from analysis.charts import feature_shifts, shift
from pages.ui import cache, commands, controls, needs, sides, state, tables
from pages.ui.messages import audit_errors, finding, note

st.title("Performance changed: which part of the distribution moved?", anchor=False)

with audit_errors():
    shown, data = needs.evaluation()
    answer = st.container()
    chosen = sides.choose(data, cache.found(shown, data, state.view().k))
    metric = controls.metric("shift", controls.measures(shown), "accuracy")

    with answer:
        source, target = sides.domains(state.view(), data, chosen)
        with st.spinner("Weighing the rows of both sides; up to half a minute."):
            record = cache.attribution(source, target, metric)
        finding(shift.finding(record, sides.called(chosen)))
        controls.chart(
            shift.waterfall(record, state.ink()), "shift.waterfall", shift.alt(record)
        )
        for warning in record.warnings:
            note(warning)
        note(sides.words(chosen, len(source), len(target), data))
        tables.numbers(
            shift.table(record),
            "shift.waterfall",
            commands.attribution_snippet(chosen, metric),
        )
        moved = cache.moved_columns(source, target)
        controls.chart(
            feature_shifts.sizes(moved, state.ink()),
            "shift.columns",
            feature_shifts.alt(moved),
        )
        tables.numbers(
            feature_shifts.table(moved),
            "shift.columns",
            commands.moved_snippet(chosen),
        )
