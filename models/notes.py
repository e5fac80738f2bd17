"""What a user leaves in a store beside runs: looks at test, cohorts, declared tasks."""

import json
import time

from analysis.cohorts import Cohort, parse
from analysis.datasets.task import Task, task_from_json, task_to_json
from models.database import Database


class Notes:
    """Looks, cohorts and tasks of uploaded tables.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def look(self, task: str, scorer: str, rule: str, cohort: str) -> int:
        """Record a look at a task's test rows; return how many there were so far.

        A look is one new combination of scorer, decision rule and cohort; looking
        again at the same one adds nothing.
        """
        with self._database.connection() as c:
            c.execute(
                "INSERT OR IGNORE INTO looks VALUES (?, ?, ?, ?, ?)",
                (task, scorer, rule, cohort, time.time()),
            )
            return _count(c.execute(_LOOKS, (task,)).fetchone())

    def looks(self, task: str) -> int:
        """Return how many looks at a task's test rows there were."""
        with self._database.reading() as c:
            return _count(c.execute(_LOOKS, (task,)).fetchone())

    def save_cohort(self, task: str, cohort: Cohort) -> None:
        """Keep a cohort under its title, in place of one of the same title."""
        with self._database.connection() as c:
            c.execute(
                "INSERT OR REPLACE INTO cohorts VALUES (?, ?, ?, ?)",
                (task, cohort.title, str(cohort), time.time()),
            )

    def cohorts(self, task: str) -> list[Cohort]:
        """Return the cohorts kept for a task, oldest first."""
        query = "SELECT name, rule FROM cohorts WHERE task = ? ORDER BY created, name"
        with self._database.reading() as c:
            return [parse(rule, name) for name, rule in c.execute(query, (task,))]

    def forget_cohort(self, task: str, name: str) -> None:
        """Drop a cohort by its title."""
        with self._database.connection() as c:
            c.execute("DELETE FROM cohorts WHERE task = ? AND name = ?", (task, name))

    def save_task(self, task: Task) -> None:
        """Keep the task of an uploaded table, in place of one of the same name."""
        with self._database.connection() as c:
            c.execute(
                "INSERT OR REPLACE INTO tasks VALUES (?, ?, ?)",
                (task.name, json.dumps(task_to_json(task)), time.time()),
            )

    def tasks(self) -> list[Task]:
        """Return the tasks of uploaded tables, newest first."""
        query = "SELECT task FROM tasks ORDER BY created DESC, name"
        with self._database.reading() as c:
            return [task_from_json(json.loads(text)) for (text,) in c.execute(query)]

    def forget(self, task: str) -> None:
        """Drop a task with its cohorts and looks."""
        with self._database.connection() as c:
            c.execute("DELETE FROM tasks WHERE name = ?", (task,))
            c.execute("DELETE FROM cohorts WHERE task = ?", (task,))
            c.execute("DELETE FROM looks WHERE task = ?", (task,))


_LOOKS = "SELECT COUNT(*) FROM looks WHERE task = ?"


def _count(row: tuple[int]) -> int:
    return int(row[0])
