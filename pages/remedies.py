import streamlit as st

from pages.ui import cache, controls, needs, recipes, state
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
        st.subheader(plain(f"A fix for {controls.words_of(run)}"), anchor=False)
        note(recipes.chain_words(run))
        with audit_errors():
            choice.draw(run, data, found)
    with right, audit_errors():
        st.subheader("What comes of it", anchor=False)
        watch.draw(run, data, found)
