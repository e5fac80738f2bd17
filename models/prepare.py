"""From a recipe and a table to rows that can be trained on, remedies included."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import torch

from analysis.arrays import Floats, Ints
from analysis.datasets.load import Dataset
from analysis.errors import DataError, RunError, SettingError
from analysis.frame import AuditFrame, Splits
from models.epoch import Frames
from models.features import features_for
from models.method import Method
from models.network_scorer import TorchScorer
from models.networks import Network, network
from models.preprocess import MIN_LEVEL_ROWS, Preprocessor, fit_preprocessor
from models.recipe import Recipe
from models.remedies.base import Remedy, RetrainingRemedy
from models.remedies.chain import remedy_of, retraining
from models.remedies.fits import Facts, reason_against
from models.remedies.in_loop import InLoop
from models.remedies.row_edit import RowEdit, Workshop
from models.remedies.target_rows import LooksAtTarget
from models.remedies.weighing import effective_rows, weights_in_force
from models.row_changes import row_weights
from models.rows import Rows, rows_on
from models.train import Training

HUGE = 1e100


@dataclass(frozen=True, eq=False)
class Prepared:
    """All that training needs.

    Parameters
    ----------
    recipe : Recipe
        As the remedies changed it.
    train, validation : AuditFrame
        The training rows as the remedies changed them; the validation rows as they
        are.
    weights : float[n]
        What each training row weighs.
    preprocessor : Preprocessor
        Fitted on the training rows.
    """

    recipe: Recipe
    train: AuditFrame
    validation: AuditFrame
    weights: Floats
    preprocessor: Preprocessor

    def said(self) -> dict[str, Any]:
        """Return as JSON types how many rows train, and what their weights leave."""
        largest = self.weights.max() / self.weights.mean()
        return {
            "rows": len(self.train),
            "effective_rows": effective_rows(self.weights),
            "largest_weight": float(largest),
            "is_weighed": bool((self.weights != self.weights[0]).any()),
        }

    def labels(self) -> Ints:
        """Return the labels of the training rows."""
        return _labels(self.train)


def prepare(
    recipe: Recipe, dataset: Dataset, splits: Splits, workshop: Workshop
) -> Prepared:
    """Let every retraining remedy change the recipe and the rows, in their order.

    Raises
    ------
    DataError
        The rows do not serve a remedy; the message says why.
    SettingError
        A remedy's setting does not fit the rows.
    """
    train = dataset.frame.take(splits.rows["train"])
    validation = dataset.frame.take(splits.rows["validation"])
    _labels(train)
    if not recipe.survey_weights:  # then they have no say in any remedy either
        train = replace(train, weights=np.ones(len(train)))
    recipe, train = remedied(recipe, train, workshop)
    features = [
        name for name in dataset.features_for(recipe.split) if name not in recipe.masked
    ]
    if not features:
        raise DataError("No feature is left to learn from. Mask fewer columns.")
    preprocessor = fit_preprocessor(features_for(recipe, train)[features])
    if not (preprocessor.numeric or sum(preprocessor.code_counts)):
        raise DataError(
            "There is nothing to learn from: each category of each feature is rarer "
            f"than {MIN_LEVEL_ROWS} training rows, as in a column of names. Choose "
            "other features on the Data page."
        )
    weights = weights_in_force(recipe, train)
    if weights.sum() <= 0:
        raise DataError(
            "No training row has any weight. Choose other weights on the Model page, "
            "or a milder remedy."
        )
    return Prepared(recipe, train, validation, weights, preprocessor)


def remedied(
    recipe: Recipe, train: AuditFrame, workshop: Workshop
) -> tuple[Recipe, AuditFrame]:
    """Return the recipe and the training rows after every retraining remedy."""
    stages = retraining(recipe)
    if stages:
        _refuse_huge(train)
    for stage in stages:
        remedy = remedy_of(stage)
        _refuse_unfit(remedy, recipe, train)
        if isinstance(remedy, LooksAtTarget):
            remedy = remedy.beside(workshop)
        if isinstance(remedy, RetrainingRemedy):
            recipe = remedy.change(recipe, train)
        if isinstance(remedy, RowEdit):
            recipe, train = _edited(remedy, recipe, train, workshop)
    return recipe, train


def _edited(
    remedy: RowEdit, recipe: Recipe, train: AuditFrame, workshop: Workshop
) -> tuple[Recipe, AuditFrame]:
    """Return the edited rows, and a recipe in which added ones weigh as they should.

    An edit sees the weights in force, and gives its new rows weights beside them.
    Those stand in the recipe, as the frame's own are the survey's.
    """
    if recipe.row_weights is None:
        return recipe, remedy.edited(train, recipe.seed, workshop)
    in_force = replace(train, weights=weights_in_force(recipe, train))
    edited = remedy.edited(in_force, recipe.seed, workshop)
    at = pd.Index(train.row_ids).get_indexer(edited.row_ids)
    own = np.where(at >= 0, train.weights[at], 1.0)
    factors = np.divide(edited.weights, own, out=np.ones_like(own), where=(own > 0))
    edited = replace(edited, weights=own)
    return replace(recipe, row_weights=row_weights(edited, factors)), edited


def _refuse_huge(train: AuditFrame) -> None:
    """Refuse numbers whose squares a computer cannot hold."""
    for name, column in train.features.select_dtypes("number").items():
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        largest = np.abs(values[np.isfinite(values)]).max(initial=0.0)
        if largest > HUGE:
            raise DataError(
                f"'{name}' holds numbers up to {largest:.0e}; remedies need numbers "
                f"below {HUGE:.0e}. Mend these values, or leave the column out of the "
                "features on the Data page."
            )


def _refuse_unfit(remedy: Remedy, recipe: Recipe, train: AuditFrame) -> None:
    """Refuse a remedy that these rows cannot serve, in the words of the pages."""
    numbers = train.features.select_dtypes("number").shape[1]
    facts = Facts(
        classes=len(train.classes),
        attributes=tuple(train.groups),
        numeric_features=numbers,
        tables=1,  # whether there is another is known when it is looked for
        architecture=recipe.architecture,
        is_finished=True,
    )
    if reason := reason_against(type(remedy), facts):
        raise SettingError(f"{remedy.title}: {reason}")


def training_of(
    prepared: Prepared, device: torch.device, base: TorchScorer | None = None
) -> Training:
    """Return a training at its start, its rows resident on the device.

    Parameters
    ----------
    prepared : Prepared
    device : torch.device
    base : TorchScorer or None
        A finished network to start from, with the preprocessing it knows.

    Raises
    ------
    RunError
        That network has other layers, or learnt from a feature that is masked now.
    """
    recipe = prepared.recipe
    preprocessor = training_preprocessor(prepared, base)
    # The process-wide generator starts the weights and draws the dropout.
    torch.manual_seed(recipe.start_seed)
    trained = network(preprocessor, len(prepared.train.classes), recipe).to(device)
    if base is not None:
        _take_over(trained, base, recipe)
    validation = prepared.validation
    seen = validation.weights if recipe.survey_weights else np.ones(len(validation))
    train_rows, validation_rows = (
        _resident(part, weights, preprocessor, recipe, device)
        for part, weights in ((prepared.train, prepared.weights), (validation, seen))
    )
    frames = Frames(
        replace(prepared.train, features=features_for(recipe, prepared.train)),
        validation,
        preprocessor,
    )
    methods = methods_of(recipe)
    return Training(trained, recipe, train_rows, validation_rows, frames, methods)


def _take_over(trained: Network, base: TorchScorer, recipe: Recipe) -> None:
    """Give a network the weights of a finished one.

    Raises
    ------
    RunError
        They do not fit.
    """
    known = [c.name for c in base.preprocessor.numeric]
    known += [c.name for c in base.preprocessor.categorical]
    if learnt := set(known).intersection(recipe.masked):
        raise RunError(
            f"The run to start from learnt from '{', '.join(sorted(learnt))}', which "
            "is masked here. Put the masking before that run, or start anew."
        )
    mine, theirs = trained.state_dict(), base.network.state_dict()
    # By position: with dropout, layers have other names than without.
    if [t.shape for t in mine.values()] != [t.shape for t in theirs.values()]:
        raise RunError(
            "The run to start from has other layers than this one is to have. Choose "
            "a run with the same architecture and hidden layers, trained as one "
            "network, or start anew."
        )
    trained.load_state_dict(dict(zip(mine, theirs.values(), strict=True)))


def training_preprocessor(prepared: Prepared, base: TorchScorer | None) -> Preprocessor:
    """Return the preprocessing of a training: that of the network it starts from."""
    return prepared.preprocessor if base is None else base.preprocessor


def methods_of(recipe: Recipe) -> Sequence[Method]:
    """Return what takes part in the loop, in order."""
    remedies = [remedy_of(stage) for stage in recipe.methods]
    return [remedy.method() for remedy in remedies if isinstance(remedy, InLoop)]


def _resident(
    part: AuditFrame,
    weights: Floats,
    preprocessor: Preprocessor,
    recipe: Recipe,
    device: torch.device,
) -> Rows:
    encoded = preprocessor.transform(features_for(recipe, part))
    return rows_on(device, encoded, _labels(part), weights)


def _labels(part: AuditFrame) -> Ints:
    if part.y_true is None:
        raise DataError(
            "This table has no labels to learn from. Choose a label on the Data page."
        )
    return part.y_true


def plain(recipe: Recipe) -> Recipe:
    """Return a recipe without remedies: the same network on the same rows."""
    return replace(
        recipe,
        stages=(),
        methods=(),
        edits=(),
        row_weights=None,
        draws=False,
        prune=0.0,
        warm_start="",
        layers="all",
    )
