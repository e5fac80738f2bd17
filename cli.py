"""The same analyses without a browser: `python cli.py COMMAND ... --json`.

One JSON value on standard output. Exit 0; 2 for a user's mistake, with one plain line
on standard error.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from analysis.errors import AuditError, SettingError

AUDITED = (
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "false_negative_rate",
    "true_negative_rate",
    "precision",
    "accuracy",
    "error_rate",
    "balanced_accuracy",
    "f1",
    "auroc",
    "brier_score",
    "log_loss",
    "expected_calibration_error",
)
TESTED = ("accuracy", "error_rate", "f1", "auroc", "log_loss", "brier_score")
COMPARED = (
    "selection_rate",
    "accuracy",
    "false_negative_rate",
    "false_positive_rate",
    "auroc",
    "brier_score",
)

Options = argparse.Namespace


def datasets(_: Options) -> list[dict[str, Any]]:
    """List the embedded tasks."""
    from analysis.datasets.load import load
    from analysis.datasets.splits import methods_for
    from analysis.datasets.tasks import TASKS

    return [
        {
            "name": task.name,
            "title": task.title,
            "rows": len(load(task).frame),
            "features": list(task.features),
            "label": task.label,
            "positive": task.positive,
            "sensitive": list(task.sensitive),
            "weight": task.weight,
            "time": task.time,
            "splits": list(methods_for(task)),
            "filters": list(task.filters),
            "licence": task.licence,
        }
        for task in TASKS.values()
    ]


def train(options: Options) -> dict[str, Any]:
    """Train a task, or find the finished run of the same recipe."""
    from analysis.datasets.load import load
    from analysis.datasets.splits import methods_for
    from analysis.disaggregate import disaggregate
    from models.evaluations import evaluation
    from models.recipe import Recipe, Stage
    from models.store import open_store
    from models.training import train_now

    store = open_store()
    task = store.task(options.task)
    recipe = Recipe(
        task=task.name,
        split=options.split or methods_for(task)[0],
        seed=options.seed,
        held_out=options.held_out,
        architecture=options.architecture,
        device=options.device,
        stages=tuple(Stage(name, settings) for name, settings in options.remedy or ()),
    )
    if options.epochs is not None:
        recipe = replace(recipe, epochs=options.epochs)
    data = load(task, store.tables)
    run = train_now(store, recipe, dataset=data)
    table = disaggregate(evaluation(store, run, data), (), TESTED)
    return {
        "run": run.id,
        "recipe": run.recipe.to_json(),
        "seconds": run.seconds,
        "epochs": run.epochs,
        "test": {name: table.overall[name].to_json() for name in TESTED},
    }


def audit(options: Options) -> dict[str, Any]:
    """Give metrics overall, for every intersection of groups, and their gaps."""
    from analysis.answers import audit_json, groups_of
    from analysis.disaggregate import disaggregate
    from analysis.metrics import FAIRNESS_GAPS, usable_metrics
    from models.named import named_evaluation

    name = options.data or options.what
    found, notes = named_evaluation(name, _columns(options), options.threshold)
    attributes = _listed(options.groups)
    asked = _listed(options.metrics) or usable_metrics(AUDITED, found.is_probability)
    members = [m for name in asked for m in FAIRNESS_GAPS.get(name, (name,))]
    table = disaggregate(
        found,
        attributes,
        list(dict.fromkeys(members)),
    )
    shown = [name for name in table.by_group if name in asked]
    gaps = asked if options.metrics else list(table.gaps)
    return {
        "n": len(found),
        "threshold": getattr(found.rule, "value", None),
        **audit_json(table, groups_of(found, attributes), shown, gaps),
        "notes": list(notes),
    }


def attribute(options: Options) -> dict[str, Any]:
    """Split a change in a metric over the parts of the distribution that moved."""
    from analysis.answers import attribution_json, groups_of
    from analysis.datasets.comparing import two_domains
    from analysis.datasets.declared import scored_file

    columns = _columns(options)
    first = scored_file(options.source, columns)
    # the same groups on both sides, also where numbers are cut into groups
    columns = replace(columns, cut_points=first.task.cut_points)
    source, target = two_domains(
        first,
        scored_file(options.target, columns),
        features=_listed(options.features),
        threshold=_threshold(options),
    )
    split = _splitter(options)
    answer = attribution_json(split(source, target))
    if options.groups:
        answer["groups"] = []
        for group in groups_of(source.evaluation, _listed(options.groups)):
            try:
                part = attribution_json(
                    split(source.of_group(group), target.of_group(group))
                )
            except AuditError as error:
                part = {"parts": [], "warnings": [str(error)]}
            answer["groups"].append({"group": group, **part})
    return answer


def compare(options: Options) -> dict[str, Any]:
    """Compare runs with a base on the same test rows."""
    from analysis.answers import flips_json, groups_of, harmed_json, paired_json
    from analysis.compare import flips, paired
    from models.named import run_evaluation
    from models.store import open_store

    store, cut = open_store(), _threshold(options)
    attributes = _listed(options.groups)
    metrics = _listed(options.metrics) or COMPARED
    before = run_evaluation(store, options.base, cut)
    groups = groups_of(before, attributes)
    answer: dict[str, Any] = {"paired": {}, "flips": [], "harmed": []}
    for name in options.runs:
        run = store.find(name).id
        after = run_evaluation(store, run, cut)
        result = paired(before, after, attributes, metrics)
        answer["paired"][run] = paired_json(result, groups)
        answer["flips"] += flips_json(run, flips(before, after, attributes), groups)
        answer["harmed"] += harmed_json(run, result, groups)
    return answer


def _splitter(options: Options) -> Callable[[Any, Any], Any]:
    from analysis.attribution import attribute_covariates, attribute_mechanisms
    from analysis.graph import parse_graph

    settings = {"bootstrap": options.bootstrap, "seed": options.seed}
    if not options.graph:
        return lambda s, t: attribute_covariates(s, t, options.metric, **settings)
    graph = [m.renamed(options.label, "Y") for m in parse_graph(options.graph)]
    return lambda s, t: attribute_mechanisms(s, t, options.metric, graph, **settings)


def _columns(options: Options) -> Any:
    from analysis.datasets.declared import ScoredColumns

    return ScoredColumns(
        label=options.label or "",
        scores=_listed(options.scores),
        groups=_listed(options.groups),
        positive=options.positive,
        weights=options.weights,
    )


def _threshold(options: Options) -> float:
    return 0.5 if options.threshold is None else float(options.threshold)


def _listed(text: str | None) -> tuple[str, ...]:
    parts = (part.strip() for part in (text or "").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        raise SettingError(f"{message}. See: python cli.py --help")


class _Remedy(argparse.Action):
    """Collect remedies in order; `--set` belongs to the one before it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: Options,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Add a remedy, or a setting to the last one."""
        chain = list(namespace.remedy or [])
        if option_string == "--remedy":
            chain.append((values, {}))
        elif not chain or "=" not in values:
            parser.error(f"--set {values} needs a --remedy before it and key=value")
        else:
            key, value = values.split("=", 1)
            chain[-1][1][key] = _json_or_text(value)
        namespace.remedy = chain


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _between(low: int, high: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.lstrip("-").isdigit() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(
                f"'{text}' is not a whole number from {low:,} to {high:,}"
            )
        return int(text)

    return whole


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if value - value != 0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a finite number")
    return value


def parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    root = _Parser(prog="cli.py", description=__doc__)
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(call: Callable[[Options], Any]) -> argparse.ArgumentParser:
        made = commands.add_parser(call.__name__, help=call.__doc__)
        made.set_defaults(call=call)
        made.add_argument("--json", action="store_true", help="on one line")
        made.add_argument("--seed", type=_between(0, 2**31), default=0)
        return made

    command(datasets)
    _add_recipe(command(train))

    p = command(audit)
    p.add_argument("what", nargs="?", metavar="RUN | DATA")
    p.add_argument("--data", help="the same, as an option")
    p.add_argument("--metrics", help="names joined by commas")
    p.add_argument(
        "--bootstrap",
        type=_between(1, 100_000),
        default=1000,
        help="accepted for scripts; every interval of an audit has a closed form",
    )
    _add_columns(p)

    p = command(attribute)
    p.add_argument("--source", required=True, metavar="DATA")
    p.add_argument("--target", required=True, metavar="DATA")
    p.add_argument("--metric", required=True)
    either = p.add_mutually_exclusive_group()
    either.add_argument("--graph", help='edges such as "G->Y,Y->X1"')
    either.add_argument("--features", help="columns taken as X")
    p.add_argument("--bootstrap", type=_between(0, 100_000), default=200)
    _add_columns(p)

    p = command(compare)
    p.add_argument("base")
    p.add_argument("runs", nargs="+", metavar="run")
    p.add_argument("--groups", required=True)
    p.add_argument("--metrics")
    p.add_argument("--threshold", type=_finite)
    return root


def _add_recipe(p: argparse.ArgumentParser) -> None:
    p.add_argument("task")
    p.add_argument("--architecture", default="mlp")
    p.add_argument("--remedy", action=_Remedy, metavar="NAME")
    p.add_argument("--set", action=_Remedy, dest="remedy", metavar="k=v")
    p.add_argument("--split", choices=("official", "random", "time", "domain"))
    p.add_argument("--held-out", default="", help="the domain that is test")
    p.add_argument("--epochs", type=_between(1, 10_000))
    p.add_argument("--device", default="auto", help="auto, cpu or cuda")


def _add_columns(p: argparse.ArgumentParser) -> None:
    p.add_argument("--label")
    p.add_argument("--positive", help="the class taken as positive")
    p.add_argument("--scores", help="one column, or one per class joined by commas")
    p.add_argument("--groups", help="attributes joined by commas, crossed in full")
    p.add_argument("--weights", help="column of survey weights")
    p.add_argument("--threshold", type=_finite, help="0.5, or the task's own")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    try:
        options = parser().parse_args(arguments)
        answer = options.call(options)
    except AuditError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    print(json.dumps(answer, indent=None if options.json else 2, allow_nan=False))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader closed: nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
