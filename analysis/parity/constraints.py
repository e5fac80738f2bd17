"""The rates that each kind of parity makes agree over groups."""

from analysis.errors import SettingError

CONSTRAINTS: dict[str, tuple[str, ...]] = {
    "equalized_odds": ("false_positive_rate", "true_positive_rate"),
    "equal_opportunity": ("true_positive_rate",),
    "equal_false_positive_rate": ("false_positive_rate",),
    "demographic_parity": ("selection_rate",),
}
"""Rates by the name of the constraint; all of them rise as a threshold falls."""


def rates_of(constraint: str) -> tuple[str, ...]:
    """Return the rates that a constraint holds together.

    Raises
    ------
    SettingError
        There is no such constraint.
    """
    if constraint not in CONSTRAINTS:
        raise SettingError(
            f"'{constraint}' is not a parity constraint; choose from "
            f"{', '.join(CONSTRAINTS)}."
        )
    return CONSTRAINTS[constraint]
