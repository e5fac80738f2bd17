"""Group DRO: train for the group that is worst off at the moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from models.groupings import grouping_named
from models.method import Method
from models.remedies.base import Needs
from models.remedies.in_loop import InLoop, Slot
from models.remedies.settings import attribute_setting, choice_setting, setting
from models.training_cells import cells_of

if TYPE_CHECKING:
    from torch import Tensor

    from analysis.frame import AuditFrame
    from models.recipe import Recipe
    from models.rows import Rows
    from models.train import Training

GROUP, CELL = "group", "group and label"


@dataclass(frozen=True)
class GroupDRO(InLoop):
    """Minimise sum_g q_g L_g, with weights that follow the losses of the groups.

    After each batch q_g <- q_g exp(eta L_g), and q is normalised. With an adjustment C
    a group's loss is L_g + C / sqrt(n_g) instead, n_g its effective number of rows, as
    small groups are overfitted most. Epochs are judged by the worst group's validation
    loss, unless the recipe says otherwise; the paper does likewise.

    Where we depart from algorithm 1: batches are drawn from all rows and not from one
    group at a time, so that a row of group g weighs q_g over the share of g in the
    training weight, which has the same gradient in expectation; a group that a batch
    misses goes by its last known loss; and q starts at those shares rather than even,
    so that eta = 0 is plain training.

    References
    ----------
    Sagawa, Koh, Hashimoto & Liang (2020), Distributionally Robust Neural Networks for
    Group Shifts, ICLR, algorithm 1 and equation 5.
    """

    title: ClassVar[str] = "Train for the worst-off group (group DRO)"
    mends: ClassVar[str] = "a group whose error stays high while the average falls"
    costs: ClassVar[str] = "some accuracy of the other groups, and steadiness"
    source: ClassVar[str] = "Sagawa et al. (2020), ICLR"
    needs: ClassVar[tuple[Needs, ...]] = (
        "label at training",
        "group at training",
        "a network",
    )
    name: ClassVar[str] = "group_dro"
    slot: ClassVar[Slot] = "risk"

    attribute: str = attribute_setting(
        "Groups of which the worst-off one is trained for.", is_required=True
    )
    eta: float = setting(
        0.05,
        0.0,
        5.0,
        "How fast weight moves to the worst-off group; 0 is plain training.",
        is_dial=True,
        label="Speed of the weights (eta)",
    )
    adjustment: float = setting(
        0.0,
        0.0,
        20.0,
        "Extra say of small groups, C over the root of their rows.",
        label="Extra for small groups (C)",
    )
    by: str = choice_setting(
        GROUP, (GROUP, CELL), "Whether groups are cut by label too, as in the paper."
    )

    def change(self, recipe: Recipe, train: AuditFrame) -> Recipe:
        """Return the recipe with this method, judged by its groups.

        Raises
        ------
        DataError
            The table has no such attribute.
        """
        grouping_named(train, self.attribute)
        changed = super().change(recipe, train)
        return replace(changed, stop_by=recipe.stop_by or self.attribute)

    def method(self) -> Method:
        """Return what takes part in the loop."""
        return GroupRisk(self)


class GroupRisk(Method):
    """Weighs rows by q of their group over its share."""

    def __init__(self, remedy: GroupDRO) -> None:
        self.remedy = remedy
        self.names: tuple[str, ...] = ()
        self.codes: Tensor  # [n]
        self.shares: Tensor  # [g], of the training weight
        self.extra: Tensor  # [g], C / sqrt(n_g)
        self.q: Tensor  # [g]
        self.last: Tensor  # [g], the last known losses
        self.draws = False

    def begin(self, training: Training) -> None:
        """Start with every group at its share."""
        self._look(training)
        self.q = self.shares.clone()
        self.last = self.q.new_zeros(len(self.q))

    def _look(self, training: Training) -> None:
        import torch

        cells = cells_of(training, self.remedy.attribute)
        frames = training.frames
        classes = () if frames is None else frames.train.classes
        self.names = training.codes(self.remedy.attribute)[1]
        codes = cells.codes // len(classes)
        if self.remedy.by == CELL:
            codes = cells.codes
            self.names = tuple(f"{g}, {y}" for g in self.names for y in classes)
        count = len(self.names)
        masses = torch.bincount(codes, cells.weights, minlength=count)
        squares = torch.bincount(codes, cells.weights.square(), minlength=count)
        effective = masses.square() / squares.clamp(min=1e-12)
        extra = self.remedy.adjustment / effective.clamp(min=1).sqrt()
        # A group without rows has no loss, so it must not gain weight.
        extra = torch.where(masses > 0, extra, 0.0)
        self.codes = codes.to(training.device)
        self.shares = (masses / masses.sum()).float().to(training.device)
        self.extra = extra.float().to(training.device)
        self.draws = training.recipe.draws

    def weighed(self, batch: Rows, losses: Tensor, logits: Tensor) -> Tensor:
        """Return losses [b] times q over the share of each row's group."""
        if batch.index is None:
            return losses
        codes = self.codes[batch.index]
        weights = None if self.draws else batch.weights
        self._follow(codes, losses.detach(), weights)
        # Plain division: a group of a row with weight has a share.
        factors = self.q / self.shares.clamp(min=1e-12)
        return losses * factors[codes]

    def _follow(self, codes: Tensor, losses: Tensor, weights: Tensor | None) -> None:
        """Move q towards the groups that lose most."""
        import torch

        own = torch.ones_like(losses) if weights is None else weights
        membership = torch.nn.functional.one_hot(codes, len(self.q)).to(losses)
        masses = own @ membership
        means = (losses @ membership) / masses.clamp(min=1e-12)
        self.last = torch.where(masses > 0, means, self.last)
        exponent = self.remedy.eta * (self.last + self.extra)
        # The largest exponent is taken out: q is normalised, and exp cannot overflow.
        moved = self.q * (exponent - exponent.max()).exp()
        moved = moved.clamp(min=torch.finfo(moved.dtype).tiny) * (self.shares > 0)
        self.q = self.q if self.remedy.eta == 0 else moved / moved.sum()

    def state(self) -> dict[str, Tensor]:
        """Return q and the last known losses."""
        return {"q": self.q, "losses": self.last}

    def load(self, training: Training, state: dict[str, Tensor]) -> None:
        """Take up q and the last known losses."""
        self._look(training)
        self.q = state["q"].to(training.device)
        self.last = state["losses"].to(training.device)

    def said(self) -> dict[str, float | list[float] | str]:
        """Return q by group."""
        return dict(zip(self.names, self.q.tolist(), strict=True))
