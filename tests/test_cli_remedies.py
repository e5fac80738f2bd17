"""`cli.py train`, `remedies` and `remedy` with every remedy, as a user calls them."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import cli
from analysis.datasets.task import Task
from models.remedies import REMEDIES
from models.remedies.settings import settings_of
from models.store import Store, open_store

TABLES = {"people": "7" * 32, "others": "8" * 32}

NEEDED = {"attribute": "group", "cohort": "group = b", "feature": "age"}
"""What a setting that must be given is set to, by its kind."""

QUICKER = {"rounds": 2, "member_epochs": 1, "passes": 3, "grid_size": 2, "models": 2}
"""Settings that only decide how long it takes."""


def rows(seed, n=260):
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n).astype(float)
    group = rng.choice(["a", "b"], n, p=[0.65, 0.35])
    is_old = age + 15 * (group == "a") + 12 * rng.normal(size=n) > 60
    age[rng.random(n) < 0.05] = np.nan
    return pd.DataFrame(
        {
            "age": age,
            "hours": rng.integers(1, 60, n).astype(float),
            "group": pd.Categorical(group),
            "label": pd.Categorical(np.where(is_old, "yes", "no")),
        }
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a home that knows two tables of people."""
    store = Store(tmp_path_factory.mktemp("home"))
    store.tables.mkdir()
    for seed, (name, table) in enumerate(TABLES.items()):
        rows(seed).to_parquet(store.tables / f"{table}.parquet")
        task = Task(
            name=name,
            title=name,
            table=table,
            label="label",
            classes=("no", "yes"),
            features=("age", "hours", "group"),
            sensitive=("group",),
        )
        store.notes.save_task(task)
    return store.home


@pytest.fixture
def run_cli(capsys, home, monkeypatch):
    monkeypatch.setenv("FAULTLINE_HOME", str(home))

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


SMALL = ("--epochs", 3, "--with", "hidden=8", "--device", "cpu")


@pytest.fixture
def base(run_cli):
    """Return the run to mend: trained once, then found."""
    return answer(run_cli, "train", "people", *SMALL)


def chosen(name, other=""):
    """Return the options of what must be set, and of what makes it quick."""
    given = {**NEEDED, "table": "others", "runs": other}
    values = {
        s.name: given[s.kind]
        for s in settings_of(REMEDIES[name])
        if s.default is None or s.name == "target"
    }
    known = {s.name: s for s in settings_of(REMEDIES[name])}
    values |= {k: max(v, known[k].low) for k, v in QUICKER.items() if k in known}
    return values, [x for k, v in values.items() for x in ("--set", f"{k}={v}")]


@pytest.mark.parametrize("name", REMEDIES)
def test_every_remedy_mends_a_run(run_cli, base, name):
    values, options = chosen(name, base["run"][:12])
    if "another run" in REMEDIES[name].needs:
        weights = ("--remedy", "reweighing", "--set", "attribute=group")
        base = answer(run_cli, "remedy", base["run"], *weights)
    got = answer(run_cli, "remedy", base["run"][:12], "--remedy", name, *options)
    assert got["base"] == base["run"]
    assert got["run"] != base["run"]
    stage = got["recipe"]["stages"][-1]
    assert stage["remedy"] == name
    assert values.items() <= stage["settings"].items()
    assert 0 <= got["test"]["accuracy"]["value"] <= 1
    assert got["test"]["log_loss"]["n"] == 52
    if REMEDIES[name].kind == "retraining":
        assert got["prepared"]["effective_rows"] > 0


ALONE = [name for name, r in REMEDIES.items() if "another run" not in r.needs]


@pytest.mark.parametrize("name", ALONE)
def test_every_remedy_is_trained_from_nothing(run_cli, name):
    _, options = chosen(name)
    seed = ("--seed", 1)  # another split: no run of the other tests is found
    got = answer(run_cli, "train", "people", *SMALL, *seed, "--remedy", name, *options)
    (stage,) = got["recipe"]["stages"]
    assert stage["remedy"] == name
    assert 0 <= got["test"]["accuracy"]["value"] <= 1


def test_remedies_lists_every_one_with_its_settings(run_cli):
    told = answer(run_cli, "remedies")
    assert [r["name"] for r in told] == list(REMEDIES)
    for remedy in told:
        own = [s.name for s in settings_of(REMEDIES[remedy["name"]])]
        assert [s["name"] for s in remedy["settings"]] == own
        assert remedy["source"]


def test_remedies_can_be_chained_with_their_own_settings(run_cli, base):
    got = answer(
        run_cli,
        *("remedy", base["run"], "--remedy", "reweighing", "--set", "attribute=group"),
        *("--set", "strength=0.5", "--remedy", "focal", "--set", "gamma=1"),
        *("--remedy", "temperature"),
    )
    stages = got["recipe"]["stages"]
    assert [s["remedy"] for s in stages] == ["reweighing", "focal", "temperature"]
    assert stages[0]["settings"]["strength"] == 0.5
    assert stages[1]["settings"]["gamma"] == 1


