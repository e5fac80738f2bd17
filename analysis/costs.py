"""What each outcome of a decision costs."""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.errors import SettingError


@dataclass(frozen=True)
class Costs:
    """The cost of one row of each outcome, in any one unit.

    Parameters
    ----------
    true_negative, false_positive, false_negative, true_positive : float
        Finite and at most 1e9 in size; a gain is a negative cost. By default each
        wrong decision costs 1.

    Raises
    ------
    SettingError
        A cost is not a finite number of a sane size.
    """

    true_negative: float = 0.0
    false_positive: float = 1.0
    false_negative: float = 1.0
    true_positive: float = 0.0

    def __post_init__(self) -> None:
        largest = float(np.max(np.abs(self.matrix)))
        if not largest <= 1e9:  # also catches NaN
            raise SettingError(
                f"The costs are {self}; each must be a finite number of at most "
                "1,000,000,000. Write them in a larger unit."
            )

    def __str__(self) -> str:
        return "/".join(f"{cost:g}" for cost in self.matrix.ravel())

    @property
    def matrix(self) -> Floats:
        """Costs by label and decision, float[2, 2], in the cells' order of `Counts`."""
        return np.array(
            [
                [self.true_negative, self.false_positive],
                [self.false_negative, self.true_positive],
            ]
        )


def costs_from_text(text: str) -> Costs:
    """Read costs as `str` prints them: 'tn/fp/fn/tp', such as '0/1/5/0'.

    Raises
    ------
    SettingError
        The text is not four numbers.
    """
    try:
        values = [float(part) for part in text.split("/")]
    except ValueError:
        values = []
    if len(values) != 4:
        raise SettingError(
            f"'{text}' is not a cost matrix; write the costs of a right rejection, a "
            "wrong flag, a miss and a right flag, such as 0/1/5/0."
        )
    return Costs(*values)
