"""Fit a post-hoc remedy to a finished run, on calibration rows."""

import time
from dataclasses import replace

import numpy as np

from models.artefacts import json_bytes
from models.data import dataset_of
from models.evaluations import rows_fitted
from models.job import Job
from models.network_scorer import TorchScorer
from models.remedies.fitting import fitted_on
from models.rescore import finished, posthoc_of, scored
from models.scorer import stored_scorer
from models.surroundings import Surroundings


def fit_posthoc(job: Job) -> None:
    """Fit a run that its owner has begun, and store what came out."""
    began = time.perf_counter()
    store, run = job.store, job.run
    base = finished(store, run.base)
    dataset = dataset_of(run, store)
    calibration = dataset.frame.take(rows_fitted(run, dataset))
    if not run.recipe.survey_weights:
        calibration = replace(calibration, weights=np.ones(len(calibration)))
    store.ledger.restart(run.id)
    job.report("start", {"rows": len(calibration)})
    scorer, around = stored_scorer(store, base), Surroundings(store, base)
    remedy = posthoc_of(run.recipe.stages[-1])
    fitted = fitted_on(remedy, scorer, calibration, around)
    seconds = time.perf_counter() - began
    job.report("fitted", {"parameters": fitted.parameters(), "seconds": seconds})
    files = {
        "parameters": (json_bytes(fitted.parameters()), "json"),
        "scores": (scored(fitted, dataset.frame), "parquet"),
    }
    if isinstance(fitted, TorchScorer):
        files |= fitted.files()
    job.finish(files, seconds)
