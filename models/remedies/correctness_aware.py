"""Correctness-aware calibration: a temperature for each row, by a small network."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.errors import DataError
from analysis.evaluation import Scores
from analysis.frame import AuditFrame
from models.probabilities import log_softmax, scores_of_logits
from models.remedies.base import Around, Family, Kind, Layer, Needs
from models.remedies.calibration_rows import logits_of_scores, rows_to_fit
from models.remedies.jitter import all_moved, jitters
from models.remedies.settings import setting
from models.remedies.temperature import HIGHEST, LOWEST, fit_temperature
from models.scorer import Scorer

TOP = 4
"""Highest scores of a row that the network sees."""

WIDTH = 16

STEPS = 300

LEARNING_RATE = 0.01

DECAY = 1e-3

MOST_ROWS = 20_000
"""Rows that the network is trained on; more would not better some hundred weights."""

SEED = 20_240_419
"""Of the jitter and of the network's start; the same rows give the same fit."""

CAP = 20.0
"""Largest log odds that the network sees."""


@dataclass(frozen=True)
class CorrectnessAware:
    """Divide each row's logits by a temperature that makes it as sure as it is right.

    A network of one hidden layer sees how far the row's highest scores lie apart, in
    the row and in copies of it whose numbers are moved a little: where the answer
    wavers, confidence should fall. It is trained to bring the square of confidence
    minus 1[correct] down, starting from the one temperature that fits everyone. The
    class decided for never changes, but the order of people may.

    References
    ----------
    Liu et al. (2024), Optimizing Calibration by Gaining Aware of Prediction
    Correctness, arXiv:2404.13016, sections 4 and 5. Their copies are images turned,
    cut and recoloured; ours are rows with the same small move of each number, a normal
    draw times a share of its spread. We add the start and weight decay. On 50,000 rows
    the fit takes two to three seconds on one core, and scoring the copies comes on top.
    """

    title: ClassVar[str] = "Correctness-aware calibration"
    name: ClassVar[str] = "correctness_aware"
    mends: ClassVar[str] = (
        "a model that is as sure where it is wrong as where it is right"
    )
    costs: ClassVar[str] = (
        "the order of people by score, while the class decided for stays; and some "
        "seconds, as a small network is trained and rows are scored several times"
    )
    source: ClassVar[str] = (
        "Liu et al. (2024), Optimizing Calibration by Gaining Aware of Prediction "
        "Correctness"
    )
    needs: ClassVar[tuple[Needs, ...]] = ()
    kind: ClassVar[Kind] = "posthoc"
    family: ClassVar[Family] = "Scores"
    layer: ClassVar[Layer] = "scores"
    slowness: ClassVar[float] = 0.1
    looks_for: ClassVar[str] = (
        "the model itself, to score rows with their numbers moved"
    )

    copies: int = setting(4, 1, 20, "Moved copies of each row.")
    jitter: float = setting(
        0.1, 0.001, 1.0, "How far numbers are moved, as a share of their spread."
    )

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> "Tempered":
        """Refuse: scores and labels of calibration rows are not enough.

        Raises
        ------
        DataError
            Always.
        """
        raise DataError(
            f"'{self.title}' needs {self.looks_for}. Choose a trained run, or another "
            "remedy of scores."
        )

    def fit_with(
        self, scorer: Scorer, calibration: AuditFrame, around: Around
    ) -> "Tempered":
        """Fit on the calibration rows and moved copies of them.

        Raises
        ------
        DataError
            The model is not here, or the rows have no labels or all the same.
        """
        frame, labels = rows_to_fit(calibration)
        model = around.model()
        copies = jitters(frame, self.copies, self.jitter, SEED)
        logits = logits_of_scores(scorer.score(frame))
        seen = _seen(logits, model, all_moved(frame, copies))
        start = fit_temperature(logits, labels, frame.weights)
        found = _trained(_Lesson(logits, labels, frame.weights, seen), start)
        parameters = {"method": self.name, "copies": copies, "start": start, **found}
        temperatures = _temperatures(parameters, seen)
        parameters["temperatures"] = np.quantile(
            temperatures, [0.05, 0.5, 0.95]
        ).tolist()
        return Tempered(scorer, model, parameters)

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> "Tempered":
        """Wrap a model, which scores moved rows too, with a trained network."""
        return Tempered(scorer, scorer, parameters)

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say the range of temperatures."""
        low, middle, high = parameters["temperatures"]
        said = (
            f"Each row has a temperature of its own: {middle:.2f} in the middle, from "
            f"{low:.2f} to {high:.2f} for nine rows in ten. The class that the scores "
            "favour stays."
        )
        if any(move for copy in parameters["copies"] for move in copy.values()):
            return (said,)
        return (
            said,
            "The table has no numbers that vary, so copies are like the rows "
            "themselves and say nothing more.",
        )


@dataclass(frozen=True)
class Tempered:
    """A scorer whose logits are divided by each row's temperature.

    Parameters
    ----------
    base : Scorer
        Of the rows.
    model : Scorer
        Of moved copies of them.
    found : mapping
    """

    base: Scorer
    model: Scorer
    found: Mapping[str, Any]

    def score(self, frame: AuditFrame) -> Scores:
        """Return the base scorer's scores, each row at its own temperature."""
        logits = logits_of_scores(self.base.score(frame))
        seen = _seen(logits, self.model, all_moved(frame, self.found["copies"]))
        return scores_of_logits(logits / _temperatures(self.found, seen)[:, None])

    def parameters(self) -> dict[str, Any]:
        """Return the moves and the network as JSON types."""
        return dict(self.found)


