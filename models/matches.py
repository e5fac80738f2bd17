"""Matches: the calibration rows nearest to a person in each group, and their scores."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.arrays import Floats, Ints
from analysis.density.threads import one_thread
from analysis.errors import DataError
from analysis.frame import AuditFrame
from models.groupings import grouping_named
from models.names import split
from models.preprocess import Encoded, Preprocessor, fit_preprocessor

SEED = 20_250_108
"""Of the draw of rows that are kept; the same rows give the same matches."""

MOST_ROWS = 300
"""Rows kept of a group at most."""

BUDGET = 480_000
"""Bytes that the kept rows of all groups may take."""

MOST_PAIRS = 1_000_000
"""Distances that are held in memory at once."""

STEP = 2.0**-12
"""Standard deviations to which places are rounded. Products of such numbers are summed
without an error, so who is near, and who is as near, does not hang on who else is
scored at the same time."""


@dataclass(frozen=True, eq=False)
class Kept:
    """Rows of the groups that a person can be matched with.

    Parameters
    ----------
    attribute : str
    preprocessor : Preprocessor
        Reads the features that distances go by.
    names : tuple of str, length g
        Groups that have rows.
    groups : int[m]
        Group of each row.
    encoded : Encoded
        Of m rows.
    scores : float32[m, k]
        Their probabilities.
    """

    attribute: str
    preprocessor: Preprocessor
    names: tuple[str, ...]
    groups: Ints
    encoded: Encoded
    scores: NDArray[np.float32]

    def others_scores(self, frame: AuditFrame, matches: int) -> Floats:
        """Return the mean score of a row's nearest ones, summed over other groups.

        A row of a group that is not among `names` has all groups as others. Rows that
        are as near as the last of the nearest share the places that are left.

        Parameters
        ----------
        frame : AuditFrame
        matches : int

        Returns
        -------
        float64[n, k]
        """
        wanted = _places(self.preprocessor, self.preprocessor.transform(frame.features))
        kept, own = _places(self.preprocessor, self.encoded), self.own_group(frame)
        scores = self.scores.astype(np.float64)
        found = np.empty((len(frame), scores.shape[1]))
        size = max(1, MOST_PAIRS // len(self.groups))
        with one_thread():
            for start in range(0, len(frame), size):
                part = slice(start, start + size)
                distances = _distances(wanted.take(part), kept)
                near = _nearest(distances, self.groups, matches)
                counts = near.shares * (self.groups[near.kept] != own[part][near.rows])
                for c, values in enumerate(scores.T):
                    each = counts * values[near.kept]
                    found[part, c] = np.bincount(near.rows, each, len(distances))
        return found

    def own_group(self, frame: AuditFrame) -> Ints:
        """Return each row's place in `names`, -1 if not among them, int[n]."""
        grouping = grouping_named(frame, self.attribute)
        place = {name: g for g, name in enumerate(self.names)}
        table = np.array([place.get(name, -1) for name in grouping.names])
        found: Ints = table[grouping.codes]
        return found

    def to_json(self) -> dict[str, Any]:
        """Return JSON types; arrays as text, little-endian."""
        return {
            "attribute": self.attribute,
            "preprocessing": self.preprocessor.to_json(),
            "names": list(self.names),
            "counts": np.bincount(self.groups, minlength=len(self.names)).tolist(),
            "positions": _written(self.encoded.positions, "<f4"),
            "codes": _written(self.encoded.codes, "<i2"),
            "scores": _written(self.scores, "<f4"),
        }


def kept_from_json(data: Mapping[str, Any]) -> Kept:
    """Return the rows that `to_json` wrote."""
    preprocessor = Preprocessor.from_json(data["preprocessing"])
    groups = np.repeat(np.arange(len(data["names"])), data["counts"])
    m = len(groups)
    encoded = Encoded(
        _read(data["positions"], "<f4", m).astype(np.float32),
        _read(data["codes"], "<i2", m).astype(np.int32),
    )
    scores = _read(data["scores"], "<f4", m).astype(np.float32)
    names = tuple(data["names"])
    return Kept(data["attribute"], preprocessor, names, groups, encoded, scores)


