"""`--hide-below` in the commands that split a change."""

from argparse import Namespace

import numpy as np
import pandas as pd
import pytest

import cli

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
        options = Namespace(
            source=two_tables[0],
            target=two_tables[1],
            label="y",
            positive=None,
            scores="p",
            groups="town",
            weights=None,
            threshold=None,
            features=None,
            graph=None,
            metric="brier_score",
            bootstrap=0,
            seed=0,
            hide_below=k,
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
