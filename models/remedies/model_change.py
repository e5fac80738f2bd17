"""What remedies share that change a finished network itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from analysis.errors import DataError
from models.remedies.base import Family, Kind, Layer, Needs
from models.remedies.settings import dial_of

if TYPE_CHECKING:
    from analysis.frame import AuditFrame
    from models.changed_network import ChangedNetwork
    from models.network_scorer import TorchScorer
    from models.remedies.base import Around
    from models.scorer import Scorer


@dataclass(frozen=True)
class ModelChange:
    """Change the weights of a finished network; the run keeps the new ones.

    A subclass says in `changed_along` what it makes of a network at each strength.
    """

    title: ClassVar[str]
    kind: ClassVar[Kind] = "posthoc"
    family: ClassVar[Family] = "Heads and weights"
    layer: ClassVar[Layer] = "model"
    needs: ClassVar[tuple[Needs, ...]] = ("a network", "a finished run")
    slowness: ClassVar[float] = 0.0
    looks_for: ClassVar[str] = "the network itself"

    def changed_along(
        self,
        network: TorchScorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around,
    ) -> Iterator[ChangedNetwork]:
        """Give the changed network at each strength, in the order given.

        Parameters
        ----------
        network : TorchScorer
            Not touched.
        calibration : AuditFrame
        strengths : sequence of float
            Values of the dial; one value of no meaning where there is none.
        around : Around
        """
        raise NotImplementedError

    def fit(self, scorer: Scorer, calibration: AuditFrame) -> ChangedNetwork:
        """Refuse: scores and labels of calibration rows are not enough.

        Raises
        ------
        DataError
            Always.
        """
        raise _needs_more(self.title, self.looks_for)

    def fit_with(
        self, scorer: Scorer, calibration: AuditFrame, around: Around
    ) -> ChangedNetwork:
        """Return the changed network.

        Raises
        ------
        DataError
            The model is not a network, or the rows do not do.
        """
        dial = dial_of(type(self))
        strength = 1.0 if dial is None else float(getattr(self, dial.name))
        return next(self.along(scorer, calibration, (strength,), around))

    def along(
        self,
        scorer: Scorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around | None = None,
    ) -> Iterator[ChangedNetwork]:
        """Give the changed network at each strength, in the order given.

        Raises
        ------
        DataError
            As `fit_with`, or nothing surrounds the scores.
        """
        from models.changed_network import network_of

        if around is None:
            raise _needs_more(self.title, self.looks_for)
        network = network_of(around.model(), self.title)
        yield from self.changed_along(network, calibration, strengths, around)

    def restored(self, scorer: Scorer, parameters: Mapping[str, Any]) -> ChangedNetwork:
        """Refuse: the weights are the run's own, and parameters only describe them.

        Raises
        ------
        DataError
            Always.
        """
        raise DataError(
            f"'{self.title}' changes the network itself, which these parameters only "
            "describe. Take the network that its run has stored."
        )


def _needs_more(title: str, looks_for: str) -> DataError:
    return DataError(
        f"'{title}' needs {looks_for}. Choose a trained run that is a network."
    )
