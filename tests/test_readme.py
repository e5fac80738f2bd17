"""What the README promises is run, and what it lists is complete."""

import json
import re
import shlex
from pathlib import Path

import pytest

import cli
from analysis.datasets.tasks import TASKS
from analysis.metrics.registry import METRICS
from analysis.subgroups.fairness import MEASURES
from benchmarks import remedies
from models.remedies import REMEDIES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
EXAMPLES = re.findall(r"^python cli\.py (.+)$", README, flags=re.MULTILINE)


def test_every_example_runs(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("FAULTLINE_HOME", str(tmp_path))
    assert len(EXAMPLES) >= 5
    runs = []
    for example in EXAMPLES:
        words = shlex.split(example)
        waiting = iter(runs)
        words = [next(waiting) if word == "RUN" else word for word in words]
        assert cli.main(words) == 0, capsys.readouterr().err
        answer = json.loads(capsys.readouterr().out)
        runs += [answer["run"]] if "run" in answer else []
    assert len(runs) == 4


@pytest.mark.parametrize(
    "name", [*METRICS, *(m.gap for m in MEASURES.values()), *REMEDIES, *TASKS]
)
def test_every_metric_remedy_and_task_is_listed(name):
    assert f"`{name}`" in README


def test_the_code_map_names_files_that_exist_and_misses_none():
    block = README.split("## Code map")[1].split("```")[1]
    named = set(re.findall(r"\b(\w+\.py)\b", block))
    present = {
        p.name
        for folder in ("analysis", "models")
        for p in (ROOT / folder).rglob("*.py")
    }
    present |= {"app.py", "cli.py"}
    assert named <= present, named - present
    listed = (p for p in (ROOT / "analysis").rglob("*.py"))
    inside = {p.name for p in listed if p.parent.name not in ("charts", "datasets")}
    assert inside - named <= {"__init__.py"}, inside - named


def test_tables_of_remedies_are_those_of_the_registry_and_the_study():
    assert remedies.listing() in README
    assert remedies.findings() in README


def test_pictures_and_folders_exist():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target
