import json
import time
from dataclasses import asdict, replace

import numpy as np
import pytest

from analysis.errors import GroupTooSmallError, SettingError
from analysis.evaluation import Scores
from models.probabilities import log_softmax, scores_of_logits
from models.recipe import Recipe, Stage
from models.remedies import REMEDIES
from models.remedies.base import PosthocRemedy, RetrainingRemedy, settings_of
from models.remedies.chain import completed, remedy_of, runs_of, stage
from models.remedies.reweighing import Reweighing
from models.remedies.temperature import HIGHEST, Temperature, fit_temperature
from models.training import train_now

EXAMPLES = {
    "reweighing": [
        {"attribute": "group"},
        {"attribute": "group,work", "strength": 0.5},
    ],
    "temperature": [{}, {"attribute": "group", "min_rows": 20}],
}
CASES = [(name, settings) for name, each in EXAMPLES.items() for settings in each]


def test_every_remedy_has_an_example():
    assert set(EXAMPLES) == set(REMEDIES)


@pytest.mark.parametrize("name", REMEDIES)
def test_every_remedy_describes_itself_and_its_settings(name):
    remedy = REMEDIES[name]
    assert remedy.title
    assert remedy.source
    assert remedy.summary.endswith(".")
    protocol = RetrainingRemedy if remedy.kind == "retraining" else PosthocRemedy
    assert isinstance(remedy_of(stage(name, **EXAMPLES[name][0])), protocol)
    for setting in settings_of(remedy):
        assert setting.help.endswith(".")
        if setting.kind != "attribute":
            assert setting.low <= setting.default <= setting.high


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_settings_survive_json(name, settings):
    made = remedy_of(stage(name, **settings))
    back = Recipe.from_json(
        json.loads(json.dumps(Recipe("t", stages=(stage(name, **settings),)).to_json()))
    )
    assert remedy_of(back.stages[0]) == made
    assert asdict(made) == dict(back.stages[0].settings)


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_registry(store, dataset, recipe, name, settings):
    base = train_now(store, recipe)
    before = store.scores(base.id).scores.logits.copy()
    mended = replace(recipe, stages=(Stage(name, settings),))
    run = train_now(store, mended)
    scores = store.scores(run.id).scores.values
    assert ((scores >= 0) & (scores <= 1)).all()
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    np.testing.assert_array_equal(store.scores(base.id).scores.logits, before)
    assert run.base == base.id

    store.forget("people")
    store.notes.save_task(dataset.task)
    again = train_now(store, mended)
    assert again.artefacts == run.artefacts


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_the_labels_of_other_rows_have_no_say(store, dataset, recipe, name, settings):
    """Labels outside the split a remedy may see are flipped: nothing changes."""
    from models.data import _loaded
    from models.evaluations import splits_of

    run = train_now(store, replace(recipe, stages=(Stage(name, settings),)))
    remedy = remedy_of(run.recipe.stages[0])
    part = "train" if remedy.kind == "retraining" else "calibration"
    rows = splits_of(run, dataset).rows[part]
    flipped = 1 - dataset.frame.y_true
    flipped[rows] = dataset.frame.y_true[rows]
    frame = replace(dataset.frame, y_true=flipped)
    _loaded.cache_clear()
    if isinstance(remedy, RetrainingRemedy):
        changes = [remedy.change(recipe, f.take(rows)) for f in (dataset.frame, frame)]
        assert changes[0] == changes[1]
    else:
        scorer = _Fixed(store.scores(run.base).scores)
        fits = [remedy.fit(scorer, f.take(rows)) for f in (dataset.frame, frame)]
        assert fits[0].parameters() == fits[1].parameters()
        stored = json.loads(store.artefact(run, "parameters"))
        unweighted = replace(dataset.frame, weights=np.ones(len(dataset.frame)))
        assert remedy.fit(scorer, unweighted.take(rows)).parameters() == stored


class _Fixed:
    def __init__(self, scores):
        self.scores = scores

    def score(self, frame):
        return Scores(
            self.scores.values[frame.row_ids], logits=self.scores.logits[frame.row_ids]
        )


def test_reweighing_by_hand(dataset):
    """Kamiran & Calders' formula, cell by cell, and its purpose: independence."""
    frame = dataset.frame
    recipe = Reweighing(attribute="group").change(Recipe("t"), frame)
    codes, y = frame.groups["group"].codes, frame.y_true
    w = recipe.cell_weights.factors(frame)
    for g in (0, 1):
        for label in (0, 1):
            cell = (codes == g) & (y == label)
            by_hand = (codes == g).mean() * (y == label).mean() / cell.mean()
            assert w[cell] == pytest.approx(by_hand)
    assert w.mean() == pytest.approx(1)
    rates = [np.average(y[codes == g], weights=w[codes == g]) for g in (0, 1)]
    assert rates[0] == pytest.approx(rates[1])


def test_strength_shrinks_the_dependence_linearly(dataset):
    frame = dataset.frame
    a, y = frame.groups["group"].codes == 0, frame.y_true

    def covariance(strength):
        change = Reweighing(attribute="group", strength=strength).change
        w = change(Recipe("t"), frame).cell_weights.factors(frame)
        return (w * a * y).mean() - (w * a).mean() * (w * y).mean()

    assert covariance(0.25) == pytest.approx(0.75 * covariance(0))
    assert covariance(1) == pytest.approx(0, abs=1e-12)


