import streamlit as st

from analysis.charts import groups
from pages.ui import actions, cache, controls, needs, state, tables
from pages.ui.messages import audit_errors, finding, note
from pages.ui.panels import every, more

st.title("Who does the model fail?", anchor=False)

with audit_errors():
    shown, data = needs.evaluation()
    found = cache.found(shown, data, state.view().k)
    finding(found.sentence)
    actions.offer_fix(found)
    answer = st.container()
    left, right = st.columns(2)
    with left:
        by = controls.attributes("subgroups", list(shown.groups), found.attribute)
    with right:
        metric = controls.metric("subgroups", controls.measures(shown), found.metric)
        metric = controls.costed("subgroups", metric)

    record = cache.disaggregation(
        shown, by, controls.with_key_metrics(shown, metric), state.view().k
    )
    with answer:
        figure = groups.rates(
            record,
            metric,
            people=data.task.rows_are,
            highlighted=(found.worst, found.best),
            ink=state.ink(),
        )
        controls.chart(figure, "subgroups.chart", groups.alt(record, metric))
        note(groups.gap_words(record, metric))
        tables.numbers(
            groups.table(record),
            "subgroups.chart",
            actions.audit_command(by, (metric,)),
        )
    needs.say_rows(shown, data)
    table = every.draw(shown, data, metric)
    more.draw(shown, data, by, metric, table)
