"""Options of `audit` that make no sense together, or no sense at all."""

import json

import numpy as np
import pandas as pd
import pytest

import cli
from models.refusals import cut


@pytest.fixture
def run_cli(capsys):
    def call(*arguments):
        status = cli.main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call


@pytest.fixture
def scored(tmp_path):
    path = tmp_path / "scored.csv"
    rng = np.random.default_rng(2)
    pd.DataFrame(
        {
            "sex": rng.choice(["f", "m"], 400),
            "town": rng.choice(["x", "y", "z"], 400),
            "age": rng.choice(["old", "young"], 400),
            "hired": rng.integers(0, 2, 400),
            "p": rng.random(400).round(3),
        }
    ).to_csv(path, index=False)
    return str(path)


COMPAS = ["audit", "compas", "--groups", "sex,race"]
ACCURACY = ["--metrics", "accuracy"]


@pytest.mark.parametrize(
    ("more", "advice"),
    [
        (["--thresholds", "sex=nan,nan"], "finite number per group"),
        (["--thresholds", "sex=1,inf"], "finite number per group"),
        (["--thresholds", "sex=1"], "1 threshold is given for the 2 groups of sex"),
        (["--thresholds", "sex=1,2,3"], "3 thresholds are given"),
        (["--threshold", "5", "--thresholds", "sex=4,5"], "Give one of them"),
        (["--data", "compas"], "Two names are given: 'compas' and --data 'compas'"),
        (["--gap", "0"], "such as 0.05"),
        (["--gap", "-1"], "such as 0.05"),
        (["--gap", "1e300"], "from 1e-09 to 1,000,000,000"),
        (["--strength", "1e300"], "from 0 to 1,000,000,000"),
        (["--label", "two_year_recid"], "--label would be ignored"),
        (["--weights", "age"], "--weights would be ignored: 'compas'"),
        (["--positive", "1", "--weights", "age"], "--positive and --weights"),
        (["--reference", "sex = Male"], "names no race; it needs a value for each"),
        (["--reference", "age = 25 - 45"], "cannot be read"),
        (["--reference", "town = x"], "names town, which --groups does not"),
        (["--curves", "--metrics", "auroc"], "--curves move thresholds"),
        (["--strategies", "--metrics", "auroc"], "such as selection_rate"),
        (["--costs", "-1/1/1/0"], "--costs=-1"),
        (["--costs", "0/1/5/0", *ACCURACY], "change none of accuracy"),
        (["--hide-below", "٣"], "'٣' is not a whole number"),
        (["--hide-below", "²"], "'²' is not a whole number"),
        (["--hide-below", "--5"], "expected one argument"),
        (["--hide-below", "9" * 5000], "is not a whole number"),
        (["--hide-below", "10", "--curves"], "curves would give away small groups"),
    ],
)
def test_what_would_be_ignored_or_makes_no_sense_is_refused(run_cli, more, advice):
    status, out, err = run_cli(*COMPAS, *more)
    assert status == 2
    assert out == ""
    assert advice in err
    assert err.count("\n") == 1
    assert len(err) < 1500


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["audit", "compas", "--reference", "sex = Male"], "compares nobody"),
        (["audit", "compas", "--depth", "2"], "without --groups"),
        (["audit", "82dc6c82", "--weights", "age"], "would be ignored: '82dc6c82'"),
    ],
)
def test_so_is_what_leans_on_something_missing(run_cli, arguments, advice):
    status, out, err = run_cli(*arguments)
    assert (status, out) == (2, "")
    assert advice in err


@pytest.mark.parametrize("option", ["--cohort", "--reference", "--similar"])
def test_a_long_rule_is_cut_in_the_message(run_cli, option):
    rule = "sex = Male & " * 200 + "nonsense"
    for argument in ([option, rule], [f"{option}={rule}"]):
        status, _, err = run_cli(*COMPAS, *argument)
        assert status == 2
        assert "sex = Male" in err
        assert len(err) < 500


