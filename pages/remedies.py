import streamlit as st

from analysis.history import history_metrics
from models.remedies import REMEDIES
from pages.ui import actions, cache, controls, forms, live, needs, recipes, state
from pages.ui.messages import audit_errors, finding, note, plain

st.title("Pick a fix, retrain live, watch each group’s curve", anchor=False)

with audit_errors():
    run, data = needs.run()
    shown, _ = needs.evaluation()
    found = cache.found(shown, data, state.view().k)
    finding(found.sentence)
    answer = st.container()

    st.subheader(plain(f"A fix for {run.title}"), anchor=False)
    note(recipes.chain_words(run))
    names = list(data.frame.groups)
    left, right = st.columns(2)
    with left:
        name = st.radio(
            "Remedy",
            list(REMEDIES),
            format_func=lambda n: plain(REMEDIES[n].title),
            captions=[plain(remedy.summary) for remedy in REMEDIES.values()],
            key="remedies.name",
            bind="query-params",
        )
    with right, st.form("remedies.form", enter_to_submit=False):
        chosen = forms.settings(
            REMEDIES[name], f"remedies.{name}", names, found.attribute
        )
        note(forms.needs_words(REMEDIES[name]))
        importance = "secondary" if state.job() else "primary"
        if st.form_submit_button("Start", type=importance, key="remedies.start"):
            actions.start_remedy(name, chosen)

    with answer:
        by, metric = controls.watched(
            names, history_metrics(), found, is_retraining=live.has_curves()
        )
        live.panel(live.group_curves(by, metric), "remedies")
