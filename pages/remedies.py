import streamlit as st

from pages.ui import cache, needs, recipes, state
from pages.ui.mending import choice, watch
from pages.ui.messages import audit_errors, finding, note, plain

st.title("Pick a fix, retrain live, watch each group’s curve", anchor=False)

with audit_errors():
    run, data = needs.run()
    shown, _ = needs.evaluation()
    found = cache.found(shown, data, state.view().k)
    finding(found.sentence)

    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader(plain(f"A fix for {run.title}"), anchor=False)
        note(recipes.chain_words(run))
        with audit_errors():
            choice.draw(run, data, found)
    with right, audit_errors():
        watch.draw(run, data, found)
