"""A tiny planted table in a temporary store; recipes that train in a second."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from analysis.datasets.load import load
from analysis.datasets.splits import split
from analysis.datasets.task import Task
from models.prepare import prepare, training_of
from models.recipe import Recipe
from models.remedies.chain import completed
from models.remedies.row_edit import Workshop
from models.store import Store

TABLE = "0" * 32


def people(n, seed=0):
    """Return rows in which y depends on age, work and group, some values missing."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n).astype(float)
    work = rng.choice(["office", "farm", "none"], n, p=[0.6, 0.3, 0.1])
    group = rng.choice(["a", "b"], n)
    logit = 0.05 * (age - 50) + (work == "office") + (group == "a") - 0.7
    y = rng.random(n) < 1 / (1 + np.exp(-logit))
    age[rng.random(n) < 0.05] = np.nan
    work = pd.Series(work).where(rng.random(n) > 0.05)
    return pd.DataFrame(
        {
            "age": age,
            "work": pd.Categorical(work),
            "group": pd.Categorical(group),
            "weight": rng.uniform(0.5, 2, n),
            "label": pd.Categorical(np.where(y, "yes", "no")),
        }
    )


PEOPLE = Task(
    name="people",
    title="Planted people",
    table=TABLE,
    label="label",
    classes=("no", "yes"),
    features=("age", "work", "group"),
    sensitive=("group", "work"),
    weight="weight",
)


@pytest.fixture
def store(tmp_path):
    """Return a store in an awkward path that knows the task 'people'."""
    made = Store(tmp_path / "my runs é")
    made.tables.mkdir()
    people(1_200).to_parquet(made.tables / f"{TABLE}.parquet")
    made.notes.save_task(PEOPLE)
    return made


@pytest.fixture
def dataset(store):
    return load(PEOPLE, store.tables)


@pytest.fixture
def recipe():
    return Recipe(task="people", hidden=(8,), epochs=6, patience=6, device="cpu")


@pytest.fixture
def long_recipe(recipe):
    """A recipe that is still at it when a test interferes."""
    return replace(recipe, epochs=4_000, patience=4_000)


@pytest.fixture
def prepared_for(dataset):
    """Build what training needs from a recipe on the planted people."""

    def build(recipe):
        splits = split(dataset, recipe.split, recipe.seed)
        return prepare(completed(recipe), dataset, splits, Workshop(None, None))

    return build


@pytest.fixture
def training_on(prepared_for):
    """Build a training at its start from a recipe on the planted people."""

    def build(recipe, base=None):
        return training_of(prepared_for(recipe), torch.device("cpu"), base)

    return build
