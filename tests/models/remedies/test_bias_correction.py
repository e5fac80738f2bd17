import json

import numpy as np
import pytest

from analysis.errors import SettingError
from models.probabilities import log_softmax
from models.remedies.bias_correction import BiasCorrection, _fit_lift
from models.remedies.chain import remedy_of, stage
from models.remedies.fitting import notes_of


@pytest.fixture
def rare(rng):
    """Draw logits and labels of three classes, the last one rare: 5 %."""
    labels = rng.choice(3, 4_000, p=[0.55, 0.4, 0.05])
    points = 1.5 * np.eye(3)[labels] + rng.normal(size=(4_000, 3))
    return 1.5 * points + np.log([0.55, 0.4, 0.05]), labels


def test_the_prior_is_lifted_out_of_exact_scores(rare, labelled):
    """Scores that are right need just log(share now / share wanted), relatively."""
    scorer, frame = labelled(*rare)
    found = BiasCorrection(classes="c").fit(scorer, frame).parameters()
    assert found["factor"] == pytest.approx(1, abs=0.1)
    assert found["shift"] == pytest.approx(np.log(0.475 / 0.05), abs=0.25)
    said = notes_of(found)[0]
    assert said.startswith(
        f"Logits of c × {found['factor']:.2f} + {found['shift']:.2f}:"
    )


def test_the_gradient_vanishes_over_even_classes(rare):
    logits, labels = rare
    lifted = np.array([False, True, True])
    weights = 1 / np.bincount(labels)[labels]
    a, b = _fit_lift(logits, labels, weights, lifted)
    mapped = np.where(lifted, a * logits + b, logits)
    off = weights[:, None] * (np.exp(log_softmax(mapped)) - np.eye(3)[labels])
    assert off[:, lifted].sum() == pytest.approx(0, abs=1e-5)
    assert (off * logits)[:, lifted].sum() == pytest.approx(0, abs=1e-5)


def test_the_rare_class_is_found_oftener_and_all_other_logits_stay(rare, labelled):
    scorer, frame = labelled(*rare)
    fitted = BiasCorrection().fit(scorer, frame)
    assert fitted.parameters()["classes"] == ["c"]
    before, after = (s.score(frame).logits for s in (scorer, fitted))
    np.testing.assert_array_equal(before[:, :2], after[:, :2])
    own = rare[1] == 2
    recall = [(z.argmax(axis=1) == 2)[own].mean() for z in (before, after)]
    assert recall[1] > recall[0] + 0.3


def test_parameters_survive_json(rare, labelled):
    scorer, frame = labelled(*rare)
    remedy = remedy_of(stage("bias_correction", classes=" b, c, b"))
    fitted = remedy.fit(scorer, frame)
    stored = json.loads(json.dumps(fitted.parameters(), allow_nan=False))
    again = remedy.restored(scorer, stored).score(frame).logits
    np.testing.assert_array_equal(again, fitted.score(frame).logits)
    assert stored["classes"] == ["b", "c"]


def test_even_classes_are_left_alone_and_that_is_said(drawn, labelled):
    logits, _ = drawn(100)
    scorer, frame = labelled(logits, np.arange(100) % 2)
    fitted = BiasCorrection().fit(scorer, frame)
    np.testing.assert_array_equal(fitted.score(frame).logits, logits)
    assert notes_of(fitted.parameters()) == (
        "No class is rarer than the others, so nothing was changed.",
    )


def test_classes_that_cannot_be_lifted_are_refused(rare, labelled):
    scorer, frame = labelled(*rare)
    with pytest.raises(SettingError, match="no class 'z'; it has a, b, c"):
        BiasCorrection(classes="z").fit(scorer, frame)
    with pytest.raises(SettingError, match="Leave out the commonest"):
        BiasCorrection(classes="a, b, c").fit(scorer, frame)


def test_a_class_without_rows_is_not_touched(rare, labelled):
    logits, labels = rare
    scorer, frame = labelled(logits, np.where(labels == 2, 1, labels))
    fitted = BiasCorrection().fit(scorer, frame)
    np.testing.assert_array_equal(fitted.score(frame).logits[:, 2], logits[:, 2])
