"""Whether a table suits a chain's changes of scores, before anything is trained."""

from analysis.datasets.load import Dataset
from analysis.errors import SettingError
from models.groupings import grouping_named
from models.recipe import Recipe
from models.remedies.chain import remedy_of, retraining
from models.remedies.fits import Facts, reason_against
from models.remedies.settings import settings_of


def refuse_unsuited(recipe: Recipe, dataset: Dataset) -> None:
    """Refuse a chain whose later stages would fail only after the model was trained.

    Raises
    ------
    SettingError
        A remedy does not serve this label or these groups.
    DataError
        A remedy names an attribute that the table does not have.
    """
    frame = dataset.frame
    facts = Facts(
        classes=len(frame.classes),
        attributes=tuple(frame.groups),
        numeric_features=1,  # no change of scores asks for them
        tables=1,
        architecture=recipe.architecture,
        is_finished=True,
    )
    for stage in recipe.stages[len(retraining(recipe)) :]:
        remedy = remedy_of(stage)
        if reason := reason_against(type(remedy), facts):
            raise SettingError(f"{remedy.title}: {reason}")
        for s in settings_of(type(remedy)):
            if s.kind == "attribute" and stage.settings[s.name]:
                grouping_named(frame, stage.settings[s.name])
