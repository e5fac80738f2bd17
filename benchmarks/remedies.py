"""What every remedy did to whom, on the embedded tasks, over three seeds.

`python -m benchmarks.remedies --write` trains what is missing in `remedies.json`, the
committed results, and can be stopped and started again; `--json` prints them. Each
remedy runs with its default settings, aimed at the task's first sensitive attribute,
and is compared with the plain default network of the same seed on the same test rows.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

from analysis.datasets.load import Dataset, load
from analysis.datasets.splits import methods_for
from analysis.datasets.tasks import task_named
from analysis.errors import AuditError
from analysis.subgroups.disaggregate import disaggregate
from models.evaluations import evaluation
from models.recipe import Recipe, Stage
from models.remedies import REMEDIES
from models.remedies.settings import settings_of
from models.store import Store
from models.training import train_now

RESULTS = Path(__file__).with_suffix(".json")

SMALL = (
    *("adult", "compas", "german", "credit_default", "law_school"),
    *("planted", "planted_multiclass"),
)
LARGE = "census_income"
ON_LARGE = ("reweighing", "group_dro", "gap_penalty")

SEEDS = (0, 1, 2)

MEASURES = (
    "worst_group_error",
    "selection_gap",
    "error_rates_gap",
    "calibration_error",
    "accuracy",
)


@dataclass(frozen=True)
class Outcome:
    """One run's numbers on its test rows.

    Parameters
    ----------
    task, remedy : str
        An empty remedy is the plain network.
    seed : int
    worst_group_error : float
        Highest error rate of a group of the attribute.
    selection_gap, error_rates_gap : float
        Largest difference between groups in selection rate; and in true or false
        positive rate, whichever is larger.
    calibration_error : float
        Expected calibration error over everyone.
    accuracy : float
    seconds : float
    refused : str
        Why it did not run; the numbers are then None.
    """

    task: str
    remedy: str
    seed: int
    worst_group_error: float | None = None
    selection_gap: float | None = None
    error_rates_gap: float | None = None
    calibration_error: float | None = None
    accuracy: float | None = None
    seconds: float | None = None
    refused: str = ""

    @property
    def key(self) -> tuple[str, str, int]:
        """What was run."""
        return self.task, self.remedy, self.seed


@dataclass(frozen=True)
class Change:
    """Mean change over seeds against the plain network, with a 95 % interval.

    Student's t over the seeds, paired by seed: with three of them the quantile is 4.3,
    and an interval without 0 is a strong statement.
    """

    mean: float
    low: float
    high: float


def plan() -> Iterator[tuple[str, str, int]]:
    """Return all that is to be run, plain networks first."""
    for seed in SEEDS:
        for task in SMALL:
            yield from ((task, name, seed) for name in ("", *REMEDIES))
    for seed in SEEDS:
        yield from ((LARGE, name, seed) for name in ("", *ON_LARGE))


def run(task: str, remedy: str, seed: int, folder: str) -> Outcome:
    """Train one and measure it on its test rows.

    What it starts from is trained once and found again in the folder's store.
    """
    dataset = _dataset(task)
    attribute = dataset.task.sensitive[0]
    stages = (Stage(remedy, _settings(remedy, dataset)),) if remedy else ()
    split = methods_for(dataset.task)[0]
    recipe = Recipe(task=task, split=split, seed=seed, stages=stages, device="cpu")
    store = _store(folder)
    try:
        for need in ("another table", "another run"):
            if need in (REMEDIES[remedy].needs if remedy else ()):
                return Outcome(task, remedy, seed, refused=f"needs {need}")
        done = train_now(store, recipe, dataset=dataset)
    except AuditError as error:
        return Outcome(task, remedy, seed, refused=str(error))
    numbers = _numbers(evaluation(store, done, dataset), attribute)
    return Outcome(task, remedy, seed, **numbers, seconds=round(done.seconds, 2))


@cache
def _store(folder: str) -> Store:
    return Store(Path(folder))


def _numbers(seen: Any, attribute: str) -> dict[str, float]:
    metrics = (
        *("error_rate", "selection_rate", "true_positive_rate"),
        *("false_positive_rate", "accuracy", "expected_calibration_error"),
    )
    table = disaggregate(seen, (attribute,), metrics)
    by = {m: table.by_group[m].value for m in metrics}
    rates = ("true_positive_rate", "false_positive_rate")
    return {
        "worst_group_error": _rounded(np.nanmax(by["error_rate"])),
        "selection_gap": _rounded(_span(by["selection_rate"])),
        "error_rates_gap": _rounded(max(_span(by[m]) for m in rates)),
        "calibration_error": _rounded(
            table.overall["expected_calibration_error"].value
        ),
        "accuracy": _rounded(table.overall["accuracy"].value),
    }


def _span(values: Any) -> float:
    return float(np.nanmax(values) - np.nanmin(values))


def _rounded(value: float) -> float:
    return round(float(value), 5)


def _settings(name: str, dataset: Dataset) -> dict[str, str]:
    """Return what a remedy is given here: the first attribute, its rarest group."""
    attribute = dataset.task.sensitive[0]
    grouping = dataset.frame.groups[attribute]
    sizes = np.bincount(grouping.codes, minlength=len(grouping.names))
    rarest = grouping.names[int(np.argmin(np.where(sizes > 0, sizes, sizes.max())))]
    is_feature = attribute in dataset.frame.features
    given = {
        "attribute": attribute,
        "cohort": f'"{attribute}" = "{rarest}"',
        "feature": attribute if is_feature else dataset.task.features[0],
    }
    chosen = {
        s.name: given[s.kind]
        for s in settings_of(REMEDIES[name])
        if (s.default is None or s.name == "target") and s.kind in given
    }
    optional = {s.name for s in settings_of(REMEDIES[name]) if s.kind == "attribute"}
    return {**dict.fromkeys(optional, attribute), **chosen}


@cache
def _dataset(task: str) -> Dataset:
    return load(task_named(task))


def changes(outcomes: list[Outcome]) -> dict[str, dict[str, dict[str, Change]]]:
    """Return by remedy and task what each measure changed by, over the seeds."""
    by_key = {o.key: o for o in outcomes if not o.refused}
    found: dict[str, dict[str, dict[str, Change]]] = {}
    for task, remedy in {(o.task, o.remedy): None for o in outcomes if o.remedy}:
        pairs = [
            (by_key[task, "", seed], by_key[task, remedy, seed])
            for seed in SEEDS
            if (task, remedy, seed) in by_key and (task, "", seed) in by_key
        ]
        if pairs:
            found.setdefault(remedy, {})[task] = {
                m: change([getattr(b, m) - getattr(a, m) for a, b in pairs])
                for m in MEASURES
            }
    return found


def change(differences: list[float]) -> Change:
    """Return the mean of differences with Student's 95 % interval."""
    values = np.array(differences)
    mean, n = float(values.mean()), len(values)
    if n < 2:
        return Change(mean, float("-inf"), float("inf"))
    half = float(student.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n))
    return Change(mean, mean - half, mean + half)


