import streamlit as st

from analysis.charts import losses
from analysis.datasets.splits import methods_for
from analysis.history import losses as losses_of
from pages.ui import (
    actions,
    cache,
    commands,
    controls,
    live,
    needs,
    recipes,
    state,
    tables,
    training_form,
)
from pages.ui.messages import audit_errors, empty, finding, note

st.title("What was trained or loaded, and how well does it do overall?", anchor=False)

with audit_errors():
    actions.turn_when_trained()
    view = state.view()
    data = cache.dataset(view.data)
    if view.run == state.NOTHING:
        empty(
            "No model has been trained on this table",
            "Its overall quality, with intervals, and its learning curve will stand "
            "here. The form below trains one; with its defaults that takes "
            f"{needs.training_time(data)}.",
        )
    else:
        shown, _ = needs.evaluation()
        record = cache.overall(shown, controls.with_key_metrics(shown, "accuracy"))
        finding(recipes.overall_words(view, record))
        tables.printed(recipes.overall_table(record), key="model.overall")
        needs.say_rows(shown, data)
    if view.is_trained:
        run = cache.store().find(view.run)
        curve = losses_of(live.epochs_of(run.id), run.best_epoch)
        controls.chart(
            losses.curves(curve, state.ink()),
            "model.losses",
            losses.alt(curve),
        )
        tables.numbers(
            losses.table(curve),
            "model.losses",
            commands.train_command(run.recipe),
        )
        note(recipes.words(run))

    st.subheader("Train a model", anchor=False)
    with audit_errors():
        training_form.draw(data, methods_for(data.task))
    note(state.said())
    watched = live.watched()
    if watched is not None:
        live.panel(watched, live.loss_curves, "model")
