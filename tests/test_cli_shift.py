"""`attribute` with quantities, `estimate` and `shift`, called as a user calls them."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import cli


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("FAULTLINE_HOME", str(tmp_path / "home"))


@pytest.fixture
def ask(capsys):
    def call(*arguments):
        status = cli.main([*map(str, arguments), "--json"])
        printed = capsys.readouterr()
        assert status == 0, printed.err
        return json.loads(printed.out)

    return call


@pytest.fixture
def refusal(capsys):
    def call(*arguments):
        status = cli.main([str(a) for a in arguments])
        printed = capsys.readouterr()
        assert status == 2
        assert printed.err.count("\n") == 1
        assert "Traceback" not in printed.err
        return printed.err

    return call


def people(rng, n, *, mean=0.0, share=0.5):
    town = rng.choice(["a", "b"], n, p=[1 - share, share])
    x = rng.normal(mean, 1, n)
    p = expit(x + (town == "b"))
    return pd.DataFrame(
        {
            "town": town,
            "x": x,
            "y": (rng.random(n) < p).astype(int),
            "p": p,
            "month": np.arange(n) % 3,
        }
    )


@pytest.fixture
def tables(tmp_path, rng):
    paths = {}
    for name, table in {
        "source": people(rng, 3000),
        "target": people(rng, 2000, mean=1.0, share=0.8),
        "blank": people(rng, 2000, mean=1.0).drop(columns="y"),
    }.items():
        paths[name] = str(tmp_path / f"{name}.csv")
        table.to_csv(paths[name], index=False)
    return paths


def columns(*more):
    return ("--label", "y", "--scores", "p", *more)


def both(tables, target="target"):
    return ("--source", tables["source"], "--target", tables[target])


def total(answer):
    return sum(p["value"] for p in answer["parts"]) + answer["residual"]


@pytest.mark.parametrize(
    "more",
    [
        (),
        ("--gap-of", "town"),
        ("--group", "town = b"),
        ("--group", "town = b", "--against", "town = a"),
        ("--way", "features", "--order", "town;x"),
        ("--graph", "town->y,x->y"),
    ],
)
def test_the_parts_and_the_residual_are_the_change(ask, tables, more):
    got = ask(
        *("attribute", *both(tables), *columns("--groups", "town")),
        *("--metric", "selection_rate", "--bootstrap", "0", *more),
    )
    assert total(got) == pytest.approx(got["change"]["value"], abs=1e-9)


def test_a_difference_of_groups_is_that_of_the_two(ask, tables):
    given = ("attribute", *both(tables), *columns("--groups", "town"))
    given += ("--metric", "selection_rate", "--bootstrap", "0")
    one, other, difference = (
        ask(*given, "--group", "town = b", *more)["target"]["value"]
        if first
        else ask(*given, "--group", "town = a")["target"]["value"]
        for first, more in ((1, ()), (0, ()), (1, ("--against", "town = a")))
    )
    assert difference == pytest.approx(one - other)


def test_the_shared_way_gives_three_parts_and_the_shares_outside(ask, tables):
    got = ask(
        *("attribute", *both(tables), *columns(), "--metric", "accuracy"),
        *("--way", "shared", "--bootstrap", "40"),
    )
    assert len(got["parts"]) == 3
    assert 0 <= got["outside_target"]["value"] <= 1
    assert sum(p["value"] for p in got["parts"]) == pytest.approx(
        got["change"]["value"], abs=1e-9
    )


def test_estimates_stand_beside_what_the_labels_show(ask, tables):
    got = ask(
        *("estimate", "--reference", tables["source"], "--target", tables["target"]),
        *columns("--groups", "town", "--metrics", "accuracy,auroc", "--time", "month"),
    )
    for metric in ("accuracy", "auroc"):
        one = got["metrics"][metric]
        assert one["low"] < one["estimated"] < one["high"]
        # One draw of a 95 % interval: a miss by half its length would be a fault.
        slack = (one["high"] - one["low"]) / 2
        assert one["low"] - slack <= one["realised"] <= one["high"] + slack
    assert {g["group"] for g in got["groups"]} == {"a", "b"}
    assert len(got["chunks"]) == 3
    assert {light["state"] for light in got["lights"]}
    assert got["mde"]


def test_a_target_without_labels_has_estimates_and_nothing_realised(ask, tables):
    got = ask(
        *("estimate", "--reference", tables["source"], "--target", tables["blank"]),
        *columns("--metrics", "accuracy"),
    )
    one = got["metrics"]["accuracy"]
    assert one["realised"] is None
    assert one["low"] < one["estimated"] < one["high"]


def test_a_change_cannot_be_split_without_labels(refusal, tables):
    said = refusal(
        "attribute", *both(tables, "blank"), *columns("--metric", "accuracy")
    )
    assert "cli.py estimate" in said


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--group", "town = z"), "z"),
        (("--group", "town = a", "--against", "x = 1"), "different attributes"),
        (("--gap-of", "town", "--group", "town = a"), "ask for one"),
        (("--graph", "x->y,y->x"), "cycle"),
        (("--graph", "height->y"), "height"),
        (("--metric", "niceness"), "niceness"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_line(refusal, tables, more, words):
    given = ("--metric", "accuracy") if "--metric" not in more else ()
    said = refusal(
        "attribute", *both(tables), *columns("--groups", "town"), *given, *more
    )
    assert words in said


def test_a_feature_whose_name_holds_a_comma_can_be_ordered(ask, tmp_path, rng):
    paths = []
    for name in ("s", "t"):
        table = people(rng, 400).rename(columns={"x": "a, b; c"})
        paths.append(str(tmp_path / f"{name}.csv"))
        table.to_csv(paths[-1], index=False)
    got = ask(
        *("attribute", "--source", paths[0], "--target", paths[1]),
        *columns("--metric", "accuracy", "--bootstrap", "0", "--way", "features"),
        *("--order", 'town; "a, b; c",month;'),
    )
    assert len(got["parts"]) == 3
    assert "a, b; c, month" in got["parts"][1]["component"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "more", [(), ("--way", "features"), ("--way", "shared"), ("--graph", "x->y")]
)
def test_the_scale_of_a_column_says_nothing_however_large(ask, tables, tmp_path, more):
    given = (*columns("--metric", "accuracy", "--bootstrap", "20", *more),)
    plain = ask("attribute", *both(tables), *given)
    for name in ("source", "target"):
        table = pd.read_csv(tables[name])
        table["x"] = np.ldexp(table["x"], 1020)
        table.to_csv(tmp_path / f"huge_{name}.csv", index=False)
    huge = ("--source", tmp_path / "huge_source.csv")
    huge += ("--target", tmp_path / "huge_target.csv")
    got = ask("attribute", *huge, *given)
    for one, other in zip(plain["parts"], got["parts"], strict=True):
        assert one.get("value") == pytest.approx(other.get("value"), abs=1e-4)


def test_shift_answers_what_the_page_asks(ask):
    got = ask(
        *("shift", "planted", "--ask", "evidence", "--by", "region"),
        *("--set", "metric=error_rate", "--set", "bootstrap=40"),
    )
    assert got["sides"]["column"] == "region"
    parts = sum(p["value"] for p in got["split"]["parts"]) + got["split"]["residual"]
    assert parts == pytest.approx(got["split"]["change"]["value"], abs=1e-9)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--ask", "fortune"), "choose one of"),
        (("--ask", "evidence"), "--set metric"),
        (("--ask", "evidence", "--set", "colour=red"), "no setting"),
        (("--ask", "evidence", "--set", "metric=accuracy", "--set", "seed=x"), "read"),
        (("--ask", "sources"), "Train a model first"),
        *(
            (("--ask", "attribution", "--set", "metric=accuracy", *settings), words)
            for settings, words in (
                (("--set", "way=nope"), "no way to split"),
                (("--set", "way=mechanisms"), "none is given"),
                (("--set", "way=groups"), "none is given"),
                (("--set", "way=covariates", "--set", "seed=-1"), "seed is -1"),
                (("--set", "way=covariates", "--set", "bootstrap=-1"), "bootstrap"),
                (("--set", "way=covariates", "--set", "bootstrap=1.5"), "bootstrap"),
                (("--set", "way=features", "--set", 'order=["x"]'), "lists of names"),
            )
        ),
        (("--ask", "detection", "--set", "k=1e9"), "cannot be read"),
        (("--ask", "detection", "--set", "k=[1]"), "cannot be read"),
        (("--ask", "detection", "--set", "k=true"), "cannot be read"),
        (("--ask", "detection", "--without", "nope"), "'nope'"),
        (("--ask", "label_free", "--set", "metrics=[3]"), "cannot be read"),
        (
            ("--ask", "evidence", "--set", "metric=accuracy", "--set", "seed=-1"),
            "0 or more",
        ),
        (("--ask", "evidence", "--set", "metric=accuracy", "--by", "zz"), "'zz'"),
        (
            *[("--ask", "evidence", "--set", "metric=accuracy", "--target", "moon")],
            "'moon'",
        ),
    ],
)
def test_what_shift_cannot_answer_is_refused_in_a_line(refusal, more, words):
    by = () if "--by" in more else ("--by", "region")
    assert words in refusal("shift", "planted", *by, *more)


def test_a_table_without_any_sides_is_refused(refusal):
    said = refusal("shift", "planted", "--ask", "evidence", "--set", "metric=accuracy")
    assert "--by" in said


def test_what_could_give_people_away_is_refused_while_groups_are_hidden(refusal):
    given = ("shift", "planted", "--by", "region", "--hide-below", "50")
    said = refusal(*given, "--ask", "evidence", "--set", "metric=accuracy")
    assert "Ask without --hide-below" in said
    said = refusal(
        *("shift", "planted", "--by", "region", "--hide-below", "100000"),
        *("--ask", "detection"),
    )
    assert "cannot be shown by itself" in said


def test_what_can_be_protected_is_answered_while_groups_are_hidden(ask):
    got = ask(
        *("shift", "planted", "--by", "region", "--hide-below", "50"),
        *("--ask", "detection"),
    )
    assert got["ask"] == "detection"
