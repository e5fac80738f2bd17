import re
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from models.recipe import Recipe, Stage
from models.remedies import REMEDIES
from models.remedies.chain import stage
from models.remedies.fits import (
    Facts,
    fitted_after,
    fitted_layer,
    reason_against,
    slots_of,
)
from models.remedies.settings import attribute_setting, table_setting

FACTS = Facts(
    classes=2,
    attributes=("sex",),
    numeric_features=3,
    tables=1,
    architecture="mlp",
    is_finished=True,
)


def remedy(needs=(), kind="retraining", slot="", settings=()):
    """A remedy that asks for some things and for nothing else."""
    body = {"needs": needs, "kind": kind, "title": "A fix", "__annotations__": {}}
    body |= {"slot": slot} if slot else {}
    for name, declared in settings:
        body[name] = declared
        body["__annotations__"][name] = str
    return dataclass(frozen=True, kw_only=True)(type("Fix", (), body))


GROUPS = ("attribute", attribute_setting("Which groups.", is_required=True))
ANY_GROUPS = ("attribute", attribute_setting("Which groups.", is_required=False))
TABLE = ("source", table_setting("Which table."))


@pytest.mark.parametrize(
    ("asks", "lack", "advice"),
    [
        ({"needs": ("two classes",)}, {"classes": 3}, "3 classes.*Choose another"),
        ({"needs": ("a network",)}, {"architecture": "boosting"}, "Train a network"),
        ({"needs": ("a finished run",)}, {"is_finished": False}, "Let it finish"),
        ({"needs": ("numeric features",)}, {"numeric_features": 0}, "no column of num"),
        ({"needs": ("another table",)}, {"tables": 0}, "Upload it"),
        ({"settings": (TABLE,)}, {"tables": 0}, "Upload it"),
        ({"settings": (GROUPS,)}, {"attributes": ()}, "Declare a sensitive attribute"),
        ({"slot": "loss"}, {"slots": {"loss": "Focal loss"}}, "Focal loss.*the loss"),
        ({}, {"fitted_after": "Temperature scaling"}, "the run it was made from"),
    ],
)
def test_what_a_run_lacks_is_said_with_what_to_do(asks, lack, advice):
    asking = remedy(**asks)
    assert reason_against(asking, FACTS) == ""
    reason = reason_against(asking, replace(FACTS, **lack))
    assert re.search(advice, reason), reason
    assert reason_against(remedy(kind="posthoc"), replace(FACTS, **lack)) == ""


def test_groups_that_may_be_left_out_are_not_needed():
    asking = remedy(settings=(ANY_GROUPS,))
    assert reason_against(asking, replace(FACTS, attributes=())) == ""


def test_the_slots_of_a_chain_are_those_of_its_remedies(monkeypatch):
    @dataclass(frozen=True)
    class Holder:
        title: ClassVar[str] = "A loss"
        kind: ClassVar[str] = "retraining"
        slot: ClassVar[str] = "loss"
        needs: ClassVar[tuple] = ()

    monkeypatch.setitem(REMEDIES, "holder", Holder)
    recipe = Recipe(task="german", stages=(Stage("holder"),))
    assert slots_of(recipe) == {"loss": "A loss"}
    assert fitted_after(recipe) == ""
    mended = recipe.with_stage(stage("temperature"))
    assert fitted_after(mended) == REMEDIES["temperature"].title


@pytest.mark.parametrize("name", REMEDIES)
def test_every_remedy_fits_a_run_that_lacks_nothing(name):
    assert reason_against(REMEDIES[name], FACTS) == ""


@pytest.mark.parametrize(
    ("before", "name", "advice"),
    [
        ("equal_opportunity", "temperature", "no longer fit.*the other order"),
        ("equal_opportunity", "equalized_odds", "decides already"),
        ("abstain", "equalized_odds", "no longer fit"),
        ("temperature", "weight_aligning", "no longer fit"),
    ],
)
def test_what_would_undo_a_change_of_scores_is_refused(before, name, advice):
    settings = {"attribute": "sex"} if before == "equal_opportunity" else {}
    recipe = Recipe("t", stages=(stage(before, **settings),))
    facts = replace(FACTS, fitted_after="A fix", layer=fitted_layer(recipe))
    assert re.search(advice, reason_against(REMEDIES[name], facts))
    assert reason_against(REMEDIES[name], FACTS) == ""
    assert reason_against(REMEDIES["abstain"], facts) == ""
