"""What a remedy is: a frozen dataclass whose fields are its settings, and one verb.

Three bases spare a retraining remedy its plumbing: `weighing.Weighing` for one that
finds a weight for each row, `in_loop.InLoop` for one that takes part in the training
loop, `row_edit.RowEdit` for one that changes rows or columns. `calibrator.Calibrator`
does so for one that maps scores: by group, or multicalibrated, comes with it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol, get_args, runtime_checkable

from analysis.arrays import Bools
from analysis.frame import AuditFrame
from models.recipe import Recipe
from models.remedies.settings import settings_of
from models.scorer import Scorer

Kind = Literal["retraining", "posthoc"]

Family = Literal[
    "Weights and sampling",
    "Losses and optimisers",
    "Fairness constraints",
    "Data",
    "Scores",
    "Thresholds",
    "Heads and weights",
    "Guardrails",
]

Layer = Literal["model", "scores", "decisions", "guardrail"]
"""What a post-hoc remedy changes; a chain changes them in this order."""

LAYERS: tuple[Layer, ...] = get_args(Layer)

Needs = Literal[
    "label at training",
    "group at training",
    "group at prediction",
    "target data",
    "two classes",
    "a network",
    "a finished run",
    "numeric features",
    "another table",
    "another run",
]


class Remedy(Protocol):
    """What every remedy declares about itself.

    `title` is what pages call it; `mends` and `costs` say what for and at what price,
    each a clause that starts in lower case and has no full stop; `source` is its
    paper, `needs` what it asks for, `family` the shelf it stands on; `slowness` how
    many times as long as plain training it takes, about.
    """

    title: ClassVar[str]
    mends: ClassVar[str]
    costs: ClassVar[str]
    source: ClassVar[str]
    needs: ClassVar[tuple[Needs, ...]]
    kind: ClassVar[Kind]
    family: ClassVar[Family]
    slowness: ClassVar[float]


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


class Around(Protocol):
    """What surrounds a finished model: rows without labels, and the model itself."""

    def unlabelled(self, rule: str, table: str = "") -> AuditFrame:
        """Return the rows that a rule names, without their labels.

        Of the model's own table those that it was not trained on; or of another, by
        the name of its task.
        """
        ...

    def model(self) -> Scorer:
        """Return the model, which scores any rows with its features."""
        ...

    def other(self, run: str) -> Scorer:
        """Return the network of another finished run, without changes of its scores.

        Of the same table and split; by its id or a unique start of it, or empty for
        the run that this one was made from.
        """
        ...


@runtime_checkable
class Marking(Protocol):
    """A fitted scorer that says more of each row than its scores.

    `marks.BY_LOT` marks people for whom a draw decides, `marks.DEFERRED` those who are
    handed to a person.
    """

    def marks(self, frame: AuditFrame) -> Mapping[str, Bools]:
        """Return marks of a frame's rows by name, bool[n], the base's included."""
        ...


def marks_of(scorer: Scorer, frame: AuditFrame) -> dict[str, Bools]:
    """Return what a scorer marks of a frame's rows; nothing if it marks none."""
    return dict(scorer.marks(frame)) if isinstance(scorer, Marking) else {}


@runtime_checkable
class PosthocRemedy(Remedy, Protocol):
    """Mends by changing the scores of a finished model.

    `layer` says what it changes. Whatever is fitted gives logits, so that chains,
    thresholds and comparisons work on it as on any model; a rule of decisions moves
    the logits so that a score of one half is where it decides.
    """

    layer: ClassVar[Layer]

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> FittedScorer:
        """Fit on the calibration rows alone, without touching `scorer`."""
        ...

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> FittedScorer:
        """Wrap a scorer with parameters that `fit` found."""
        ...

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say in plain sentences what was fitted.

        Without numbers of the groups in `hidden`; None where none are hidden.
        """
        ...


@runtime_checkable
class LooksAround(PosthocRemedy, Protocol):
    """A post-hoc remedy for which scores and labels of some rows are not enough.

    `looks_for` says what else it asks for; its plain `fit` refuses.
    """

    looks_for: ClassVar[str]

    def fit_with(
        self, scorer: Scorer, calibration: AuditFrame, around: Around
    ) -> FittedScorer:
        """Fit on the calibration rows and what surrounds the model."""
        ...


@runtime_checkable
class Graded(PosthocRemedy, Protocol):
    """A remedy with a dial whose strengths share most of the work.

    Without this, each strength is fitted by itself.
    """

    def along(
        self,
        scorer: Scorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around | None = None,
    ) -> Iterator[FittedScorer]:
        """Give what `fit` would at each strength, in the order given."""
        ...


def summary_of(remedy: type[Remedy]) -> str:
    """Return one sentence on what a remedy mends and what it costs."""
    return f"Mends {remedy.mends}; costs {remedy.costs}."


def layer_of(remedy: type[Remedy]) -> Layer:
    """Return what a post-hoc remedy changes."""
    found: Layer = remedy.layer  # type: ignore[attr-defined]  # post-hoc ones have it
    return found


def can_be_aimed(remedy: type[Remedy]) -> bool:
    """Whether a remedy can be limited to the people of one cohort."""
    return any(s.kind == "cohort" for s in settings_of(remedy))
