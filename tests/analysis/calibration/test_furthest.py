import numpy as np
from scipy.special import expit, logit

from analysis.calibration.furthest import furthest_attribute, surely_off
from analysis.calibration.reliability import reliability_by_group
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.frame import Grouping


def people(rng, n=6000, shift=0.0):
    p = expit(rng.normal(size=n))
    region, sex = rng.integers(0, 4, n), rng.integers(0, 2, n)
    score = expit(logit(p) + shift * (region == 2))
    return Evaluation(
        title="t",
        y_true=rng.binomial(1, p),
        scores=binary_probabilities(score),
        classes=("no", "yes"),
        groups={
            "sex": Grouping(sex, ("f", "m")),
            "region": Grouping(region, ("n", "e", "s", "w")),
        },
        weights=np.ones(n),
        row_ids=np.arange(n),
    )


def test_the_attribute_of_the_planted_fault_is_found(rng):
    shown = people(rng, shift=1.5)
    assert furthest_attribute(shown) == "region"
    off = surely_off(reliability_by_group(shown, ("region",)))
    assert off.tolist() == [False, False, True, False]


def test_true_scores_have_none_but_seldom():
    found = [
        furthest_attribute(people(np.random.default_rng(s), 800)) for s in range(80)
    ]
    assert sum(name != "" for name in found) <= 9  # 5 % of 80, and three errors


def test_without_attributes_or_rows_there_is_none(rng):
    shown = people(rng, 50)
    assert furthest_attribute(shown.take(np.arange(0))) == ""
