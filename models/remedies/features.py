"""The features that a remedy's setting names."""

from analysis.errors import SettingError
from analysis.frame import AuditFrame
from models.names import split


def features_named(train: AuditFrame, text: str) -> tuple[str, ...]:
    """Return the features of one name, or of several joined by commas.

    Raises
    ------
    SettingError
        One is not a feature of the table.
    """
    known = [str(name) for name in train.features]
    if text in known:  # a name may hold a comma itself
        return (text,)
    names = split(text)
    for name in names:
        if name not in known:
            raise SettingError(
                f"'{name}' is not a feature of this table; it has {', '.join(known)}. "
                "Choose one of these."
            )
    return names