def read() -> list[Outcome]:
    """Return the committed results."""
    if not RESULTS.exists():
        return []
    return [Outcome(**row) for row in json.loads(RESULTS.read_text())]


def write(outcomes: list[Outcome]) -> None:
    """Write results, one a line, in the order of the plan."""
    order = {key: i for i, key in enumerate(plan())}
    known = sorted((o for o in outcomes if o.key in order), key=lambda o: order[o.key])
    lines = ",\n".join(json.dumps(_short(o)) for o in known)
    RESULTS.write_text(f"[\n{lines}\n]\n")


def _short(outcome: Outcome) -> dict[str, Any]:
    return {k: v for k, v in asdict(outcome).items() if v not in (None, "")} | {
        "remedy": outcome.remedy
    }


def complete(processes: int) -> None:
    """Run what is missing, keeping every result as it comes."""
    outcomes = {o.key: o for o in read()}
    missing = [key for key in plan() if key not in outcomes]
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(processes) as pool,
    ):
        waiting = [pool.submit(run, *key, folder) for key in missing]
        for done, future in enumerate(as_completed(waiting), 1):
            outcome = future.result()
            outcomes[outcome.key] = outcome
            if done % 10 == 0 or done == len(missing):
                write(list(outcomes.values()))
                sys.stderr.write(f"{done} of {len(missing)}\n")


COLUMNS = {
    "selection_gap": "Selection gap",
    "error_rates_gap": "Error-rates gap",
    "worst_group_error": "Worst group's error",
    "calibration_error": "Calibration error",
    "accuracy": "Accuracy",
}


def listing() -> str:
    """Return the README's table of remedies, from what each declares."""
    lines = ["| Remedy | Mends | Costs | Needs | Source |", "|---|---|---|---|---|"]
    for family in dict.fromkeys(r.family for r in REMEDIES.values()):
        lines.append(f"| **{family}** | | | | |")
        lines += [
            f"| `{name}` | {r.mends} | {r.costs} | {', '.join(r.needs)} | {r.source} |"
            for name, r in REMEDIES.items()
            if r.family == family
        ]
    return "\n".join(lines)


def findings() -> str:
    """Return the README's table of what remedies did on the small tasks.

    Each cell holds the median over tasks of the mean change in percentage points, and
    on how many tasks an interval over the seeds lies below and above 0.
    """
    lines = [f"| Remedy | {' | '.join(COLUMNS.values())} |", "|---|" + "---:|" * 5]
    for name, tasks in changes(read()).items():
        small = [by for task, by in tasks.items() if task != LARGE]
        cells = [_cell([by[m] for by in small]) for m in COLUMNS]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(found: list[Change]) -> str:
    middle = 100 * float(np.median([c.mean for c in found]))
    below = sum(c.high < 0 for c in found)
    above = sum(c.low > 0 for c in found)
    sure = f" ({below}↓ {above}↑)" if below or above else ""
    return f"{middle:+.1f}{sure}".replace("-", "−")


def main() -> None:
    """Complete the study, or print what is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="run what is missing")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--markdown", action="store_true", help="the README's tables")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if options.write:
        complete(options.processes)
    if options.markdown:
        print(f"{listing()}\n\n{findings()}")
        return
    found = {
        remedy: {
            task: {m: asdict(c) for m, c in by.items()} for task, by in tasks.items()
        }
        for remedy, tasks in changes(read()).items()
    }
    print(json.dumps({"name": "remedies", "runs": len(read()), "changes": found}))


if __name__ == "__main__":
    main()
