"""Who still waits for an inquiry: pages ask again and again while they do."""

import time

ATTENDED_SECONDS = 5.0
"""An inquiry that waits is dropped when nobody has asked for it for so long."""

LEFT_SECONDS = 20.0
"""One under way is stopped for another if nobody has followed it for so long."""


class Attendance:
    """When each inquiry was last asked for or followed."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def note(self, key: str) -> None:
        """Say that somebody waits for an inquiry now."""
        self._last[key] = time.monotonic()

    def is_awaited(self, key: str) -> bool:
        """Whether one that waits is still asked for."""
        return self._since(key) < ATTENDED_SECONDS

    def is_left(self, key: str) -> bool:
        """Whether nobody follows one under way any more."""
        return self._since(key) > LEFT_SECONDS

    def _since(self, key: str) -> float:
        return time.monotonic() - self._last.get(key, -LEFT_SECONDS)
