"""Trial: a remedy of scores tried out on rows it was not fitted on, without a run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.arrays import digest_of
from analysis.datasets.task import Task, task_from_json, task_to_json
from models.recipe import Stage
from models.run import FORMAT


@dataclass(frozen=True)
class Trial:
    """What is tried on what.

    Parameters
    ----------
    task : Task
        As it is declared now.
    data_digest : str
        Of its data set.
    run : str
        Id of a finished run; empty for the score that came with the table.
    stage : Stage
        The remedy with all its settings.
    is_ranked : bool
        Whether a raw score is turned into ranks first.
    """

    task: Task
    data_digest: str
    run: str
    stage: Stage
    is_ranked: bool = False

    @property
    def key(self) -> str:
        """Digest of everything that its outcome depends on."""
        return digest_of([self.to_text().encode(), str(FORMAT).encode()])

    def to_text(self) -> str:
        """Return the trial as JSON."""
        return json.dumps(
            {
                "task": task_to_json(self.task),
                "data_digest": self.data_digest,
                "run": self.run,
                "remedy": self.stage.remedy,
                "settings": dict(self.stage.settings),
                "is_ranked": self.is_ranked,
            },
            sort_keys=True,
        )


def trial_of(text: str) -> Trial:
    """Read a trial."""
    given: Mapping[str, Any] = json.loads(text)
    return Trial(
        task_from_json(given["task"]),
        given["data_digest"],
        given["run"],
        Stage(given["remedy"], given["settings"]),
        given["is_ranked"],
    )
