"""`--hide-below` in every command that shows groups."""

import json

import numpy as np
import pandas as pd
import pytest

import cli
from models.command_line import parser

SIZES = {"a": 300, "b": 250, "c": 12}


@pytest.fixture
def two_tables(tmp_path, rng):
    paths = []
    for moved in (0.0, 0.6):
        town = np.repeat(list(SIZES), list(SIZES.values()))
        x = rng.normal(moved, 1, len(town))
        p = 1 / (1 + np.exp(-x))
        table = pd.DataFrame({"town": town, "x": x, "y": rng.binomial(1, p), "p": p})
        paths.append(str(tmp_path / f"{moved}.csv"))
        table.to_csv(paths[-1], index=False)
    return paths


@pytest.fixture
def attributed(two_tables):
    def answer(k):
        arguments = ["attribute", "--source", two_tables[0], "--target", two_tables[1]]
        arguments += ["--label", "y", "--scores", "p", "--groups", "town"]
        arguments += ["--metric", "brier_score", "--bootstrap", "0"]
        options = parser(cli.COMMANDS, "").parse_args(
            [*arguments, "--hide-below", str(k)]
        )
        return cli.attribute(options)

    return answer


def test_a_group_small_on_one_side_is_not_split(attributed):
    groups = {g["group"]["town"]: g for g in attributed(20)["groups"]}
    assert "hidden" not in groups["a"]
    assert groups["a"]["parts"]
    for name in "bc":
        assert groups[name]["hidden"] is True
        assert set(groups[name]) == {"group", "hidden", "parts", "warnings"}
        assert groups[name]["parts"] == []
        assert "rivacy" in groups[name]["warnings"][0]


def test_without_a_threshold_every_group_is_split(attributed):
    usual = attributed(0)
    assert not any("hidden" in group for group in usual["groups"])
    assert usual["groups"][0] == attributed(20)["groups"][0]


def written(path, sizes, rng):
    town = np.repeat(list(sizes), list(sizes.values()))
    x = rng.normal(0, 1, len(town))
    p = 1 / (1 + np.exp(-x))
    table = pd.DataFrame({"town": town, "x": x, "y": rng.binomial(1, p), "p": p})
    table.to_csv(path, index=False)
    return str(path)


@pytest.fixture
def asked_of(tmp_path, rng):
    def arguments(source, target, *more):
        sides = [
            written(tmp_path / f"{name}.csv", sizes, rng)
            for name, sizes in (("source", source), ("target", target))
        ]
        given = ("attribute", "--source", sides[0], "--target", sides[1])
        given += ("--label", "y", "--scores", "p", "--groups", "town")
        return (*given, "--metric", "accuracy", "--bootstrap", "0", *more)

    return arguments


@pytest.mark.parametrize(
    ("target", "hidden"),
    [
        ({"a": 300, "b": 400}, set()),
        ({"b": 300, "c": 40, "d": 660}, {"b", "c"}),
    ],
)
def test_groups_of_two_tables_are_told_by_name(capsys, asked_of, target, hidden):
    given = asked_of({"a": 300, "b": 300, "c": 400}, target, "--hide-below", "50")
    groups = {g["group"]["town"]: g for g in told(capsys, *given)["groups"]}
    assert set(groups) == {"a", "b", "c"} | set(target)
    assert {name for name, group in groups.items() if "hidden" in group} == hidden
    for name in set(groups) - hidden:
        if name in target and name != "d":
            assert groups[name]["parts"]
        else:
            assert "No row is in the group" in groups[name]["warnings"][0]


SOME = {"a": 300, "b": 300, "c": 40}