def test_costs_that_begin_with_a_gain_are_read_after_an_equals_sign(run_cli):
    status, out, err = run_cli(
        *COMPAS, "--costs=-1/1/1/0", "--metrics", "expected_cost", "--json"
    )
    assert status == 0, err
    assert "expected_cost:-1/1/1/0" in json.loads(out)["overall"]


def test_a_table_takes_its_columns_from_the_options(run_cli, scored):
    status, out, err = run_cli(
        *("audit", scored, "--label", "hired", "--scores", "p", "--positive", "0"),
        *("--groups", "sex", "--metrics", "accuracy", "--json"),
    )
    assert status == 0, err
    assert json.loads(out)["class"] == "0"


def answer(run_cli, *arguments):
    status, out, err = run_cli(*arguments, "--json")
    assert status == 0, err
    return json.loads(out)


def table(scored, *more):
    names = ("audit", scored, "--label", "hired", "--scores", "p")
    return *names, "--groups", "sex,town,age", *more


def test_with_a_depth_gaps_are_those_of_each_listed_crossing(run_cli, scored):
    metrics = ("--metrics", "accuracy,equalized_odds_difference")
    got = answer(run_cli, *table(scored, "--depth", "2", *metrics))
    pairs = [{"sex", "town"}, {"sex", "age"}, {"town", "age"}]
    crossed = [c["attributes"] for c in got["by_crossing"]]
    assert [set(c) for c in crossed] == [{"sex"}, {"town"}, {"age"}, *pairs]
    assert (got["gaps"], got["ratios"], got["worst"]) == ({}, {}, {})
    assert "equity_scaled" not in got
    for part, attributes in zip(got["by_crossing"], crossed, strict=True):
        names = ("--groups", ",".join(attributes), *metrics)
        alone = answer(run_cli, *table(scored)[:-2], *names)
        for key in ("gaps", "ratios", "worst", "equity_scaled"):
            assert part[key] == alone[key]
        assert "by_crossing" not in alone


def test_the_full_crossing_is_on_top_where_the_depth_lists_it(run_cli, scored):
    got = answer(run_cli, *table(scored, "--depth", "3", *ACCURACY))
    full = got["by_crossing"][-1]
    assert full["attributes"] == ["sex", "town", "age"]
    assert got["gaps"] == full["gaps"]
    assert got["worst"] == full["worst"]
    in_full = answer(run_cli, *table(scored, *ACCURACY))
    assert got["gaps"] == in_full["gaps"]


def test_a_full_crossing_that_is_too_large_is_no_obstacle_to_a_depth(run_cli, tmp_path):
    rng = np.random.default_rng(1)
    columns = {f"a{i}": rng.choice(list("abcdefgh"), 500) for i in range(4)}
    path = tmp_path / "many.csv"
    more = {"y": rng.integers(0, 2, 500), "p": rng.random(500)}
    pd.DataFrame(columns | more).to_csv(path, index=False)
    arguments = ("audit", path, "--label", "y", "--scores", "p", *ACCURACY)
    groups = ("--groups", ",".join(columns))
    got = answer(run_cli, *arguments, *groups, "--depth", "2")
    assert len(got["groups"]) == 4 * 8 + 6 * 64
    assert len(got["by_crossing"]) == 10
    status, _, err = run_cli(*arguments, *groups)
    assert (status, "drop one attribute" in err) == (2, True)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Declare one on the Data page, or leave it.", "Declare one, or leave it."),
        ("Choose in the sidebar a run without it.", "Choose a run without it."),
        ("Lower it in the sidebar, under More.", "Lower it."),
        ("As on the Model or Remedies page, train it.", "As, train it."),
        ("A page of a book, on the table.", "A page of a book, on the table."),
    ],
)
def test_a_terminal_is_sent_to_no_page(message, told):
    assert cut(message, []) == told


def test_an_empty_cohort_is_told_without_a_sidebar(run_cli, scored):
    status, _, err = run_cli(*table(scored, "--cohort", "p > 5", *ACCURACY))
    assert status == 2
    assert "Widen the rule, or leave it out." in err
    assert "sidebar" not in err
