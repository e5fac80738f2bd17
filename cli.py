"""The same analyses without a browser: `python cli.py COMMAND ... --json`.

One JSON value on standard output. Exit 0; 2 for a user's mistake, with one plain line
on standard error.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from analysis.errors import AuditError
from models.command_line import Options, parser
from models.names import split
from models.refusals import cut


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


def remedies(_: Options) -> list[dict[str, Any]]:
    """List the remedies with their settings."""
    from models.requested import remedies_json

    return remedies_json()


def train(options: Options) -> dict[str, Any]:
    """Train a task, or find the finished run of the same recipe."""
    from models.mending import trained
    from models.store import open_store

    named = {
        "split": options.split,
        "seed": options.seed,
        "held_out": options.held_out,
        "architecture": options.architecture,
        "device": options.device,
        "epochs": options.epochs,
    }
    given = {name: value for name, value in named.items() if value is not None}
    return trained(open_store(), _asked(options, given | (options.chosen or {})))


def remedy(options: Options) -> dict[str, Any]:
    """Mend a run: add remedies to its chain, and train or fit what that asks for."""
    from models.mending import mended
    from models.store import open_store

    return mended(open_store(), options.run, _asked(options, {}))


def chain(options: Options) -> dict[str, Any]:
    """Give the chain of a run as the content of a chain file."""
    from models.chain_file import chain_of, to_json
    from models.store import open_store

    return to_json(chain_of(open_store().find(options.run).recipe))


def _asked(options: Options, given: dict[str, Any]) -> Any:
    from models.mending import Asked

    task = getattr(options, "task", "")
    return Asked(task, given, options.remedy or (), options.chain)


def audit(options: Options) -> dict[str, Any]:
    """Give metrics overall, for every intersection of groups, and their gaps."""
    from models.auditing import audit as audited
    from models.named import named
    from models.refusals import refuse_clashes, refuse_unread_columns

    asked = _request(options)
    refuse_clashes(options, asked)
    columns = _columns(options)
    columns = replace(
        columns,
        groups=(*columns.groups, *_listed(options.controls)),
        with_features=options.suggest or options.quality or bool(options.similar),
    )
    found = named(options.data or options.what, columns, options.threshold)
    refuse_unread_columns(options)
    return audited(found, asked)


def attribute(options: Options) -> dict[str, Any]:
    """Split a change in a metric over the parts of the distribution that moved."""
    from models.attributing import Change, attributed

    asked = Change(
        options.metric,
        options.group,
        options.against,
        options.gap_of,
        options.graph or "",
        options.label or "",
        options.way,
        options.order,
        options.bootstrap,
        options.seed,
    )
    files = _files(options, options.source, features=_listed(options.features))
    return attributed(files, asked, options.hide_below)


def estimate(options: Options) -> dict[str, Any]:
    """Estimate performance on a target whose labels are not read."""
    from models.attributing import estimated

    return estimated(
        _files(options, options.reference, features=_listed(options.features)),
        _listed(options.metrics),
        bootstrap=options.bootstrap,
        seed=options.seed,
        hide_below=options.hide_below,
    )


def shift(options: Options) -> dict[str, Any]:
    """Ask of a run, or of a scored task, what the Shift page asks."""
    from analysis.shifts.sides import Sides
    from models.named import source_named
    from models.shift_command import Question, asked
    from models.store import open_store

    sides = Sides(
        options.by,
        _listed(options.source),
        _listed(options.target),
        options.table,
        _listed(options.without),
    )
    question = Question(
        options.ask,
        sides,
        options.chosen or {},
        options.cohort,
        options.view,
        options.threshold,
        options.hide_below,
        options.seed,
    )
    name = options.data or options.what
    return asked(open_store(), source_named(name, _columns(options)), question)


def _files(options: Options, source: str, features: tuple[str, ...]) -> Any:
    from models.attributing import Files

    return Files(
        source,
        options.target,
        _columns(options),
        features,
        _threshold(options),
        options.time,
    )


def compare(options: Options) -> dict[str, Any]:
    """Compare runs with a base on the same test rows."""
    from models.comparing import compared
    from models.store import open_store

    return compared(
        open_store(),
        [options.base, *options.runs],
        _listed(options.groups),
        _listed(options.metrics),
        threshold=_threshold(options),
        hide_below=options.hide_below,
    )


def calibrate(options: Options) -> dict[str, Any]:
    """Fit a remedy of scores, and say what it did on rows it was not fitted on."""
    from models.calibrating import Calibration, calibrated, posthoc_stage
    from models.named import source_named
    from models.store import open_store

    by = _listed(options.by)
    columns = replace(_columns(options), with_features=True)  # rules may name them
    groups = tuple(dict.fromkeys((*columns.groups, *by)))
    source = source_named(options.data or options.what, replace(columns, groups=groups))
    asked = Calibration(
        stage=posthoc_stage(options.method, by, options.chosen or {}),
        groups=columns.groups or by,
        threshold=options.threshold,
        is_ranked=options.ranks,
        report=options.report,
        cohort=options.cohort,
        positive=options.view,
        hide_below=options.hide_below,
    )
    return calibrated(open_store(), source, asked)


def _request(options: Options) -> Any:
    from models.request import Request

    return Request(
        attributes=_listed(options.groups),
        metrics=_listed(options.metrics),
        depth=options.depth,
        reference=options.reference,
        cohort=options.cohort,
        positive=options.view,
        group_thresholds=options.thresholds,
        costs=options.costs,
        hide_below=options.hide_below,
        strength=options.strength,
        gap=options.gap,
        controls=_listed(options.controls),
        along=options.along,
        similar=options.similar,
        strategies=options.strategies,
        curves=options.curves,
        suggest=options.suggest,
        check_quality=options.quality,
        clusters=options.clusters,
        span=options.span,
        preset=options.preset,
        favourable=options.favourable,
    )


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
    """Return names joined by commas; one that holds a comma is quoted as in CSV."""
    return split(text or "")


COMMANDS = {
    call.__name__: call
    for call in (
        datasets,
        remedies,
        train,
        remedy,
        chain,
        audit,
        attribute,
        estimate,
        shift,
        compare,
        calibrate,
    )
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = parser(COMMANDS, __doc__).parse_args(given)
        answer = options.call(options)
    except AuditError as error:
        print(cut(str(error), given), file=sys.stderr)
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
