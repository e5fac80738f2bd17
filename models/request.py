"""What an audit without a browser is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """What to look at, and which of the page's further answers to add.

    Parameters
    ----------
    attributes : tuple of str
        Crossed in full, or up to `depth` at once.
    metrics : tuple of str
        Metrics, or named differences and ratios of them; empty for `AUDITED`.
    depth : int or None
    reference : str
        A group to compare with, as a rule over attributes; empty for everyone else.
    cohort, positive : str
        Rule of the rows looked at; class in view. Empty for all, and the task's own.
    group_thresholds : tuple of (str, tuple of float) or None
        An attribute and one threshold per group, in the order of its names.
    costs : str
        Cost matrix of `expected_cost`, such as '0/1/5/0'; empty for 0/1/1/0.
    hide_below : int
        Groups of fewer people are withheld.
    strength, gap : float
        Of the shrinkage; difference for which the rows needed are given.
    controls : tuple of str
        Attributes held fixed.
    along : str
        Numeric column along which the first metric is drawn.
    span : float
        Share of the weight in each window along it.
    similar : str
        A group, as a rule, whose neighbours are wanted.
    strategies, curves, suggest, check_quality : bool
        Thresholds of every strategy; metrics over all thresholds; suggested groups;
        groups whose data differ.
    clusters : int
        Clusters that suggested groups are looked for in.
    preset : str
        'four_fifths' or 'law_144'; empty for none.
    favourable : str
        The decision that presets take as the favourable one: 'positive' or 'negative'.
    """

    attributes: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    depth: int | None = None
    reference: str = ""
    cohort: str = ""
    positive: str = ""
    group_thresholds: tuple[str, tuple[float, ...]] | None = None
    costs: str = ""
    hide_below: int = 0
    strength: float = 1.0
    gap: float = 0.05
    controls: tuple[str, ...] = ()
    along: str = ""
    span: float = 0.2
    similar: str = ""
    strategies: bool = False
    curves: bool = False
    suggest: bool = False
    check_quality: bool = False
    clusters: int = 12
    preset: str = ""
    favourable: str = "positive"
