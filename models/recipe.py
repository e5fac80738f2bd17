"""Recipe: every setting of a run and its seed, in JSON; its digest is its name."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal, Self

from analysis.arrays import digest_of
from analysis.errors import SettingError
from models.row_changes import GroupShifts, RowWeights

ARCHITECTURE_TITLES = {
    "mlp": "Multilayer perceptron",
    "logistic": "Logistic regression",
    "mlp_embeddings": "Perceptron with numerical embeddings",
    "tabm": "TabM, an ensemble in one network",
    "ft_transformer": "FT-Transformer",
    "boosting": "Gradient-boosted trees",
}
"""What may be trained, without importing torch; `networks.ARCHITECTURES` builds it."""

BOOSTING = "boosting"
"""The one architecture that is not a network: only weights and data reach it."""

SPLIT_METHODS = ("official", "random", "time", "domain")

SplitMethod = Literal["official", "random", "time", "domain"]

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32")
SCHEDULES = ("one_cycle", "cosine", "constant")
LAYERS = ("all", "last")

STRIDE = 1_000_003
"""Between the seeds of two restarts, so that they meet no neighbouring seed's."""

BASE = "base"
"""As `warm_start`: the run that the recipe's last remedy builds on."""


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
    restart : int
        Another start of the network and order of the rows, on the same split.
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
    stages : tuple of Stage
        The chain of remedies, in order: retraining ones first, post-hoc ones after.
    device : 'auto', 'cpu' or 'cuda'
    precision : 'auto' or 'float32'
        'auto' is bfloat16 autocast on CUDA and float32 elsewhere.
    schedule : 'one_cycle', 'cosine' or 'constant'
        How the learning rate moves: a rise then half a cosine, half a cosine, or not.
    find_rate : bool
        Whether a learning-rate range test chooses the peak before training starts.
    clip : float
        Largest norm of a batch's gradient; 0 leaves it as it is.
    ema : float
        Share of the old weights kept at each step by the exponential average that is
        judged and stored, in [0, 1); 0 stores the last weights themselves.
    prune : float
        Share of the well-learnt rows that an epoch leaves out (InfoBatch), in [0, 1).
    stop_by : str
        An attribute, or several joined by commas: training stops on the validation log
        loss of their worst group; empty for that of everyone.
    warm_start : str
        Id of a run whose weights training starts from, or `BASE`; empty for none.
    layers : 'all' or 'last'
        What is trained; 'last' leaves all but the last layer as it starts.
    calibration_parts : int
        Parts that calibration rows are cut into, so that each change of scores in a
        chain is fitted on a part of its own; `completed` finds it.
    row_weights : RowWeights or None
        Factors on training rows' weights, as remedies found them.
    draws : bool
        Rows are drawn in proportion to their weights instead of being weighed.
    methods, edits : tuple of Stage
        Remedies that take part in the training loop, and that changed the rows.
    masked : tuple of str
        Features left out.
    shifts : GroupShifts or None
        What is subtracted from numeric features, by group.

    Raises
    ------
    SettingError
        A setting is outside its range, or would be ignored.
    """

    task: str
    split: SplitMethod = "random"
    seed: int = 0
    held_out: str = ""
    restart: int = 0
    architecture: str = "mlp"
    hidden: tuple[int, ...] = (64, 32)
    dropout: float = 0.1
    learning_rate: float = 4e-3
    weight_decay: float = 0.1
    batch_size: int = 1024
    epochs: int = 30
    patience: int = 10
    survey_weights: bool = False
    stages: tuple[Stage, ...] = ()
    device: str = "auto"
    precision: str = "auto"
    schedule: str = "one_cycle"
    find_rate: bool = False
    clip: float = 0.0
    ema: float = 0.0
    prune: float = 0.0
    stop_by: str = ""
    warm_start: str = ""
    layers: str = "all"
    calibration_parts: int = 1
    # What remedies write, from training rows; a recipe that is submitted has none.
    row_weights: RowWeights | None = None
    draws: bool = False
    methods: tuple[Stage, ...] = ()
    edits: tuple[Stage, ...] = ()
    masked: tuple[str, ...] = ()
    shifts: GroupShifts | None = None

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
        _one_of("Schedule", self.schedule, SCHEDULES)
        _one_of("Trained layers", self.layers, LAYERS)
        _within("Gradient clipping", self.clip, 0, 1e6)
        _within("Averaging", self.ema, 0, 0.9999)
        _within("Pruned share", self.prune, 0, 0.9)
        _within("Seed", self.seed, 0, 2**63 - 1)
        _within("Restart", self.restart, 0, 1_000_000)
        _within("Dropout", self.dropout, 0, 0.95)
        _within("Learning rate", self.learning_rate, 1e-8, 10)
        _within("Weight decay", self.weight_decay, 0, 10)
        _within("Batch size", self.batch_size, 1, 10_000_000)
        _within("Epochs", self.epochs, 1, 10_000)
        _within("Patience", self.patience, 1, 10_000)
        _within("Parts of the calibration rows", self.calibration_parts, 1, 100)
        for width in self.hidden:
            _within("Hidden layer width", width, 1, 16_384)

    def to_json(self) -> dict[str, Any]:
        """Return the recipe as JSON types."""
        return {
            f.name: _PARTS.get(f.name, _PLAIN).write(getattr(self, f.name))
            for f in fields(self)
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a recipe from `to_json`; a setting that is absent has its default.

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
        return cls(
            **{
                name: _PARTS.get(name, _PLAIN).read(value)
                for name, value in data.items()
            }
        )

    @cached_property
    def digest(self) -> str:
        """Digest of every setting that is not at its default.

        So a setting added later leaves the names of older runs as they are.
        """
        plain = Recipe(task=self.task).to_json()
        chosen = {k: v for k, v in self.to_json().items() if v != plain[k]}
        chosen["task"] = self.task
        return digest_of([json.dumps(chosen, sort_keys=True).encode()])

    @property
    def start_seed(self) -> int:
        """Seed of the network's start and of the order of its rows."""
        return (self.seed + self.restart * STRIDE) % 2**63

    def with_stage(self, stage: Stage) -> "Recipe":
        """Return the recipe with one more remedy at the end of its chain."""
        return replace(self, stages=(*self.stages, stage))


@dataclass(frozen=True)
class _Part:
    """How one setting of a recipe is written as JSON types and read back."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


def _stages_json(stages: tuple[Stage, ...]) -> list[dict[str, Any]]:
    return [{"remedy": s.remedy, "settings": dict(s.settings)} for s in stages]


def _stages(data: Any) -> tuple[Stage, ...]:
    return tuple(Stage(s["remedy"], s["settings"]) for s in data)


_PLAIN = _Part(lambda value: value, lambda value: value)
_STAGES = _Part(_stages_json, _stages)
_PARTS = {
    "hidden": _Part(list, tuple),
    "masked": _Part(list, tuple),
    "stages": _STAGES,
    "methods": _STAGES,
    "edits": _STAGES,
    "row_weights": _Part(
        lambda w: None if w is None else w.to_json(),
        lambda data: None if data is None else RowWeights.from_json(data),
    ),
    "shifts": _Part(
        lambda s: None if s is None else s.to_json(),
        lambda data: None if data is None else GroupShifts.from_json(data),
    ),
}


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
