"""What a quantity is called, and how it and its changes are printed and coloured."""

from analysis.attribution.quantity import Quantity
from analysis.charts import theme
from analysis.charts.changes import change_unit, color_of, color_words
from analysis.charts.groups import short_title, unit_of
from analysis.charts.numbers import Unit
from analysis.metrics.registry import metric_named


def title(quantity: Quantity) -> str:
    """Return what it is called in a sentence or above a chart."""
    words = short_title(quantity.metric)
    if quantity.against:
        return f"{words}, {quantity.group} less {quantity.against}"
    if quantity.group:
        return f"{words}, {quantity.group}"
    if quantity.attribute:
        by = " and ".join(quantity.attribute.split(","))
        return f"{words}, largest gap between groups of {by}"
    return words


def long_title(quantity: Quantity) -> str:
    """Return what it is called with the metric's term in brackets."""
    term = metric_named(quantity.metric).title
    return title(quantity).replace(short_title(quantity.metric), term, 1)


def level_unit(quantity: Quantity) -> Unit:
    """Return how a value on one side is printed."""
    metric = quantity.metric
    return change_unit(metric) if quantity.is_difference else unit_of(metric)


def moved_unit(quantity: Quantity) -> Unit:
    """Return how a change is printed."""
    return change_unit(quantity.metric)


def color(quantity: Quantity, change: float, ink: theme.Ink) -> str:
    """Return the colour of a sure change; see `colors`."""
    if quantity.is_difference:
        return ink.up if change > 0 else ink.down
    return color_of(quantity.metric, change, ink)


def colors(quantity: Quantity) -> str:
    """Say what orange and blue mean."""
    if quantity.against:
        return "orange where it surely went up, blue where it surely went down"
    if quantity.is_difference:
        return "orange where it surely widened, blue where it surely narrowed"
    return color_words(quantity.metric)
