"""What a remedy that edits rows may use: other tables, and a rehearsal."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from analysis.arrays import Floats, Ints
from analysis.datasets.load import Dataset, load
from analysis.errors import DataError
from analysis.frame import SPLIT_NAMES, AuditFrame
from models.data import dataset_of
from models.evaluations import splits_of
from models.prepare import Prepared, plain, training_of
from models.preprocess import fit_preprocessor
from models.probabilities import log_softmax
from models.recipe import BOOSTING, Recipe
from models.remedies.row_edit import Workshop
from models.remedies.weighing import weights_in_force
from models.run import Run
from models.store import Store
from models.train import logits_of


def workshop_of(
    store: Store, run: Run, device: torch.device, should_stop: Callable[[], bool]
) -> Workshop:
    """Return the workshop of a run."""

    def rehearsed(frame: AuditFrame, epochs: int) -> Floats:
        return rehearsal(run.recipe, frame, epochs, device, should_stop)

    def table(name: str) -> Dataset:
        return without_held_out(load(store.task(name), store.tables), run, store)

    return Workshop(table, rehearsed)


def without_held_out(other: Dataset, run: Run, store: Store) -> Dataset:
    """Return another table without rows that a run keeps from its training.

    A copy of the run's own table, or a part of it, would bring test rows in. Rows that
    agree in every shared feature and in the label count as the same; where columns
    have few values some are left out that merely look alike.

    Raises
    ------
    DataError
        It is the run's own table, or no row is left.
    """
    own = dataset_of(run, store)
    if other.task.table == own.task.table:
        raise DataError(
            "The other table is the one that is trained on, and holds the rows that "
            "are kept for the test. Choose a table of other people."
        )
    rows = splits_of(run, own).rows
    held_out = np.concatenate([rows[part] for part in SPLIT_NAMES if part != "train"])
    shared = [name for name in own.frame.features if name in other.frame.features]
    kept = _hashes(own.frame.take(held_out), shared)
    is_new = ~np.isin(_hashes(other.frame, shared), kept)
    if not is_new.any():
        raise DataError(
            "Every row of the other table is one that is kept for validation or test "
            "here. Choose a table of other people."
        )
    chosen = np.flatnonzero(is_new)
    return replace(
        other, table=other.table.iloc[chosen], frame=other.frame.take(chosen)
    )


def _hashes(frame: AuditFrame, columns: list[str]) -> Ints:
    """Return a number for each row's features and label."""
    label = np.array(frame.classes)[frame.y_true] if frame.y_true is not None else ""
    table = frame.features[columns].assign(**{"": label})
    texts = table.select_dtypes("category").columns
    plain_text = table.astype(dict.fromkeys(texts, object))
    hashes: Ints = pd.util.hash_pandas_object(plain_text, index=False).to_numpy()
    return hashes


def rehearsal(
    recipe: Recipe,
    frame: AuditFrame,
    epochs: int,
    device: torch.device,
    should_stop: Callable[[], bool],
) -> Floats:
    """Train the recipe's network plainly on some rows; return its view of them.

    Trees have no rehearsal of their own; a perceptron stands in.

    Returns
    -------
    float64[n, k]
        Log probabilities after the epoch with the lowest loss on these rows.
    """
    short = replace(plain(recipe), epochs=epochs, patience=epochs, stop_by="")
    if short.architecture == BOOSTING:
        short = replace(short, architecture="mlp")
    features = [name for name in frame.features if name not in recipe.masked]
    preprocessor = fit_preprocessor(frame.features[features])
    weights = weights_in_force(short, frame)
    training = training_of(Prepared(short, frame, frame, weights, preprocessor), device)
    training.run(lambda epoch: None, should_stop)
    return log_softmax(
        logits_of(training.network, training.train).double().cpu().numpy()
    )
