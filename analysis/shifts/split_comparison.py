"""Does a random split flatter? The same reference model under two ways to split."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints
from analysis.datasets.load import Dataset
from analysis.datasets.splits import random_like
from analysis.estimates import Estimate
from analysis.evaluation import Scores, Threshold, evaluate
from analysis.frame import Splits
from analysis.subgroups.disaggregate import disaggregate

FIT_ROWS = 20_000
"""Training rows of the reference model at most, drawn at random."""


@dataclass(frozen=True)
class SplitComparison:
    """AUROC of a reference model under the chosen split and under a random one.

    Parameters
    ----------
    chosen, random : Estimate
        On the test rows of either split.
    flattery : Estimate
        Random minus chosen; above 0 the random split promises too much.
    fit_rows : int
        Rows the reference model was fitted to, each time.
    """

    chosen: Estimate
    random: Estimate
    flattery: Estimate
    fit_rows: int


def split_comparison(
    dataset: Dataset, splits: Splits, seed: int = 0
) -> SplitComparison:
    """Fit gradient boosting under a split and under a random one of the same sizes.

    The two test sets are different rows, so the interval of the difference is that of
    two independent estimates; rows they share make it slightly too wide.

    Parameters
    ----------
    dataset : Dataset
    splits : Splits
    seed : int
        Of the random split, of the rows drawn to fit on, and of the model.
    """
    features = dataset.features_for(splits.method)
    columns = _codes(dataset.frame.features[list(features)])  # [n, d]
    other = random_like(dataset, splits, seed)
    chosen, random = (_auroc(dataset, columns, s, seed) for s in (splits, other))
    half = np.hypot(chosen.high - chosen.low, random.high - random.low) / 2
    difference = random.value - chosen.value
    return SplitComparison(
        chosen,
        random,
        Estimate(difference, difference - half, difference + half, chosen.n + random.n),
        min(FIT_ROWS, len(splits.rows["train"])),
    )


def flattery_words(record: SplitComparison) -> str:
    """Say whether the random split promises more than the chosen one keeps."""
    size = f"{record.flattery.value:+.3f}".replace("-", "−")
    ends = f"[{record.flattery.low:+.3f}, {record.flattery.high:+.3f}]"
    said = (
        f"A reference model (gradient boosting on {record.fit_rows:,} training rows) "
        f"ranks with AUROC {record.chosen.value:.3f} under this split and "
        f"{record.random.value:.3f} under a random one of the same sizes: "
        f"{size} {ends.replace('-', '−')}. "
    )
    if record.flattery.low > 0:
        return said + "The random split flatters; trust this one."
    return said + "The random split does not flatter more than chance."


def _auroc(dataset: Dataset, columns: Floats, splits: Splits, seed: int) -> Estimate:
    # Late: scikit-learn takes a second to import, and only this needs it.
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rows = _drawn(splits.rows["train"], seed)
    frame = dataset.frame.take(splits.rows["test"])
    y_true = dataset.frame.y_true
    if y_true is None:
        return Estimate(np.nan, np.nan, np.nan, 0)
    model = HistGradientBoostingClassifier(max_iter=60, random_state=seed)
    weights = dataset.frame.weights[rows]
    probabilities = np.zeros((len(frame), len(frame.classes)))
    with threadpool_limits(1):  # its threads spin while another process trains: 15 x
        model.fit(columns[rows], y_true[rows], sample_weight=weights)
        found = model.predict_proba(columns[splits.rows["test"]])
    probabilities[:, model.classes_] = found
    shown = evaluate("reference", frame, Scores(probabilities), Threshold())
    return disaggregate(shown, (), ("auroc",)).overall["auroc"]


def _drawn(rows: Ints, seed: int) -> Ints:
    if len(rows) <= FIT_ROWS:
        return rows
    return np.random.default_rng(seed).choice(rows, FIT_ROWS, replace=False)


def _codes(features: pd.DataFrame) -> Floats:
    """Return categories as their codes; trees split these as well as numbers."""
    coded = {
        name: column.cat.codes.where(column.cat.codes >= 0, np.nan)
        if isinstance(column.dtype, pd.CategoricalDtype)
        else column
        for name, column in features.items()
    }
    return pd.DataFrame(coded).to_numpy(dtype=np.float64)
