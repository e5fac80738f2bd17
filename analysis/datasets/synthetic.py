"""Tables with planted faults, and pairs of tables in which one mechanism moves.

Sex, region, age, income, tenure and channel are drawn independently of each other; the
label follows from them. The score knows the label's true probabilities, except for two
faults: in some groups its logits are stretched, and it never hears of a moved P(Y|X).
Raised error rates come from labels that are drawn anew, so the score is honest there
and no model can do better; stretched logits change no decision, so errors stay as they
were. Each fault is thus found by its own measure and by no other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtr, softmax

from analysis.arrays import Floats, frozen
from analysis.cohorts import parse
from analysis.datasets.columns import sorted_categorical
from analysis.errors import SettingError
from analysis.matching import matches

CLASSES = {2: ("no", "yes"), 3: ("low", "middle", "high")}
SCORES = {2: ("score",), 3: ("score_low", "score_middle", "score_high")}

RAISED: Mapping[str, float] = MappingProxyType(
    {"region = west & age >= 60": 0.6, "sex = Female & channel = phone": 0.3}
)
"""Rule and probability with which a label of its rows is drawn anew, uniformly."""

SLOPES: Mapping[str, float] = MappingProxyType(
    {"region = south": 2.0, "region = north": 0.5}
)
"""Rule and factor on the score's logits: above 1 it is too sure, below 1 too timid."""

MECHANISMS = ("age", "income", "tenure", "channel", "region", "group_mix", "outcome")

_REGIONS = ("east", "north", "south", "west")
_REGION_LOGITS = np.log([0.35, 0.25, 0.25, 0.15])
_AGE_LOW, _AGE_SPAN = 18, 63
_TENURE_SPAN = 120
_LOG_INCOME, _LOG_INCOME_SD = 10.3, 0.5
_PHONE_LOGIT, _FEMALE_LOGIT = float(logit(0.4)), 0.0


@dataclass(frozen=True)
class Population:
    """How far each mechanism stands from its place in the source.

    Parameters
    ----------
    age, income, tenure : float
        Added to the standard normal variable behind the feature: 1 is one standard
        deviation.
    channel, region, group_mix : float
        Added to the log odds of coming by phone, of living in the west, of being a
        woman.
    outcome : float
        Added to the logit of the last class: P(Y|X) moves and P(X) does not.
    """

    age: float = 0.0
    income: float = 0.0
    tenure: float = 0.0
    channel: float = 0.0
    region: float = 0.0
    group_mix: float = 0.0
    outcome: float = 0.0


@dataclass(frozen=True, eq=False)
class PlantedTruth:
    """What is wrong with a planted table, exactly.

    Expectations are over labels, given the rows that were drawn.

    Parameters
    ----------
    raised : mapping of str to float
        Per rule in cohort syntax: the error rate of its rows under the best decisions.
    rest : mapping of str to float
        Per rule: the error rate of all other rows under the best decisions.
    slopes : mapping of str to float
        Per rule: what the score's logits are multiplied by; 1 everywhere else. Dividing
        the logits by it (a temperature) undoes the fault.
    probabilities : float[n, k]
        P(class | row), from which the label was drawn.
    population : Population
        Where each mechanism stands.
    change : mapping of str to float
        Per moved mechanism, the change from the source: of the mean of `age`, `income`
        or `tenure` (in its unit), of the share of phone, west or women, and for
        `outcome` of the mean probability of the last class over these very rows.
    """

    raised: Mapping[str, float]
    rest: Mapping[str, float]
    slopes: Mapping[str, float]
    probabilities: Floats
    population: Population
    change: Mapping[str, float]

    def __post_init__(self) -> None:
        probabilities = frozen(self.probabilities, np.float64)
        object.__setattr__(self, "probabilities", probabilities)
        for name in ("raised", "rest", "slopes", "change"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))


@dataclass(frozen=True, eq=False)
class Planted:
    """A generated table [n, columns] and the truth behind it."""

    table: pd.DataFrame
    truth: PlantedTruth


