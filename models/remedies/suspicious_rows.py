"""Suspicious rows: drop or relabel the rows whose label is probably wrong."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.errors import DataError
from analysis.frame import AuditFrame
from models.beta_mixture import fit_beta_mixture
from models.remedies.base import Needs
from models.remedies.row_edit import RowEdit, Workshop
from models.remedies.settings import choice_setting, cohort_setting, setting
from models.remedies.weighing import inside_of, labels_of

DROP, RELABEL = "drop", "relabel"


@dataclass(frozen=True)
class SuspiciousRows(RowEdit):
    """Drop or relabel rows that a short rehearsal finds hard to believe.

    A network first learns what most rows agree on; after few epochs, rows with a wrong
    label still lose much. Two beta densities are fitted to the losses of all rows, and
    a row is suspicious where it belongs to the one of large losses with more than the
    chosen certainty. Rare people lose much as well: look at whom it drops.

    References
    ----------
    Arazo, Ortego, Albert, O'Connor & McGuinness (2019), Unsupervised Label Noise
    Modeling and Loss Correction, ICML, section 3.1. They mix labels with predictions
    in the loss while training goes on (section 3.2); here rows are changed once,
    before it starts.
    """

    title: ClassVar[str] = "Drop or relabel suspicious rows"
    mends: ClassVar[str] = "labels that are wrong in part of the training rows"
    costs: ClassVar[str] = (
        "rows of people who are rare rather than wrongly labelled, and a rehearsal"
    )
    source: ClassVar[str] = "Arazo et al. (2019), ICML"
    needs: ClassVar[tuple[Needs, ...]] = ("label at training",)
    slowness: ClassVar[float] = 1.4
    name: ClassVar[str] = "suspicious_rows"

    action: str = choice_setting(
        DROP,
        (DROP, RELABEL),
        "Whether suspicious rows are left out or get the class the rehearsal predicts.",
    )
    certainty: float = setting(
        0.9,
        0.5,
        1.0,
        "Probability of a wrong label above which a row is suspicious; 1 touches none.",
        is_dial=True,
    )
    epochs: int = setting(
        10, 1, 100, "Length of the rehearsal; a long one learns wrong labels by heart."
    )
    cohort: str = cohort_setting()

    def edited(self, train: AuditFrame, seed: int, workshop: Workshop) -> AuditFrame:
        """Return the rows without those that are suspicious, or with other labels.

        Raises
        ------
        DataError
            Every row of some class would go.
        """
        labels, inside = labels_of(train), inside_of(train, self.cohort)
        expected = workshop.rehearsed(train, self.epochs)  # [n, k]
        is_wrong = inside & (self.doubts(train, expected) > self.certainty)
        if self.action == RELABEL:
            relabelled = np.where(is_wrong, expected.argmax(axis=1), labels)
            _refuse_loss(train, relabelled)
            return replace(train, y_true=relabelled)
        _refuse_loss(train, labels[~is_wrong])
        return train if not is_wrong.any() else train.take(np.flatnonzero(~is_wrong))

    def doubts(self, train: AuditFrame, log_probabilities: Floats) -> Floats:
        """Return the probability that each row's label is wrong, float[n]."""
        losses = -log_probabilities[np.arange(len(train)), labels_of(train)]
        return fit_beta_mixture(losses, train.weights).probability(losses)


def _refuse_loss(train: AuditFrame, left: Ints) -> None:
    """Refuse an edit after which a class that had rows has none."""
    before, after = set(labels_of(train).tolist()), set(left.tolist())
    if gone := sorted(before - after):
        raise DataError(
            f"Every training row with label '{train.classes[gone[0]]}' looks "
            "suspicious, so none would be left. Raise the certainty or the epochs, or "
            "aim at a cohort."
        )
