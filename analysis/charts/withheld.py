"""What charts say of groups that are withheld for privacy."""

from analysis.arrays import Bools
from analysis.charts.group_table import WITHHELD

__all__ = ["WITHHELD", "withheld_words"]


def withheld_words(hidden: Bools, what: str = "group") -> str:
    """Say how many groups are withheld; empty for none."""
    groups = int(hidden.sum())
    if not groups:
        return ""
    who = f"1 {what} is" if groups == 1 else f"{groups:,} {what}s are"
    return f"{who} {WITHHELD} for privacy."
