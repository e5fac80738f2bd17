"""Every error raised on purpose, as one tree.

A message says what was found, what was needed and what to do next, in the words of
the interface. `AuditError` is what pages show and the command line prints; anything
else is a fault of ours and surfaces as one.
"""


class AuditError(Exception):
    """Base of every error that is a user's to mend."""


class DataError(AuditError):
    """A table, a column or a role does not serve its purpose."""


class SettingError(AuditError):
    """A name or a number given by the user is not one that exists or is allowed."""


class MetricError(AuditError):
    """A metric was asked of scores or groups that cannot give it."""


class OverlapError(AuditError):
    """Two tables overlap too little for what was asked."""


class RunError(AuditError):
    """A run is unknown, unfinished or cannot do what was asked."""


class StoreError(AuditError):
    """The run store cannot be read or written."""


class TooManyGroupsError(DataError):
    """An attribute, or a product of attributes, has more groups than can be audited."""

    def __init__(self, attribute: str, found: int, limit: int) -> None:
        super().__init__(
            f"'{attribute}' has {found:,} different values; at most {limit:,} groups "
            "can be audited. Choose a coarser attribute, set cut points if it is a "
            "number, or drop one attribute from the intersection."
        )


class NeedsProbabilitiesError(MetricError):
    """A metric that is defined for probabilities was asked of raw scores."""

    def __init__(self, metric: str, low: float, high: float) -> None:
        super().__init__(
            f"'{metric}' needs probabilities between 0 and 1; these scores run from "
            f"{low:.9g} to {high:.9g}. Choose a metric of decisions or ranking "
            "(such as 'false_positive_rate' or 'auroc'), or calibrate the scores first."
        )