def test_reweighing_leaves_an_empty_cell_alone(dataset):
    rows = np.flatnonzero(
        (dataset.frame.groups["group"].codes == 0) | (dataset.frame.y_true == 1)
    )
    recipe = Reweighing(attribute="group").change(Recipe("t"), dataset.frame.take(rows))
    table = np.array(recipe.cell_weights.table)
    assert np.isfinite(table).all()
    assert table[1, 0] == 1


@pytest.mark.parametrize("k", [2, 4])
def test_temperature_is_recovered(rng, k):
    honest = rng.normal(size=(40_000, k)) * 2
    chances = scores_of_logits(honest).values.cumsum(axis=1)
    labels = (rng.random((len(honest), 1)) > chances).sum(axis=1).clip(max=k - 1)
    found = fit_temperature(honest * 3, labels, np.ones(len(labels)))
    assert found == pytest.approx(3, rel=0.05)


def test_temperature_minimises_log_loss(rng):
    labels, weights = rng.integers(0, 3, 500), rng.uniform(0.1, 2, 500)
    logits = rng.normal(size=(500, 3)) * 4 + 3 * np.eye(3)[labels]

    def loss(t):
        return -weights @ log_softmax(logits / t)[np.arange(500), labels]

    best = fit_temperature(logits, labels, weights)
    assert loss(best) <= min(loss(best * s) for s in (0.9, 0.99, 1.01, 1.1))


def test_weights_count_as_duplicates(rng):
    logits, labels = rng.normal(size=(300, 2)) * 3, rng.integers(0, 2, 300)
    times = rng.integers(1, 4, 300)
    weighted = fit_temperature(logits, labels, times.astype(float))
    rows = np.repeat(np.arange(300), times)
    repeated = fit_temperature(logits[rows], labels[rows], np.ones(len(rows)))
    assert weighted == pytest.approx(repeated)


def test_temperature_stays_finite_on_separated_rows():
    logits = np.array([[5.0, -5.0], [-5.0, 5.0]])
    right, wrong = np.array([0, 1]), np.array([1, 0])
    assert fit_temperature(logits, right, np.ones(2)) < 1
    assert fit_temperature(logits, wrong, np.ones(2)) == HIGHEST


def test_fifty_thousand_rows_take_under_a_second(rng):
    logits, labels = rng.normal(size=(50_000, 2)), rng.integers(0, 2, 50_000)
    began = time.perf_counter()
    fit_temperature(logits, labels, np.ones(50_000))
    assert time.perf_counter() - began < 1


def test_a_small_group_is_refused_with_advice(dataset):
    scorer = _Fixed(scores_of_logits(np.random.default_rng(0).normal(size=(1200, 2))))
    few = dataset.frame.take(np.arange(40))
    with pytest.raises(GroupTooSmallError, match=r"'Minimum rows' \(min_rows"):
        Temperature(attribute="group").fit(scorer, few)


def test_one_group_keeps_its_order_and_decisions(rng, dataset):
    base = _Fixed(scores_of_logits(rng.normal(size=(1200, 2)) * 3))
    fitted = Temperature(attribute="group", min_rows=2).fit(base, dataset.frame)
    before, after = (s.score(dataset.frame).values[:, 1] for s in (base, fitted))
    np.testing.assert_array_equal(before >= 0.5, after >= 0.5)
    rows = dataset.frame.groups["group"].codes == 0
    np.testing.assert_array_equal(np.argsort(before[rows]), np.argsort(after[rows]))


@pytest.mark.parametrize(
    ("name", "settings", "advice"),
    [
        ("unlearning", {}, "choose one of reweighing, temperature"),
        ("reweighing", {}, "name a sensitive attribute"),
        ("reweighing", {"attribute": "a", "strength": 2}, "a number from 0 to 1"),
        ("temperature", {"min_rows": 2.5}, "a whole number from 2"),
        ("temperature", {"alpha": 1}, "it has attribute, min_rows"),
        ("temperature", {"remedy": "x"}, "it has attribute, min_rows"),
        ("reweighing", {"attribute": " , "}, "name a sensitive attribute"),
    ],
)
def test_a_wrong_setting_says_what_to_do(name, settings, advice):
    with pytest.raises(SettingError, match=advice):
        stage(name, **settings)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("sex,sex", "sex"),
        ("sex, race ,sex", "sex,race"),
        ("sex,", "sex"),
        (" sex, race", "sex, race"),
    ],
)
def test_an_attribute_named_twice_counts_once(typed, kept):
    assert stage("reweighing", attribute=typed).settings["attribute"] == kept


def test_a_chain_becomes_one_run_per_posthoc_stage():
    short = Stage("reweighing", {"attribute": "sex"})
    recipe = completed(Recipe("t", stages=(short, Stage("temperature"))))
    assert [len(r.stages) for r in runs_of(recipe)] == [1, 2]
    assert dict(recipe.stages[0].settings) == {"attribute": "sex", "strength": 1.0}
    assert completed(recipe) == recipe
