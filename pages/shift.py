import streamlit as st

from pages.ui import needs, sides, state
from pages.ui.messages import audit_errors, note
from pages.ui.shifting import split, tabs
from pages.ui.shifting.setting import of_sides

st.title("Performance changed: which part of the distribution moved?", anchor=False)

with audit_errors():
    shown, data = needs.evaluation()
    answer, settings = st.container(), st.container()
    with settings:
        chosen, metric = sides.choose(data, shown)
    with answer:
        setting = of_sides(sides.both(state.view(), data, chosen), data, chosen, metric)
        split.draw(setting)
        note(sides.words(setting))
    tabs.draw(setting)
