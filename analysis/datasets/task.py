"""Task: a data set declared as a value, an embedded table or a user's own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from analysis.errors import DataError


@dataclass(frozen=True)
class ExistingScore:
    """A score that came with the table.

    Parameters
    ----------
    columns : tuple of str
        One column for two classes (the positive one's score), k columns for k classes.
    scale : 'probability' or 'raw'
    threshold : float
        The customary cut, on the score's own scale; at least this is positive.
    """

    columns: tuple[str, ...]
    scale: Literal["probability", "raw"] = "probability"
    threshold: float = 0.5


@dataclass(frozen=True)
class Comparison:
    """A customary way to tell two sides of a table apart.

    Parameters
    ----------
    column : str
        Whose values are gathered under names.
    groups : mapping of str to tuple of str
        Values by the name that they are gathered under.
    source, target : str
        The two names that are compared first.
    """

    column: str
    groups: Mapping[str, tuple[str, ...]]
    source: str
    target: str


@dataclass(frozen=True)
class Task:
    """A table with the role of each column.

    Parameters
    ----------
    name : str
        Short name, unique; a named row filter is appended as `name:filter`.
    title : str
        What pages call it.
    table : str
        Embedded: the file's stem under `assets/data`; 'planted:2' and 'planted:3' are
        generated; an uploaded table: its content digest.
    label : str
        Label column.
    classes : tuple of str
        Class names as text, the positive class last when there are two.
    features, sensitive : tuple of str
        Model inputs, and attributes to audit by. A column may be both.
    cut_points : mapping of str to tuple of float
        Inner edges that turn a numeric sensitive attribute into groups; a value equal
        to an edge belongs to the upper group.
    weight, time, domain : str or None
        Survey weight; column that orders rows in time; column that says where a row
        comes from.
    score : ExistingScore or None
    recorded_in : mapping of str to tuple of str
        Columns filled in for some values of `time` only. They are left out of the
        features and of shift weights whenever rows of other times take part.
    comparisons : mapping of str to Comparison
        Customary sides of a shift, by name.
    is_unlabelled : bool
        The table has no label column: it serves as the target of a shift alone.
    official_split : str or None
        Column holding 'train' or 'test'.
    filters : mapping of str to str
        Customary row filters by name, each a rule over the table's columns.
    rows : str
        Rule in force, from `filters`; empty for all rows.
    rows_are : str
        What one row is, in the plural: 'people', 'defendants', 'clients'.
    positive_words, negative_words : str
        The two classes in words that follow `rows_are`: 'who earn over 50K'. Empty
        words are made from the label's name and class.
    licence, citation : str
    """

    name: str
    title: str
    table: str
    label: str
    classes: tuple[str, ...]
    features: tuple[str, ...]
    sensitive: tuple[str, ...]
    cut_points: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    weight: str | None = None
    time: str | None = None
    domain: str | None = None
    score: ExistingScore | None = None
    recorded_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    is_unlabelled: bool = False
    official_split: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    rows: str = ""
    rows_are: str = "rows"
    positive_words: str = ""
    negative_words: str = ""
    licence: str = ""
    citation: str = ""

    def __post_init__(self) -> None:
        if self.label in self.features:
            raise DataError(
                f"'{self.label}' is both the label and a feature; a model that sees "
                "the answer learns nothing. Take it out of the features."
            )
        if len(self.classes) < 2:
            raise DataError(
                f"The label '{self.label}' has {len(self.classes)} class; two or more "
                "are needed. Choose another label."
            )

    @property
    def positive(self) -> str:
        """The class taken as positive by default."""
        return self.classes[-1]

    def words(self, positive: bool) -> str:
        """Return the rows of one side of the label in words."""
        given = self.positive_words if positive else self.negative_words
        relation = "=" if positive else "other than"
        made = f"with {self.label} {relation} {self.positive}"
        return f"{self.rows_are} {given or made}"

    @property
    def is_binary(self) -> bool:
        """Whether the label has two classes."""
        return len(self.classes) == 2


def task_to_json(task: Task) -> dict[str, Any]:
    """Return a task as JSON types."""
    return asdict(task)


def _comparison(data: Mapping[str, Any]) -> Comparison:
    groups = {name: tuple(values) for name, values in data["groups"].items()}
    return Comparison(data["column"], groups, data["source"], data["target"])


def task_from_json(data: Mapping[str, Any]) -> Task:
    """Rebuild a task from `task_to_json`, turning lists back into tuples.

    Raises
    ------
    DataError
        A field is unknown or a required one is missing.
    """
    known = {f.name for f in fields(Task)}
    if not set(data) <= known or not {"name", "title", "table", "label"} <= set(data):
        raise DataError("This task description was written by another version.")
    values: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, list):
            values[key] = tuple(value)
        elif key in ("cut_points", "recorded_in"):
            values[key] = {k: tuple(v) for k, v in value.items()}
        elif key == "comparisons":
            values[key] = {k: _comparison(v) for k, v in value.items()}
        elif key == "score" and value is not None:
            values[key] = ExistingScore(**{**value, "columns": tuple(value["columns"])})
        else:
            values[key] = value
    return Task(**values)