def test_a_chain_file_gives_the_same_run_in_another_store(
    run_cli, base, tmp_path, monkeypatch
):
    mended = answer(
        run_cli,
        *("remedy", base["run"], "--remedy", "reweighing", "--set", "attribute=group"),
        *("--remedy", "platt", "--remedy", "equal_opportunity"),
        *("--set", "attribute=group", "--set", "min_rows=2", "--remedy", "abstain"),
    )
    assert any("handed over" in said for said in mended["notes"])
    assert {"by_lot", "deferred"} == mended["marked"].keys()
    assert mended["marked"]["deferred"]["n"] == 52
    file = tmp_path / "chain.json"
    file.write_text(json.dumps(answer(run_cli, "chain", mended["run"][:12])))
    here = open_store().run(mended["run"]).artefacts
    beside = answer(run_cli, "remedy", base["run"], "--chain", file)
    assert beside["run"] == mended["run"]  # found, not fitted again
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(open_store().tables, elsewhere / "tables")
    tasks = open_store().notes.tasks()
    monkeypatch.setenv("FAULTLINE_HOME", str(elsewhere))
    for task in tasks:
        open_store().notes.save_task(task)
    again = answer(run_cli, "train", "people", "--chain", file)
    assert again["run"] == mended["run"]
    assert open_store().run(again["run"]).artefacts == here  # named by their content


def test_what_does_not_suit_the_table_is_refused_before_anything_is_trained(run_cli):
    options = ("--remedy", "reweighing", "--set", "attribute=group")
    late = ("--remedy", "equalized_odds", "--set", "attribute=nobody")
    before = len(open_store().runs("people"))
    seed = ("--seed", 77)
    status, _, err = run_cli("train", "people", *SMALL, *seed, *options, *late)
    assert status == 2
    assert "nobody" in err
    assert len(open_store().runs("people")) == before


def test_what_is_typed_counts_before_what_a_chain_file_says(run_cli, base, tmp_path):
    file = tmp_path / "chain.json"
    file.write_text(json.dumps(answer(run_cli, "chain", base["run"])))
    got = answer(run_cli, "train", "people", "--chain", file, "--epochs", 2)
    assert got["recipe"]["epochs"] == 2
    assert got["recipe"]["hidden"] == [8]


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ((), "No remedy is named"),
        (("--chain", "none.json"), "cannot be read"),
        (
            ("--remedy", "abstain", "--remedy", "temperature"),
            "Put 'Temperature scaling' first",
        ),
    ],
)
def test_a_chain_that_does_not_do_is_refused_in_one_line(
    run_cli, base, options, advice
):
    status, out, err = run_cli("remedy", base["run"], *options)
    assert (status, out) == (2, "")
    assert advice in err
    assert err.count("\n") == 1


def test_train_takes_any_setting_and_finds_the_same_run_again(run_cli):
    options = ("clip=1", "ema=0.5", "hidden=[6, 4]", "stop_by=group", "schedule=cosine")
    given = [x for option in options for x in ("--with", option)]
    first = answer(run_cli, "train", "people", "--epochs", 2, *given)
    recipe = first["recipe"]
    assert (recipe["clip"], recipe["ema"], recipe["hidden"]) == (1, 0.5, [6, 4])
    assert (recipe["stop_by"], recipe["schedule"]) == ("group", "cosine")
    again = answer(run_cli, "train", "people", "--epochs", 2, *given)
    assert again["run"] == first["run"]
    assert again["seconds"] == first["seconds"]
    warm = ("--with", f"warm_start={first['run'][:16]}", "--with", "layers=last")
    assert (
        answer(run_cli, "train", "people", "--epochs", 2, *given, *warm)["epochs"] > 0
    )


@pytest.mark.parametrize("architecture", ["logistic", "tabm", "boosting"])
def test_train_takes_every_kind_of_model(run_cli, architecture):
    got = answer(
        run_cli, "train", "people", "--architecture", architecture, "--epochs", 2
    )
    assert got["recipe"]["architecture"] == architecture
    assert got["test"]["auroc"]["value"] > 0.5


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (("train", "people", "--with", "momentum=1"), "no setting 'momentum'"),
        (("train", "people", "--with", "clip"), "needs key=value"),
        (("train", "people", "--with", "epochs=many"), "give a whole number"),
        (("train", "people", "--with", "stop_by=shoe size"), "not a sensitive"),
        (("train", "people", "--with", "warm_start=12e4567"), "No run starts with"),
        (("train", "people", "--architecture", "forest"), "choose one of mlp"),
        (("remedy", "{run}"), "--remedy"),
        (("remedy", "{run}", "--remedy", "magic"), "There is no remedy 'magic'"),
        (("remedy", "{run}", "--remedy", "reweighing"), "name a sensitive attribute"),
        (
            ("remedy", "{run}", "--remedy", "focal", "--set", "gamma=lots"),
            "give a number",
        ),
        (("remedy", "{run}", "--remedy", "focal", "--set", "x=1"), "has no setting"),
        (("remedy", "cafe", "--remedy", "focal"), "No run starts with"),
    ],
)
def test_a_mistake_is_one_plain_line_and_exit_2(run_cli, base, arguments, advice):
    status, out, err = run_cli(*(a.format(run=base["run"]) for a in arguments))
    assert (status, out) == (2, "")
    assert advice in err
    assert err.count("\n") == 1


def test_a_model_that_tells_people_apart_raises_no_alarm_for_everyone(base):
    assert all(alarm["groups"] for alarm in base["alarms"])
