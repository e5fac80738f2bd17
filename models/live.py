"""What an epoch tells the pages: losses, time left, and counts by group."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.arrays import Floats
from analysis.counts import count
from analysis.evaluation import Argmax, Evaluation, evaluate
from analysis.frame import AuditFrame, Grouping, everyone
from analysis.metrics.roc import auroc
from analysis.metrics.score_metrics import log_loss
from models.epoch import Epoch
from models.gradients import last_layer_norms
from models.infobatch import InfoBatch
from models.networks import Mixture
from models.prepare import Prepared
from models.probabilities import scores_of_logits
from models.recipe import Recipe
from models.train import Training

MAX_LIVE_GROUPS = 64
"""An attribute with more groups has no live curves: nobody could read them."""


def epoch_payload(
    epoch: Epoch, recipe: Recipe, validation: AuditFrame
) -> dict[str, Any]:
    """Return one epoch's event as JSON types.

    Returns
    -------
    dict
        `epoch`, `epochs` (at most), `seconds` (so far), `seconds_left` (at most, at
        the pace so far), `train_loss`, `validation_loss` (nats, survey weights),
        `stopping_loss` (the same rows with the weights of training),
        `validation_auroc` (macro average for k > 2, null where undefined) and
        `counts`: for each attribute the `Counts` of validation rows by group, label
        and decision [g, k, k], the decision being the class with the highest score.
    """
    seen = evaluate("validation", validation, scores_of_logits(epoch.logits), Argmax())
    progress = epoch.progress
    k = len(validation.classes)
    decisions = seen.scores.values.argmax(axis=1)
    counts = {
        name: count(seen.y_true, decisions, groups, seen.weights, (k, k)).to_json()
        for name, groups in validation.groups.items()
        if len(groups.names) <= MAX_LIVE_GROUPS
    }
    left = recipe.epochs - progress.epoch
    return {
        "epoch": progress.epoch,
        "epochs": recipe.epochs,
        "best_epoch": progress.best_epoch,
        "seconds": progress.seconds,
        "seconds_left": progress.seconds / progress.epoch * left,
        "train_loss": epoch.train_loss,
        "validation_loss": float(log_loss(seen, everyone(len(seen))).value[0]),
        "stopping_loss": epoch.stopping_loss,
        "validation_auroc": _macro_auroc(seen),
        "counts": counts,
    }


def _macro_auroc(seen: Evaluation) -> float | None:
    all_rows = everyone(len(seen))
    views = [1] if len(seen.classes) == 2 else range(len(seen.classes))
    values: Floats = np.array(
        [auroc(replace(seen, view=view), all_rows).value[0] for view in views]
    )
    mean = float(values.mean())
    return None if math.isnan(mean) else mean


def network_payload(training: Training, prepared: Prepared) -> dict[str, Any]:
    """Return what only a network can tell of an epoch, as JSON types.

    Returns
    -------
    dict
        `gradients`: for each attribute the groups' names and the norm of the gradient
        of each group's mean loss, in the last layer, on validation rows (null without
        rows). `pruned`: for each attribute the share of each group's training rows
        that the epoch left out; absent when nothing is pruned. `methods`: what each
        method has to say. `rate`: the peak learning rate; `parts`: into how many a
        batch is cut to fit the memory.
    """
    told: dict[str, Any] = {
        "gradients": {
            name: {"names": list(groups.names), "norm": _numbers(norm)}
            for name, groups, norm in _gradient_norms(training, prepared.validation)
        },
        "methods": {
            type(m).__name__: said for m in training.methods if (said := m.said())
        },
        "rate": training.progress.rate,
        "parts": training.progress.parts,
    }
    pruning = [m for m in training.methods if isinstance(m, InfoBatch)]
    if pruning:
        left_out = (~pruning[0].kept).numpy().astype(float)
        told["pruned"] = {
            name: {
                "names": list(groups.names),
                "share": _numbers(_means(left_out, groups)),
            }
            for name, groups in _followed(prepared.train)
        }
    return told


def _followed(frame: AuditFrame) -> list[tuple[str, Grouping]]:
    return [
        (name, groups)
        for name, groups in frame.groups.items()
        if len(groups.names) <= MAX_LIVE_GROUPS
    ]


def _gradient_norms(
    training: Training, validation: AuditFrame
) -> list[tuple[str, Grouping, Floats]]:
    network = training.judged
    if isinstance(network, Mixture):
        return []
    return [
        (name, groups, last_layer_norms(network, training.validation, groups))
        for name, groups in _followed(validation)
    ]


def _means(values: Floats, groups: Grouping) -> Floats:
    g = len(groups.names)
    with np.errstate(invalid="ignore"):  # a group without rows is 0 / 0 = NaN
        means: Floats = np.bincount(groups.codes, values, g) / np.bincount(
            groups.codes, minlength=g
        )
    return means


def _numbers(values: Floats) -> list[float | None]:
    return [None if math.isnan(v) else float(v) for v in values]
