"""The groups that a setting names: one attribute, or several crossed."""

from analysis.frame import AuditFrame, Grouping
from models.names import split


def grouping_named(frame: AuditFrame, attribute: str) -> Grouping:
    """Return the grouping of one attribute, or of several joined by commas.

    Raises
    ------
    DataError
        An attribute is not one of the frame's.
    """
    if attribute in frame.groups:
        return frame.groups[attribute]
    return frame.grouping(split(attribute))
