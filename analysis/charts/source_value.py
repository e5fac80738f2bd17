"""What candidate sources are worth for a target: dots by size, by shift, together."""

import pandas as pd
import plotly.graph_objects as go

from analysis.charts import numbers, theme
from analysis.charts.arms import arms
from analysis.estimates import Estimate
from analysis.shifts.source_value import SourceValue, SourceValues

MOST = 12


def answer(record: SourceValues, people: str, *, are_there: bool) -> str:
    """Say which source helps the target most, or that none surely does.

    Parameters
    ----------
    record : SourceValues
    people : str
        What a row is, in the plural.
    are_there : bool
        Whether the sources are trained on already and could be left out.
    """
    known = [s for s in record.sources if not s.reason]
    if not known:
        why = record.sources[0].reason if record.sources else "There is no candidate."
        return f"Nothing can be said of any source. {why}"
    best, worst = known[0], known[-1]
    verb = "Keeping" if are_there else "Adding"
    said = []
    if best.is_helpful:
        said.append(
            f"{verb} {best.name} ({numbers.count(best.n)} {people}) should help: it "
            f"saves a stand-in model {numbers.full(best.gain, 'number')} nats of log "
            "loss per person at the target."
        )
    if worst.is_harmful:
        said.append(
            f"{worst.name} should harm: it costs "
            f"{numbers.full(_turned(worst), 'number')} nats per person there; its "
            "people differ more than their number helps."
        )
    if not said:
        return (
            "No source surely helps or harms by the stand-in model; train with and "
            "without to know."
        )
    return " ".join(said)


def chart(record: SourceValues, ink: theme.Ink = theme.LIGHT) -> go.Figure:
    """Draw the predicted saving of each source, and its two parts."""
    shown = [s for s in record.sources if not s.reason][:MOST][::-1]
    chart = theme.figure(
        "What each source should be worth at the target",
        f"Log loss saved by a stand-in model (logistic), on "
        f"{numbers.count(record.n_target)} target rows, with 95 % intervals; tick: by "
        "size alone; the rest is shift. Grey could be chance.",
        height=44 * len(shown) + 40,
        ink=ink,
    )
    chart.add_scatter(
        x=[s.by_size for s in shown],
        y=list(range(len(shown))),
        mode="markers",
        marker={
            "symbol": "line-ns",
            "size": 16,
            "line": {"color": ink.muted, "width": 2},
        },
        hovertemplate="by size alone %{x:+.4f}<extra></extra>",
    )
    for y, one in enumerate(shown):
        color = _color(one, ink)
        chart.add_scatter(
            x=[one.gain.value],
            y=[y],
            mode="markers",
            marker={"color": color, "size": 11},
            error_x=arms([one.gain], color),
            hovertemplate=f"{theme.safe(one.name)}: saved "
            f"{numbers.full(one.gain, 'change')}<br>n = {numbers.count(one.n)}"
            "<extra></extra>",
        )
    chart.add_vline(x=0, line={"color": ink.grid, "width": 1})
    chart.update_xaxes(tickformat="+.3f", title="nats per person")
    chart.update_yaxes(
        tickvals=list(range(len(shown))),
        ticktext=[theme.safe(s.name, theme.LABEL_WIDTH) for s in shown],
        range=[-0.6, len(shown) - 0.4],
        showgrid=False,
    )
    return chart


def alt(record: SourceValues) -> str:
    """Say what each source should be worth."""
    return " ".join(
        f"{s.name}: {s.reason}"
        if s.reason
        else f"{s.name}: saves {numbers.full(s.gain, 'change')} nats, "
        f"{numbers.plain(s.by_size, 'change', 4)} by size and "
        f"{numbers.plain(s.by_shift, 'change', 4)} by shift."
        for s in record.sources
    )


HELPS = {
    "Told apart": "How well trees tell its people from the target’s (AUROC): 0.5 not "
    "at all, 1 surely.",
    "Outcome": "Its rate of the positive class less that of the target.",
    "By size": "Log loss that as many more rows like those there would save.",
    "By shift": "What is left: below 0 where its people mislead.",
    "Saved": "Both together, in nats per person at the target.",
}
"""What the columns of the list mean."""


def printed(record: SourceValues) -> pd.DataFrame:
    """Return the table that is read beside the chart."""
    return pd.DataFrame(
        [
            {
                "Source": s.name,
                "Rows": numbers.count(s.n),
                "Saved": numbers.full(s.gain, "change") if not s.reason else s.reason,
                "Told apart": numbers.full(s.distance, "number"),
                "Outcome": numbers.full(s.label_gap, "points"),
                "By size": numbers.plain(s.by_size, "change", 4),
                "By shift": numbers.plain(s.by_shift, "change", 4),
            }
            for s in record.sources
        ]
    )


def table(record: SourceValues) -> pd.DataFrame:
    """Return the numbers behind the chart."""
    return pd.DataFrame(
        [
            {
                "source": s.name,
                "n": s.n,
                "auroc": s.distance.value,
                "auroc low": s.distance.low,
                "auroc high": s.distance.high,
                "by size": s.by_size,
                "by shift": s.by_shift,
                "gain": s.gain.value,
                "gain low": s.gain.low,
                "gain high": s.gain.high,
                "reason": s.reason,
            }
            for s in record.sources
        ]
    )


def _turned(source: SourceValue) -> Estimate:
    """Return a saving below 0 as a cost."""
    e = source.gain
    return Estimate(-e.value, -e.high, -e.low, e.n)


def _color(source: SourceValue, ink: theme.Ink) -> str:
    if source.is_helpful:
        return ink.down
    return ink.up if source.is_harmful else ink.ghost
