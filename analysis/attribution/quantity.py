"""What is attributed or estimated: a metric of everyone, of a group, or a gap."""

from dataclasses import dataclass

from analysis.errors import SettingError
from analysis.metrics.registry import metric_named


@dataclass(frozen=True)
class Quantity:
    """A number that a scored table has.

    Without an attribute it is the metric over everyone; with a group, over that group;
    with a group `against`, the first group's metric less the other's; with an attribute
    alone, the largest difference between two of its groups.

    Parameters
    ----------
    metric : str
        Name in the registry.
    attribute, group, against : str
        Empty where not asked for. Several attributes joined by commas name their
        intersections.
    among : tuple of str
        The groups that a largest gap looks at; all that have enough rows if empty.

    Raises
    ------
    SettingError
        There is no such metric, or a group stands without its attribute.
    """

    metric: str
    attribute: str = ""
    group: str = ""
    against: str = ""
    among: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        metric_named(self.metric)
        if (self.group or self.against) and not self.attribute:
            raise SettingError("A group needs the attribute that it belongs to.")
        if self.against and not self.group:
            raise SettingError("A difference needs two groups; one is given.")

    @property
    def is_difference(self) -> bool:
        """Whether it is a gap or a difference between groups."""
        return bool(self.against or (self.attribute and not self.group))

    @property
    def is_gap(self) -> bool:
        """Whether it is the largest gap of an attribute."""
        return bool(self.attribute and not self.group)


def quantity_of(given: "Quantity | str") -> Quantity:
    """Return a quantity; a metric's name stands for the metric of everyone."""
    return given if isinstance(given, Quantity) else Quantity(given)
