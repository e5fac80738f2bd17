"""How a change of a metric is printed and coloured, the same on every page."""

from analysis.charts import theme
from analysis.charts.groups import unit_of
from analysis.charts.numbers import Unit
from analysis.metrics.registry import metric_named


def change_unit(metric: str) -> Unit:
    """Return how a change of a metric is printed: rates change by points."""
    return "points" if unit_of(metric) == "percent" else "change"


def color_words(metric: str) -> str:
    """Say what orange and blue mean: worse and better, where that is known."""
    if metric_named(metric).better == "none":
        return "orange where it surely went up, blue where it surely went down"
    return "orange where it surely got worse, blue where it surely got better"


def color_of(metric: str, change: float, ink: theme.Ink) -> str:
    """Return the colour of a sure change; see `color_words`."""
    is_up = change > 0
    is_orange = is_up if metric_named(metric).better != "high" else not is_up
    return ink.up if is_orange else ink.down
