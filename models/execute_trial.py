"""Carry out one trial: fit a remedy of scores, and score rows it was not fitted on."""

import time
from contextlib import suppress
from typing import Any

from analysis.errors import StoreError
from models.data import dataset_for, dataset_of
from models.failures import reason_of_trial
from models.remedies.fitting import fitted_on
from models.rescore import finished, posthoc_of, scored
from models.sides import sides_of_run, sides_of_score
from models.store import Store
from models.surroundings import surroundings_of
from models.trial import Trial


def execute_trial(store: Store, key: str) -> None:
    """Fit what a trial asks for and store the scores of its rows to report on.

    Of a score that came with the table every row is scored, as the reader may want to
    keep them; only the half that was not fitted on judges the fit. Whatever happens,
    the trial's state says how it ended.
    """
    began = time.perf_counter()
    try:
        parameters, content = _outcome(store, store.trials.trial(key))
        store.trials.end(
            key,
            scores=store.files.put(content, "parquet"),
            parameters=parameters,
            seconds=time.perf_counter() - began,
        )
    except Exception as error:
        reason = reason_of_trial(error)
        with suppress(StoreError):
            store.write_down(lambda: store.trials.end(key, reason=reason))
        raise


def _outcome(store: Store, trial: Trial) -> tuple[dict[str, Any], bytes]:
    """Return what was fitted, and the scores to keep."""
    remedy = posthoc_of(trial.stage)
    if trial.run:
        run = finished(store, trial.run)
        dataset = dataset_of(run, store)
        sides, around = (
            sides_of_run(store, run, dataset),
            surroundings_of(store, dataset, run),
        )
        rows = sides.report
    else:
        dataset = dataset_for(trial.task, trial.data_digest, store)
        sides = sides_of_score(dataset, is_ranked=trial.is_ranked)
        rows, around = dataset.frame, surroundings_of(store, dataset)
    fitted = fitted_on(remedy, sides.scorer, sides.fit, around)
    return fitted.parameters(), scored(fitted, rows)
