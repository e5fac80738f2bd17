import streamlit as st

from analysis.charts import splits
from analysis.composition import parts_table
from analysis.datasets.splits import methods_for
from pages.ui import about, cache, commands, controls, state, tables, uploads
from pages.ui.messages import announce, audit_errors, finding, note

st.title("What is in this table, who is in it, and how was it split?", anchor=False)

with audit_errors():
    view = state.view()
    data = cache.dataset(view.data)
    finding(about.words(data, view.positive))
    announce(state.said())
    for said in data.notes:
        note(said)
    answer = st.container()
    names = list(data.frame.groups)
    by = controls.one_attribute("data", names)
    if by:
        record = cache.who(data, by, view.positive, view.k)
        positive = view.positive or data.task.positive
        with answer:
            controls.chart(
                splits.who(record, positive, state.ink()),
                "data.who",
                splits.alt(record, positive),
            )
            tables.numbers(
                splits.table(record), "data.who", commands.composition_snippet(by)
            )

    st.subheader("How it is split", anchor=False)
    method = controls.split_method(methods_for(data.task))
    held_out = controls.held_out(data, method)
    parts = cache.splits(data, method, held_out)
    shares = ("share of rows", "positive label")
    tables.show(parts_table(data.frame, parts, view.positive), "data.splits", shares)
    note(f"{parts.note} Seed {parts.seed}.")
    about.flattery(data, parts)

    st.subheader("Columns", anchor=False)
    helps = {"rare categories": about.RARE_HELP}
    tables.show(about.columns(data, view), key="data.columns", helps=helps)
    about.collection(data.task)
    about.datasheet(data)
    uploads.forget(data)

with audit_errors():
    st.subheader("Your own table", anchor=False)
    if upload := uploads.upload():
        uploads.roles_form(upload)
