"""What charts say of groups that are withheld for privacy."""

from analysis.arrays import Bools
from analysis.charts.group_table import WITHHELD

__all__ = ["WITHHELD", "withheld_words"]


def withheld_words(hidden: Bools) -> str:
    """Say how many groups are withheld; empty for none."""
    groups = int(hidden.sum())
    if not groups:
        return ""
    who = "1 group is" if groups == 1 else f"{groups:,} groups are"
    return f"{who} {WITHHELD} for privacy."
