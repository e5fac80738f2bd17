"""Inquiry: a long analysis asked of the worker, and all that its answer depends on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.arrays import digest_of
from analysis.datasets.task import Task, task_from_json, task_to_json
from analysis.evaluation import Argmax, GroupThresholds, Threshold
from analysis.shifts.sides import Sides
from models.as_json import from_json, to_json

FORMAT = 1
"""Goes up when answers change: those that were kept are then found anew."""

Rule = Threshold | GroupThresholds | Argmax


@dataclass(frozen=True)
class Scope:
    """What was in view when it was asked, and which two sides are compared.

    Parameters
    ----------
    run : str
        Id of a finished run; empty for the score that came with the table.
    cohort : str
        Rule of the cohort in view; empty for everyone.
    positive : str
        The class in view; empty for the task's own.
    rule, other_rule : Threshold, GroupThresholds or Argmax
        Of this table, and of the second one, whose groups may stand in another order.
    sides : Sides
        Of no column and no table where an inquiry is about one set of rows.
    other_digest : str
        Of the second table, where that is the target.
    """

    run: str
    cohort: str
    positive: str
    rule: Rule
    other_rule: Rule
    sides: Sides = Sides("")  # noqa: RUF009 (frozen)
    other_digest: str = ""


@dataclass(frozen=True)
class Inquiry:
    """What is asked of what.

    Parameters
    ----------
    name : str
        One of `inquiries.INQUIRIES`.
    task : Task
        As it is declared now.
    data_digest : str
        Of its data set.
    scope : Scope
    asked : mapping
        The inquiry's own settings as JSON types.
    """

    name: str
    task: Task
    data_digest: str
    scope: Scope
    asked: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Digest of everything that its answer depends on."""
        return digest_of([self.to_text().encode(), str(FORMAT).encode()])

    def to_text(self) -> str:
        """Return the inquiry as JSON."""
        return json.dumps(
            {
                "name": self.name,
                "task": task_to_json(self.task),
                "data_digest": self.data_digest,
                "scope": to_json(self.scope),
                "asked": dict(self.asked),
            },
            sort_keys=True,
        )


def inquiry_of(text: str) -> Inquiry:
    """Read an inquiry."""
    given: Mapping[str, Any] = json.loads(text)
    return Inquiry(
        given["name"],
        task_from_json(given["task"]),
        given["data_digest"],
        from_json(Scope, given["scope"]),
        given["asked"],
    )
