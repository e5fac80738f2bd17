"""The choice of a remedy: its family, its form, how long it takes, and its start."""

from dataclasses import dataclass
from typing import Any, get_args

import streamlit as st

from analysis.charts.theme import visible
from analysis.datasets.load import Dataset
from analysis.subgroups.finding import Finding
from models.evaluations import splits_of
from models.remedies import REMEDIES
from models.remedies.base import Family, Kind, Remedy, summary_of
from models.remedies.fits import (
    Facts,
    fitted_after,
    fitted_layer,
    reason_against,
    slots_of,
)
from models.remedies.settings import dial_of
from models.remedies.weighing import rows_in
from models.run import Run
from pages.ui import actions, cache, controls, forms, kept, live, state, widgets
from pages.ui.forms import Offer
from pages.ui.mending import times
from pages.ui.messages import curly, note, plain

FIRST = "reweighing"
FAMILY, NAME, ADDRESS = "remedies.family", "remedies.name", "remedy"
TURNED = "remedies.turned"
"""The watched run that the form has turned to, or that the reader turned it from."""

LIST_WIDTH = 36
"""Letters that the list of fixes has room for; below it stands the whole title."""


@dataclass(frozen=True)
class Fix:
    """A remedy as the form has it, but for its dial, which is dragged.

    Parameters
    ----------
    name : str
    settings : dict
        All but the dial.
    """

    name: str
    settings: dict[str, Any]


def draw(run: Run, data: Dataset, found: Finding) -> Fix | None:
    """Let the reader choose a remedy and set it; and start it, unless it is dragged.

    Returns
    -------
    Fix or None
        None where there is no path of strengths to go along, see `is_dragged`.
    """
    facts = facts_of(run, data)
    name = _name(facts)
    remedy, reason = REMEDIES[name], reason_against(REMEDIES[name], facts)
    if reason or not is_dragged(remedy):
        describe(remedy)
    if reason:
        with st.container(key="remedies.reason"):
            st.warning(plain(curly(f"Not for this run. {reason}")))
        st.button("Start", disabled=True, key="remedies.start")
        return None
    key = f"remedies.{name}.{data.task.name}"
    offer, dial = offer_of(run, data, found, name), dial_of(remedy)
    without = (dial.name,) if dial is not None and is_dragged(remedy) else ()
    chosen = forms.settings(remedy, key, offer, without)
    problem = forms.problem(remedy, chosen, offer)
    if not without:
        note(_hidden_words(remedy))
        _buttons(run, name, chosen, problem)
        return None
    if problem:
        describe(remedy)
        st.warning(plain(problem))
        return None
    return Fix(name, chosen)


def describe(remedy: type[Remedy]) -> None:
    """Say what a remedy mends, what it costs, whence it comes and what it asks for."""
    st.markdown(f"**{plain(remedy.title)}.** {plain(curly(summary_of(remedy)))}")
    note(forms.needs_words(remedy))


def is_dragged(remedy: type[Remedy]) -> bool:
    """Whether all strengths of a remedy are worked out at once, to be dragged along.

    None is while small groups are hidden: from one strength to the next a few people
    change, who could be told by the difference.
    """
    has_path = remedy.kind == "posthoc" and dial_of(remedy) is not None
    return has_path and state.view().k < 2


def _hidden_words(remedy: type[Remedy]) -> str:
    if remedy.kind != "posthoc" or dial_of(remedy) is None:
        return ""
    return (
        "While small groups are hidden, strengths cannot be dragged: the few people "
        "who change from one to the next could be told. Set one and start it."
    )


def facts_of(run: Run, data: Dataset) -> Facts:
    """Return what a run and its table can offer a remedy."""
    features = data.frame.features[list(data.features_for(run.recipe.split))]
    return Facts(
        classes=len(data.task.classes),
        attributes=tuple(data.frame.groups),
        numeric_features=sum(kind.kind in "iufb" for kind in features.dtypes),
        tables=len(kept.tables_like(data)),
        architecture=run.recipe.architecture,
        is_finished=run.is_finished,
        slots=slots_of(run.recipe),
        fitted_after=fitted_after(run.recipe),
        layer=fitted_layer(run.recipe),
    )


def families() -> dict[str, list[str]]:
    """Return the names of the remedies of each family, in the registry's order."""
    shelves = {family: [] for family in get_args(Family)}
    for name, remedy in REMEDIES.items():
        shelves[remedy.family].append(name)
    return {family: names for family, names in shelves.items() if names}


def _name(facts: Facts) -> str:
    """Let the reader choose a family and a remedy of it; the address keeps it.

    The address says the remedy's name; a bound control would write its label.
    """
    shelves, name = families(), _current(facts)
    if name not in shelves.get(widgets.held(FAMILY, ""), ()):
        widgets.show(FAMILY, REMEDIES[name].family)
    widgets.show(NAME, name)
    family = st.selectbox(
        "Kind of fix",
        list(shelves),
        key=FAMILY,
        on_change=_open_family,
        args=(facts,),
        persist_state="session",
    )
    fits = {n: not reason_against(REMEDIES[n], facts) for n in shelves[family]}
    listed = sorted(fits, key=lambda n: not fits[n])
    name = st.selectbox(
        "Fix",
        listed,
        format_func=lambda n: visible(_title(n, is_fit=fits[n])),
        key=NAME,
        on_change=_stay,
        persist_state="session",
        help="Those that this run or table cannot take stand at the end; choose one "
        "to read why.",
    )
    if st.query_params.get(ADDRESS) != name:
        st.query_params[ADDRESS] = name
    return str(name)