@pytest.mark.parametrize("way", ["covariates", "shared"])
@pytest.mark.parametrize(
    "whom",
    [("--group", "town = c"), ("--group", "town = a", "--against", "town = c")],
)
@pytest.mark.parametrize("few", [40, 12])
def test_a_group_that_is_withheld_is_not_split_by_itself(
    capsys, asked_of, whom, way, few
):
    given = asked_of(SOME | {"c": few}, SOME, *whom, "--way", way)
    assert cli.main([*given, "--hide-below", "50"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "withheld for privacy" in printed.err
    assert str(few) not in printed.err
    if few == 40:
        assert told(capsys, *given)["change"]["value"] is not None


def test_a_largest_gap_looks_at_groups_that_may_be_shown(capsys, asked_of):
    sizes = {"a": 300, "b": 300, "c": 40, "d": 300}
    given = asked_of(sizes, sizes, "--gap-of", "town", "--way", "shared")
    got = told(capsys, *given, "--hide-below", "50")["quantity"]["among"]
    assert "c" not in got
    assert len(got) == 2
    assert "c" in told(capsys, *given)["quantity"]["among"]


def test_a_gap_with_one_group_to_show_is_refused(capsys, asked_of):
    given = asked_of(SOME, SOME, "--gap-of", "town", "--hide-below", "50")
    assert cli.main([*given]) == 2
    assert "no gap to split" in capsys.readouterr().err


def told(capsys, *arguments):
    status = cli.main([*arguments, "--json"])
    printed = capsys.readouterr()
    assert status == 0, printed.err
    return json.loads(printed.out)


@pytest.mark.parametrize(
    "more",
    [
        ("--threshold", "0"),
        ("--threshold", "11"),
        ("--cohort", "decile_score >= 5"),
        ("--thresholds", "sex=4,6"),
    ],
)
def test_everybody_decided_alike_is_audited_with_hidden_groups(capsys, more):
    got = told(
        capsys,
        *("audit", "compas", "--groups", "sex,race", "--depth", "2"),
        *("--hide-below", "10", "--metrics", "accuracy", *more),
    )
    hidden = [g for g in got["groups"] if g["hidden"]]
    assert hidden
    assert all(g["n"] is None for g in hidden)
    assert all(g["n"] >= 10 for g in got["groups"] if not g["hidden"] and g["n"])


def test_gaps_of_each_crossing_leave_out_what_the_listing_hides(capsys):
    arguments = ("audit", "compas", "--groups", "sex,race", "--depth", "2")
    got = told(capsys, *arguments, "--hide-below", "50", "--metrics", "accuracy")
    assert "equity_scaled" not in got
    for part in got["by_crossing"]:
        groups = [
            g for g in got["groups"] if set(g["group"]) == set(part["attributes"])
        ]
        values = [g["metrics"]["accuracy"]["value"] for g in groups if not g["hidden"]]
        gap = part["gaps"]["accuracy"]["value"]
        assert gap == pytest.approx(max(values) - min(values))
    assert any(g["hidden"] for g in got["groups"])


def test_too_many_intersections_are_withheld_with_a_note(capsys, tmp_path, rng):
    path = tmp_path / "many.csv"
    columns = {name: rng.integers(0, 19, 3000).astype(str) for name in ("a", "b")}
    columns = {name: np.char.add(name, values) for name, values in columns.items()}
    more = {"y": rng.integers(0, 2, 3000), "p": rng.random(3000)}
    pd.DataFrame(columns | more).to_csv(path, index=False)
    got = told(
        capsys,
        *("audit", str(path), "--label", "y", "--scores", "p", "--groups", "a,b"),
        *("--depth", "2", "--hide-below", "5", "--metrics", "accuracy"),
    )
    assert all(g["hidden"] for g in got["groups"] if len(g["group"]) == 2)
    assert not any(g["hidden"] for g in got["groups"] if len(g["group"]) == 1)
    assert any("too many intersections" in note for note in got["notes"])


@pytest.fixture(scope="module")
def shipped():
    return ("compare", "82dc6c82", "fdbe45b3", "--groups", "race,sex")


def test_compare_withholds_small_groups_everywhere(capsys, shipped):
    k = 200
    metrics = ("--metrics", "selection_rate,false_negative_rate")
    usual = told(capsys, *shipped, *metrics)
    got = told(capsys, *shipped, *metrics, "--hide-below", str(k))
    (run,) = got["paired"]
    groups = got["paired"][run]["groups"]
    hidden = {tuple(g["group"].values()) for g in groups if g.get("hidden")}
    assert 0 < len(hidden) < len(groups)
    for row, flip, before in zip(
        groups, got["flips"], usual["paired"][run]["groups"], strict=True
    ):
        values = row["metrics"]["selection_rate"]
        n = before["metrics"]["selection_rate"]["before"]["n"]
        if row.get("hidden"):
            assert values["before"]["value"] is None
            assert values["change"]["value"] is None
            assert flip["n"] is None
            assert flip["hidden"]
        else:
            assert n == 0 or n >= k
            assert values == before["metrics"]["selection_rate"] | {
                "q_value": values["q_value"]
            }
    named = {tuple(harm["group"].values()) for harm in got["harmed"]}
    assert not named & hidden


def test_compare_with_several_runs_hides_the_same_groups_in_all(capsys, shipped):
    command, base, other, *groups = shipped
    got = told(capsys, command, base, other, base, *groups, "--hide-below", "200")
    assert len(got["paired"]) == 2
    hidden = [
        [bool(g.get("hidden")) for g in one["groups"]] for one in got["paired"].values()
    ]
    assert hidden[0] == hidden[1]
