"""What a remedy is: a frozen dataclass whose fields are its settings, and one verb."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from analysis.frame import AuditFrame
from models.recipe import Recipe
from models.scorer import Scorer

Kind = Literal["retraining", "posthoc"]

Needs = Literal[
    "label at training", "group at training", "group at prediction", "target data"
]


class Remedy(Protocol):
    """What every remedy declares about itself.

    `title` is what pages call it, `summary` one sentence on what it mends and what it
    costs, `source` its paper, `needs` the data it asks for.
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str]
    needs: ClassVar[tuple[Needs, ...]]
    kind: ClassVar[Kind]


@runtime_checkable
class RetrainingRemedy(Remedy, Protocol):
    """Mends by training differently."""

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe to train instead, from the training rows alone."""
        ...


class FittedScorer(Scorer, Protocol):
    """A scorer wrapped around another, with parameters that JSON can hold."""

    def parameters(self) -> dict[str, Any]:
        """Return what was fitted, as JSON types."""
        ...


@runtime_checkable
class PosthocRemedy(Remedy, Protocol):
    """Mends by changing the scores of a finished model."""

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> FittedScorer:
        """Fit on the calibration rows alone, without touching `scorer`."""
        ...

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> FittedScorer:
        """Wrap a scorer with parameters that `fit` found."""
        ...


@dataclass(frozen=True)
class Setting:
    """One setting of a remedy, as forms and the command line show it.

    Parameters
    ----------
    name : str
    kind : 'number', 'integer' or 'attribute'
        An attribute is a sensitive attribute of the task, or several joined by commas.
    default : float, int, str or None
        None when it must be given.
    low, high : float
        Range of a number, ends included.
    help : str
        One sentence.
    """

    name: str
    kind: Literal["number", "integer", "attribute"]
    default: Any
    low: float
    high: float
    help: str


def setting(default: Any, low: float, high: float, help: str) -> Any:  # noqa: A002 (the word users see)
    """Declare a numeric setting of a remedy: a dataclass field with range and help."""
    metadata = {"low": low, "high": high, "help": help}
    return dataclasses.field(default=default, metadata=metadata)


def attribute_setting(help: str, *, is_required: bool) -> Any:  # noqa: A002
    """Declare the group setting of a remedy; not required, it is empty by default."""
    if is_required:
        return dataclasses.field(metadata={"help": help})
    return dataclasses.field(default="", metadata={"help": help})


def settings_of(remedy: type[Remedy]) -> tuple[Setting, ...]:
    """Return a remedy's settings in the order of its form."""
    as_dataclass: Any = remedy  # a Protocol cannot say that it is one
    return tuple(_setting(field) for field in dataclasses.fields(as_dataclass))


def _setting(field: dataclasses.Field[Any]) -> Setting:
    required = field.default is dataclasses.MISSING
    default = None if required else field.default
    meta = field.metadata
    if "low" not in meta:
        return Setting(field.name, "attribute", default, 0, 0, meta["help"])
    kind: Literal["integer", "number"] = (
        "integer" if isinstance(default, int) else "number"
    )
    return Setting(field.name, kind, default, meta["low"], meta["high"], meta["help"])
