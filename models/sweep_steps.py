"""Steps: one batch of each member of a sweep, learnt as one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from models.losses import row_losses
from models.objective import precision
from models.rows import Rows
from models.schedules import FACTORS
from models.stacked import Stacked
from models.train import Training


class Steps:
    """Forward, backward and update of the members that are still at it.

    Where learning rate and decay are the same for all, one optimiser moves the whole
    stack; otherwise each member's own moves its part.
    """

    def __init__(
        self,
        members: Sequence[Training],
        generators: Sequence[torch.Generator],
        *,
        may_share: bool = True,
    ) -> None:
        self.members, self.generators = list(members), list(generators)
        self.stacked = Stacked([m.network for m in members], generators)
        asked = {(m.progress.rate, m.recipe.weight_decay) for m in members}
        own = any(m.recipe.clip or m.recipe.ema for m in members)
        self.shared = (
            None
            if own or len(asked) > 1 or not may_share
            else torch.optim.AdamW(
                self.stacked.parameters.values(),
                lr=members[0].progress.rate,
                weight_decay=members[0].recipe.weight_decay,
                fused=members[0].device.type in ("cpu", "cuda"),
            )
        )

    def without_others(self, stay: list[int]) -> Steps:
        """Return the steps of some members, from where they are."""
        rest = Steps(
            [self.members[i] for i in stay],
            [self.generators[i] for i in stay],
            may_share=self.shared is not None,  # else each one's own knows its moments
        )
        if self.shared is not None and rest.shared is not None:
            pairs = zip(
                self.stacked.parameters.values(),
                rest.stacked.parameters.values(),
                strict=True,
            )
            for before, after in pairs:
                rest.shared.state[after] = {
                    name: value[stay].clone() if value.dim() else value.clone()
                    for name, value in self.shared.state[before].items()
                }
        return rest

    def hand_back(self) -> None:
        """Give each member's optimiser its part of the moments, for a checkpoint."""
        if self.shared is None:
            return
        for name, stack in self.stacked.parameters.items():
            moments = self.shared.state[stack]
            for k, member in enumerate(self.members):
                member.optimiser.state[member.network.get_parameter(name)] = {
                    key: value[k] if value.dim() else value
                    for key, value in moments.items()
                }

    def take(self, rows: Tensor, share: float) -> Tensor:
        """Learn from one batch of each member, int64[K, b]; return losses [K]."""
        losses = self._losses(rows)
        for stack in self.stacked.parameters.values():
            stack.grad = None
        losses.sum().backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        first = self.members[0]
        done = (first.progress.epoch + share) / first.recipe.epochs
        factor = FACTORS[first.recipe.schedule](done)
        if self.shared is not None:
            self.shared.param_groups[0]["lr"] = first.progress.rate * factor
            self.shared.step()
        else:
            self._step_alone(factor)
        return losses.detach()

    def _step_alone(self, factor: float) -> None:
        self.stacked.share_gradients()
        for member in self.members:
            member.set_rate(factor)
            member.update()

    def _losses(self, rows: Tensor) -> Tensor:
        """Return each member's loss of its batch, [K]."""
        data, recipe = self.members[0].train, self.members[0].recipe
        with precision(data.labels.device, recipe):
            logits = self.stacked.logits(data.positions[rows], data.codes[rows])
        logits = logits.float()
        if any(m.methods for m in self.members):
            return torch.stack(
                [
                    m.objective.value(_batch(m, part), each)
                    for m, part, each in zip(self.members, rows, logits, strict=True)
                ]
            )
        each = row_losses(logits.flatten(0, 1), data.labels[rows].flatten())
        each = each.view(rows.shape)
        if not recipe.draws:
            each = each * self._weights(rows)
        return each.mean(dim=1)

    def _weights(self, rows: Tensor) -> Tensor:
        return torch.stack(
            [
                torch.ones_like(part, dtype=torch.float32)
                if m.train.weights is None
                else m.train.weights[part]
                for m, part in zip(self.members, rows, strict=True)
            ]
        )


def _batch(member: Training, rows: Tensor) -> Rows:
    """Return labels, weights and index of a batch; its inputs are in the stack."""
    train = member.train
    weights = None if member.recipe.draws else train.weights
    return Rows(
        train.positions[:0],
        train.codes[:0],
        train.labels[rows],
        None if weights is None else weights[rows],
        rows,
    )
