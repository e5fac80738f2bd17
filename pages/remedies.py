import streamlit as st

from pages.ui import cache, needs, state
from pages.ui.mending import ways
from pages.ui.messages import audit_errors, finding

st.title("Pick a fix, retrain live, watch each group’s curve", anchor=False)

with audit_errors():
    run, data = needs.run()
    shown, _ = needs.evaluation()
    found = cache.found(shown, data, state.view().k)
    finding(found.sentence)
    ways.draw(run, data, shown, found)
