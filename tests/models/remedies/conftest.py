"""A training with one remedy in its loop, on the planted people."""

import numpy as np
import pytest
import torch

from models.prepare import Prepared, training_of
from models.preprocess import fit_preprocessor
from models.remedies.weighing import weights_in_force


@pytest.fixture
def training_for():
    """Build a training whose method, if it has one, has begun."""

    def build(remedy, recipe, dataset, rows=600, base=None):
        frame = dataset.frame
        train, validation = (
            frame.take(np.arange(start, min(start + rows, len(frame))))
            for start in (0, rows)
        )
        changed = recipe if remedy is None else remedy.change(recipe, train)
        weights = weights_in_force(changed, train)
        preprocessor = fit_preprocessor(train.features)
        prepared = Prepared(changed, train, validation, weights, preprocessor)
        training = training_of(prepared, torch.device("cpu"), base)
        for method in training.methods:
            method.begin(training)
        return training

    return build
