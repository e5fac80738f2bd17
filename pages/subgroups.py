import streamlit as st

from analysis.charts import groups
from analysis.subgroups.finding import not_searched
from pages.ui import actions, cache, commands, controls, needs, state, tables
from pages.ui.messages import audit_errors, finding, note
from pages.ui.panels import every, more

st.title("Who does the model fail?", anchor=False)

with audit_errors():
    shown, data = needs.evaluation()
    top, controls_row, rows = st.container(), st.container(), st.container()
    laid = every.section(shown)
    beside = () if laid is None else laid.crossings
    k = state.view().k
    found = cache.found(shown, data, k, beside)
    with controls_row:
        left, right = st.columns(2)
    with left:
        by = controls.attributes("subgroups", list(shown.groups), found.attribute)
    with right:
        metric = controls.metric("subgroups", controls.measures(shown), found.metric)
        metric = controls.costed("subgroups", metric)

    beside = (*beside, by)
    with top:
        finding(cache.found(shown, data, k, beside).sentence)
        actions.offer_fix(found)
        metrics = controls.with_key_metrics(shown, metric)
        record = cache.disaggregation(shown, by, metrics, k, beside)
        figure = groups.rates(
            record,
            metric,
            people=data.task.rows_are,
            highlighted=(found.worst, found.best),
            ink=state.ink(),
        )
        controls.chart(figure, "subgroups.chart", groups.alt(record, metric))
        note(groups.gap_words(record, metric))
        note(not_searched(found, metric))
        tables.numbers(
            groups.table(record),
            "subgroups.chart",
            commands.audit_command(by, (metric,)),
        )
    with rows:
        needs.say_rows(shown, data)
        needs.say_hidden(shown, beside)
    table = None
    if laid is not None:
        table = every.draw(laid, shown, data, metric, beside)
    more.draw(shown, data, by, metric, table, beside)
