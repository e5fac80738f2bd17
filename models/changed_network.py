"""A network that a remedy changed, and the sameness of two networks' shapes."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from analysis.errors import DataError
from analysis.evaluation import Scores
from analysis.frame import AuditFrame
from models.features import features_for
from models.network_scorer import TorchScorer
from models.networks import Mixture, Network, joint_logits
from models.probabilities import scores_of_logits
from models.rows import rows_on
from models.scorer import Scorer
from models.train import SCORING_ROWS

LOGISTIC = "logistic"

MOST_FRAMES = 2
"""Frames whose last inputs are kept: rows that were fitted on, and rows that judge."""

MOST_BYTES = 2**28
"""Bytes that the last inputs of a frame may take to be kept."""

Shapes = list[tuple[int, ...]]
"""Shapes of a network's tensors, in order."""


class ChangedNetwork(TorchScorer):
    """A trained network whose weights a remedy changed, with what it found.

    Parameters
    ----------
    base : TorchScorer
        Whose preprocessing and recipe stay.
    network : Network
    found : mapping
        The remedy's parameters, as JSON types.
    """

    def __init__(
        self, base: TorchScorer, network: Network, found: Mapping[str, Any]
    ) -> None:
        super().__init__(network, base.preprocessor, base.recipe)
        self.found = found

    def parameters(self) -> dict[str, Any]:
        """Return what was found, as JSON types."""
        return dict(self.found)


class LastInputs:
    """What a network's last layer works on, kept for the frames asked for last.

    Networks that differ in their last layer alone share it.

    Parameters
    ----------
    scorer : TorchScorer
    """

    def __init__(self, scorer: TorchScorer) -> None:
        self._scorer = scorer
        self._kept: list[tuple[AuditFrame, list[Tensor]]] = []

    def of(self, frame: AuditFrame) -> list[Tensor]:
        """Return the trunk's output, part by part of rows."""
        for known, parts in self._kept:
            if known is frame:
                return parts
        scorer = self._scorer
        device = next(scorer.network.parameters()).device
        nothing = np.zeros(len(frame))
        encoded = scorer.preprocessor.transform(features_for(scorer.recipe, frame))
        rows = rows_on(device, encoded, nothing.astype(np.int64), nothing)
        scorer.network.eval()
        with torch.no_grad():
            found = [
                scorer.network.trunk(scorer.network.stem(part.positions, part.codes))
                for part in rows.split(SCORING_ROWS)
            ]
        if sum(part.nbytes for part in found) <= MOST_BYTES:
            self._kept = [*self._kept, (frame, found)][-MOST_FRAMES:]
        return found


class ChangedHead(ChangedNetwork):
    """A network with another last layer, which shares the work of all others.

    Parameters
    ----------
    base : TorchScorer
    network : Network
        The base's but for the last layer.
    found : mapping
    inputs : LastInputs
        Of the base.
    """

    def __init__(
        self,
        base: TorchScorer,
        network: Network,
        found: Mapping[str, Any],
        inputs: LastInputs,
    ) -> None:
        super().__init__(base, network, found)
        self.inputs = inputs

    def score(self, frame: AuditFrame) -> Scores:
        """Return what the network gives, bit for bit."""
        if self.recipe.architecture == LOGISTIC:  # its last layer is its first
            return super().score(frame)
        self.network.eval()
        with torch.no_grad():
            each = [
                joint_logits(self.network.finish(part))
                for part in self.inputs.of(frame)
            ]
        return scores_of_logits(torch.cat(each).double().cpu().numpy())


def network_of(scorer: Scorer, title: str) -> TorchScorer:
    """Return a scorer that is a network.

    Raises
    ------
    DataError
        It is not: its trees have no layers, or a remedy has changed its scores.
    """
    if not isinstance(scorer, TorchScorer):
        raise DataError(
            f"'{title}' changes the weights of a network, and this model is not one, "
            "or its scores were changed since. Choose a trained network."
        )
    return scorer


