"""The command line's contract, called as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import cli

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def scored(tmp_path):
    """Eight people whose rates can be counted by hand, in two attributes."""
    path = tmp_path / "scored people.csv"
    pd.DataFrame(
        {
            "sex": ["f", "f", "f", "f", "m", "m", "m", "m"],
            "town": ["x", "x", "y", "y", "x", "x", "x", "x"],
            "hired": [1, 1, 0, 0, 1, 1, 0, 0],
            "p": [0.9, 0.2, 0.5, 0.1, 0.8, 0.7, 0.3, 0.2],
        }
    ).to_csv(path, index=False)
    return str(path)


@pytest.fixture
def run_cli(capsys):
    def call(*arguments):
        status = cli.main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call


def answer(run_cli, *arguments):
    status, out, err = run_cli(*arguments, "--json")
    assert status == 0, err
    assert out.count("\n") == 1
    return json.loads(out)


def test_audit_gives_the_rates_worked_by_hand(run_cli, scored):
    got = answer(
        run_cli, "audit", scored, "--label", "hired", "--scores", "p", "--groups", "sex"
    )
    assert got["n"] == 8
    assert got["threshold"] == 0.5
    assert [g["group"] for g in got["groups"]] == [{"sex": "f"}, {"sex": "m"}]
    women = got["groups"][0]["metrics"]
    assert women["true_positive_rate"]["value"] == 0.5
    assert women["false_positive_rate"]["value"] == 0.5  # 0.5 is at the threshold
    assert women["false_positive_rate"]["n"] == 2
    assert got["gaps"]["equalized_odds_difference"]["value"] == 0.5
    assert got["gaps"]["true_positive_rate"]["low"] == 0
    assert got["overall"]["accuracy"]["value"] == 0.75


def test_groups_are_full_intersections_empty_ones_included(run_cli, scored):
    got = answer(
        run_cli,
        *("audit", "--data", scored, "--label", "hired", "--scores", "p"),
        *("--groups", "sex,town", "--metrics", "selection_rate"),
    )
    by_group = {tuple(g["group"].values()): g for g in got["groups"]}
    assert list(by_group) == [("f", "x"), ("f", "y"), ("m", "x"), ("m", "y")]
    empty = by_group["m", "y"]
    assert empty["n"] == 0
    assert empty["metrics"]["selection_rate"] == {
        "value": None,
        "low": None,
        "high": None,
        "n": 0,
    }


def test_rows_left_out_are_said_in_the_notes(run_cli, tmp_path):
    path = tmp_path / "unlabelled.csv"
    path.write_text("hired,p,sex\n1,0.9,f\n0,0.1,m\n,0.5,f\n1,0.2,m\n0,0.6,f\n")
    got = answer(run_cli, "audit", path, "--label", "hired", "--scores", "p")
    assert got["n"] == 4
    assert any("left out" in note for note in got["notes"])


def test_three_classes_are_scored_by_their_own_columns(run_cli, tmp_path):
    y = np.arange(30) % 3
    scores = np.eye(3)[y] * 0.8 + 0.1 - 0.1 / 3
    table = pd.DataFrame(
        scores / scores.sum(1, keepdims=True), columns=["p0", "p1", "p2"]
    )
    path = tmp_path / "three.csv"
    table.assign(y=y).to_csv(path, index=False)
    for positive in "012":
        got = answer(
            run_cli,
            *("audit", path, "--label", "y", "--scores", "p0,p1,p2"),
            *("--positive", positive, "--metrics", "accuracy,auroc"),
        )
        assert got["overall"]["accuracy"]["value"] == 1
        assert got["overall"]["auroc"]["value"] == 1


def test_one_group_of_one_person_has_null_ends_not_infinite_ones(run_cli, tmp_path):
    path = tmp_path / "solo.csv"
    path.write_text("y,p,g\n1,0.9,a\n0,0.2,a\n1,0.7,a\n0,0.6,b\n1,0.6,c\n0,0.1,c\n")
    got = answer(
        run_cli, "audit", path, "--label", "y", "--scores", "p", "--groups", "g,g"
    )
    alone = got["groups"][1]["metrics"]["log_loss"]
    assert alone["n"] == 1
    assert alone["high"] is None


def test_the_tasks_own_threshold_serves_its_own_score(run_cli):
    got = answer(
        run_cli,
        *("audit", "compas:customary", "--groups", "race"),
        *("--metrics", "false_positive_rate,auroc"),
    )
    assert (got["n"], got["threshold"]) == (6172, 5)
    by_race = {g["group"]["race"]: g["metrics"] for g in got["groups"]}
    # ProPublica's finding on the same rows: 42 % against 22 %
    black, white = (
        by_race[r]["false_positive_rate"]["value"]
        for r in ("African-American", "Caucasian")
    )
    assert black == pytest.approx(0.42, abs=0.01)
    assert white == pytest.approx(0.22, abs=0.01)
    assert got["gaps"].keys() == {"false_positive_rate", "auroc"}


@pytest.fixture
def two_tables(tmp_path):
    rng = np.random.default_rng(4)
    paths = []
    for name, shift in (("source", 0.0), ("target", -1.5)):
        x = rng.normal(size=2000)
        y = (rng.random(2000) < expit(x + shift * (x > 0))).astype(int)
        path = tmp_path / f"{name}.csv"
        table = {"x": x, "sex": rng.choice(["f", "m"], 2000), "y": y, "p": expit(x)}
        pd.DataFrame(table).to_csv(path, index=False)
        paths.append(str(path))
    return paths


def test_attribute_finds_the_planted_part_and_adds_up(run_cli, two_tables):
    got = answer(
        run_cli,
        *("attribute", "--source", two_tables[0], "--target", two_tables[1]),
        *("--label", "y", "--scores", "p", "--metric", "brier_score"),
        *("--bootstrap", 40, "--groups", "sex"),
    )
    parts = {p["component"]: p for p in got["parts"]}
    assert parts.keys() == {"P(X)", "P(Y|X)"}
    assert parts["P(Y|X)"]["low"] > 0 >= parts["P(X)"]["low"]
    total = sum(p["value"] for p in got["parts"]) + got["residual"]
    assert total == pytest.approx(got["change"]["value"])
    assert [g["group"]["sex"] for g in got["groups"]] == ["f", "m"]


def test_attribute_over_a_graph_names_its_mechanisms(run_cli, two_tables):
    got = answer(
        run_cli,
        *("attribute", "--source", two_tables[0], "--target", two_tables[1]),
        *("--label", "y", "--scores", "p", "--metric", "brier_score"),
        *("--bootstrap", 0, "--graph", "sex->x,x->Y"),
    )
    names = [p["component"] for p in got["parts"]]
    assert names == ["P(sex)", "P(x|sex)", "P(Y|x)"]
    largest = max(got["parts"], key=lambda p: abs(p["value"]))
    assert largest["component"] == "P(Y|x)"


def test_datasets_lists_every_task_with_its_rows(run_cli):
    rows = {d["name"]: d["rows"] for d in answer(run_cli, "datasets")}
    assert rows["adult"] == 48_842
    assert rows["compas"] == 7_214
    assert rows["census_income"] == 299_285


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["audit"], "give a run, an embedded task or a file"),
        (["audit", "nowhere.csv", "--label", "a", "--scores", "b"], "Give the path of"),
        (["audit", "{}", "--label", "nope", "--scores", "p"], "hoose"),
        (["audit", "{}", "--label", "hired"], "needs --label COLUMN and --scores"),
        (["audit", "{}", "--label", "hired", "--scores", "sex"], "number"),
        (["audit", "cafe"], "No run starts with"),
        (["audit", "adult"], "train a model"),
        (["audit", "compas", "--metrics", "log_loss"], "calibrate the scores first"),
        (["audit", "compas", "--metrics", "acc"], "choose from"),
        (["audit", "compas", "--threshold", "nan"], "finite number"),
        (["audit", "compas", "--bootstrap", "0"], "whole number from 1"),
        (["train", "nothing"], "nothing"),
        (["train", "adult", "--set", "attribute=sex"], "needs a --remedy before it"),
        (["fly"], "--help"),
    ],
)
def test_a_mistake_is_one_plain_line_and_exit_2(run_cli, scored, arguments, advice):
    status, out, err = run_cli(*(a.format(scored) for a in arguments))
    assert status == 2
    assert out == ""
    assert advice in err
    assert err.count("\n") == 1


def test_it_runs_from_another_folder(tmp_path, scored):
    command = [sys.executable, str(ROOT / "cli.py"), "audit", scored]
    done = subprocess.run(
        [*command, "--label", "hired", "--scores", "p", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout)["n"] == 8, done.stderr


def test_strategies_say_what_they_do_to_each_group_on_the_other_half(run_cli):
    got = answer(
        run_cli,
        *("audit", "compas", "--groups", "sex", "--metrics", "selection_rate"),
        *("--strategies", "--costs", "0/1/5/0"),
    )["strategies"]
    assert (got["n"], got["n_report"]) == (3607, 3607)
    parity = next(s for s in got["strategies"] if s["strategy"] == "demographic_parity")
    rates = [g["metrics"]["selection_rate"]["value"] for g in parity["groups"]]
    assert abs(rates[0] - rates[1]) < 0.06
    assert set(parity["thresholds"]) == {"Female", "Male"}


def test_similar_groups_come_with_how_they_fare(run_cli):
    got = answer(
        run_cli,
        *("audit", "compas", "--groups", "sex", "--metrics", "selection_rate"),
        *("--similar", "sex = Female"),
    )
    near = got["similar"]["neighbours"][0]
    by_sex = {g["group"]["sex"]: g["metrics"]["selection_rate"] for g in got["groups"]}
    assert near["group"] == {"sex": "Male"}
    assert near["estimate"] == by_sex["Male"]
    assert got["similar"]["estimate"] == by_sex["Female"]


def test_the_favourable_decision_of_a_preset_can_be_the_negative_one(run_cli):
    tables = {
        side: answer(
            run_cli,
            *("audit", "compas", "--groups", "sex", "--metrics", "selection_rate"),
            *("--preset", "four_fifths", "--favourable", side),
        )["preset"][0]
        for side in ("positive", "negative")
    }
    for one, other in zip(*(t["categories"] for t in tables.values()), strict=True):
        assert one["selected"] + other["selected"] == one["n"]
    assert tables["negative"]["favourable"] == "negative"
