import streamlit as st

from analysis.charts import compare, flips
from pages.ui import cache, commands, controls, marked, needs, state, tables
from pages.ui.mending import outcome
from pages.ui.messages import audit_errors, finding, note, plain

st.title("What did the fix do, to whom, at what price?", anchor=False)

with audit_errors():
    run, data = needs.run(needs.COMPARE)
    answer = st.container()
    base, run = controls.compared(run)
    view = state.view()
    before, after = cache.pair(view, base, run)
    found = cache.found(before, data, view.k)
    left, right = st.columns(2)
    with left:
        attribute = outcome.first_attribute(run, found.attribute)
        by = controls.attributes("compare", list(after.groups), attribute)
    with right:
        first = outcome.first_metric(run, found.metric)
        metric = controls.metric("compare", controls.measures(after), first)

    metrics = controls.with_key_metrics(after, metric)
    record = cache.paired_comparison(before, after, by, metrics, view.k)
    changed = cache.flipped(before, after, by, view.k)
    with answer:
        finding(compare.finding(record, metric, controls.whom()))
        note(compare.harmed_words(record))
        controls.chart(
            compare.moves(record, metric, state.ink()),
            "compare.moves",
            compare.alt(record, metric),
        )
        tables.numbers(
            compare.table(record, metric),
            "compare.moves",
            commands.compare_command(base.id, run.id, by),
        )
        st.subheader(plain(f"The price, over {controls.whom()}"), anchor=False)
        tables.printed(compare.price(record), key="compare.price")
        controls.chart(
            flips.bars(changed, compare.row_names(record, metric), state.ink()),
            "compare.flips",
            flips.alt(changed),
        )
        tables.numbers(
            flips.table(changed),
            "compare.flips",
            commands.compare_command(base.id, run.id, by),
        )
        command = commands.compare_command(base.id, run.id, by)
        marked.draw(after, run, by, command)
    needs.say_rows(after, data)
