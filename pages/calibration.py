import streamlit as st

from pages.ui import controls, needs
from pages.ui.calibrating import curve, tabs, together
from pages.ui.calibrating.rows import probabilities, rows_of
from pages.ui.messages import audit_errors

st.title("Does a score of 0.7 mean 70 % in every group?", anchor=False)

with audit_errors():
    shown, data = needs.evaluation()
    shown, is_ranked = probabilities(shown)
    answer = st.container()
    by = controls.attributes(
        "calibration", list(shown.groups), curve.first(shown, data)
    )
    ask = curve.asked(is_ranked=is_ranked)
    beside = together.crossings(shown)
    with answer:
        curve.draw(shown, data, by, beside, ask)
    needs.say_hidden(shown, beside)
    needs.say_rows(shown, data)
    tabs.draw(rows_of(shown, data, by, is_ranked=is_ranked))