def planted(
    k: int = 2,
    n: int = 20_000,
    seed: int = 0,
    *,
    raised: Mapping[str, float] = RAISED,
    slopes: Mapping[str, float] = SLOPES,
    population: Population | None = None,
) -> Planted:
    """Return a table with planted faults, and the truth.

    Parameters
    ----------
    k : int
        Number of classes, 2 or 3.
    n : int
        Rows.
    seed : int
    raised : mapping of str to float
        Rule and share of its rows whose label is drawn anew, in [0, 1]; where rules
        overlap, one after the other.
    slopes : mapping of str to float
        Rule and factor on the score's logits, above 0; where rules overlap they
        multiply.
    population : Population, optional
        Where the mechanisms stand; the source's place by default.

    Raises
    ------
    SettingError
        `k` is neither 2 nor 3.
    """
    if k not in CLASSES:
        raise SettingError(f"Planted tables have 2 or 3 classes, not {k}; choose one.")
    place = population or Population()
    rng = np.random.default_rng(seed)
    table = _people(n, place, rng)
    logits = _logits(table, k)
    source = _redrawn(softmax(logits, axis=1), table, raised)
    moved = logits + place.outcome * (np.arange(k) == k - 1)
    probabilities = _redrawn(softmax(moved, axis=1), table, raised)
    drawn = (rng.random((n, 1)) > probabilities.cumsum(axis=1)[:, :-1]).sum(axis=1)
    table["outcome"] = sorted_categorical(list(CLASSES[k]), drawn)
    scores = _stretched(source, table, slopes)
    for name, column in zip(SCORES[k], scores.T[-len(SCORES[k]) :], strict=True):
        table[name] = column
    change = _change(place, float((probabilities - source)[:, -1].mean()))
    within, rest = _error_rates(probabilities, table, raised)
    truth = PlantedTruth(within, rest, slopes, probabilities, place, change)
    return Planted(table, truth)


def planted_shift(
    mechanism: str, amount: float, n: int = 20_000, seed: int = 0, *, k: int = 2
) -> tuple[Planted, Planted]:
    """Return a source and a target in which one mechanism differs, and nothing else.

    The score is the same function of a row in both, as a deployed model would be. The
    truth is in the target's `truth.population` and `truth.change`; the whole change of
    any metric belongs to this one mechanism.

    Parameters
    ----------
    mechanism : str
        One of `MECHANISMS`: a feature's distribution, 'group_mix' or 'outcome'.
    amount : float
        How far it moves, in the unit of `Population`.
    n, seed, k : int
        Rows of each table; the two are drawn from different streams.

    Raises
    ------
    SettingError
        The mechanism does not exist.
    """
    if mechanism not in MECHANISMS:
        raise SettingError(
            f"'{mechanism}' is not a mechanism of the planted world; choose one of "
            f"{', '.join(MECHANISMS)}."
        )
    first, second = np.random.SeedSequence(seed).generate_state(2)
    target = Population(**{mechanism: amount})
    return (
        planted(k, n, int(first)),
        planted(k, n, int(second), population=target),
    )


def _people(n: int, place: Population, rng: np.random.Generator) -> pd.DataFrame:
    """Draw sex, region, age, income, tenure and channel, independently."""
    is_woman = rng.random(n) < expit(_FEMALE_LOGIT + place.group_mix)
    shares = softmax(_REGION_LOGITS + place.region * (np.arange(4) == 3))
    region = rng.choice(4, size=n, p=shares)
    age, income, tenure = rng.standard_normal((3, n)) + np.array(
        [[place.age], [place.income], [place.tenure]]
    )
    by_phone = rng.random(n) < expit(_PHONE_LOGIT + place.channel)
    return pd.DataFrame(
        {
            "sex": sorted_categorical(["Male", "Female"], is_woman.astype(int)),
            "region": sorted_categorical(list(_REGIONS), region),
            "age": np.floor(_AGE_LOW + _AGE_SPAN * ndtr(age)).astype(np.int16),
            "income": np.exp(_LOG_INCOME + _LOG_INCOME_SD * income).round(2),
            "tenure": (_TENURE_SPAN * ndtr(tenure)).round(1),
            "channel": sorted_categorical(["online", "phone"], by_phone.astype(int)),
        }
    )