@dataclass(frozen=True, eq=False)
class _Lesson:
    """What the network learns from.

    Parameters
    ----------
    logits : float64[n, k]
    labels : int[n]
    weights : float64[n]
    seen : float64[n, inputs]
    """

    logits: Floats
    labels: Ints
    weights: Floats
    seen: Floats


def _seen(logits: Floats, model: Scorer, copies: Sequence[AuditFrame]) -> Floats:
    """Return what the network sees of each row, float64[n, (1 + copies) t].

    The log odds of the row's t highest classes against its highest, then those of the
    same classes in each copy, so that a copy with another answer stands out.
    """
    t = min(TOP, logits.shape[1])
    classes = np.argsort(-logits, axis=1, kind="stable")[:, :t]  # [n, t]
    every = [logits, *(logits_of_scores(model.score(copy)) for copy in copies)]
    parts = []
    for one in every:
        log_scores = np.take_along_axis(log_softmax(one), classes, axis=1)
        first = np.minimum(log_scores[:, :1], -1e-12)
        sure = first - np.log(-np.expm1(first))
        parts += [sure, log_scores[:, 1:] - log_scores[:, :1]]
    return np.clip(np.column_stack(parts), -CAP, CAP)


def _temperatures(found: Mapping[str, Any], seen: Floats) -> Floats:
    """Return each row's temperature, float64[n], by the network in numpy."""
    inputs = (seen - np.asarray(found["centre"])) / np.asarray(found["scale"])
    first, second = np.asarray(found["first"]), np.asarray(found["second"])
    hidden = np.tanh(inputs @ first.T + np.asarray(found["first_shift"]))
    log_t = hidden @ second + found["second_shift"]
    result: Floats = np.exp(np.clip(log_t, np.log(LOWEST), np.log(HIGHEST)))
    return result


def _trained(lesson: _Lesson, start: float) -> dict[str, Any]:
    """Return the weights of the network and of its inputs, as JSON types."""
    centre, scale = lesson.seen.mean(axis=0), lesson.seen.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    learnt = _learnt(_fewer(lesson, (lesson.seen - centre) / scale), start)
    return {"centre": centre.tolist(), "scale": scale.tolist(), **learnt}


def _fewer(lesson: _Lesson, inputs: Floats) -> _Lesson:
    """Return the lesson with these inputs, of `MOST_ROWS` drawn rows at most."""
    n = len(inputs)
    rows = np.random.default_rng(SEED).permutation(n)[:MOST_ROWS]
    rows = np.arange(n) if n <= MOST_ROWS else np.sort(rows)
    return _Lesson(
        lesson.logits[rows], lesson.labels[rows], lesson.weights[rows], inputs[rows]
    )


def _learnt(lesson: _Lesson, start: float) -> dict[str, Any]:
    """Return the network's weights after all steps, each over all rows."""
    import torch

    from models.devices import use_threads

    use_threads()
    drawn = np.random.default_rng(SEED).normal(size=(WIDTH, lesson.seen.shape[1]))
    # The last layer starts at zero: every row at the temperature of everyone.
    network = {
        "first": torch.tensor(drawn / np.sqrt(drawn.shape[1])),
        "first_shift": torch.zeros(WIDTH, dtype=torch.float64),
        "second": torch.zeros(WIDTH, dtype=torch.float64),
        "second_shift": torch.tensor(np.log(start)),
    }
    weights = [tensor.requires_grad_() for tensor in network.values()]
    steps = torch.optim.AdamW(weights, lr=LEARNING_RATE, weight_decay=DECAY)
    decided = lesson.logits.argmax(axis=1)
    is_right = torch.tensor((decided == lesson.labels).astype(float))
    # Relative to the class decided for, whose logit is then 0: confidence is 1 / sum.
    below = torch.tensor(lesson.logits - lesson.logits.max(axis=1, keepdims=True))
    share, rows = (
        torch.tensor(lesson.weights / lesson.weights.sum()),
        torch.tensor(lesson.seen),
    )
    for _ in range(STEPS):
        hidden = torch.tanh(rows @ network["first"].T + network["first_shift"])
        log_t = hidden @ network["second"] + network["second_shift"]
        log_t = log_t.clamp(float(np.log(LOWEST)), float(np.log(HIGHEST)))
        sure = 1 / (below / log_t.exp()[:, None]).exp().sum(dim=1)
        steps.zero_grad()
        (share * (sure - is_right) ** 2).sum().backward()  # type: ignore[no-untyped-call]
        steps.step()
    return {name: tensor.detach().tolist() for name, tensor in network.items()}
