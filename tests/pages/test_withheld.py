"""No page shows a number of a group smaller than the privacy threshold."""

import base64
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.datasets.load import load
from analysis.datasets.task import Task
from analysis.datasets.tasks import task_named
from analysis.datasets.upload import save_table
from analysis.errors import SettingError
from models.recipe import Recipe
from models.remedies.chain import stage
from models.store import Store
from pages.ui import sides
from pages.ui.sides import Sides
from pages.ui.view import View

SIZES = {"aardvark": 1411, "badger": 1007, "civet": 541, "dormouse": 41}
SHOWN, HIDDEN = ("aardvark", "badger"), ("civet", "dormouse")
GERMAN = ("female", "male", "under 25", "25-39", "40-59", "60 and over")
K = 30
"""Dormice of either label are fewer; civets would give them away."""

FOLDED = {
    "data": ("data.who",),
    "model": (),
    "calibration": ("calibration.chart",),
    "shift": ("shift.waterfall",),
    "remedies": (),
    "compare": ("compare.moves", "compare.flips"),
}
BY_GROUP = ("data", "calibration", "compare")
"""Pages whose tables have a row for each group."""


@pytest.fixture
def zoo(tmp_path, finish, rng):
    """Return a table with a tiny group and a run with its successor on it."""
    home = tmp_path / "home"
    store, n = Store(home), sum(SIZES.values())
    table = pd.DataFrame(
        {
            "animal": pd.Categorical(np.repeat(list(SIZES), list(SIZES.values()))),
            "town": pd.Categorical(
                np.where(
                    np.arange(n) % 75 == 0, None, np.tile(["east", "west"], n // 2)
                )
            ),
            "x": rng.normal(size=n),
            "y": pd.Categorical(np.where(rng.random(n) < 0.5, "yes", "no")),
        }
    )
    task = Task(
        name="zoo",
        title="Zoo",
        table=save_table(table, store.tables),
        label="y",
        classes=("no", "yes"),
        features=("x",),
        sensitive=("animal", "town"),
    )
    store.notes.save_task(task)
    data, recipe = load(task, store.tables), Recipe(task="zoo")
    finish(store, data, recipe, rng)
    second = finish(
        store, data, recipe.with_stage(stage("reweighing", attribute="animal")), rng
    )
    return data, second


@pytest.fixture
def unfolded(open_page):
    """Open a page and the tables behind its charts."""

    def opened(page, **query):
        at = open_page(page, **query)
        for key in FOLDED[page]:
            at.session_state[f"{key}.numbers"] = True
        at.run()
        assert not at.exception, [e.value for e in at.exception]
        return at

    return opened


def figures(at):
    return [json.loads(chart.proto.spec) for chart in at.get("plotly_chart")]


def parts(value):
    """Return every number of a figure's JSON, and every text with those beside it."""
    if isinstance(value, dict) and "bdata" in value:
        yield from np.frombuffer(
            base64.b64decode(value["bdata"]), value["dtype"]
        ).tolist()
    elif isinstance(value, dict):
        for inner in value.values():
            yield from parts(inner)
    elif isinstance(value, list):
        if value and all(isinstance(v, str) for v in value):
            yield " ".join(value)
        for inner in value:
            yield from parts(inner)
    else:
        yield value


def numbers(at):
    shown = {v for v in parts(figures(at)) if isinstance(v, float)}
    for frame in at.dataframe:
        shown |= set(frame.value.select_dtypes("number").to_numpy(float).ravel())
    return shown


def texts(at, said):
    drawn = [v for v in parts(figures(at)) if isinstance(v, str)]
    alts = [chart.proto.alt for chart in at.get("plotly_chart")]
    return [said(at), *drawn, *alts]


def loud(at, said, names):
    """Return the clauses that name one of some groups beside a figure."""
    marked = []
    for text in texts(at, said):
        for name in sorted(names, key=len, reverse=True):
            text = text.replace(name, "§")
        marked += [c for c in re.split(r"[;.,]\s|\n", text) if "§" in c]
    return [clause for clause in marked if re.search(r"\d", clause)]


def rows_of(at, names):
    """Return the rows of tables that are about some groups, without bins' edges."""
    frames = [f.value for f in at.dataframe]
    return [
        row.drop(labels=["from", "to"], errors="ignore").iloc[1:]
        for frame in frames
        for _, row in frame[frame.iloc[:, 0].isin(names)].iterrows()
    ]


def unrounded(at, names):
    """Return the numbers in the rows of some groups; simple shares are anyone's."""
    told = [v for row in rows_of(at, names) for v in row if isinstance(v, float)]
    return {v for v in told if not np.isnan(v) and round(60 * v, 9) % 1}


@pytest.mark.parametrize("page", [page for page in FOLDED if page != "model"])
def test_no_page_shows_a_number_of_a_small_group(page, unfolded, zoo, said):
    query = {"data": "zoo"} | ({"job": zoo[1]} if page == "remedies" else {})
    if page in ("calibration", "compare"):
        query[f"{page}.by"] = "animal"
    usual, kept = unfolded(page, **query), unfolded(page, **query, k=str(K))
    told = unrounded(usual, HIDDEN) - unrounded(usual, SHOWN)
    if page in BY_GROUP:
        assert len(told & numbers(usual)) > 5
        assert loud(usual, said, HIDDEN)
        assert rows_of(kept, HIDDEN)
    assert told & numbers(kept) == set()
    assert loud(kept, said, HIDDEN) == []
    for row in rows_of(kept, HIDDEN):
        assert all(v == "withheld" or pd.isna(v) for v in row)


@pytest.mark.parametrize("page", FOLDED)
def test_small_groups_of_german_credit_stay_unnumbered(
    page, unfolded, loaded_home, said
):
    k = "110" if page == "data" else "50"  # all rows stand there, else test rows
    at = unfolded(page, data="german", run=loaded_home[2][:12], k=k)
    assert loud(at, said, GERMAN) == []
    for row in rows_of(at, GERMAN):
        assert all(v == "withheld" or pd.isna(v) for v in row)


@pytest.mark.parametrize("page", BY_GROUP)
def test_without_a_threshold_a_page_is_as_it_was(page, unfolded, loaded_home, said):
    usual = unfolded(page, data="german")
    none = unfolded(page, data="german", k="0")
    assert figures(usual) == figures(none)
    assert "withheld" not in " ".join(texts(none, said))
    for one, other in zip(usual.dataframe, none.dataframe, strict=True):
        assert one.value.equals(other.value)


def test_what_is_not_withheld_stays(unfolded, zoo):
    usual = unfolded("compare", data="zoo", **{"compare.by": "animal"})
    kept = unfolded("compare", data="zoo", k=str(K), **{"compare.by": "animal"})
    for one, other in zip(rows_of(usual, SHOWN), rows_of(kept, SHOWN), strict=True):
        assert one.astype(str).equals(other.astype(str))


def test_live_curves_have_no_panel_of_a_small_group(open_page, zoo):
    query = {"data": "zoo", "job": zoo[1]}
    panels = [
        a["text"]
        for a in figures(open_page("remedies", **query))[0]["layout"]["annotations"]
    ]
    assert any("dormouse" in text for text in panels)
    (hidden,) = figures(open_page("remedies", **query, k=str(K)))
    assert not any(n in v for v in parts(hidden) if isinstance(v, str) for n in HIDDEN)
    assert "withheld for privacy" in hidden["layout"]["title"]["text"]


def test_rows_without_a_value_are_not_counted_when_they_are_few(open_page, zoo):
    usual, kept = (open_page("data", data="zoo", k=k) for k in ("0", str(K)))
    missing = [
        next(f.value for f in at.dataframe if "missing" in f.value).set_index("column")[
            "missing"
        ]
        for at in (usual, kept)
    ]
    assert missing[0]["town"] == 40
    assert np.isnan(missing[1]["town"])
    assert missing[1]["x"] == 0


def test_a_side_that_would_give_a_small_group_away_is_refused(zoo, open_page):
    view = View("zoo", zoo[1], "", None, k=K)
    for target in (("dormouse",), ("civet",), ("badger", "dormouse")):
        with pytest.raises(SettingError, match="smaller number under 'More'"):
            sides.domains(view, zoo[0], Sides("animal", ("aardvark",), target))
    both = Sides("animal", ("aardvark",), HIDDEN)
    source, target = sides.domains(view, zoo[0], both)
    assert len(source) > len(target) > K
    alone = Sides("animal", ("aardvark",), ("dormouse",))
    assert len(sides.domains(replace(view, k=0), zoo[0], alone)[1]) < K


def test_shift_says_why_a_small_side_is_not_shown(open_page, zoo, said):
    at = open_page("shift", data="zoo", k=str(K))
    at.get_by_key("shift.by").set_value("animal").run()
    at.get_by_key("shift.animal.target").set_value(["dormouse"]).run()
    assert "cannot be shown by itself" in said(at)
    assert not figures(at)


def test_snippets_withhold_what_the_page_does(unfolded, loaded_home):
    commands = {
        page: [c.value for c in unfolded(page, data="german", k="50").code]
        for page in ("data", "calibration", "compare")
    }
    assert "k=50" in commands["data"][0]
    # at 50 no group of the Calibration page is left to show, and nothing to reproduce
    assert not commands["calibration"]
    fewer = unfolded("calibration", data="german", k="10")
    assert "k=10" in fewer.code[0].value
    assert all("--hide-below 50" in command for command in commands["compare"])


def test_the_data_page_follows_the_class_in_view(open_page, said):
    data = load(task_named("planted_multiclass"))
    other = data.frame.classes[0]
    at = open_page("data", data="planted_multiclass", **{"class": other})
    assert f"labelled {other}" in json.dumps(figures(at))
    assert f"= {other}" in said(at)
    share = 100 * float(np.mean(data.frame.y_true == 0))
    assert f"{share:.1f}" in said(at)
    usual = open_page("data", data="planted_multiclass")
    assert f"labelled {data.task.positive}" in json.dumps(figures(usual))


@pytest.fixture
def tempered(zoo, tmp_path, finish, rng):
    """Return a run with a temperature for each group."""
    store, data = Store(tmp_path / "home"), zoo[0]
    with_stage = Recipe(task="zoo").with_stage(stage("temperature", attribute="animal"))
    found = {
        "temperature": 1.05,
        "attribute": "animal",
        "by_group": {name: 1.11 + i for i, name in enumerate(SIZES)},
    }
    return finish(store, data, with_stage, rng, found)


def test_a_fitted_temperature_of_a_small_group_is_withheld(open_page, tempered, said):
    usual = said(open_page("remedies", data="zoo", job=tempered))
    assert "civet 3.11, dormouse 4.11" in usual
    kept = said(open_page("remedies", data="zoo", job=tempered, k=str(K)))
    assert "civet withheld, dormouse withheld" in kept
    assert "badger 2.11" in kept


def test_why_a_fit_failed_does_not_count_a_small_group(open_page, zoo, tmp_path, said):
    store = Store(tmp_path / "home")
    recipe = Recipe(task="zoo", seed=1)
    run = store.ledger.submit(recipe, zoo[0].task, zoo[0].digest, "test")
    store.ledger.start(run, "test", "cpu")
    store.ledger.end(
        run, "failed", "Group 'dormouse' has 7 calibration rows; 50 needed."
    )
    usual, kept = (
        said(open_page("remedies", data="zoo", job=run, k=k)) for k in ("0", str(K))
    )
    assert "'dormouse' has 7 calibration rows" in usual
    assert "'dormouse' has too few calibration rows" in kept
