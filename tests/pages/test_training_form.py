"""The training form of Model: what it asks, and the recipe it makes."""

import re

import numpy as np
import pytest

from analysis.datasets.load import load
from analysis.datasets.tasks import task_named
from analysis.errors import SettingError
from models.recipe import ARCHITECTURE_TITLES, Recipe
from models.store import Store
from pages.ui import jobs
from pages.ui.mending.times import rough, span
from pages.ui.training_form import SLOWNESS, layers_of, seconds


class Queue:
    """Takes recipes and trains none."""

    def __init__(self, home):
        self.store, self.sent = Store(home), []

    def submit(self, recipe):
        self.sent.append(recipe)
        task = task_named(recipe.task)
        return self.store.ledger.submit(recipe, task, load(task).digest, "nobody")


@pytest.fixture
def queue(loaded_home, monkeypatch):
    made = Queue(loaded_home[0])
    monkeypatch.setattr(jobs, "queue", lambda: made)
    return made


@pytest.fixture
def form(open_page, loaded_home):
    return open_page("model", data="german")


def trained(at, queue):
    at.get_by_key("model.train").click().run()
    assert not at.exception
    return queue.sent


def test_untouched_it_makes_the_usual_recipe(form, queue):
    assert trained(form, queue) == [Recipe(task="german")]


def test_every_architecture_is_offered_by_its_title(form):
    offered = form.get_by_key("model.architecture").options
    assert offered == list(ARCHITECTURE_TITLES.values())
    assert set(SLOWNESS) == set(ARCHITECTURE_TITLES)


def test_more_settings_reach_the_recipe(form, queue):
    form.get_by_key("model.hidden").set_value("128; 16,")
    form.get_by_key("model.schedule").set_value("cosine")
    form.get_by_key("model.find_rate").check()
    form.get_by_key("model.clip").set_value(1.5)
    form.get_by_key("model.ema").set_value(0.99)
    form.get_by_key("model.prune").set_value(0.25)
    form.get_by_key("model.stop_by").set_value(["sex", "age"]).run()
    expected = Recipe(
        task="german",
        hidden=(128, 16),
        schedule="cosine",
        find_rate=True,
        clip=1.5,
        ema=0.99,
        prune=0.25,
        stop_by="sex, age",
    )
    assert trained(form, queue) == [expected]


def test_layers_that_cannot_be_read_say_how_to_write_them(form, queue):
    form.get_by_key("model.hidden").set_value("wide").run()
    assert form.get_by_key("model.train").disabled
    assert "such as 64, 32" in form.warning[0].value.replace("\\", "")
    form.get_by_key("model.hidden").set_value("99999").run()
    assert form.get_by_key("model.train").disabled
    assert "Hidden layer width" in form.warning[0].value


@pytest.mark.parametrize(
    ("text", "layers"), [("64,32", (64, 32)), (" 8 ; 8 ", (8, 8)), ("", ())]
)
def test_layers_are_read_with_commas_or_semicolons(text, layers):
    assert layers_of(text) == layers


@pytest.mark.parametrize("text", ["-3", "1.5", "²", "64 32"])
def test_what_is_no_whole_number_is_refused(text):
    with pytest.raises(SettingError, match="such as 64, 32"):
        layers_of(text)


def test_trees_are_not_asked_what_only_networks_have(form, queue):
    form.get_by_key("model.architecture").set_value("boosting").run()
    assert not [t for t in form.text_input if t.label == "Hidden layers"]
    assert not [n for n in form.number_input if n.label == "Dropout"]
    assert trained(form, queue) == [Recipe(task="german", architecture="boosting")]


def test_a_run_of_the_same_architecture_can_be_started_from(form, queue, loaded_home):
    _, first, _ = loaded_home
    form.get_by_key("model.warm_start").set_value(first).run()
    form.get_by_key("model.layers").set_value("last").run()
    (recipe,) = trained(form, queue)
    assert (recipe.warm_start, recipe.layers) == (first, "last")
    assert recipe.hidden == Recipe(task="german").hidden


def test_a_run_of_another_architecture_is_not_offered(form):
    form.get_by_key("model.architecture").set_value("tabm").run()
    assert not [s for s in form.selectbox if s.label == "Start from"]


def test_a_slow_architecture_says_so_before_it_starts(form, said):
    form.get_by_key("model.architecture").set_value("ft_transformer").run()
    slow, quick = re.search(
        r"Takes (\S+ to \S+ \S+) on .*; a multilayer perceptron (\S+ to \S+ s)\.",
        said(form).replace("\\", ""),
    ).groups()
    assert slow != quick


def test_the_time_follows_rows_epochs_and_architecture():
    german, adult = (load(task_named(name)) for name in ("german", "adult"))
    assert seconds(german, "mlp", 30) < seconds(adult, "mlp", 30)
    assert seconds(adult, "mlp", 30) < seconds(adult, "mlp", 300)
    assert seconds(adult, "mlp", 30) < seconds(adult, "tabm", 30)


@pytest.mark.parametrize(
    ("guess", "words"),
    [(0.4, "a second"), (12.4, "12 s"), (177, "3 min"), (5400, "1.5 h")],
)
def test_a_guess_is_given_in_round_numbers(guess, words):
    assert rough(guess) == words


@pytest.mark.parametrize(
    ("guess", "words"),
    [
        (0.3, "about a second"),
        (2.0, "2 to 5 s"),
        (40.0, "40 s to 2 min"),
        (120.0, "2 to 5 min"),
        (3600.0, "1.0 h to 2.5 h"),
    ],
)
def test_a_length_of_time_is_guessed_as_a_range(guess, words):
    assert span(guess) == words


def test_the_sidebar_turns_to_a_run_once_it_is_trained(
    open_page, loaded_home, queue, finish
):
    home, first, _ = loaded_home
    at = open_page("model", data="german", run=first)
    at.get_by_key("model.seed").set_value(3).run()
    at.get_by_key("model.train").click().run()
    assert at.sidebar.selectbox[1].value == first
    run = finish(
        Store(home),
        load(task_named("german")),
        Recipe(task="german", seed=3),
        np.random.default_rng(1),
    )
    at.run()
    assert not at.exception
    assert at.sidebar.selectbox[1].value == run
    assert len(at.get("plotly_chart")) == 1


def test_a_finished_run_is_turned_to_at_once(open_page, loaded_home, queue):
    _, first, second = loaded_home
    at = open_page("model", data="german", run=second)
    at.get_by_key("model.train").click().run()
    assert at.sidebar.selectbox[1].value == first


def test_every_setting_has_a_sentence_of_help(form):
    for kind in (form.selectbox, form.number_input, form.text_input, form.checkbox):
        for control in kind:
            if control.key.startswith("model."):
                assert control.help, control.key
