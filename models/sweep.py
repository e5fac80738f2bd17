"""Sweep: K trainings of one shape, step by step together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from analysis.errors import RunError
from models.batches import batch_rows
from models.chance import chance, set_chance
from models.epoch import Cancelled, Epoch
from models.method import Method
from models.recipe import Recipe
from models.sweep_steps import Steps
from models.train import Training

if TYPE_CHECKING:
    from models.prepare import Prepared

ALIKE = (
    *("task", "split", "seed", "held_out", "survey_weights", "masked", "shifts"),
    *("architecture", "hidden", "dropout", "device", "precision", "draws"),
    *("batch_size", "epochs", "schedule"),
)
"""Settings in which the members of a batched sweep are alike."""

ALONE = ("order", "mixed", "features", "penalty", "around", "runs_alone")
"""Hooks that look at one network or at its rows; a method with one trains alone."""


def fit_together(prepared: Sequence[Prepared], methods: Sequence[Method]) -> bool:
    """Whether trainings can be computed as one: same rows, same shapes, same steps.

    Parameters
    ----------
    prepared : sequence of Prepared
    methods : sequence of Method
        Those of all of them.
    """
    first = prepared[0]
    alike = all(_key(p.recipe) == _key(first.recipe) for p in prepared)
    simple = all(_is_simple(p.recipe) for p in prepared)
    free = not any(
        getattr(type(m), hook) is not getattr(Method, hook)
        for m in methods
        for hook in ALONE
    )
    # Not the ids alone: an edit may change the labels or values of the same rows.
    same_rows = len({p.train.digest for p in prepared}) == 1
    return len(prepared) > 1 and alike and simple and free and same_rows


def _key(recipe: Recipe) -> tuple[object, ...]:
    return tuple(getattr(recipe, name) for name in ALIKE)


def _is_simple(recipe: Recipe) -> bool:
    is_plain = not (recipe.prune or recipe.find_rate or recipe.warm_start)
    return (
        recipe.architecture in ("mlp", "logistic")
        and recipe.layers == "all"
        and is_plain
    )


class Sweep:
    """Trainings that take their steps together; each is judged and stopped alone.

    A member sees the rows in the order and with the dropout of its single run, so the
    two agree up to the rounding of sums that are taken in another order.

    Parameters
    ----------
    members : sequence of Training
        `fit_together` holds for them.
    """

    def __init__(self, members: Sequence[Training]) -> None:
        first = members[0].train
        for member in members:  # one copy of the rows serves all
            member.train = replace(
                member.train,
                positions=first.positions,
                codes=first.codes,
                labels=first.labels,
            )
        self.members = list(members)

    def run(
        self,
        reports: Sequence[Callable[[Epoch], None]],
        ends: Callable[[int, RunError | None], None],
        should_stop: Callable[[], bool],
    ) -> None:
        """Train all to their ends.

        Parameters
        ----------
        reports : sequence of callable
            Each member's, called after its epochs.
        ends : callable
            Called with a member's position when it is over, and with why if it failed;
            else its network then holds the weights of its best epoch.
        should_stop : callable
            Asked before each batch.

        Raises
        ------
        Cancelled
            `should_stop` said so; members that were over stay finished.
        """
        generators = [
            _opened(member, report, should_stop)
            for member, report in zip(self.members, reports, strict=True)
        ]
        at_it = list(range(len(self.members)))
        steps = Steps(self.members, generators)
        while at_it:
            losses = self._epoch(steps, should_stop)
            steps.hand_back()
            stay = [
                i
                for i, (k, loss) in enumerate(zip(at_it, losses, strict=True))
                if self._goes_on(k, loss, steps.generators[i], ends)
            ]
            if 0 < len(stay) < len(at_it):
                steps = steps.without_others(stay)
            at_it = [at_it[i] for i in stay]

    def _goes_on(
        self,
        k: int,
        loss: float,
        generator: torch.Generator,
        ends: Callable[[int, RunError | None], None],
    ) -> bool:
        """Close a member's epoch; say its end if that was its last."""
        member = self.members[k]
        # A checkpoint that is made now holds the chance of a single run.
        set_chance(member.device, generator.get_state())
        try:
            member.close_epoch(loss)
        except RunError as error:  # it diverged; the others need not know
            ends(k, error)
            return False
        if member.is_over():
            member.keep_best()
            ends(k, None)
            return False
        return True

    def _epoch(self, steps: Steps, should_stop: Callable[[], bool]) -> list[float]:
        """Pass once over each member's rows; return their mean losses."""
        orders = torch.stack([member.shuffled() for member in steps.members])  # [K, n]
        n, recipe = orders.shape[1], steps.members[0].recipe
        parts = torch.split(orders, batch_rows(n, recipe.batch_size), dim=1)
        total = torch.zeros(len(orders), device=orders.device)
        for i, rows in enumerate(parts):
            if should_stop():
                raise Cancelled
            total += steps.take(rows, i / len(parts)) * rows.shape[1]
        return [loss / n for loss in total.tolist()]


def _opened(
    member: Training, report: Callable[[Epoch], None], should_stop: Callable[[], bool]
) -> torch.Generator:
    """Open a member as if it were alone; return what its dropout then draws from."""
    set_chance(member.device, member.chance)
    member.open(report, should_stop)
    generator = torch.Generator(member.device)
    generator.set_state(chance(member.device))
    return generator
