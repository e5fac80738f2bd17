"""What an epoch tells the pages: losses, time left, and counts by group."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from analysis.arrays import Floats
from analysis.counts import count
from analysis.evaluation import Argmax, Evaluation, evaluate
from analysis.frame import AuditFrame, everyone
from analysis.metrics.roc import auroc
from analysis.metrics.score_metrics import log_loss
from models.probabilities import scores_of_logits
from models.recipe import Recipe
from models.train import Epoch

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
