"""Several names in one text: joined by commas, and quoted as in CSV."""

import csv
import io
from collections.abc import Iterable


def joined(names: Iterable[str]) -> str:
    """Return names joined by commas; one that holds a comma or a quote is quoted."""
    return ", ".join(_quoted(name) for name in names)


def split(text: str) -> tuple[str, ...]:
    """Return the names of a text, without blanks around them and without repeats."""
    return tuple(dict.fromkeys(name for name in _read(text) if name))


def is_text(text: str) -> bool:
    """Whether a text can be written down: halves of a character cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def parts(text: str) -> int:
    """Return how many names a text holds, repeats and empty ones included."""
    return len(_read(text))


def _read(text: str) -> list[str]:
    rows = csv.reader(io.StringIO(text), skipinitialspace=True)
    return [name.strip() for row in rows for name in row]


def _quoted(name: str) -> str:
    is_clear = not any(mark in name for mark in ',"\n\r') and name == name.strip()
    return name if is_clear else '"' + name.replace('"', '""') + '"'
