"""What came of a fix: the verdict with paired intervals, and alarms."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from analysis.charts import numbers
from analysis.charts import verdict as words
from analysis.compare import PairedComparison
from analysis.evaluation import Evaluation
from analysis.metrics.registry import METRICS
from analysis.parity.constraints import CONSTRAINTS, rates_of
from analysis.verdict import alarms, verdict
from models.names import split
from models.remedies import REMEDIES
from models.remedies.base import layer_of
from models.remedies.chain import decides, is_posthoc
from models.remedies.fitting import notes_of
from models.run import Run
from pages.ui import cache, controls, state
from pages.ui.messages import curly, note, plain

SCORE_METRIC = "brier_score"
BOTH_ERRORS = "both_error_rates"


def ended(by: str, metric: str) -> Callable[[Run], None]:
    """Return what says how a finished run came out, watched by groups and a rate."""

    def say(run: Run) -> None:
        groups, first = by, metric
        if is_posthoc(run.recipe):  # the reader chose neither: there are no curves
            groups, first = first_attribute(run, by), first_metric(run, metric)
        alarm(run, groups)
        base = base_of(run)
        if base is None:
            return
        sentence(compared(base, run, groups, first), first)
        note(apart_words(base, run))
        note(rows_words(run))
        note(fitted_words(run))

    return say


def first_metric(run: Run, metric: str) -> str:
    """Return the measure that tells most of a run's last remedy.

    It is the rate that it holds together; of two of them the given one, else the
    first. It is the squared error of scores for one that changes scores alone:
    decisions at one half may stay as they are.
    """
    if not run.recipe.stages:
        return metric
    last = run.recipe.stages[-1]
    held = held_rates(last.remedy, last.settings)
    if held:
        return metric if metric in held else held[0]
    is_scores = is_posthoc(run.recipe) and layer_of(REMEDIES[last.remedy]) == "scores"
    return SCORE_METRIC if is_scores else metric


def held_rates(remedy: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the rates that a remedy makes agree over groups; none for most."""
    known = getattr(REMEDIES.get(remedy), "constraint", "")
    constraint = str(settings.get("constraint", known)).replace(" ", "_")
    rate = str(settings.get("rate", "")).replace(" ", "_")
    if constraint == BOTH_ERRORS:
        return rates_of("equalized_odds")
    if constraint in CONSTRAINTS:
        return rates_of(constraint)
    return tuple(name for name in (constraint, rate) if name in METRICS)[:1]


def first_attribute(run: Run, attribute: str) -> str:
    """Return whose groups a run's last remedy that names some was told of.

    Of several that are crossed, the first; the given one where none names any.
    """
    for done in reversed(run.recipe.stages):
        named = split(str(done.settings.get("attribute") or ""))
        if named:
            return named[0]
    return attribute


def base_of(run: Run) -> Run | None:
    """Return the finished run that a remedied one started from, if any."""
    named = controls.made_from(run)
    if not named:
        return None
    base = cache.store().run(named)
    return base if base.is_finished else None


def sentence(record: PairedComparison, metric: str) -> None:
    """Say who gained, who lost, and what it cost."""
    with st.container(key="verdict"):
        st.markdown(
            plain(words.words(verdict(record, metric), record, controls.whom()))
        )


def compared(base: Run, run: Run, by: str, metric: str) -> PairedComparison:
    """Return the paired change from one run to another, away from the test rows."""
    before, after = seen(base, run), seen(run, run)
    metrics = controls.with_key_metrics(after, metric)
    return cache.paired_comparison(before, after, crossed(by), metrics, state.view().k)


def apart_words(base: Run, run: Run) -> str:
    """Say the price to those whom a fix was for, and to all others.

    They are the cohort in view, else the people that the fix was aimed at; empty for
    neither, and where one of the two parts is too small to be shown.
    """
    view = state.view()
    aim = str(run.recipe.stages[-1].settings.get("cohort", ""))
    rule = view.cohort or aim
    if not rule:
        return ""
    split, k = rows_of(run), max(view.k, 1)
    before, after = (cache.parted(view, r, rule, split) for r in (base, run))
    if min(map(len, after)) < k:
        return ""
    inside, others = (
        cache.paired_comparison(b, a, (), ("accuracy",)).overall["accuracy"]
        for b, a in zip(before, after, strict=True)
    )
    all_others = f"all others: accuracy {numbers.full(others, 'points')}"
    if view.cohort:
        return f"For {all_others}."
    aimed = f"accuracy {numbers.full(inside, 'points')}"
    return f"For those it was aimed at ({rule}): {aimed}; for {all_others}."


def seen(run: Run, judged: Run) -> Evaluation:
    """Return a run on the rows by which a fix is judged while fixes are tried.

    One whose thresholds were found decides at one half, wherever the sidebar's stands.
    """
    return on_rows(run, rows_of(judged))


def on_rows(run: Run, split: str) -> Evaluation:
    """Return a run on the rows of a split, see `seen`."""
    view = replace(state.view(), run=run.id)
    if decides(run.recipe):
        view = replace(view, threshold=None, by_group=None)
    return cache.evaluation(view, split)


def crossed(by: str) -> tuple[str, ...]:
    """Return the attributes that a control's choice stands for."""
    return (by,) if by else ()


def rows_of(run: Run) -> str:
    """Return the split that judges a fix: not test, and not what it was fitted on."""
    return "validation" if is_posthoc(run.recipe) else "calibration"


def rows_words(run: Run) -> str:
    """Say on which rows the verdict stands."""
    people = cache.dataset(run.recipe.task).task.rows_are
    return (
        f"On the {rows_of(run)} rows, the same {people} before and after. What the fix "
        "does to the test rows stays unseen until you compare."
    )


def alarm(run: Run, by: str) -> None:
    """Say plainly that the model decides everyone alike, or a whole group."""
    shown, k = seen(run, run), state.view().k
    hidden = cache.hidden_together(shown, (crossed(by),), k).of(crossed(by))
    people = cache.dataset(state.view().data).task.rows_are
    said = words.alarm_words(alarms(shown, crossed(by), hidden), people)
    if said:
        with st.container(key="remedies.alarm"):
            st.warning(plain(said))


def fitted_words(run: Run) -> str:
    """Say what was fitted to a finished model, and what it moves; empty for nothing."""
    events = cache.store().events(run.id) if is_posthoc(run.recipe) else []
    found = [e.payload["parameters"] for e in events if e.kind == "fitted"]
    if not found:
        return ""
    hidden = _withheld(run, split(str(found[-1].get("attribute", ""))))
    return curly(" ".join(notes_of(found[-1], hidden)))


def _withheld(run: Run, attributes: tuple[str, ...]) -> set[str] | None:
    """Return the groups too small to be shown on the rows a remedy was fitted on.

    None where no group is ever withheld.
    """
    view = state.view()
    if view.k < 2:
        return None
    if not attributes:
        return set()
    fitted_on = replace(view, run=run.id, cohort="", threshold=None, by_group=None)
    rows = cache.evaluation(fitted_on, "calibration")
    table = cache.disaggregation(rows, attributes, (), view.k)
    return {
        n for n, is_hidden in zip(table.names, table.hidden, strict=True) if is_hidden
    }