def _logits(table: pd.DataFrame, k: int) -> Floats:
    """Return the label's logits before any fault, float[n, k]; they sum to 0 for k = 2.

    One strength, with an interaction that a linear model misses, orders the classes;
    with three, weak strength favours the middle one.
    """
    age = (table["age"].to_numpy() - 49.5) / 18.2
    income = (np.log(table["income"].to_numpy()) - _LOG_INCOME) / _LOG_INCOME_SD
    tenure = (table["tenure"].to_numpy() - 60) / 34.6
    phone = (table["channel"] == "phone").to_numpy()
    linear = 1.2 * age + 1.6 * income - 0.8 * phone
    strength = 4 * np.tanh((linear + age * tenure) / 4)  # no score rounds to 0 or 1
    logits = np.linspace(-1, 1, k) * strength[:, None]
    return logits + 0.5 * (np.linspace(-1, 1, k) == 0)


def _redrawn(
    probabilities: Floats, table: pd.DataFrame, raised: Mapping[str, float]
) -> Floats:
    """Mix each rule's rows with the uniform distribution over classes."""
    share = np.zeros((len(table), 1))
    for rule, probability in raised.items():
        inside = matches(parse(rule), table)[:, None]
        share = np.where(inside, share + (1 - share) * probability, share)
    mixed: Floats = (1 - share) * probabilities + share / probabilities.shape[1]
    return mixed


def _stretched(
    probabilities: Floats, table: pd.DataFrame, slopes: Mapping[str, float]
) -> Floats:
    """Multiply the logits of each rule's rows."""
    factor = np.ones((len(table), 1))
    for rule, slope in slopes.items():
        factor = np.where(matches(parse(rule), table)[:, None], factor * slope, factor)
    stretched: Floats = softmax(np.log(probabilities) * factor, axis=1)
    return stretched


def _error_rates(
    probabilities: Floats, table: pd.DataFrame, rules: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return, per rule, the best error rate of its rows and of all others."""
    error = 1 - probabilities.max(axis=1)
    inside = {rule: matches(parse(rule), table) for rule in rules}
    within = {rule: _mean(error[rows]) for rule, rows in inside.items()}
    return within, {rule: _mean(error[~rows]) for rule, rows in inside.items()}


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _change(place: Population, outcome: float) -> dict[str, float]:
    """Return the true change of each moved mechanism; see `PlantedTruth.change`.

    With z normal with mean m and variance 1, E[Phi(z)] = Phi(m / sqrt(2)). Rounding of
    ages to whole years is left out (under 0.02 years).
    """
    uniform = {m: float(ndtr(m / np.sqrt(2)) - 0.5) for m in (place.age, place.tenure)}
    mean_income = np.exp(_LOG_INCOME + _LOG_INCOME_SD**2 / 2)
    west = softmax(_REGION_LOGITS + place.region * (np.arange(4) == 3))[3]
    changes = {
        "age": _AGE_SPAN * uniform[place.age],
        "income": float(mean_income * np.expm1(_LOG_INCOME_SD * place.income)),
        "tenure": _TENURE_SPAN * uniform[place.tenure],
        "channel": float(expit(_PHONE_LOGIT + place.channel) - expit(_PHONE_LOGIT)),
        "region": float(west - softmax(_REGION_LOGITS)[3]),
        "group_mix": float(expit(_FEMALE_LOGIT + place.group_mix) - 0.5),
        "outcome": outcome,
    }
    return {name: c for name, c in changes.items() if getattr(place, name) != 0}
