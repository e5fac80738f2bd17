"""The parts of a table that a remedy balances: classes, groups, or both crossed."""

from analysis.errors import SettingError
from analysis.frame import AuditFrame, Grouping, intersection
from models.names import split
from models.remedies.weighing import labels_of

CLASS, GROUP, BOTH = "class", "group", "both"
LEVELS = (BOTH, GROUP, CLASS)


def cells_of(train: AuditFrame, level: str, attribute: str) -> Grouping:
    """Return each row's cell: its class, its group, or the two together.

    Parameters
    ----------
    train : AuditFrame
        With labels.
    level : str
        One of `LEVELS`.
    attribute : str
        Empty for none; 'both' then means the class alone.

    Raises
    ------
    SettingError
        Groups are asked for and no attribute is named.
    DataError
        The rows have no labels, or no such attribute.
    """
    if level == GROUP and not attribute:
        raise SettingError(
            "Groups are to be balanced, but no attribute is chosen. Choose an "
            "attribute, or the level 'class'."
        )
    parts = {} if level == CLASS else groupings_named(train, attribute)
    if level != GROUP:
        # A key that no column has: an attribute may share the label's name.
        parts = {**parts, "": Grouping(labels_of(train), train.classes)}
    return intersection(parts)


def groupings_named(train: AuditFrame, attribute: str) -> dict[str, Grouping]:
    """Return each of the attributes that a setting names, by name; none for ''.

    Raises
    ------
    DataError
        An attribute is not one of the frame's.
    """
    names = (attribute,) if attribute in train.groups else split(attribute)
    return {name: train.grouping((name,)) for name in names}
