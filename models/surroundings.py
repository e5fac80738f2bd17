"""What surrounds a finished model: rows without labels, and the model itself."""

from dataclasses import dataclass, replace

import numpy as np

from analysis.arrays import Ints
from analysis.cohorts import parse
from analysis.datasets.load import Dataset, load
from analysis.errors import DataError
from analysis.frame import AuditFrame
from analysis.matching import matches
from models.data import dataset_of
from models.evaluations import splits_of
from models.remedies.base import Around
from models.remedies.chain import is_posthoc
from models.rescore import finished, network_scorer
from models.run import Run
from models.scorer import Scorer
from models.store import Store


def surroundings_of(store: Store, dataset: Dataset, run: Run | None = None) -> Around:
    """Return what surrounds a run, or a score that came with a table."""
    return (
        SurroundingsOfScore(store, dataset) if run is None else Surroundings(store, run)
    )


@dataclass(frozen=True)
class Surroundings:
    """The surroundings of a finished run.

    Parameters
    ----------
    store : Store
    run : Run
    """

    store: Store
    run: Run

    def unlabelled(self, rule: str, table: str = "") -> AuditFrame:
        """Return the rows that a rule names, without their labels.

        Of the run's own table those that it was not trained on: on training rows its
        scores are too sure. Test rows are among them; only their features are seen.
        Survey weights count if they did in the run's training.

        Raises
        ------
        DataError
            There are none.
        """
        if table:
            other = load(self.store.task(table), self.store.tables).frame
            return _named(self._weighed(other), rule)
        dataset = dataset_of(self.run, self.store)
        train = splits_of(self.run, dataset).rows["train"]
        others = np.setdiff1d(np.arange(len(dataset.frame)), train)
        frame = self._weighed(dataset.frame)
        return _named(frame, rule, others, " Training rows do not count for this.")

    def _weighed(self, frame: AuditFrame) -> AuditFrame:
        if self.run.recipe.survey_weights:
            return frame
        return replace(frame, weights=np.ones(len(frame)))

    def model(self) -> Scorer:
        """Return the run's model, remedies of its scores included."""
        return network_scorer(self.store, self.run)

    def other(self, run: str) -> Scorer:
        """Return the network of another finished run of the same table and split.

        Raises
        ------
        RunError
            There is none, or it is not finished.
        DataError
            It was trained on other rows, or its model is of trees.
        """
        named = self.store.find(run).id if run else self.run.base
        if not named:
            raise DataError(
                "This run was made from no other one. Name the run to take."
            )
        found = finished(self.store, named)
        while is_posthoc(found.recipe) and "weights" not in found.artefacts:
            found = finished(self.store, found.base)
        if found.data_digest != self.run.data_digest or _split(found) != _split(
            self.run
        ):
            raise DataError(
                f"Run {found.id[:12]} was trained on another table or split, and so on "
                "rows that are held out here. Choose one with the same split and seed."
            )
        return network_scorer(self.store, found)


@dataclass(frozen=True)
class SurroundingsOfScore:
    """The surroundings of a score that came with a table: its model is elsewhere.

    Parameters
    ----------
    store : Store
    dataset : Dataset
    """

    store: Store
    dataset: Dataset

    def unlabelled(self, rule: str, table: str = "") -> AuditFrame:
        """Return the rows that a rule names, without their labels.

        Raises
        ------
        DataError
            There are none, or they are of another table, which has no such score.
        """
        if table:
            raise DataError(
                "This score came with its table, so people of another table have none. "
                "Choose a trained run, or leave the other table out."
            )
        return _named(self.dataset.frame, rule)

    def model(self) -> Scorer:
        """Refuse: there is a score, and no model.

        Raises
        ------
        DataError
            Always.
        """
        raise DataError(
            "This score came with its table; the model that gave it is not here, so "
            "nobody else can be scored. Choose a trained run."
        )

    def other(self, run: str) -> Scorer:
        """Refuse: there is a score, and no network.

        Raises
        ------
        DataError
            Always.
        """
        return self.model()


def _split(run: Run) -> tuple[str, int, str]:
    recipe = run.recipe
    return recipe.split, recipe.seed, recipe.held_out


def _named(
    frame: AuditFrame, rule: str, among: Ints | None = None, why: str = ""
) -> AuditFrame:
    """Return the rows that match, labels taken off."""
    rows = np.flatnonzero(matches(parse(rule), frame.features, frame.named_groups))
    if among is not None:
        rows = np.intersect1d(rows, among)
    rows = rows[frame.weights[rows] > 0]
    if not len(rows):
        raise DataError(
            f"No row with weight matches the target '{rule}'.{why} Widen the rule."
        )
    return replace(frame.take(rows), y_true=None)
