"""Average of runs: one network from several, by their weights or by their scores."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from analysis.errors import SettingError
from models.names import split
from models.remedies.base import Needs
from models.remedies.model_change import ModelChange
from models.remedies.settings import choice_setting, runs_setting

if TYPE_CHECKING:
    from analysis.frame import AuditFrame
    from models.changed_network import ChangedNetwork
    from models.network_scorer import TorchScorer
    from models.networks import Network
    from models.remedies.base import Around

SCORES, WEIGHTS = "scores", "weights"

MOST = 32
"""Runs that are averaged; each is scored whenever their mixture is."""


@dataclass(frozen=True)
class AverageOfRuns(ModelChange):
    """Average this run with others, each with the same share.

    By scores the answer is the mean of their probabilities, and as many networks are
    kept and scored. By weights it is one network with their mean weights (a model
    soup), which makes sense for runs that started from the same weights, such as
    several trainings on from one run; others have ordered their layers differently.
    All runs must read the table in the same way and have the same layers.

    References
    ----------
    Wortsman et al. (2022), Model Soups: Averaging Weights of Multiple Fine-Tuned
    Models Improves Accuracy without Increasing Inference Time, ICML, section 2, the
    uniform soup; Lakshminarayanan, Pritzel & Blundell (2017), Simple and Scalable
    Predictive Uncertainty Estimation using Deep Ensembles, NeurIPS, for scores.
    """

    title: ClassVar[str] = "Average several runs"
    name: ClassVar[str] = "average_of_runs"
    mends: ClassVar[str] = (
        "decisions that hang on the draw of a start: another seed decides otherwise"
    )
    costs: ClassVar[str] = (
        "the training of several runs, and by scores as many times the work whenever "
        "people are scored"
    )
    source: ClassVar[str] = (
        "Wortsman et al. (2022), Model Soups, ICML; Lakshminarayanan, Pritzel & "
        "Blundell (2017), NeurIPS"
    )
    needs: ClassVar[tuple[Needs, ...]] = (
        "a network",
        "a finished run",
        "another run",
    )

    runs: str = runs_setting("The other runs, by their ids; this one counts too.")
    averaged: str = choice_setting(
        SCORES,
        (SCORES, WEIGHTS),
        "Scores suit any runs, weights such as started from the same weights.",
    )

    def __post_init__(self) -> None:
        named = len(split(self.runs))
        if not 1 <= named <= MOST:
            raise SettingError(
                f"{self.title}: {named} other runs are named; name from 1 to {MOST}, "
                "joined by commas."
            )

    def changed_along(
        self,
        network: TorchScorer,
        calibration: AuditFrame,
        strengths: Sequence[float],
        around: Around,
    ) -> Iterator[ChangedNetwork]:
        """Give the average; there is no dial.

        Raises
        ------
        DataError
            A run is not a network of the same shape that reads the table in the same
            way, or it counts twice.
        """
        from models.changed_network import (
            ChangedNetwork,
            blended,
            member_shapes,
            network_of,
            refuse_other_shapes,
            refuse_same_weights,
        )

        named = split(self.runs)
        scorers = [("", network)]
        for run in named:
            other = network_of(around.other(run), self.title)
            refuse_other_shapes(
                network, other, run, member_shapes if self.averaged == SCORES else None
            )
            scorers.append((run, other))
        refuse_same_weights(scorers)
        networks = [scorer.network for _, scorer in scorers]
        share = 1 / len(networks)
        average = (
            mixture(networks)
            if self.averaged == SCORES
            else blended(networks, [share] * len(networks))
        )
        found = {"method": self.name, "runs": list(named), "averaged": self.averaged}
        yield ChangedNetwork(network, average, found)

    @classmethod
    def notes(
        cls, parameters: Mapping[str, Any], hidden: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """Say how many runs were averaged, and how."""
        count = len(parameters["runs"]) + 1
        if parameters["averaged"] == SCORES:
            return (
                f"The mean probability of {count} runs; each of them is scored "
                "whenever people are.",
            )
        return (
            f"One network with the mean weights of {count} runs. Unless they started "
            "from the same weights it may be worse than each: compare it with them.",
        )


def mixture(networks: Sequence[Network]) -> Network:
    """Return the network that gives the mean probability of several.

    Of one that is a mixture itself the members take part, with their shares of it. All
    are built as the first, as a stored mixture is: dropout alone may tell them apart.
    """
    import torch

    from models.changed_network import blended, members_of
    from models.networks import Mixture

    parts = [part for one in networks for part in members_of(one)]
    first = parts[0][0]
    members = [blended((first, member), (0.0, 1.0)) for member, _ in parts]
    shares = torch.tensor([share / len(networks) for _, share in parts])
    return Mixture(members, shares.to(next(first.parameters()).device))
