"""What a source of rows is worth for a target."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from analysis.errors import DataError
from analysis.frame import AuditFrame
from analysis.shifts.source_value import source_values


def frame(rng, n, *, slope=1.5, mean=0.0, labelled=True):
    x, z = rng.normal(mean, 1, n), rng.choice(["a", "b"], n)
    y = (rng.random(n) < expit(slope * x)).astype(int)
    return AuditFrame(
        pd.DataFrame({"x": x, "z": pd.Categorical(z, ["a", "b"])}),
        y if labelled else None,
        ("no", "yes"),
        {},
        np.ones(n),
    )


def values(rng, sources, *, n=300, target=2000):
    train = frame(rng, n)
    return source_values(
        dict.fromkeys(sources, train), sources, frame(rng, target), seed=1
    )


def test_people_who_mislead_are_found_harmful_and_alike_ones_are_not(rng):
    found = values(
        rng, {"alike": frame(rng, 3000), "opposite": frame(rng, 3000, slope=-1.5)}
    )
    best, worst = found.sources
    assert (best.name, worst.name) == ("alike", "opposite")
    assert not best.is_harmful
    assert worst.is_harmful
    assert worst.by_shift < 0 < worst.by_size
    assert best.distance.low <= 0.5 <= best.distance.high + 0.02


def test_parts_add_up_to_the_gain(rng):
    for value in values(rng, {"some": frame(rng, 800, mean=0.5)}).sources:
        assert value.by_size + value.by_shift == pytest.approx(value.gain.value)


def test_other_people_are_told_from_the_target(rng):
    far = values(rng, {"far": frame(rng, 1500, mean=2.0)}).sources[0]
    assert far.distance.low > 0.8


def test_more_rows_of_the_same_kind_help_a_small_table(rng):
    """Harm beyond chance among sources that are alike stays rare."""
    harmed = helped = 0
    for _ in range(15):
        value = values(rng, {"more": frame(rng, 3000)}, n=120, target=3000).sources[0]
        harmed += value.is_harmful
        helped += value.gain.value > 0
    assert harmed <= 2
    assert helped >= 10


def test_a_source_without_labels_or_of_few_rows_says_why(rng):
    found = values(
        rng, {"blank": frame(rng, 500, labelled=False), "tiny": frame(rng, 20)}
    )
    reasons = {s.name: s.reason for s in found.sources}
    assert "no labels" in reasons["blank"]
    assert "20 rows" in reasons["tiny"]
    assert all(np.isnan(s.gain.value) for s in found.sources)


def test_too_small_a_target_is_refused(rng):
    with pytest.raises(DataError, match="labelled rows to judge by"):
        values(rng, {"a": frame(rng, 500)}, target=30)


def test_the_same_seed_gives_the_same_answer():
    first, second = (
        values(np.random.default_rng(3), {"a": frame(np.random.default_rng(4), 400)})
        for _ in range(2)
    )
    assert first.sources[0].gain == second.sources[0].gain
