"""Calibrators side by side: what each does to the losses, and what to make of it."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from analysis.calibration.guard import Advice, Guard
from analysis.charts import numbers, theme
from analysis.charts.compare import ROW_HEIGHT, name_rows
from analysis.estimates import Estimate

ORDER: tuple[Advice, ...] = ("helps", "unsure", "harms", "worse", "nothing")
"""From what is recommended to what does nothing."""

VERDICTS: dict[Advice, str] = {
    "helps": "helps",
    "unsure": "no sure gain",
    "harms": "harms a group",
    "worse": "no better",
    "nothing": "changes nothing",
}

SURELY_WORSE, BRIER_WORSE = "surely worse", "Brier surely worse"

MAX_NAMED = 3
"""Groups that a sentence names."""

FEW_DIGITS = 4
"""Decimals of a change in log loss or Brier score."""


def ranked(tried: Mapping[str, Guard]) -> tuple[str, ...]:
    """Return the calibrators in the order of their advice, then of their log loss."""

    def place(name: str) -> tuple[int, float]:
        change = tried[name].log_loss.value
        is_known = not math.isnan(change)
        return ORDER.index(tried[name].advice), change if is_known else math.inf

    return tuple(sorted(tried, key=place))


def finding(tried: Mapping[str, Guard], rows: str, off: Sequence[str] = ()) -> str:
    """Say which calibrator helps most on rows that none was fitted on, if any does.

    Parameters
    ----------
    tried : mapping of str to Guard
        By title.
    rows : str
        What the rows are called.
    off : sequence of str
        Groups whose scores are surely off on these rows as they are.
    """
    if not tried:
        return "No calibrator could be fitted here; the reasons stand below."
    first = ranked(tried)[0]
    best = tried[first]
    if best.is_recommended:
        return (
            f"{first} brings the scores closest to what happens: log loss "
            f"{_change(best.log_loss)}, Brier score {_change(best.brier_score)} on "
            f"{rows}, and no group is surely worse off."
        )
    harming = [name for name, found in tried.items() if found.advice == "harms"]
    if harming:
        name = min(harming, key=lambda n: tried[n].log_loss.value)
        return (
            f"No calibrator helps without harm: {name} changes log loss by "
            f"{_change(tried[name].log_loss)}, but {_listed(tried[name].harmed)} "
            "surely lose by it."
        )
    return f"No calibrator was shown to help on {rows}. {_why(off)}"


def _why(off: Sequence[str]) -> str:
    """Say what is known of the scores that no calibrator was shown to mend."""
    if not off:
        return "No group’s scores are surely off there either."
    named = _listed(off) if len(off) <= MAX_NAMED else f"{len(off)} groups"
    return (
        f"That does not make the scores true: those of {named} are surely off. Try "
        "another way to fit, above."
    )


def under_way(done: int, asked: int) -> str:
    """Say how far the calibrators are, before anything can be said of them all."""
    return f"{done} of {asked} calibrators are fitted so far."


def advice_words(guard: Guard) -> str:
    """Say whether a calibrator is recommended, and why or why not."""
    loss, brier = guard.log_loss, guard.brier_score
    said = f"Log loss {_change(loss)}, Brier score {_change(brier)}."
    if guard.advice == "nothing":
        return (
            "Not recommended: it changes no score. Either the scores are as good as "
            "this method can make them, or the fit did nothing."
        )
    if guard.advice == "worse":
        return f"Not recommended: {_worse(guard)} on rows it was not fitted on. {said}"
    if guard.advice == "harms":
        return (
            f"Not recommended: {_listed(guard.harmed)} surely lose by it, in log loss "
            f"or Brier score. {said}"
        )
    if guard.advice == "unsure":
        return f"No sure gain: the change is no more than chance would make. {said}"
    return f"Recommended: it helps, and no group is surely worse off. {said}"


def _worse(guard: Guard) -> str:
    """Say in what a calibrator is worse."""
    loss, brier = guard.log_loss, guard.brier_score
    if loss.low > 0:
        return "log loss surely rises"
    if brier.low > 0:
        falls = "falls" if loss.high < 0 else "may fall"
        return f"the Brier score surely rises, though log loss {falls},"
    return "log loss is no lower"


def verdict_words(guard: Guard) -> str:
    """Return what a calibrator is called in a table."""
    if guard.advice != "worse":
        return VERDICTS[guard.advice]
    if guard.log_loss.low > 0:
        return SURELY_WORSE
    return BRIER_WORSE if guard.brier_score.low > 0 else VERDICTS["worse"]


def decisions_words(guard: Guard, people: str) -> str:
    """Say how many decisions change at the threshold in force, and for whom most."""
    flips = guard.flips
    whole = flips.overall()
    wrong, right = float(whole.newly_wrong[0]), float(whole.newly_right[0])
    if not wrong + right:
        return f"No decision changes: all {people} are decided as before."
    changed = flips.changed
    known = [g for g in range(len(flips.names)) if changed.value[g] > 0]
    said = (
        f"{wrong + right:,.0f} of {float(whole.n[0]):,.0f} {people} are decided "
        f"otherwise: {right:,.0f} newly right, {wrong:,.0f} newly wrong."
    )
    if len(flips.names) < 2 or not known:
        return said
    most = max(known, key=lambda g: changed.value[g])
    share = numbers.full(changed.at(most))
    return f"{said} Most often {flips.names[most]}: {share}."


def order_words(guard: Guard, k: int = 0) -> str:
    """Say for how many another class became the likeliest; below k not how many."""
    if guard.order_kept:
        return "Everybody’s likeliest class stays the same."
    whom = f"{guard.reordered:,}" if guard.reordered >= k else "a few"
    return f"For {whom} another class becomes the likeliest."


def changes(tried: Mapping[str, Guard], ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw each calibrator's change in log loss with its paired interval.

    Parameters
    ----------
    tried : mapping of str to Guard
        By title.
    ink : Ink
    """
    upward = list(reversed(ranked(tried)))
    chart = theme.figure(
        "What each calibrator does to the log loss",
        "Change in log loss on rows it was not fitted on, in nats per row, with "
        "paired 95 % intervals; left of the line is better. Blue: helps; orange: "
        "worse, or harms a group; grey: no sure gain.",
        height=ROW_HEIGHT * len(upward) + 24,
        ink=ink,
    )
    chart.add_vline(x=0, line={"color": ink.muted, "width": 1})
    for position, name in enumerate(upward):
        _draw(chart, name, tried[name], position, ink)
    name_rows(chart, upward, ink)
    chart.update_xaxes(nticks=7, tickformat=".4~f", title="Change in log loss, nats")
    chart.update_layout(margin={"r": 150})
    return chart


