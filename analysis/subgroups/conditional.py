"""Groups compared within the levels of a control: like with like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from analysis.arrays import Floats
from analysis.errors import SettingError
from analysis.estimates import Estimate, Estimates, Quantile, Z
from analysis.evaluation import Evaluation
from analysis.intervals import GAP_LEVEL, largest_gap, range_quantile
from analysis.metrics.bands import band
from analysis.metrics.kinds import Metric
from analysis.metrics.registry import metric_named
from analysis.subgroups.disaggregate import Disaggregation, disaggregate


@dataclass(frozen=True, eq=False)
class Conditional:
    """Metrics by group within levels of the controls, and with levels made equal.

    Parameters
    ----------
    controls : tuple of str
        Attributes held fixed.
    levels : tuple of str, length c
    names : tuple of str, length g
    within : tuple of Disaggregation, length c
        Groups among the rows of each level; a level without rows is NaN throughout.
    standardised : mapping of str to Estimates [g]
        What each group would show if it were spread over the levels as everyone is,
        by weight. NaN where a group has no value in a level that others have.
    gaps : mapping of str to Estimate
        Largest gap between standardised values, all pairs held at once.
    """

    controls: tuple[str, ...]
    levels: tuple[str, ...]
    names: tuple[str, ...]
    within: tuple[Disaggregation, ...]
    standardised: Mapping[str, Estimates]
    gaps: Mapping[str, Estimate]

    def __post_init__(self) -> None:
        for name in ("standardised", "gaps"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


def conditional(
    evaluation: Evaluation,
    attributes: tuple[str, ...],
    controls: tuple[str, ...],
    metrics: Sequence[str],
) -> Conditional:
    """Compare groups within each level of the controls, and standardised over them.

    Raises
    ------
    SettingError
        An attribute is both compared and held fixed, or nothing is held fixed.

    References
    ----------
    fairlearn's control features (Bird et al. 2020) for the levels; direct
    standardisation (Rothman, Greenland & Lash 2008, Modern Epidemiology, chapter 3),
    its limits recovered from those of the levels (Zou & Donner 2008).
    """
    both = set(attributes) & set(controls)
    if both or not controls:
        raise SettingError(
            f"Compared: {', '.join(attributes)}; held fixed: "
            f"{', '.join(controls) or 'nothing'}. Hold fixed one or more attributes "
            "that are not compared."
        )
    names = evaluation.grouping(attributes).names
    held = evaluation.grouping(controls)
    rows = [np.flatnonzero(held.codes == c) for c in range(len(held.names))]
    share = np.array([evaluation.weights[r].sum() for r in rows])
    share = share / share.sum()
    chosen = {name: metric_named(name) for name in metrics}
    standard = {
        name: _Standardised(evaluation, metric, (*attributes, *controls), share)
        for name, metric in chosen.items()
    }
    values = {name: one.at(Z) for name, one in standard.items()}
    return Conditional(
        controls=controls,
        levels=held.names,
        names=names,
        within=tuple(
            disaggregate(evaluation.take(r), attributes, metrics) for r in rows
        ),
        standardised=values,
        gaps={name: _gap(one, values[name].value) for name, one in standard.items()},
    )


class _Standardised:
    """A metric by group, averaged over levels, as a function of a normal quantile."""

    def __init__(
        self,
        evaluation: Evaluation,
        metric: Metric,
        crossed: tuple[str, ...],
        share: Floats,
    ) -> None:
        self.share, self.band = share, band(metric, evaluation, crossed)

    def at(self, z: Quantile) -> Estimates:
        """Return the estimates by group, [g]."""
        cells = self.band(z)
        used = self.share > 0
        shape = (-1, len(self.share))
        value, low, high, n = (
            getattr(cells, f).reshape(shape)[:, used]
            for f in ("value", "low", "high", "n")
        )
        share = self.share[used]
        mean = (share * value).sum(1)
        down = np.sqrt((share**2 * (value - low) ** 2).sum(1))
        up = np.sqrt((share**2 * (high - value) ** 2).sum(1))
        return Estimates(mean, mean - down, mean + up, n.sum(1)).finite()


def _gap(standard: _Standardised, value: Floats) -> Estimate:
    defined = int((~np.isnan(value)).sum())
    at = standard.at(range_quantile(defined, GAP_LEVEL))
    return largest_gap(at.value, at.low, at.high, at.n)
