"""Should this source be added? What its rows are worth for a target, before training.

More rows help by their number and harm by being of other people. A quick stand-in for
the model, a ridge logistic regression on the same columns, says how much of either: its
learning curve on the rows that are there tells what as many more of the same kind would
give, and what it really gains with the source's rows is compared with that.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from analysis.arrays import Floats, Ints
from analysis.density.basis import basis
from analysis.detection.told_apart import told_apart
from analysis.errors import DataError
from analysis.estimates import Estimate, Z
from analysis.frame import AuditFrame
from analysis.progress import Tick, silent

SHARES = (0.125, 0.25, 0.5, 1.0)
"""Of the rows that are there, for the learning curve."""

DRAWS = 3
"""Samples of each smaller share."""

MIN_ROWS = 100

MOST_ROWS = 50_000
"""Rows that the stand-in learns from at most, drawn at random and said."""

RIDGE = 1.0


@dataclass(frozen=True)
class SourceValue:
    """What one source is worth for a target.

    Parameters
    ----------
    name : str
    n : int
        Its rows.
    distance : Estimate
        AUROC of a classifier that tells its people from the target's; 0.5 is alike.
    label_gap : Estimate
        Rate of the positive class less that of the target.
    by_size : float
        Log loss at the target that as many more rows like those there would save.
    by_shift : float
        What it saves beyond that; below 0 where its people mislead.
    gain : Estimate
        Both together: log loss saved at the target, on the same target rows.
    loss : Estimate
        Log loss of the stand-in at the target without it.
    n_train : int
        Rows that it learnt from then.
    reason : str
        Why there is no estimate; empty where there is.
    """

    name: str
    n: int
    distance: Estimate
    label_gap: Estimate
    by_size: float
    by_shift: float
    gain: Estimate
    loss: Estimate
    n_train: int
    reason: str = ""

    @property
    def is_helpful(self) -> bool:
        """Whether adding it surely lowers the loss of the stand-in at the target."""
        return self.gain.low > 0

    @property
    def is_harmful(self) -> bool:
        """Whether adding it surely raises it."""
        return self.gain.high < 0


@dataclass(frozen=True)
class SourceValues:
    """All candidate sources, the best first.

    Parameters
    ----------
    sources : tuple of SourceValue
    n_target : int
        Rows of the target that judge them.
    """

    sources: tuple[SourceValue, ...]
    n_target: int


def source_values(
    train: Mapping[str, AuditFrame],
    sources: Mapping[str, AuditFrame],
    target: AuditFrame,
    *,
    seed: int = 0,
    tick: Tick = silent,
) -> SourceValues:
    """Value candidate sources for a target.

    Parameters
    ----------
    train : mapping of str to AuditFrame
        For each source, the rows that are there without it.
    sources : mapping of str to AuditFrame
        Labelled rows with the same features, classes and kinds of columns.
    target : AuditFrame
        Labelled rows that nothing was trained on, of at least `MIN_ROWS`.
    seed : int
    tick : Tick

    Raises
    ------
    DataError
        The target has too few labelled rows.

    References
    ----------
    Shen, Raji & Chen (2024), The Data Addition Dilemma, MLHC: gain by size against
    loss by shift. The stand-in, its curve a + b / n and the intervals (normal, of the
    paired losses of target rows) are ours.
    """
    if target.y_true is None or len(target) < MIN_ROWS:
        raise DataError(
            f"The target has {len(target):,} labelled rows to judge by; at least "
            f"{MIN_ROWS} are needed. Choose a larger target."
        )
    found = []
    for i, (name, source) in enumerate(sources.items()):
        tick(i / len(sources), f"valuing {name}")
        found.append(_value(name, train[name], source, target, seed))
    ranked = sorted(found, key=lambda v: -np.nan_to_num(v.gain.value, nan=-np.inf))
    return SourceValues(tuple(ranked), len(target))


def _value(
    name: str, train: AuditFrame, source: AuditFrame, target: AuditFrame, seed: int
) -> SourceValue:
    rng = np.random.default_rng(seed)
    distance = told_apart(
        (source.features, target.features),
        (source.weights, target.weights),
        ({}, {}),
        seed=seed,
    ).area
    gap = _label_gap(source, target)
    nothing = Estimate(np.nan, np.nan, np.nan, len(target))
    reason = _too_few(train, source)
    if reason:
        n = len(source)
        return SourceValue(
            name, n, distance, gap, np.nan, np.nan, nothing, nothing, len(train), reason
        )
    train, source = _at_most(train, rng), _at_most(source, rng)
    rows = _Rows.of(train, source, target)
    alone = rows.losses(np.arange(len(train)))
    everyone = np.arange(len(train) + len(source))
    saved = alone - rows.losses(everyone)  # [n_t]
    b = _curve(rows, len(train), float(np.average(alone, weights=rows.judged)), rng)
    n, m = len(train), len(source)
    by_size = b / n - b / (n + m)
    gain = _mean(saved, rows.judged)
    by_shift = gain.value - by_size
    loss = _mean(alone, rows.judged)
    return SourceValue(name, m, distance, gap, by_size, by_shift, gain, loss, n)


def _too_few(train: AuditFrame, source: AuditFrame) -> str:
    for what, frame in (("rows without it", train), ("rows of its own", source)):
        labels = frame.y_true
        if labels is None:
            return f"Its {what} have no labels."
        if len(frame) < MIN_ROWS:
            return f"There are {len(frame):,} {what}; {MIN_ROWS} are needed."
        if frame is train and len(np.unique(labels)) < 2:
            return "Without it only one class is left to learn."
    return ""


@dataclass(frozen=True, eq=False)
class _Rows:
    """Training rows, then the source's, as columns; and the target's to judge by."""

    columns: sparse.csr_matrix
    labels: Ints
    weights: Floats
    target: sparse.csr_matrix
    truth: Ints
    judged: Floats
    k: int

    @classmethod
    def of(cls, train: AuditFrame, source: AuditFrame, target: AuditFrame) -> "_Rows":
        """Join the three tables in one basis of columns."""
        both = pd.concat(
            [train.features.astype(object), source.features.astype(object)]
        )
        kinds = {c: t for c, t in train.features.dtypes.items() if t == np.float64}
        table = basis(both.astype(kinds), target.features)
        # Neither side's weights may outweigh the other's by their scale.
        weights = [f.weights / f.weights.mean() for f in (train, source)]
        labels = [f.y_true for f in (train, source)]
        return cls(
            table.columns[: table.n_source],
            np.concatenate([np.asarray(y) for y in labels]),
            np.concatenate(weights),
            table.columns[table.n_source :],
            np.asarray(target.y_true),
            target.weights,
            len(train.classes),
        )

    def losses(self, rows: Ints) -> Floats:
        """Return the log loss of each target row after learning from some rows."""
        # Late: scikit-learn takes a second to import, and only the worker needs it.
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=1 / RIDGE, max_iter=300)
        model.fit(self.columns[rows], self.labels[rows], self.weights[rows])
        probabilities = np.full((self.target.shape[0], self.k), 1e-6)
        probabilities[:, model.classes_] = model.predict_proba(self.target)
        chosen = probabilities[np.arange(len(self.truth)), self.truth]
        found: Floats = -np.log(np.clip(chosen, 1e-6, 1.0))
        return found


def _curve(rows: _Rows, n: int, whole: float, rng: np.random.Generator) -> float:
    """Return b of the learning curve a + b / n, zero or more, by least squares."""
    sizes, losses = [n], [whole]
    for share in SHARES[:-1]:
        size = round(share * n)
        if size < MIN_ROWS:
            continue
        for _ in range(DRAWS):
            drawn = rng.choice(n, size, replace=False)
            if len(np.unique(rows.labels[drawn])) < 2:
                continue
            sizes.append(size)
            losses.append(float(np.average(rows.losses(drawn), weights=rows.judged)))
    x = 1 / np.array(sizes)
    if len(set(sizes)) < 2:
        return 0.0
    slope = np.cov(x, np.array(losses))[0, 1] / np.var(x, ddof=1)
    return max(float(slope), 0.0)


def _mean(values: Floats, weights: Floats) -> Estimate:
    """Return a weighted mean with its normal interval over rows."""
    mean = float(np.average(values, weights=weights))
    variance = float((weights**2) @ (values - mean) ** 2) / weights.sum() ** 2
    half = Z * np.sqrt(variance)
    return Estimate(mean, mean - half, mean + half, len(values))


def _label_gap(source: AuditFrame, target: AuditFrame) -> Estimate:
    if source.y_true is None or target.y_true is None:
        return Estimate(np.nan, np.nan, np.nan, 0)
    last = len(source.classes) - 1
    first, second = (
        _mean((np.asarray(f.y_true) == last).astype(float), f.weights)
        for f in (source, target)
    )
    half = np.hypot(first.high - first.low, second.high - second.low) / 2
    gap = first.value - second.value
    return Estimate(gap, gap - half, gap + half, len(source) + len(target))


def _at_most(frame: AuditFrame, rng: np.random.Generator) -> AuditFrame:
    if len(frame) <= MOST_ROWS:
        return frame
    return frame.take(np.sort(rng.choice(len(frame), MOST_ROWS, replace=False)))
