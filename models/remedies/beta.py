"""Beta calibration: a curve of three parameters that can bend at either end."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from analysis.arrays import Bools, Floats
from models.remedies.one_vs_rest import OneVsRest, probabilities


@dataclass(frozen=True)
class Beta(OneVsRest):
    """Map a score s to log odds a ln(s) - b ln(1 - s) + c, by maximum likelihood.

    With a = b it is Platt scaling, with a = b = 1 and c = 0 nothing changes. The fit is
    that of the authors' library: a negative a is set to 0, or else a negative b, and
    the rest is fitted anew, but not looked at again. Scores that stand in reverse order
    thus get a = 0, a negative b, and a curve that falls, as they should.

    References
    ----------
    Kull, Silva Filho & Flach (2017), Beta calibration: a well-founded and easily
    implemented improvement on logistic calibration for binary classifiers, AISTATS.
    """

    title: ClassVar[str] = "Beta calibration"
    name: ClassVar[str] = "beta"
    mends: ClassVar[str] = (
        "scores that are off differently at the low and at the high end"
    )
    costs: ClassVar[str] = (
        "decisions at one half where scores are shifted, and rows: it has three "
        "parameters for each fit; by group it needs the group of whoever is scored"
    )
    source: ClassVar[str] = "Kull, Silva Filho & Flach (2017), AISTATS"

    def fitted_odds(self, x: Floats, hits: Bools, weights: Floats) -> dict[str, Any]:
        """Return a, b and c."""
        from betacal import BetaCalibration

        curve = BetaCalibration(parameters="abm")
        with warnings.catch_warnings():  # the library silences all for good
            curve.fit(probabilities(x), hits.astype(int), weights / weights.mean())
        a, b, _ = curve.calibrator_.map_
        c = curve.calibrator_.lr_.intercept_[0]
        return {"a": float(a), "b": float(b), "c": float(c)}

    def mapped_odds(self, found: Mapping[str, Any], x: Floats) -> Floats:
        """Return the curve's log odds."""
        falling, rising = np.logaddexp(0, -x), np.logaddexp(0, x)  # -ln s, -ln(1 - s)
        return found["b"] * rising - found["a"] * falling + found["c"]

    @classmethod
    def said_odds(cls, found: Mapping[str, Any]) -> str:
        """Return the parameters."""
        return ", ".join(f"{name} {found[name]:.2f}" for name in ("a", "b", "c"))