def refuse_other_shapes(
    this: TorchScorer,
    other: TorchScorer,
    called: str,
    shapes: Callable[[Network], Shapes] | None = None,
) -> None:
    """Refuse two networks whose weights do not stand for the same things.

    Parameters
    ----------
    this, other : TorchScorer
    called : str
        What the user calls the other one.
    shapes : callable, optional
        What must be the same of both; `shapes_of` where nothing is given.

    Raises
    ------
    DataError
        Another architecture, other layers, or inputs that are read in another way.
    """
    advice = (
        "Choose a run with the same architecture, hidden layers and training rows, "
        "such as one with another restart."
    )
    if this.recipe.architecture != other.recipe.architecture:
        raise DataError(
            f"Run '{called}' is of the architecture '{other.recipe.architecture}' and "
            f"this one of '{this.recipe.architecture}'. {advice}"
        )
    found = shapes or shapes_of
    if found(this.network) != found(other.network):
        raise DataError(
            f"The layers of run '{called}' have other sizes than those of this one, so "
            f"no weight has a counterpart. {advice}"
        )
    if (this.preprocessor, this.recipe.shifts) != (
        other.preprocessor,
        other.recipe.shifts,
    ):
        raise DataError(
            f"Run '{called}' reads the table in another way than this one, as its "
            f"training rows or features were changed. {advice}"
        )


def refuse_same_weights(named: Sequence[tuple[str, TorchScorer]]) -> None:
    """Refuse networks of which two have the same weights: each may count once.

    Parameters
    ----------
    named : sequence of (str, TorchScorer)
        What the user calls each; empty for this run.

    Raises
    ------
    DataError
        Two names stand for one run, or for two that do not differ.
    """
    for place, (called, scorer) in enumerate(named):
        for before, other in named[:place]:
            if have_same_weights(scorer.network, other.network):
                first = f"run '{before}'" if before else "this run"
                raise DataError(
                    f"Run '{called}' and {first} are one network, number by number, "
                    "and each may count once. Leave it out, or choose a run that was "
                    "trained otherwise, such as one with another restart."
                )


def have_same_weights(first: Network, second: Network) -> bool:
    """Whether two networks agree in every number; names are left out as above."""
    if shapes_of(first) != shapes_of(second):
        return False
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(one, other.to(one.device)) for one, other in pairs)


def member_shapes(network: Network) -> Shapes:
    """Return the shapes of a network, or of each member of a mixture, which agree."""
    return shapes_of(members_of(network)[0][0])


def members_of(network: Network) -> list[tuple[Network, float]]:
    """Return the members of a mixture with their shares; a single network alone."""
    if not isinstance(network, Mixture):
        return [(network, 1.0)]
    members = cast("list[Network]", list(network.members))
    return list(zip(members, network.shares.tolist(), strict=True))


def shapes_of(network: Network) -> Shapes:
    """Return the shapes of a network's tensors in order.

    Names are left out: dropout, which has no weights, moves them.
    """
    return [tuple(tensor.shape) for tensor in network.state_dict().values()]


def blended(networks: Sequence[Network], shares: Sequence[float]) -> Network:
    """Return a copy of the first network with weights averaged, in float64.

    Where all agree a number stays bit for bit, and so does all of a network whose
    share is 1. Numbers that are no floats, which follow from the table, are the
    first's; no architecture here keeps running statistics of its rows.

    Parameters
    ----------
    networks : sequence of Network
        Of the same shapes.
    shares : sequence of float
        They sum to 1.
    """
    result = copy.deepcopy(networks[0])
    states = [list(network.state_dict().values()) for network in networks]
    with torch.no_grad():
        for place, target in enumerate(result.state_dict().values()):
            each = [state[place].to(target.device) for state in states]
            target.copy_(_average(each, shares))
    return result


def _average(each: list[Tensor], shares: Sequence[float]) -> Tensor:
    """Return one tensor's average; bit for bit where it must be."""
    first = each[0]
    if not first.is_floating_point():
        return first
    if 1.0 in shares:  # 0 times a negative zero would lose its sign
        return each[shares.index(1.0)]
    mixed = sum(
        (share * tensor.double() for share, tensor in zip(shares, each, strict=True)),
        start=torch.zeros_like(first, dtype=torch.float64),
    ).to(first.dtype)
    same = torch.stack([tensor == first for tensor in each]).all(0)
    return torch.where(same, first, mixed)
