"""What the command line reads: commands, their options, and plain refusals."""

import argparse
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from analysis.errors import SettingError

Options = argparse.Namespace
Call = Callable[[Options], Any]


LARGEST = 1_000_000_000
"""Largest difference and strength that are read; costs go as far."""

SMALLEST = 1e-9
"""Smallest difference for which rows needed are given."""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        option = re.fullmatch(r"argument (--\S+): expected one argument", message)
        if option:
            message += f" (one that starts with - is written {option[1]}=-1)"
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
            chain[-1][1][key] = _unquoted(value)
        namespace.remedy = chain


class _Chosen(argparse.Action):
    """Collect settings of training, each written key=value."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: Options,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Add a setting."""
        if "=" not in values:
            parser.error(f"{option_string} {values} needs key=value")
        key, value = values.split("=", 1)
        known = getattr(namespace, self.dest) or {}
        # As text: 12e4567 may be the start of a run's id.
        setattr(namespace, self.dest, {**known, key: value})


def _unquoted(text: str) -> str:
    """Return what a JSON string says, and all else as it was typed.

    Numbers stay text until the setting says that it is one: a run's id may read like a
    number, such as 41302578e041.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, str) else text


def _between(low: int, high: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        is_whole = re.fullmatch(r"-?[0-9]{1,18}", text) is not None
        if not is_whole or not low <= int(text) <= high:
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


def _strength(text: str) -> float:
    value = _finite(text)
    if not 0 <= value <= LARGEST:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a number from 0 to {LARGEST:,}"
        )
    return value


def _gap(text: str) -> float:
    value = _finite(text)
    if not SMALLEST <= value <= LARGEST:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a difference from {SMALLEST:g} to {LARGEST:,}; give one "
            "in the metric's own unit, such as 0.05"
        )
    return value


def _share(text: str) -> float:
    value = _finite(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a share above 0, up to 1")
    return value


def _group_thresholds(text: str) -> tuple[str, tuple[float, ...]]:
    attribute, _, values = text.rpartition("=")
    try:
        return attribute, tuple(_finite(v) for v in values.split(","))
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not an attribute with a finite number per group, such as "
            "sex=0.4,0.5"
        ) from None


def parser(calls: Mapping[str, Call], words: str) -> argparse.ArgumentParser:
    """Return the parser of every command; `words` say what they are for."""
    root = _Parser(prog="cli.py", description=words)
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str) -> argparse.ArgumentParser:
        call = calls[name]
        made = commands.add_parser(name, help=call.__doc__)
        made.set_defaults(call=call)
        made.add_argument("--json", action="store_true", help="on one line")
        made.add_argument("--seed", type=_between(0, 2**31), default=0)
        return made

    command("datasets")
    command("remedies")
    p = command("train")
    p.add_argument("task")
    _add_recipe(p)
    _add_chain(p)
    p = command("remedy")
    p.add_argument("run")
    _add_chain(p)
    command("chain").add_argument("run")

    _add_audit(command("audit"))
    _add_attribute(command("attribute"))
    _add_estimate(command("estimate"))
    _add_shift(command("shift"))
    _add_compare(command("compare"))
    _add_calibrate(command("calibrate"))
    return root


def _add_audit(p: argparse.ArgumentParser) -> None:
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
    _add_view(p)
    _add_answers(p)


def _add_calibrate(p: argparse.ArgumentParser) -> None:
    p.add_argument("what", nargs="?", metavar="RUN | DATA")
    p.add_argument("--data", help="the same, as an option")
    p.add_argument("--method", default="temperature", help="a remedy of scores")
    p.add_argument("--by", default="", help="attributes to fit and report by")
    p.add_argument("--set", action=_Chosen, dest="chosen", metavar="k=v")
    p.add_argument(
        "--ranks", action="store_true", help="turn a raw score into ranks first"
    )
    p.add_argument(
        "--report",
        default="test",
        choices=("test", "validation"),
        help="rows of a run to report on",
    )
    p.add_argument("--cohort", default="", help='whom to report on, as "age >= 40"')
    p.add_argument("--class", dest="view", default="", help="the class in view")
    _add_columns(p)
    _add_hiding(p)


def _add_attribute(p: argparse.ArgumentParser) -> None:
    p.add_argument("--source", required=True, metavar="DATA")
    p.add_argument("--target", required=True, metavar="DATA")
    p.add_argument("--metric", required=True)
    either = p.add_mutually_exclusive_group()
    either.add_argument("--graph", help='edges such as "G->Y,Y->X1"')
    either.add_argument("--features", help="columns taken as X")
    p.add_argument(
        "--way",
        default="covariates",
        choices=("covariates", "features", "shared"),
        help="P(X) and P(Y|X), feature by feature, or on the X that both sides share",
    )
    p.add_argument("--order", default="", help="for --way features: a,b;c")
    p.add_argument("--group", default="", help='the metric of one: "sex = Female"')
    p.add_argument("--against", default="", help="less that of another group")
    p.add_argument("--gap-of", default="", help="the largest gap of an attribute")
    p.add_argument("--time", default="", help="column that orders the rows")
    p.add_argument("--bootstrap", type=_between(0, 100_000), default=200)
    _add_columns(p)
    _add_hiding(p)


def _add_estimate(p: argparse.ArgumentParser) -> None:
    p.add_argument("--reference", required=True, metavar="DATA", help="with labels")
    p.add_argument("--target", required=True, metavar="DATA", help="with or without")
    p.add_argument("--metrics", help="names joined by commas")
    p.add_argument("--features", help="columns taken as X")
    p.add_argument("--time", default="", help="column of the chunks")
    p.add_argument("--bootstrap", type=_between(0, 100_000), default=200)
    _add_columns(p)
    _add_hiding(p)


def _add_shift(p: argparse.ArgumentParser) -> None:
    p.add_argument("what", nargs="?", metavar="RUN | TASK")
    p.add_argument("--data", help="the same, as an option")
    p.add_argument("--ask", required=True, help="attribution, detection, evidence, ...")
    p.add_argument("--by", default="", help="column that tells the sides apart")
    p.add_argument("--source", default="", help="its values, joined by commas")
    p.add_argument("--target", default="", help="its values, joined by commas")
    p.add_argument("--table", default="", help="a second table, in place of values")
    p.add_argument("--without", default="", help="features left out")
    p.add_argument("--set", action=_Chosen, dest="chosen", metavar="k=v")
    p.add_argument("--cohort", default="", help='whom it is about, as "age >= 40"')
    p.add_argument("--class", dest="view", default="", help="the class in view")
    _add_columns(p)
    _add_hiding(p)


def _add_compare(p: argparse.ArgumentParser) -> None:
    p.add_argument("base")
    p.add_argument("runs", nargs="+", metavar="run")
    p.add_argument("--groups", required=True)
    p.add_argument("--metrics")
    p.add_argument("--threshold", type=_finite)
    _add_hiding(p)


def _add_recipe(p: argparse.ArgumentParser) -> None:
    # What is left out stays None, so that a chain file may say it.
    p.set_defaults(seed=None)
    p.add_argument("--architecture", help="mlp by default")
    p.add_argument("--split", choices=("official", "random", "time", "domain"))
    p.add_argument("--held-out", help="the domain that is test")
    p.add_argument("--epochs", type=_between(1, 10_000))
    p.add_argument("--device", help="auto, cpu or cuda")
    p.add_argument(
        "--with",
        action=_Chosen,
        dest="chosen",
        metavar="k=v",
        help="any other setting of training, such as learning_rate=0.001",
    )


def _add_chain(p: argparse.ArgumentParser) -> None:
    p.add_argument("--remedy", action=_Remedy, metavar="NAME")
    p.add_argument("--set", action=_Remedy, dest="remedy", metavar="k=v")
    p.add_argument("--chain", default="", metavar="FILE", help="remedies from a file")


def _add_columns(p: argparse.ArgumentParser) -> None:
    p.add_argument("--label")
    p.add_argument("--positive", help="the class taken as positive")
    p.add_argument("--scores", help="one column, or one per class joined by commas")
    p.add_argument("--groups", help="attributes joined by commas, crossed in full")
    p.add_argument("--weights", help="column of survey weights")
    p.add_argument("--threshold", type=_finite, help="0.5, or the task's own")


def _add_hiding(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--hide-below",
        type=_between(0, 10**9),
        default=0,
        metavar="K",
        help="withhold groups of fewer people",
    )


def _add_view(p: argparse.ArgumentParser) -> None:
    p.add_argument("--depth", type=_between(1, 10), help="cross up to so many groups")
    p.add_argument(
        "--reference", default="", help='such as "sex = Male"; else the rest'
    )
    p.add_argument("--cohort", default="", help='a rule, such as "age >= 40"')
    p.add_argument("--class", dest="view", default="", help="the class in view")
    p.add_argument("--thresholds", type=_group_thresholds, help="by group: sex=0.4,0.5")
    p.add_argument("--costs", default="", help="tn/fp/fn/tp, such as 0/1/5/0")
    _add_hiding(p)
    p.add_argument(
        "--strength", type=_strength, default=1.0, help="of the pull of small groups"
    )
    p.add_argument("--gap", type=_gap, default=0.05, help="to give the rows needed for")


def _add_answers(p: argparse.ArgumentParser) -> None:
    p.add_argument("--controls", help="attributes held fixed, joined by commas")
    p.add_argument("--along", default="", help="a number to follow the first metric on")
    p.add_argument("--similar", default="", help='the neighbours of "sex = Female"')
    p.add_argument("--suggest", action="store_true", help="groups nobody named")
    p.add_argument("--strategies", action="store_true", help="thresholds by strategy")
    p.add_argument("--curves", action="store_true", help="over all thresholds")
    p.add_argument("--quality", action="store_true", help="groups whose data differ")
    p.add_argument(
        "--clusters", type=_between(2, 100), default=12, help="for --suggest"
    )
    p.add_argument("--span", type=_share, default=0.2, help="of a window of --along")
    p.add_argument("--preset", default="", choices=("", "four_fifths", "law_144"))
    p.add_argument(
        "--favourable",
        default="positive",
        choices=("positive", "negative"),
        help="the decision that --preset takes as the favourable one",
    )
