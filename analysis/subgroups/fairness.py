"""Fairness measures: which metrics each compares over groups, and in whose words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A comparison of groups by one or two metrics.

    Parameters
    ----------
    name : str
        Its largest gap is `NAME_difference` and its smallest ratio `NAME_ratio`, as
        in fairlearn; of two metrics the worse counts.
    title : str
    metrics : tuple of str
        Names from `analysis.metrics`.
    question : str
        What it asks.
    source : str
    """

    name: str
    title: str
    metrics: tuple[str, ...]
    question: str
    source: str

    @property
    def gap(self) -> str:
        """Name of its largest gap."""
        return f"{self.name}_difference"

    @property
    def ratio(self) -> str:
        """Name of its smallest ratio."""
        return f"{self.name}_ratio"


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure(
            "demographic_parity",
            "Demographic parity",
            ("selection_rate",),
            "Does every group get the positive decision equally often?",
            "Dwork et al. (2012), Fairness through awareness",
        ),
        Measure(
            "equal_opportunity",
            "Equal opportunity",
            ("true_positive_rate",),
            "Are those with the positive label found equally often?",
            "Hardt, Price & Srebro (2016), Equality of opportunity",
        ),
        Measure(
            "equalized_odds",
            "Equalised odds",
            ("true_positive_rate", "false_positive_rate"),
            "Are both kinds of error equally frequent?",
            "Hardt, Price & Srebro (2016), Equality of opportunity",
        ),
        Measure(
            "predictive_parity",
            "Predictive parity",
            ("precision",),
            "Are positive decisions equally often right?",
            "Chouldechova (2017), Fair prediction with disparate impact",
        ),
        Measure(
            "accuracy_parity",
            "Accuracy parity",
            ("accuracy",),
            "Are decisions equally often right?",
            "Berk et al. (2018), Fairness in criminal justice risk assessments "
            "(overall accuracy equality)",
        ),
        Measure(
            "calibration_within_groups",
            "Calibration within groups",
            ("expected_calibration_error",),
            "Do scores mean what they say in every group? Its worst group counts: "
            "groups can be equally far off.",
            "Kleinberg, Mullainathan & Raghavan (2017), Inherent trade-offs",
        ),
    )
}

GAP_MEMBERS: dict[str, tuple[str, ...]] = {m.gap: m.metrics for m in MEASURES.values()}
"""The metrics whose largest gap each named difference is."""

RATIO_MEMBERS: dict[str, tuple[str, ...]] = {
    m.ratio: m.metrics for m in MEASURES.values()
}
"""The metrics whose smallest ratio each named ratio is."""


def members_of(name: str) -> tuple[str, ...]:
    """Return the metrics behind a named difference or ratio, or the name itself."""
    return GAP_MEMBERS.get(name) or RATIO_MEMBERS.get(name) or (name,)
