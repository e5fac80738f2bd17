"""A grid of square panels, each with a band of bars under it, in pixels."""

import math
from dataclasses import dataclass

WIDTH, LEFT, MAX_PANEL, BARS = 900, 60, 340, 44
GUTTER, GAP, HEAD, FOOT = 44, 8, 42, 56
"""Sizes in pixels; the width is that of the page's column in a window of 1,280."""


@dataclass(frozen=True)
class Grid:
    """Where panels stand: as few rows as keep them large, all of one size."""

    panels: int

    @property
    def columns(self) -> int:
        """Panels side by side."""
        return self.panels if self.panels in (1, 2, 4) else 3

    @property
    def rows(self) -> int:
        """Rows of panels."""
        return max(1, math.ceil(self.panels / self.columns))

    @property
    def panel(self) -> int:
        """Side of a square panel."""
        free = WIDTH - LEFT - 20 - (self.columns - 1) * GUTTER
        return min(MAX_PANEL, free // self.columns)

    @property
    def band(self) -> int:
        """Height of one row of panels with its titles and ticks."""
        return HEAD + self.panel + GAP + BARS + FOOT

    @property
    def inner(self) -> tuple[int, int]:
        """Height and width of the plot."""
        width = self.columns * (self.panel + GUTTER) - GUTTER
        return self.rows * self.band, width
