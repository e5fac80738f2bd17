"""What every tab of the Shift page is drawn from."""

from dataclasses import dataclass

from analysis.datasets.load import Dataset
from analysis.shifts.domain import Domain, Unlabelled, without_labels
from analysis.shifts.sides import Sides

NO_LABELS = (
    "The target has no labels, so nobody can say how well the model does there, nor "
    "why. Performance can be estimated without labels in the tab of that name."
)


@dataclass(frozen=True, eq=False)
class Setting:
    """Two sides, and what is asked of them.

    Parameters
    ----------
    source : Domain
    target : Domain or Unlabelled
    data : Dataset
        The one in view, which holds the source.
    sides : Sides
        What was chosen, and what both are called.
    metric : str
    by : tuple of str
        Attributes to show groups of; empty where there are none.
    """

    source: Domain
    target: Domain | Unlabelled
    data: Dataset
    sides: Sides
    metric: str
    by: tuple[str, ...]

    @property
    def labelled(self) -> Domain | None:
        """The target, if its labels are known."""
        return self.target if isinstance(self.target, Domain) else None

    @property
    def scored(self) -> Unlabelled:
        """The target without its labels."""
        if isinstance(self.target, Unlabelled):
            return self.target
        return without_labels(self.target)


def of_sides(
    both: tuple[Domain, Domain | Unlabelled], data: Dataset, sides: Sides, metric: str
) -> Setting:
    """Return the setting of two sides; groups shown are those of every attribute."""
    by = tuple(a for a in data.frame.groups if a != sides.column)
    return Setting(*both, data, sides, metric, by)
