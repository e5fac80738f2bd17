"""A frame's features as a recipe's model takes them."""

import pandas as pd

from analysis.frame import AuditFrame
from models.recipe import Recipe


def features_for(recipe: Recipe, frame: AuditFrame) -> pd.DataFrame:
    """Return the features with the recipe's group shifts subtracted, if it has any.

    What is masked is left out when the preprocessor is fitted, which afterwards looks
    at its own columns only.

    Raises
    ------
    DataError
        The frame has no such groups.
    """
    return frame.features if recipe.shifts is None else recipe.shifts.applied(frame)