def alt(tried: Mapping[str, Guard]) -> str:
    """Say each calibrator's change in log loss and what it is called."""
    said = [
        f"{name} {_change(tried[name].log_loss)}, {verdict_words(tried[name])}"
        for name in ranked(tried)
    ]
    return f"Change in log loss by calibrator: {'; '.join(said)}."


def printed(tried: Mapping[str, Guard]) -> pd.DataFrame:
    """Return one row per calibrator, as printed."""
    names = ranked(tried)
    return pd.DataFrame(
        {
            "Calibrator": list(names),
            "Verdict": [verdict_words(tried[n]) for n in names],
            "Log loss": [_change(tried[n].log_loss) for n in names],
            "Brier score": [_change(tried[n].brier_score) for n in names],
            "Decisions": [_flipped(tried[n]) for n in names],
            "Groups surely worse": [", ".join(tried[n].harmed) or "–" for n in names],
        }
    )


def table(tried: Mapping[str, Guard], seconds: Mapping[str, float]) -> pd.DataFrame:
    """Return the numbers behind the chart.

    Parameters
    ----------
    tried : mapping of str to Guard
    seconds : mapping of str to float
        Spent on fitting and scoring each.
    """
    rows = []
    for name in ranked(tried):
        guard = tried[name]
        loss, brier = guard.log_loss, guard.brier_score
        rows.append(
            {
                "calibrator": name,
                "advice": guard.advice,
                "n": loss.n,
                "log loss change": loss.value,
                "low": loss.low,
                "high": loss.high,
                "brier change": brier.value,
                "brier low": brier.low,
                "brier high": brier.high,
                "decisions changed": guard.flips.overall().changed.value[0],
                "largest move": guard.largest_move,
                "seconds": seconds[name],
            }
        )
    return pd.DataFrame(rows)


def _draw(
    chart: go.Figure, name: str, guard: Guard, position: int, ink: theme.Ink
) -> None:
    change, color = guard.log_loss, _color(guard, ink)
    chart.add_scatter(
        x=[change.low, change.high],
        y=[position, position],
        mode="lines",
        line={"color": color, "width": 2},
        hoverinfo="skip",
    )
    said = f"{_change(change)}<br>{verdict_words(guard)}"
    chart.add_scatter(
        x=[change.value],
        y=[position],
        mode="markers",
        marker={"color": color, "size": 11},
        customdata=[[theme.safe(name), said, numbers.count(change.n)]],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>"
        "n = %{customdata[2]}<extra></extra>",
    )
    verdict = verdict_words(guard)
    font = {"color": ink.muted if color == ink.ghost else color, "size": 13}
    right = {"x": 1, "xref": "paper", "xshift": 12}
    theme.label(chart, verdict, **right, y=position, font=font)


def _color(guard: Guard, ink: theme.Ink) -> str:
    if guard.advice == "helps":
        return ink.down
    is_bad = guard.advice == "harms" or guard.log_loss.low > 0
    return ink.up if is_bad or guard.brier_score.low > 0 else ink.ghost


def _change(estimate: Estimate) -> str:
    decimals = numbers.shared_decimals([estimate], "change")
    return numbers.full(estimate, "change", min(max(decimals, 3), FEW_DIGITS))


def _flipped(guard: Guard) -> str:
    share = guard.flips.overall().changed.value[0]
    return numbers.plain(float(share), "percent", 1)


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
