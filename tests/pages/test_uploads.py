"""A reader's own table is declared on the Data page, once per name."""

import json
import shlex

import numpy as np
import pandas as pd
import pytest

import cli
from models.store import open_store
from pages.ui.uploads import free_name


@pytest.fixture
def run_copied(capsys):
    def run(command):
        assert cli.main(shlex.split(command)[2:]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def csv():
    n = 60
    position = np.tile([0, 1, 2], n // 3)
    table = pd.DataFrame(
        {
            "sex": ["f", "m"] * (n // 2),
            "age": 2**60 + np.arange(n) % 20,
            "y": np.array(["low", "mid", "high"])[position],
        }
    )
    for i, name in enumerate(("low", "mid", "high")):
        table[f"p_{name}"] = np.where(position == i, 0.8, 0.1)
    return table


def uploaded(at, table, name="mine.csv"):
    content = table.to_csv(index=False).encode()
    at.file_uploader[0].upload(name, content, "text/csv").run()
    assert not at.exception, [e.value for e in at.exception]
    return at


def use(at):
    at.button("data.use").click().run()
    assert not at.exception, [e.value for e in at.exception]
    return at


def widget(widgets, label):
    return next(w for w in widgets if w.label == label)


def test_a_kept_table_is_announced_and_leaves_an_empty_uploader(open_page, csv, said):
    at = use(uploaded(open_page("data"), csv))
    assert at.sidebar.selectbox[0].value == "mine"
    texts = [c.value.replace("\\", "") for c in at.caption]
    assert any(t.startswith("Your table 'mine' is now in view") for t in texts)
    assert not at.file_uploader[0].value
    assert "data.use" not in [b.key for b in at.button]


def test_score_columns_follow_the_positive_class(open_page, csv, said):
    at = uploaded(open_page("data"), csv)
    assert "p_high is the probability of high" in said(at)
    widget(at.selectbox, "Positive class").set_value("high").run()
    assert "p_mid is the probability of mid, p_high is" in said(at)
    use(at)
    (task,) = open_store().notes.tasks()
    assert task.classes == ("low", "mid", "high")
    assert task.score.columns == ("p_low", "p_mid", "p_high")


def test_the_command_of_an_own_table_runs(open_page, csv, run_copied):
    at = use(uploaded(open_page("data"), csv))
    at.switch_page("../subgroups.py").run()
    at.session_state["subgroups.chart.numbers"] = True
    at.text_input(key="sidebar.cohort").set_value("sex = f").run()
    answer = run_copied(at.get("code")[0].value)
    assert answer["n"] == 30
    assert answer["groups"]


def test_another_table_of_the_same_name_is_refused(open_page, csv, said):
    at = use(uploaded(open_page("data"), csv))
    at = uploaded(at, csv.assign(sex="f").assign(sex=csv.sex[::-1].to_numpy()))
    name = widget(at.text_input, "Name")
    assert name.value == "mine (2)"
    name.set_value("mine").run()
    use(at)
    assert "You already have a table named 'mine'" in said(at)
    assert "such as 'mine (2)'" in said(at)
    assert len(open_store().notes.tasks()) == 1


def test_the_same_table_under_the_same_roles_may_be_given_again(open_page, csv, said):
    at = use(uploaded(open_page("data"), csv))
    at = uploaded(at, csv)
    widget(at.text_input, "Name").set_value("mine").run()
    assert "is now in view" in said(use(at))
    assert len(open_store().notes.tasks()) == 1


def test_a_free_name_avoids_embedded_and_own_tables():
    assert free_name("adult.csv", []) == "adult (mine)"
    assert free_name("adult.csv", ["adult (mine)"]) == "adult (2)"
    assert free_name("a:b.csv", ["a b", "a b (2)"]) == "a b (3)"


def test_a_domain_with_one_side_is_refused(open_page, csv, said):
    at = uploaded(open_page("data"), csv.assign(site="north"))
    widget(at.selectbox, "Domain").set_value("site").run()
    use(at)
    assert "one side of the comparison is empty" in said(at)
