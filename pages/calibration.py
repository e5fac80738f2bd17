import streamlit as st

from analysis.charts import calibration
from pages.ui import actions, cache, controls, needs, state, tables
from pages.ui.messages import audit_errors, finding, note

st.title("Does a score of 0.7 mean 70 % in every group?", anchor=False)

with audit_errors():
    shown, data = needs.evaluation()
    needs.probabilities(shown)
    found = cache.found(shown, data, state.view().k)
    answer = st.container()
    by = controls.attributes("calibration", list(shown.groups), found.attribute)
    n_bins = st.slider("Bins", 5, 20, 10, key="calibration.bins", bind="query-params")

    with answer:
        record = cache.reliability(shown, by, n_bins, state.view().k)
        finding(calibration.finding(record))
        figure = calibration.reliability(record, ink=state.ink())
        controls.chart(
            figure, "calibration.chart", calibration.alt(record), width="content"
        )
        tables.printed(calibration.errors_table(record), key="calibration.errors")
        note(
            "Mean distance is the expected calibration error; noise alone makes it "
            "larger than 0, so it stands beside what chance alone would show if every "
            "score were true. Debiased is the distance less what noise adds to it."
        )
        tables.numbers(
            calibration.table(record),
            "calibration.chart",
            actions.reliability_snippet(by, n_bins),
        )
    needs.say_rows(shown, data)
