"""Options of an audit that would be ignored are refused, and why."""

import re

from analysis.cohorts import group_of
from analysis.errors import SettingError
from models.command_line import Options
from models.request import Request

LONG = 500
"""What is quoted from the command line beyond this many characters is cut."""

KEPT = 100


def refuse_clashes(options: Options, request: Request) -> None:
    """Refuse options of an audit that say the same twice, or lean on a missing one.

    Raises
    ------
    SettingError
        There are such options.
    """
    if options.data and options.what:
        raise SettingError(
            f"Two names are given: '{options.what}' and --data '{options.data}'. Give "
            "one of them."
        )
    if options.threshold is not None and options.thresholds is not None:
        raise SettingError(
            f"--threshold {options.threshold:g} and --thresholds by "
            f"{options.thresholds[0]} are both given. Give one of them."
        )
    if request.depth is not None and not request.attributes:
        raise SettingError(
            f"--depth {request.depth} crosses nothing without --groups. Name "
            "attributes there, or leave --depth out."
        )
    if request.reference:
        _refuse_other_attributes(request)


def refuse_unread_columns(options: Options) -> None:
    """Refuse columns that are named for a task or a run, which have their own.

    Raises
    ------
    SettingError
        There are such columns.
    """
    names = ("label", "positive", "weights")
    given = [f"--{name}" for name in names if getattr(options, name)]
    if given and not options.scores:
        raise SettingError(
            f"{' and '.join(given)} would be ignored: '{options.data or options.what}' "
            "has columns and classes of its own. Leave them out (--class chooses the "
            "class in view), or give --label and --scores to read it as a table."
        )


_ON_A_PAGE = re.compile(
    r",? (?:on|in) the (?:(?:Data|Model|Subgroups|Shift|Remedies|Compare)(?: or )?)+ "
    r"page|,? in the sidebar(?:, under More)?"
)
"""Where a page has what a message speaks of; a terminal has no pages."""


def cut(message: str, arguments: list[str]) -> str:
    """Return a message on one line, long arguments of the command line in it cut.

    What a terminal would obey, such as the start of a colour, is replaced.

    It says what to do, not on which page: the command line has none.
    """
    message = _ON_A_PAGE.sub("", message)
    for argument in arguments:
        for text in (argument, argument.partition("=")[2]):
            if len(text) > LONG:
                message = message.replace(text, f"{text[:KEPT]} …")
    line = " ".join(message.split())
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)


def _refuse_other_attributes(request: Request) -> None:
    """Refuse a reference that is not about the groups that are compared."""
    named, compared = tuple(group_of(request.reference)), request.attributes
    extra = [name for name in named if name not in compared]
    missing = [name for name in compared if name not in named]
    if extra:
        raise SettingError(
            f"The reference names {', '.join(extra)}, which --groups does not: it "
            f"compares {', '.join(compared) or 'nobody'}. Add it there, or leave it "
            "out of the reference."
        )
    if missing:
        raise SettingError(
            f"The reference '{request.reference}' names no {' and no '.join(missing)}; "
            "it needs a value for each of the --groups. Add it, such as "
            f'--reference "{request.reference} & {missing[0]} = ...".'
        )
