"""Recipe: every setting of a run and its seed, in JSON; its digest is its name."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np

from analysis.arrays import Floats, digest_of
from analysis.errors import SettingError
from analysis.frame import AuditFrame, Grouping

ARCHITECTURE_TITLES = {
    "mlp": "Multilayer perceptron",
    "logistic": "Logistic regression",
}
"""What may be trained, without importing torch; `networks.ARCHITECTURES` builds it."""

SPLIT_METHODS = ("official", "random", "time", "domain")

SplitMethod = Literal["official", "random", "time", "domain"]

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32")


@dataclass(frozen=True)
class CellWeights:
    """A factor on each training row's weight, by its group and label.

    Parameters
    ----------
    attribute : str
        A sensitive attribute, or several joined by commas for their intersections.
    groups : tuple of str, length g
    table : tuple of tuple of float, [g, k]
        Factor by group and label code. Groups that are not named keep factor 1.
    """

    attribute: str
    groups: tuple[str, ...]
    table: tuple[tuple[float, ...], ...]

    def factors(self, frame: AuditFrame) -> Floats:
        """Return the factor of each labelled row of a frame, float[n]."""
        grouping = grouping_named(frame, self.attribute)
        by_name = dict(zip(self.groups, self.table, strict=True))
        unchanged = (1.0,) * len(frame.classes)
        by_code = np.array([by_name.get(name, unchanged) for name in grouping.names])
        factors: Floats = by_code[grouping.codes, frame.y_true]
        return factors


def grouping_named(frame: AuditFrame, attribute: str) -> Grouping:
    """Return the grouping of one attribute, or of several joined by commas.

    Raises
    ------
    DataError
        An attribute is not one of the frame's.
    """
    if attribute in frame.groups:
        return frame.groups[attribute]
    return frame.grouping(tuple(name.strip() for name in attribute.split(",")))


@dataclass(frozen=True)
class Stage:
    """One remedy in a chain, with its settings as JSON types."""

    remedy: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.remedy, json.dumps(dict(self.settings), sort_keys=True)))


@dataclass(frozen=True)
class Recipe:
    """Every setting of a training run.

    Parameters
    ----------
    task : str
        Name of a task.
    split, seed, held_out
        As `splits.split` takes them; the seed also starts the network and the order
        of its rows. A held-out domain goes with the split 'domain' alone.
    architecture : str
        One of `ARCHITECTURE_TITLES`.
    hidden : tuple of int
        Width of each hidden layer.
    dropout : float
        Share of hidden units silenced in training, in [0, 1).
    learning_rate, weight_decay : float
        Peak learning rate and decoupled decay of AdamW.
    batch_size, epochs, patience : int
        Rows per step (fewer where the table is small); passes over the training rows
        at most; passes without a better validation log loss before training stops.
    survey_weights : bool
        Whether the task's weights take part in training (they always do in
        evaluation).
    cell_weights : CellWeights or None
        Multiplies the row weights in training.
    stages : tuple of Stage
        The chain of remedies, in order: retraining ones first, post-hoc ones after.
    device : 'auto', 'cpu' or 'cuda'
    precision : 'auto' or 'float32'
        'auto' is bfloat16 autocast on CUDA and float32 elsewhere.

    Raises
    ------
    SettingError
        A setting is outside its range, or would be ignored.
    """

    task: str
    split: SplitMethod = "random"
    seed: int = 0
    held_out: str = ""
    architecture: str = "mlp"
    hidden: tuple[int, ...] = (64, 32)
    dropout: float = 0.1
    learning_rate: float = 4e-3
    weight_decay: float = 0.1
    batch_size: int = 1024
    epochs: int = 30
    patience: int = 10
    survey_weights: bool = False
    cell_weights: CellWeights | None = None
    stages: tuple[Stage, ...] = ()
    device: str = "auto"
    precision: str = "auto"

    def __post_init__(self) -> None:
        _one_of("Split", self.split, SPLIT_METHODS)
        if self.held_out and self.split != "domain":
            raise SettingError(
                f"The held-out domain '{self.held_out}' would be ignored: the split is "
                f"'{self.split}'. Choose the split 'domain', or hold no domain out."
            )
        _one_of("Architecture", self.architecture, tuple(ARCHITECTURE_TITLES))
        _one_of("Device", self.device, DEVICES)
        _one_of("Precision", self.precision, PRECISIONS)
        _within("Seed", self.seed, 0, 2**63 - 1)
        _within("Dropout", self.dropout, 0, 0.95)
        _within("Learning rate", self.learning_rate, 1e-8, 10)
        _within("Weight decay", self.weight_decay, 0, 10)
        _within("Batch size", self.batch_size, 1, 10_000_000)
        _within("Epochs", self.epochs, 1, 10_000)
        _within("Patience", self.patience, 1, 10_000)
        for width in self.hidden:
            _within("Hidden layer width", width, 1, 16_384)

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON types."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        values["hidden"] = list(self.hidden)
        values["stages"] = [
            {"remedy": s.remedy, "settings": dict(s.settings)} for s in self.stages
        ]
        if self.cell_weights is not None:
            values["cell_weights"] = {
                "attribute": self.cell_weights.attribute,
                "groups": list(self.cell_weights.groups),
                "table": [list(row) for row in self.cell_weights.table],
            }
        return values

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a recipe from `to_json`.

        Raises
        ------
        SettingError
            A key is not a setting, or no task is named.
        """
        unknown = sorted(set(data) - {f.name for f in fields(cls)})
        if unknown or "task" not in data:
            raise SettingError(
                f"This recipe has unknown settings ({', '.join(unknown) or 'none'}) or "
                "names no task; it was written by another version. Make it anew on "
                "the Model page."
            )
        values = dict(data)
        values["hidden"] = tuple(values.get("hidden", cls.hidden))
        values["stages"] = tuple(
            Stage(s["remedy"], s["settings"]) for s in values.get("stages", ())
        )
        cells = values.get("cell_weights")
        if cells is not None:
            table = tuple(tuple(float(x) for x in row) for row in cells["table"])
            values["cell_weights"] = CellWeights(
                cells["attribute"], tuple(cells["groups"]), table
            )
        return cls(**values)

    @cached_property
    def digest(self) -> str:
        """Digest of every setting."""
        return digest_of([json.dumps(self.to_json(), sort_keys=True).encode()])

    def with_stage(self, stage: Stage) -> "Recipe":
        """Return the recipe with one more remedy at the end of its chain."""
        return replace(self, stages=(*self.stages, stage))


def _one_of(title: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SettingError(
            f"{title} '{value}' does not exist; choose one of {', '.join(allowed)}."
        )


def _within(title: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SettingError(
            f"{title} is {value:g}; choose a value from {low:g} to {high:g}."
        )
