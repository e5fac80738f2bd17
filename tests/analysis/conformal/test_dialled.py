"""The price of a level, over the whole dial."""

import numpy as np
import pytest

from analysis.conformal.control import RISKS, Dial, control_risk
from analysis.conformal.dialled import LEVELS, dialled
from analysis.conformal.realised import realised


@pytest.mark.parametrize("risk", RISKS)
def test_every_level_is_the_control_set_to_it(risk, rng, make_evaluation):
    scores = rng.uniform(size=800)
    whole = make_evaluation(rng.binomial(1, scores), scores)
    fit, new = whole.take(np.arange(400)), whole.take(np.arange(400, 800))
    curve = dialled(fit, new, Dial(risk, 0.1))
    assert curve.alphas.tolist() == LEVELS.tolist()
    for at in (3, 12):
        control = control_risk(fit, Dial(risk, float(LEVELS[at])))
        held = realised(new, control, ()).overall
        for ours, one in ((curve.risk, held.risk), (curve.load, held.load)):
            assert ours.value[at] == pytest.approx(one.value[0], nan_ok=True)
            assert ours.high[at] == pytest.approx(one.high[0], nan_ok=True)


@pytest.mark.parametrize("risk", ["miscoverage", "false_negatives"])
def test_a_looser_level_never_costs_more(risk, rng, make_evaluation):
    scores = rng.uniform(size=300).round(1)
    shown = make_evaluation(rng.binomial(1, scores), scores)
    curve = dialled(shown, shown, Dial(risk, 0.1), rng.uniform(size=300))
    assert (np.diff(curve.load.value) <= 0).all()
    assert (np.diff(curve.risk.value) >= 0).all()
