import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.frame import AuditFrame, Grouping
from models.recipe import Recipe
from models.remedies.row_edit import Workshop
from models.remedies.suspicious_rows import SuspiciousRows


def planted(rng, n=1_500, k=2):
    """Return rows that x tells apart surely, a tenth of them with a wrong label."""
    truth = rng.integers(0, k, n)
    x = rng.normal(size=n) * 0.3 + 3 * truth
    is_wrong = rng.random(n) < 0.1
    labels = np.where(is_wrong, (truth + 1) % k, truth)
    frame = AuditFrame(
        pd.DataFrame({"x": x}),
        labels,
        tuple("uvw"[:k]),
        {"g": Grouping(rng.integers(0, 2, n), ("a", "b"))},
        np.ones(n),
    )
    return frame, truth, is_wrong


def workshop():
    import torch

    from models.workshop import rehearsal

    recipe = Recipe("t", hidden=(8,), dropout=0.0)

    def rehearsed(frame, epochs):
        return rehearsal(recipe, frame, epochs, torch.device("cpu"), lambda: False)

    return Workshop(None, rehearsed)


def fixed(log_probabilities):
    return Workshop(None, lambda frame, epochs: log_probabilities)


@pytest.mark.parametrize("k", [2, 3])
def test_planted_wrong_labels_are_dropped(rng, k):
    frame, _, is_wrong = planted(rng, k=k)
    left = SuspiciousRows().edited(frame, 0, workshop())
    stays = np.isin(frame.row_ids, left.row_ids)
    assert (~stays)[is_wrong].mean() > 0.9
    assert stays[~is_wrong].mean() > 0.97


def test_relabelled_they_are_right(rng):
    frame, truth, is_wrong = planted(rng)
    remedy = SuspiciousRows(action="relabel")
    mended = remedy.edited(frame, 0, workshop()).y_true
    assert (mended == truth).mean() > 0.97 > 1 - is_wrong.mean()
    assert len(mended) == len(frame)


def test_only_the_cohort_is_touched(rng):
    frame, *_ = planted(rng)
    left = SuspiciousRows(cohort="g = b").edited(frame, 0, workshop())
    gone = ~np.isin(frame.row_ids, left.row_ids)
    assert gone.sum() > 0
    assert (frame.groups["g"].codes[gone] == 1).all()


def test_certainty_1_touches_nothing(rng):
    frame, *_ = planted(rng, 300)
    assert SuspiciousRows(certainty=1.0).edited(frame, 0, workshop()) is frame


def test_a_lower_certainty_never_drops_fewer(rng):
    frame, *_ = planted(rng, 400)
    losses = rng.beta(0.5, 2, 400)
    found = np.log(np.column_stack([np.exp(-losses), -np.expm1(-losses)]))
    flipped = np.where(frame.y_true[:, None] == 1, found[:, ::-1], found)
    left = [
        len(SuspiciousRows(certainty=c).edited(frame, 0, fixed(flipped)))
        for c in (0.5, 0.7, 0.9, 0.99)
    ]
    assert left == sorted(left)
    assert left[0] < left[-1]


def test_losing_a_class_is_refused_by_name(rng):
    frame, *_ = planted(rng, 300)
    certain = np.log(np.tile([0.99, 0.01], (300, 1)))  # class u, whatever the label
    with pytest.raises(DataError, match="label 'v' looks suspicious"):
        SuspiciousRows().edited(frame, 0, fixed(certain))
    with pytest.raises(DataError, match="label 'v' looks suspicious"):
        SuspiciousRows(action="relabel").edited(frame, 0, fixed(certain))
