from dataclasses import replace

import pytest

from models.recipe import Recipe
from models.remedies import REMEDIES
from models.remedies.chain import completed, stage
from models.remedies.settings import Setting, dial_of, settings_of
from models.remedies.strengths import (
    STRENGTHS,
    members,
    path_strengths,
    strength_of,
    strengths,
    sweep_of,
)
from models.run import Run


def dial(default, low, high, kind="number"):
    return Setting("strength", kind, default, low, high, (), "How strongly.", True)


def test_a_plain_dial_is_cut_evenly():
    assert strengths(dial(1.0, 0.0, 1.0), 1.0) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


def test_the_chosen_strength_takes_the_place_of_its_neighbour_but_not_of_an_end():
    assert strengths(dial(1.0, 0.0, 1.0), 0.37) == [0.0, 0.2, 0.37, 0.6, 0.8, 1.0]
    found = strengths(dial(1.0, 0.0, 1.0), 0.98)
    assert found == [0.0, 0.2, 0.4, 0.6, 0.98, 1.0]


@pytest.mark.parametrize("default", [0.01, 1.0, 50.0, 99.0, 0.0, 100.0])
def test_the_usual_strength_stands_in_the_middle(default):
    found = strengths(dial(default, 0.0, 100.0), 0.0, count=5)
    assert found[0] == 0.0
    assert found[-1] == 100.0
    assert len(set(found)) == 5
    if 2 < default < 98:
        assert found[2] == pytest.approx(default, rel=0.05)


def test_a_path_from_a_low_usual_strength_has_round_steps_that_widen():
    found = path_strengths(dial(0.04, 0.0, 1.0))
    assert found == [
        *(0.0, 0.0025, 0.01, 0.02, 0.04, 0.06, 0.09, 0.12, 0.16, 0.2, 0.25),
        *(0.3, 0.36, 0.42, 0.49, 0.56, 0.64, 0.72, 0.81, 0.9, 1.0),
    ]


def test_a_path_elsewhere_has_even_round_steps():
    assert path_strengths(dial(0.55, 0.0, 1.0), 6) == [0.0, 0.2, 0.4, 0.55, 0.8, 1.0]
    assert path_strengths(dial(0.9, 0.05, 1.0))[:3] == [0.05, 0.1, 0.15]
    assert path_strengths(dial(3.0, 1.0, 10.0), 10) == list(range(1, 11))


@pytest.mark.parametrize("default", [0.0, 0.07, 0.5, 0.333, 1.0])
@pytest.mark.parametrize("ends", [(0.0, 1.0), (-0.5, 3.0), (0.0, 1000.0)])
def test_a_path_holds_its_ends_and_the_usual_strength(default, ends):
    low, high = ends
    usual = low + default * (high - low)
    found = path_strengths(dial(usual, low, high))
    assert (found[0], found[-1]) == ends
    assert usual in found
    assert 15 <= len(set(found)) == len(found) <= 21
    assert found == sorted(found)
    assert len({f"{s:.3g}" for s in found}) == len(found)


def test_a_path_of_whole_numbers_has_whole_numbers():
    found = path_strengths(dial(2, 1, 50, "integer"))
    assert all(isinstance(value, int) for value in found)
    assert path_strengths(dial(2, 1, 4, "integer")) == [1, 2, 3, 4]


def test_whole_numbers_stay_whole_and_do_not_repeat():
    found = strengths(dial(2, 1, 4, "integer"), 2)
    assert found == [1, 2, 3, 4]
    assert all(isinstance(value, int) for value in found)


@pytest.mark.parametrize("name", [n for n in REMEDIES if dial_of(REMEDIES[n])])
def test_every_dial_gives_a_sweep_that_can_be_submitted(name):
    known = {
        "attribute": "sex",
        "cohort": "age >= 40",
        "feature": "age",
        "table": "german",
    }
    told = {
        s.name: known[s.kind]
        for s in settings_of(REMEDIES[name])
        if s.default is None or s.name == "target"
    }
    chosen = dial_of(REMEDIES[name]).default
    recipes = sweep_of(Recipe(task="german"), name, told, chosen=chosen)
    assert 2 <= len(recipes) <= STRENGTHS
    values = [r.stages[-1].settings[dial_of(REMEDIES[name]).name] for r in recipes]
    assert chosen in values
    assert len({completed(r).digest for r in recipes}) == len(recipes)


def run(recipe, base="b", data="d", state="done"):
    return Run(recipe.digest, recipe, data, state, base=base)


def test_members_differ_by_strength_alone():
    plain = Recipe(task="german")
    recipes = sweep_of(plain, "reweighing", {"attribute": "sex"}, chosen=1.0)
    sweep = [run(recipe) for recipe in reversed(recipes)]
    by_age = run(plain.with_stage(stage("reweighing", attribute="age", strength=0.4)))
    elsewhere = replace(sweep[0], id="x", base="other")
    older = replace(sweep[0], id="y", data_digest="older")
    temperature = run(plain.with_stage(stage("temperature")))
    found = members(
        sweep[0], [*sweep, by_age, elsewhere, older, temperature, run(plain)]
    )
    assert [strength_of(r) for r in found] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


def test_a_remedy_without_a_dial_stands_alone():
    alone = run(Recipe(task="german").with_stage(stage("temperature")))
    assert strength_of(alone) is None
    assert members(alone, [alone]) == [alone]
    assert sweep_of(Recipe(task="german"), "temperature", {}, chosen=1.0) == []
