"""By which measure and by whose groups what came of a fix is first looked at."""

import numpy as np
import pytest

from analysis.datasets.load import load
from analysis.datasets.tasks import task_named
from models.artefacts import scores_bytes
from models.recipe import Recipe
from models.remedies.chain import stage
from models.run import Run
from models.store import Store
from pages.ui.mending import outcome


@pytest.fixture
def held_by_age(loaded_home):
    """A finished run that holds one rate together over groups of age."""
    store, data = Store(loaded_home[0]), load(task_named("german"))
    added = stage("equal_opportunity", attribute="age")
    recipe = Recipe(task="german").with_stage(added)
    run = store.ledger.submit(recipe, data.task, data.digest, "test")
    store.ledger.start(run, "test", "cpu")
    frame, rng = data.frame, np.random.default_rng(3)
    logit = frame.y_true * 1.2 - 1 + rng.normal(size=len(frame))
    logits = np.column_stack([np.zeros(len(frame)), logit])
    name = store.files.put(scores_bytes(frame.row_ids, logits), "parquet")
    store.ledger.finish(run, "test", {"scores": name}, seconds=1.0, best_epoch=0)
    return run


def test_compare_opens_on_the_rate_and_the_groups_of_the_last_fix(
    open_page, loaded_home, held_by_age
):
    at = open_page("compare", data="german", run=held_by_age)
    assert at.get_by_key("compare.metric").value == "true_positive_rate"
    assert at.get_by_key("compare.by").value == ["age"]


@pytest.mark.parametrize(
    ("stages", "metric", "attribute"),
    [
        ([], "precision", "sex"),
        ([stage("temperature")], "brier_score", "sex"),
        ([stage("equal_opportunity", attribute="age")], "true_positive_rate", "age"),
        ([stage("demographic_parity", attribute="age, sex")], "selection_rate", "age"),
        ([stage("equalized_odds", attribute="age")], "false_positive_rate", "age"),
        (
            [stage("levelling_up", attribute="age", rate="accuracy")],
            "accuracy",
            "age",
        ),
        (
            [stage("gap_penalty", attribute="age", rate="true positive rate")],
            "true_positive_rate",
            "age",
        ),
        (
            [
                stage(
                    "exponentiated_gradient",
                    attribute="age",
                    constraint="both error rates",
                )
            ],
            "false_positive_rate",
            "age",
        ),
        (
            [
                stage(
                    "exponentiated_gradient",
                    attribute="age",
                    constraint="false negative rate",
                )
            ],
            "false_negative_rate",
            "age",
        ),
        (
            [stage("equal_opportunity", attribute="age"), stage("abstain")],
            "precision",
            "age",
        ),
    ],
)
def test_what_a_run_is_first_looked_at_by(stages, metric, attribute):
    recipe = Recipe(task="german")
    for added in stages:
        recipe = recipe.with_stage(added)
    run = Run("r", recipe, "d", "done")
    assert outcome.first_metric(run, "precision") == metric
    assert outcome.first_attribute(run, "sex") == attribute


def test_of_two_rates_held_together_the_found_one_is_first():
    recipe = Recipe(task="german").with_stage(stage("equalized_odds", attribute="age"))
    run = Run("r", recipe, "d", "done")
    assert outcome.first_metric(run, "true_positive_rate") == "true_positive_rate"