def kept_rows(frame: AuditFrame, scores: Floats, attribute: str, matches: int) -> Kept:
    """Return the calibration rows to match with, drawn by weight with a fixed seed.

    Columns named as the attribute are left out of the distance. Numeric features count
    by their place among the quantiles, in standard deviations; a category that differs
    counts as much as one.

    Parameters
    ----------
    frame : AuditFrame
        Rows without weight do not count.
    scores : float64[n, k]
        Probabilities.
    attribute : str
    matches : int
        A group with fewer rows is left out.

    Raises
    ------
    DataError
        Fewer than two groups have the rows, or no other feature is left.
    """
    grouping = grouping_named(frame, attribute)
    preprocessor = _reader(frame, attribute)
    encoded = preprocessor.transform(frame.features)
    row_bytes = 4 * encoded.positions.shape[1] + 2 * encoded.codes.shape[1]
    row_bytes += 4 * scores.shape[1]
    most = min(MOST_ROWS, BUDGET // (row_bytes * len(grouping.names)))
    rng = np.random.default_rng(SEED)
    names, parts = list[str](), list[Ints]()
    for g, name in enumerate(grouping.names):
        rows = np.flatnonzero((grouping.codes == g) & (frame.weights > 0))
        if len(rows) >= matches:
            names.append(name)
            parts.append(_drawn(rows, frame.weights, max(most, matches), rng))
    if len(names) < 2:
        raise DataError(
            f"Only {len(names)} of the groups of '{attribute}' have {matches} "
            "calibration rows to match with; two are needed. Lower 'matches', or "
            "choose another attribute."
        )
    rows = np.concatenate(parts)
    groups = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    chosen = Encoded(encoded.positions[rows], encoded.codes[rows])
    return Kept(
        attribute,
        preprocessor,
        tuple(names),
        groups,
        chosen,
        scores[rows].astype(np.float32),
    )


def _reader(frame: AuditFrame, attribute: str) -> Preprocessor:
    """Return what reads the features other than the attribute's own columns."""
    own = [c for c in frame.features.columns if c in (attribute, *split(attribute))]
    reader = fit_preprocessor(frame.features.drop(columns=own))
    if not (reader.numeric or reader.categorical):
        raise DataError(
            f"Without the columns of '{attribute}' no feature is left by which people "
            "could be matched. Choose another attribute."
        )
    return reader


def _drawn(rows: Ints, weights: Floats, most: int, rng: np.random.Generator) -> Ints:
    """Return so many of the rows at most, in their order."""
    if len(rows) <= most:
        return rows
    chances = weights[rows] / weights[rows].sum()
    return np.sort(rng.choice(rows, most, replace=False, p=chances))


@dataclass(frozen=True, eq=False)
class _Places:
    """Where rows stand: in standard deviations, and by categories."""

    numbers: Floats
    codes: Ints

    def take(self, part: slice) -> "_Places":
        return _Places(self.numbers[part], self.codes[part])


def _places(preprocessor: Preprocessor, encoded: Encoded) -> _Places:
    """Return where rows stand."""
    centres = np.array([c.centre for c in preprocessor.numeric])
    scales = np.array([c.scale for c in preprocessor.numeric])
    numbers = (encoded.positions - centres) / scales
    return _Places(np.rint(numbers / STEP) * STEP, encoded.codes.astype(np.int16))


def _distances(wanted: _Places, kept: _Places) -> NDArray[np.float32]:
    """Return squared distances, float32[n, m]; a category that differs counts as 1.

    They are exact up to the last step, which rounds each by itself.
    """
    squares = [(one.numbers**2).sum(axis=1) for one in (wanted, kept)]
    ours = np.column_stack([-2 * wanted.numbers, squares[0], np.ones(len(squares[0]))])
    theirs = np.column_stack([kept.numbers, np.ones(len(squares[1])), squares[1]])
    found = np.empty((len(ours), len(theirs)), np.float32)
    differing = _differing(wanted.codes, kept.codes)
    return np.add(ours @ theirs.T, differing, out=found, casting="same_kind")


def _differing(wanted: Ints, kept: Ints) -> NDArray[np.int16]:
    """Return how many codes differ, int16[n, m]."""
    found = np.zeros((len(wanted), len(kept)), np.int16)
    differs = np.empty(found.shape, bool)
    for ours, theirs in zip(wanted.T, np.ascontiguousarray(kept.T), strict=True):
        np.not_equal(ours[:, None], theirs, out=differs)
        found += differs.view(np.int8)
    return found


@dataclass(frozen=True, eq=False)
class _Near:
    """Pairs of a wanted row and a near kept one, and what the pair counts."""

    rows: Ints
    kept: Ints
    shares: Floats


def _nearest(distances: NDArray[np.float32], groups: Ints, matches: int) -> _Near:
    """Return the nearest rows of each group, of groups that follow one another.

    Shares of a row and a group sum to 1. A pair that is as near as the last of the
    nearest has an even part of what the nearer ones leave.
    """
    n, m = distances.shape
    ends = np.cumsum(np.bincount(groups))
    is_near, cuts = np.empty((n, m), bool), np.empty((n, len(ends)), distances.dtype)
    for g, own in enumerate(map(slice, (0, *ends[:-1]), ends)):
        last = min(matches, own.stop - own.start) - 1
        cuts[:, g] = np.partition(distances[:, own], last, axis=1)[:, last]
        np.less_equal(distances[:, own], cuts[:, g, None], out=is_near[:, own])
    found = np.flatnonzero(is_near)
    rows, kept = np.divmod(found, m)
    cell = rows * len(ends) + groups[kept]
    tied = distances.ravel()[found] == cuts.ravel()[cell]
    nearer, level = (np.bincount(cell, part, n * len(ends)) for part in (~tied, tied))
    places = np.minimum(matches, np.diff(ends, prepend=0))
    left = (np.tile(places, n) - nearer) / level
    shares = np.where(tied, left[cell], 1.0) / places[groups[kept]]
    return _Near(rows, kept, shares)


def _written(array: NDArray[Any], kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(array, kind).tobytes()).decode()


def _read(text: str, kind: str, m: int) -> NDArray[Any]:
    return np.frombuffer(base64.b64decode(text), kind).reshape(m, -1)
