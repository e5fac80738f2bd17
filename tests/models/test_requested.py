import json
from dataclasses import fields, replace

import pytest

import cli
from analysis.errors import SettingError
from models.command_line import parser
from models.recipe import Recipe
from models.remedies import REMEDIES
from models.requested import (
    CHOSEN_ELSEWHERE,
    WRITTEN_BY_REMEDIES,
    changed,
    choosable,
    remedies_json,
)

OTHERS = {
    "split": "domain",
    "seed": 2**62 + 1,
    "held_out": "2014",
    "restart": 3,
    "architecture": "tabm",
    "hidden": (16, 8),
    "dropout": 0.25,
    "learning_rate": 0.001,
    "weight_decay": 0.0,
    "batch_size": 256,
    "epochs": 7,
    "patience": 2,
    "survey_weights": True,
    "device": "cpu",
    "precision": "float32",
    "schedule": "cosine",
    "find_rate": True,
    "clip": 1.5,
    "ema": 0.99,
    "prune": 0.5,
    "stop_by": "sex, race",
    "warm_start": "12e4567",
    "layers": "last",
}


def as_text(value):
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def test_the_table_above_has_every_setting_that_can_be_chosen():
    assert set(OTHERS) == set(choosable())
    names = {f.name for f in fields(Recipe)}
    assert set(choosable()) | WRITTEN_BY_REMEDIES | CHOSEN_ELSEWHERE == names


@pytest.mark.parametrize("name", OTHERS)
def test_every_setting_is_read_from_text_and_from_json(name):
    base = Recipe("t", split="domain") if name == "held_out" else Recipe("t")
    value = OTHERS[name]
    wanted = replace(base, **{name: value})
    listed = list(value) if isinstance(value, tuple) else value
    for given in (as_text(value), listed, json.loads(json.dumps(listed))):
        got = changed(base, {name: given})
        assert got == wanted
        assert type(getattr(got, name)) is type(getattr(base, name))
        assert got.digest == wanted.digest


def test_several_settings_may_need_each_other():
    got = changed(Recipe("t"), {"held_out": "2014", "split": "domain"})
    assert (got.split, got.held_out) == ("domain", "2014")


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("momentum", 0.9, "Training has no setting 'momentum'; it has split, seed"),
        ("row_weights", "{}", "Training has no setting 'row_weights'"),
        ("task", "german", "Training has no setting 'task'"),
        ("epochs", "ten", "'epochs' is ten; give a whole number"),
        ("epochs", "2.5", "give a whole number"),
        ("epochs", True, "give a whole number"),
        ("epochs", None, "give a whole number"),
        ("epochs", [3], "give a whole number"),
        ("epochs", "1e999999999", "give a whole number"),
        ("epochs", -1, "choose a value from 1 to 10000"),
        ("clip", "nan", "'clip' is nan; give a number"),
        ("clip", "inf", "give a number"),
        ("prune", 1, "choose a value from 0 to 0.9"),
        ("hidden", "64;32", "give the width of each layer, such as 64,32"),
        ("hidden", "²", "give the width of each layer"),
        ("hidden", "9" * 5000, "give the width of each layer"),
        ("hidden", {"a": 1}, "give the width of each layer"),
        ("hidden", [8, True], "give the width of each layer"),
        ("hidden", "0", "choose a value from 1 to 16384"),
        ("find_rate", "maybe", "'find_rate' is maybe; give true or false"),
        ("schedule", "fast", "choose one of one_cycle, cosine, constant"),
        ("stop_by", None, "give a word or a name"),
        ("device", ["cpu"], "give a word or a name"),
    ],
)
def test_nonsense_is_refused_in_words(name, value, advice):
    with pytest.raises(SettingError, match=advice):
        changed(Recipe("t"), {name: value})


@pytest.mark.parametrize("text", ["[64, 32]", "64,32", " 64 , 32 "])
def test_widths_may_be_written_as_a_list(text):
    assert changed(Recipe("t"), {"hidden": text}).hidden == (64, 32)


def test_no_widths_mean_no_hidden_layer():
    assert changed(Recipe("t"), {"hidden": ""}).hidden == ()


def test_the_command_line_hands_settings_over_as_they_were_typed():
    """The start of a run's id may look like a number; it must not become one."""
    calls = dict.fromkeys(cli.COMMANDS, print)
    given = ["warm_start=12e4567", "hidden=[8,4]", "stop_by=a=b", "clip="]
    options = parser(calls, "").parse_args(
        ["train", "t", *(x for pair in given for x in ("--with", pair))]
    )
    assert options.chosen["warm_start"] == "12e4567"
    assert options.chosen["stop_by"] == "a=b"
    with pytest.raises(SettingError, match="give a number"):
        changed(Recipe("t"), options.chosen)
    del options.chosen["clip"]
    got = changed(Recipe("t"), options.chosen)
    assert (got.warm_start, got.hidden) == ("12e4567", (8, 4))


def test_every_remedy_is_told_with_all_its_settings_as_json():
    told = json.loads(json.dumps(remedies_json(), allow_nan=False))
    assert [r["name"] for r in told] == list(REMEDIES)
    for remedy in told:
        assert remedy["summary"].startswith("Mends ")
        for setting in remedy["settings"]:
            is_number = setting["kind"] in ("number", "integer")
            assert (setting["range"] is not None) == is_number
            assert bool(setting["options"]) == (setting["kind"] == "choice")
