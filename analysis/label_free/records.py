"""What is estimated without labels: numbers, lights and the record that holds them."""

import math
from dataclasses import dataclass
from typing import Any, Literal

from analysis.estimates import UNDEFINED, Estimate

State = Literal["good", "doubt", "bad", "unknown"]


@dataclass(frozen=True)
class Guess:
    """One metric, estimated without labels.

    Parameters
    ----------
    estimated : Estimate
        What the labels would show on these very rows; 95 % of them lie in the
        interval if P(Y|X) is as at the reference. NaN where refused.
    plain : float
        The same without weights: probabilities calibrated on the reference as it is
        (CBPE), for comparison.
    reference : Estimate
        What was measured at the reference.
    realised : Estimate
        What the labels show; NaN where there are none.
    why_not : str
        Why it is refused; empty where it is not.
    """

    estimated: Estimate
    plain: float
    reference: Estimate
    realised: Estimate = UNDEFINED
    why_not: str = ""

    @property
    def is_moved(self) -> bool:
        """Whether estimate and reference are told apart by their intervals."""
        e, r = self.estimated, self.reference
        return bool(e.low > r.high or e.high < r.low)

    def to_json(self) -> dict[str, float | str | None]:
        """Return the numbers, with None for undefined and the reason of a refusal."""
        e = self.estimated
        given = {
            "estimated": e.value,
            "low": e.low,
            "high": e.high,
            "realised": self.realised.value,
            "reference": self.reference.value,
        }
        said = {"why_not": self.why_not} if self.why_not else {}
        return {name: _known(value) for name, value in given.items()} | said


@dataclass(frozen=True)
class Part:
    """The metrics of some target rows: everyone, a group, or a period.

    Parameters
    ----------
    name : str
        Of the group or period; empty for everyone.
    attributes : tuple of str
        The attributes crossed; empty for everyone and for a period.
    n : float
        Target rows; NaN where withheld.
    effective : float
        Reference rows that the weights leave.
    metrics : dict of str to Guess
    note : str
        What was borrowed or refused, in a sentence; may be empty.
    """

    name: str
    attributes: tuple[str, ...]
    n: float
    effective: float
    metrics: dict[str, Guess]
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return JSON types."""
        metrics = {name: guess.to_json() for name, guess in self.metrics.items()}
        said = {"note": self.note} if self.note else {}
        n = None if math.isnan(self.n) else int(self.n)
        return {"group": self.name, "n": n, "metrics": metrics} | said


@dataclass(frozen=True)
class Light:
    """One assumption, and whether the rows speak for it.

    Parameters
    ----------
    name : str
    state : 'good', 'doubt', 'bad' or 'unknown'
    number : float
        What it was read from.
    words : str
    """

    name: str
    state: State
    number: float
    words: str


@dataclass(frozen=True)
class Drift:
    """What a metric would be if the target's labels were commoner than estimated.

    Parameters
    ----------
    metric : str
    shifts : tuple of float
        Added to every row's log odds of the positive label.
    levels : tuple of float
        The metric then.
    flipped : tuple of float
        Share of labels that such a shift changes.
    limit : float
        Change of the metric that would change the verdict.
    enough : float
        Smallest shift, of either sign, that changes the metric by the limit; NaN
        where none drawn does.
    enough_flipped : float
        Share of labels that this shift changes.
    """

    metric: str
    shifts: tuple[float, ...]
    levels: tuple[float, ...]
    flipped: tuple[float, ...]
    limit: float
    enough: float
    enough_flipped: float


@dataclass(frozen=True)
class Energy:
    """A metric read off the meta-distribution energy of the target's scores.

    Parameters
    ----------
    metric : str
    copies : tuple of (float, float)
        Energy and metric of each shifted copy of the reference.
    ways : tuple of str
        What each copy was shifted by.
    slope, intercept : float
        Of the line through the copies.
    energy : float
        Of the target.
    estimated : Estimate
        Read off the line; its interval is that of the copies left out one by one.
    why_not : str
        Why nothing is read off; empty where something is.
    """

    metric: str
    copies: tuple[tuple[float, float], ...]
    ways: tuple[str, ...]
    slope: float
    intercept: float
    energy: float
    estimated: Estimate
    why_not: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return JSON types."""
        e = self.estimated
        ends = {"estimated": e.value, "low": e.low, "high": e.high}
        numbers = {"energy": self.energy, "slope": self.slope} | ends
        said = {name: _known(value) for name, value in numbers.items()}
        return {"metric": self.metric, "copies": len(self.copies)} | said | self._why

    @property
    def _why(self) -> dict[str, str]:
        return {"why_not": self.why_not} if self.why_not else {}


@dataclass(frozen=True)
class LabelFree:
    """Performance on an unlabelled target, estimated from a labelled reference.

    Parameters
    ----------
    overall : Part
    groups : tuple of Part
        Every group of each attribute asked for, those without target rows left out.
    chunks : tuple of Part
        One per period of the target, in order; empty where it has no times.
    lights : tuple of Light
    drift : dict of str to Drift
        By metric, for everyone.
    energy : dict of str to Energy
        By metric, for everyone.
    left_out : dict of str to str
        Metrics that cannot be estimated, and why.
    drawn : int
        Reference rows that weights were fitted on.
    has_labels : bool
        Whether realised values stand beside the estimates.
    """

    overall: Part
    groups: tuple[Part, ...]
    chunks: tuple[Part, ...]
    lights: tuple[Light, ...]
    drift: dict[str, Drift]
    energy: dict[str, Energy]
    left_out: dict[str, str]
    drawn: int
    has_labels: bool

    def to_json(self) -> dict[str, Any]:
        """Return JSON types, as the command line prints them."""
        return {
            "n": int(self.overall.n),
            "metrics": self.overall.to_json()["metrics"],
            "groups": [part.to_json() for part in self.groups],
            "chunks": [part.to_json() for part in self.chunks],
            "lights": [_light(light) for light in self.lights],
            "drift": {name: _drift(drift) for name, drift in self.drift.items()},
            "mde": {name: energy.to_json() for name, energy in self.energy.items()},
            "left_out": self.left_out,
        }


def _light(light: Light) -> dict[str, Any]:
    number = _known(light.number)
    return {
        "name": light.name,
        "state": light.state,
        "number": number,
        "words": light.words,
    }


def _drift(drift: Drift) -> dict[str, float | None]:
    return {
        "limit": drift.limit,
        "log_odds": _known(drift.enough),
        "labels_changed": _known(drift.enough_flipped),
    }


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