def _current(facts: Facts) -> str:
    """Return the remedy shown: the watched one, the reader's, the address's, or a fit.

    A run that comes to be watched is shown once; then the reader's choice stays.
    """
    arrived = "" if widgets.held(NAME) else st.query_params.get(ADDRESS, "")
    watched = _watched()
    asked = arrived or watched or widgets.held(NAME)
    if asked in REMEDIES:
        return str(asked)
    fitting = (n for n in (FIRST, *REMEDIES) if not reason_against(REMEDIES[n], facts))
    return next(fitting, FIRST)


def _watched() -> str:
    """Return the last remedy of a run that has come to be watched, once; else nothing.

    Nobody is then offered to start another fix beside what becomes of this one.
    """
    run = live.watched()
    if run is None or run.id == widgets.held(TURNED):
        return ""
    widgets.show(TURNED, run.id)
    return run.recipe.stages[-1].remedy if run.recipe.stages else ""


def _stay() -> None:
    """Keep what the reader chose beside the run that is watched."""
    widgets.show(TURNED, state.job())


def _open_family(facts: Facts) -> None:
    """Turn to the first remedy of the family just chosen that fits."""
    _stay()
    names = families()[widgets.held(FAMILY)]
    fitting = [n for n in names if not reason_against(REMEDIES[n], facts)]
    widgets.show(NAME, (fitting or names)[0])


def _title(name: str, *, is_fit: bool) -> str:
    title = REMEDIES[name].title
    words = title if len(title) <= LIST_WIDTH else title.split(" (")[0]
    return words if is_fit else f"Not for this run: {words[:1].lower()}{words[1:]}"


def offer_of(run: Run, data: Dataset, found: Finding, name: str) -> Offer:
    """Return what the settings of a remedy choose from."""
    view = state.view()
    titles = {n: cache.store().task(n).title for n in kept.tables_like(data)}
    return Offer(
        attributes=tuple(data.frame.groups),
        aim=found.attribute,
        classes=data.task.classes,
        positive=view.positive,
        features=data.features_for(run.recipe.split),
        tables=titles,
        cohort=view.cohort,
        runs=_other_runs(run),
        reach=lambda rule: reach_words(run, data, rule, REMEDIES[name].kind),
    )


def _other_runs(run: Run) -> dict[str, str]:
    """Return the other finished runs of the same table and split: id to title."""
    mine = _split(run)
    return {
        other.id: controls.words_of(other)
        for other in cache.store().runs(run.recipe.task)
        if other.id != run.id and other.is_finished and _split(other) == mine
    }


def _split(run: Run) -> tuple[str, ...]:
    recipe = run.recipe
    return run.data_digest, recipe.split, str(recipe.seed), recipe.held_out


def reach_words(run: Run, data: Dataset, rule: str, kind: Kind = "retraining") -> str:
    """Say how many rows a rule reaches: training rows, or of a change of scores all.

    Raises
    ------
    AuditError
        The rule cannot be used.
    """
    if not rule.strip():
        return ""
    retrains = kind == "retraining"
    of = run.id if retrains else ""
    reached, rows = _reached(data, of, str(cache.store().home), rule)
    k = state.view().k
    few = min(reached, rows - reached) < k and reached < rows
    said = f"fewer than {k:,} of" if few and reached < k else f"{reached:,} of"
    said = f"all but fewer than {k:,} of" if few and reached >= k else said
    return f"Reaches {said} {rows:,} {'training rows' if retrains else 'rows'}."


@cache.shared(64)
def _reached(data: Dataset, run_id: str, home: str, rule: str) -> tuple[int, int]:
    frame = data.frame
    if run_id:
        frame = frame.take(splits_of(cache.store().run(run_id), data).rows["train"])
    return len(rows_in(frame, rule)), len(frame)


def _buttons(run: Run, name: str, chosen: dict[str, Any], problem: str) -> None:
    remedy, rows = REMEDIES[name], len(cache.dataset(run.recipe.task).frame)
    # Changes of a finished model are dragged, or, with hidden groups, set one by one.
    dial = dial_of(remedy) if remedy.kind == "retraining" else None
    said = [times.words(run, remedy, rows)]
    said += [times.sweep_words(run, remedy, rows)] if dial else []
    note(" ".join(said).strip())
    if problem:
        st.warning(plain(problem))
    importance = "secondary" if state.job() else "primary"
    is_off = bool(problem)
    with st.container(horizontal=True):
        if st.button("Start", type=importance, disabled=is_off, key="remedies.start"):
            actions.mend(run, name, chosen)
        if dial is None:
            return
        if st.button(
            "Try several strengths",
            disabled=is_off,
            key="remedies.sweep",
            help=plain(
                f"Trains once for each of several values of ‘{forms.label_of(dial)}’, "
                "from one end to the other. A slider then moves among the results at "
                "once."
            ),
        ):
            actions.mend_at_strengths(run, name, chosen)
