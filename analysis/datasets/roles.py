"""A suggestion of what each column of a user's table is for."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.datasets.columns import ColumnSummary, summarise
from analysis.datasets.groups import default_cut_points, value_name
from analysis.datasets.score_columns import class_named
from analysis.frame import MAX_GROUPS

MAX_CLASSES = 20
"""A label with more values is a number or an identifier, not a class."""

MAX_CATEGORIES = 1_000
"""A text feature with more categories is free text, and is left out at first."""

# Words of column names, in lower case; earlier ones are preferred.
LABEL_WORDS = ("label", "y_true", "target", "y", "outcome", "class", "truth", "income")
LABEL_PARTS = (
    "recid",
    "default",
    "approved",
    "hired",
    "admitted",
    "churn",
    "readmitted",
)
SCORE_WORDS = ("score", "prob", "proba", "probability", "pred", "prediction", "yhat")
SENSITIVE_WORDS = (
    "sex gender race ethnicity ethnic hispanic age religion disability nationality "
    "citizenship marital veteran pregnancy pregnant orientation minority caste"
)
WEIGHT_NAMES = ("fnlwgt", "weights", "wt", "pwgtp")
WEIGHT_PARTS = ("sample", "survey", "instance", "person", "case")
TIME_WORDS = (
    "date",
    "time",
    "timestamp",
    "datetime",
    "year",
    "month",
    "quarter",
    "wave",
)
BIRTH_WORDS = frozenset(("birth", "dob", "born", "birthdate"))
DOMAIN_WORDS = (
    "domain",
    "site",
    "hospital",
    "centre",
    "center",
    "environment",
    "source",
)
ID_WORDS = frozenset(("id", "uuid", "key", "index", "name", "email", "phone", "ssn"))
POSITIVE_WORDS = ("1", "true", "yes", "y", "positive", "pos", "bad", ">50k", "default")


@dataclass(frozen=True)
class Roles:
    """What each column is for; every field can be changed before a task is declared.

    Parameters
    ----------
    label : str
        Label column; empty when none was found.
    positive : str
        The class taken as positive.
    features, sensitive : tuple of str
    score : tuple of str
        An existing score: one column, or one per class; empty for none.
    threshold : float or None
        Cut of the score; None takes 0.5 for probabilities and, for raw scores, the cut
        that selects as many rows as are positive.
    weight, time, domain, official_split : str or None
    cut_points : mapping of str to tuple of float
        Inner edges of numeric sensitive attributes.
    left_out : mapping of str to str
        Columns without a role, and why.
    """

    label: str = ""
    positive: str = ""
    features: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    score: tuple[str, ...] = ()
    threshold: float | None = None
    weight: str | None = None
    time: str | None = None
    domain: str | None = None
    official_split: str | None = None
    cut_points: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


def infer_roles(table: pd.DataFrame) -> Roles:
    """Suggest roles from the names and the values of columns.

    A column has one role, except that a sensitive attribute is a feature too.
    Identifiers, constants, free text and further score columns are left out of the
    features, with the reason.
    """
    columns = {s.name: s for s in summarise(table)}
    taken: set[str] = set()

    def first(candidates: Iterable[str]) -> str | None:
        found = next((c for c in candidates if c not in taken), None)
        taken.update([found] if found else [])
        return found

    split = first(c for c in columns if _is_split(table[c]))
    label = first(_label_candidates(columns)) or ""
    names = class_names(table[label]) if label else ()
    positive = likely_positive(names)
    classes = (*(c for c in names if c != positive), positive)  # as a task has them
    score = _score(columns, classes, taken)
    taken.update(score)
    weight = first(c for c in columns if _is_weight(columns[c], columns))
    time = first(_time_candidates(columns))
    domain = first(_domain_candidates(columns))
    sensitive = tuple(
        c for c in columns if c not in taken and _is_sensitive(columns[c])
    )
    left_out = {
        name: reason
        for name, summary in columns.items()
        if name not in taken and (reason := _useless(summary))
    }
    features = tuple(c for c in columns if c not in taken and c not in left_out)
    points = {s: default_cut_points(table[s]) for s in sensitive}
    return Roles(
        label=label,
        positive=positive,
        features=features,
        sensitive=sensitive,
        score=score,
        weight=weight,
        time=time,
        domain=domain,
        official_split=split,
        cut_points={name: edges for name, edges in points.items() if edges},
        left_out=left_out,
    )


def class_names(column: pd.Series) -> tuple[str, ...]:
    """Return the different values of a label as text, in their own order."""
    values = column.dropna().unique()
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = np.asarray(sorted(map(str, values)), dtype=object)
        return tuple(values)
    return tuple(value_name(v) for v in np.sort(values))


def likely_positive(classes: tuple[str, ...]) -> str:
    """Return the class whose name says 'positive', or else the last one."""
    by_name = [c for word in POSITIVE_WORDS for c in classes if c.lower() == word]
    return (by_name or [*classes[-1:], ""])[0]


def _words(name: str) -> list[str]:
    """Cut a name at capitals and at everything that is not a letter or digit."""
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return re.findall(r"[^\W_]+", parted.lower())


def _label_candidates(columns: Mapping[str, ColumnSummary]) -> list[str]:
    """Return possible labels, the likeliest first: by name, then binary, then last."""
    possible = [
        s.name
        for s in columns.values()
        if 2 <= s.distinct <= MAX_CLASSES and s.kind != "time"
    ]
    exact = [c for word in LABEL_WORDS for c in possible if c.lower() == word]
    partial = [
        c for c in reversed(possible) if {*LABEL_WORDS, *LABEL_PARTS} & {*_words(c)}
    ]
    plain = [c for c in reversed(possible) if not _is_sensitive(columns[c])]
    binary = [c for c in plain if columns[c].distinct == 2]
    # a column called 'label' is the label, even where it cannot serve as one
    named = [c for c in columns if c.lower() == LABEL_WORDS[0] and c not in possible]
    return [*named, *exact, *partial, *binary, *plain]


def _score(
    columns: Mapping[str, ColumnSummary], classes: tuple[str, ...], taken: set[str]
) -> tuple[str, ...]:
    """Return one score column for two classes, one per class for more, or none."""
    free = [s for s in columns.values() if s.name not in taken and s.kind == "number"]
    scores = [s for s in free if _sounds_like_score(s.name)]
    in_unit = [s.name for s in free if s.low >= 0 and s.high <= 1]
    sounding = [s.name for s in scores if s.name in in_unit]
    if len(classes) <= 2:
        return tuple([*sounding, *(s.name for s in scores)][:1])
    short = {"p" + _bare(c) for c in classes}
    named = [c for c in in_unit if c in sounding or _bare(c) in short]
    found = {class_named(c, classes): c for c in reversed(named)}  # the first one wins
    return tuple(found[c] for c in classes) if {*classes} <= {*found} else ()


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def _sounds_like_score(name: str) -> bool:
    words = _words(name)
    return any(w in SCORE_WORDS or w.rstrip("s") in SCORE_WORDS for w in words)


def _is_split(column: pd.Series) -> bool:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return False
    return {*column.cat.categories} == {"train", "test"}


def _is_weight(summary: ColumnSummary, columns: Mapping[str, ColumnSummary]) -> bool:
    """Return whether a column is a survey weight; people with a height have another."""
    words = _words(summary.name)
    if summary.kind != "number" or summary.missing or not summary.low >= 0:
        return False
    if summary.name.lower() in WEIGHT_NAMES:
        return True
    if "weight" not in words:
        return False
    is_bodily = any("height" in _words(c) or "bmi" in _words(c) for c in columns)
    return bool({*words} & {*WEIGHT_PARTS}) or (len(words) == 1 and not is_bodily)


def _time_candidates(columns: Mapping[str, ColumnSummary]) -> list[str]:
    full = [s for s in columns.values() if s.distinct > 1 and not s.missing]
    full = [s for s in full if not BIRTH_WORDS & {*_words(s.name)}]
    dates = [s.name for s in full if s.kind == "time"]
    named = [s.name for s in full if _words(s.name)[-1:] and _ends_in_time(s)]
    return [*dates, *named]


def _ends_in_time(summary: ColumnSummary) -> bool:
    """Return whether a name ends in a time word and its values are not durations."""
    word = _words(summary.name)[-1]
    if word == "year" and summary.kind == "number":
        return 0 <= summary.low <= summary.high <= 2200 and summary.distinct <= 300
    return word in TIME_WORDS and summary.kind == "category"


def _domain_candidates(columns: Mapping[str, ColumnSummary]) -> list[str]:
    return [
        s.name
        for s in columns.values()
        if {*_words(s.name)} & {*DOMAIN_WORDS} and 2 <= s.distinct <= 100
    ]


def _is_sensitive(summary: ColumnSummary) -> bool:
    words = {*_words(summary.name)} & {*SENSITIVE_WORDS.split()}
    if not words or summary.distinct < 2 or summary.kind == "time":
        return False
    return summary.kind == "number" or summary.distinct <= min(MAX_GROUPS, 200)


def _useless(summary: ColumnSummary) -> str:
    """Return why a column makes no feature, or nothing."""
    present = summary.n - summary.missing
    if summary.distinct == 0:
        return "no value in any row"
    if summary.distinct == 1 and not summary.missing:
        return "the same value in every row"
    if _sounds_like_score(summary.name) and summary.kind == "number":
        return "looks like another score"
    is_unique = summary.distinct == present and present > 20
    if is_unique and (summary.kind == "category" or ID_WORDS & {*_words(summary.name)}):
        return "a different value in every row, so it identifies rows"
    if summary.kind == "category" and summary.distinct > MAX_CATEGORIES:
        return f"{summary.distinct:,} different texts"
    return ""
