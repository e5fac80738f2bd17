"""The settings of a remedy: dataclass fields that carry their range and their help."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from analysis.errors import SettingError

SettingKind = Literal[
    "number",
    "integer",
    "choice",
    "attribute",
    "class",
    "classes",
    "cohort",
    "cohorts",
    "feature",
    "table",
    "run",
    "runs",
]


@dataclass(frozen=True)
class Setting:
    """One setting of a remedy, as forms and the command line show it.

    Parameters
    ----------
    name : str
    kind : str
        'number' and 'integer' have a range, 'choice' has options. The others name
        something of the table: 'attribute' one of its sensitive attributes, or several
        joined by commas; 'class' a class of its label, 'classes' several; 'cohort' a
        rule, 'cohorts' several with semicolons between; 'feature' one of its features;
        'table' another table with the same columns; 'run' another run of the same
        table and split, by its id, 'runs' several joined by commas.
    default : float, int, str or None
        None when it must be given; the empty text where it may be left out.
    low, high : float
        Range of a number, ends included.
    options : tuple of str
        Of a choice.
    help : str
        One sentence.
    is_dial : bool
        Whether it is how strongly the remedy acts: a slider goes along it.
    label : str
        What a form calls it, where its name is only a letter of the paper.
    is_shown : bool
        Whether a form shows it at once although a remedy inherits it.
    """

    name: str
    kind: SettingKind
    default: Any
    low: float
    high: float
    options: tuple[str, ...]
    help: str
    is_dial: bool
    label: str = ""
    is_shown: bool = False


def setting(
    default: Any,
    low: float,
    high: float,
    help: str,  # noqa: A002 (the word users see)
    *,
    is_dial: bool = False,
    label: str = "",
) -> Any:
    """Declare a number; whole, if its default is written as one."""
    kind: SettingKind = "integer" if isinstance(default, int) else "number"
    return _declared(
        kind, default, help, low=low, high=high, is_dial=is_dial, label=label
    )


def choice_setting(
    default: str,
    options: tuple[str, ...],
    help: str,  # noqa: A002
    *,
    is_shown: bool = False,
) -> Any:
    """Declare a choice between words."""
    return _declared("choice", default, help, options=options, is_shown=is_shown)


def attribute_setting(help: str, *, is_required: bool) -> Any:  # noqa: A002
    """Declare the group setting of a remedy; not required, it is empty by default."""
    default = dataclasses.MISSING if is_required else ""
    return _declared("attribute", default, help)


def class_setting(help: str) -> Any:  # noqa: A002
    """Declare a class of the label; empty for the one in view, the last."""
    return _declared("class", "", help)


def classes_setting(help: str) -> Any:  # noqa: A002
    """Declare classes of the label, joined by commas; empty is allowed."""
    return _declared("classes", "", help)


def cohort_setting(
    help: str = "Only these people are touched; empty for all.",  # noqa: A002
    *,
    is_required: bool = False,
) -> Any:
    """Declare a rule such as `sex = Female & age >= 40`."""
    default = dataclasses.MISSING if is_required else ""
    return _declared("cohort", default, help)


def cohorts_setting(help: str) -> Any:  # noqa: A002
    """Declare rules with semicolons between; empty for none."""
    return _declared("cohorts", "", help)


def feature_setting(help: str, *, is_required: bool = True) -> Any:  # noqa: A002
    """Declare a feature of the table, or several joined by commas."""
    default = dataclasses.MISSING if is_required else ""
    return _declared("feature", default, help)


def refuse_no_target(target: str, table: str) -> None:
    """Refuse a remedy that looks at a target and names none.

    Raises
    ------
    SettingError
        Neither a rule nor another table is given.
    """
    if not (target.strip() or table.strip()):
        raise SettingError(
            "This remedy needs a target: a rule such as year = 95, or another table. "
            "Give one."
        )


def table_setting(help: str, *, is_required: bool = True) -> Any:  # noqa: A002
    """Declare another table, by the name of its task."""
    default = dataclasses.MISSING if is_required else ""
    return _declared("table", default, help)


def run_setting(help: str, *, is_required: bool = True) -> Any:  # noqa: A002
    """Declare another finished run of the same table and split, by its id."""
    default = dataclasses.MISSING if is_required else ""
    return _declared("run", default, help)


def runs_setting(help: str) -> Any:  # noqa: A002
    """Declare several such runs, joined by commas."""
    return _declared("runs", dataclasses.MISSING, help)


def settings_of(remedy: type[Any]) -> tuple[Setting, ...]:
    """Return a remedy's settings in the order of its form."""
    fields = dataclasses.fields(remedy)
    return tuple(_setting(field) for field in fields if field.metadata)


def dial_of(remedy: type[Any]) -> Setting | None:
    """Return the setting that says how strongly a remedy acts, if it has one."""
    return next((s for s in settings_of(remedy) if s.is_dial), None)


def _declared(kind: SettingKind, default: Any, help: str, **more: Any) -> Any:  # noqa: A002
    metadata = {"kind": kind, "help": help, **more}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def _setting(field: dataclasses.Field[Any]) -> Setting:
    required = field.default is dataclasses.MISSING
    meta = field.metadata
    return Setting(
        name=field.name,
        kind=meta["kind"],
        default=None if required else field.default,
        low=meta.get("low", 0),
        high=meta.get("high", 0),
        options=meta.get("options", ()),
        help=meta["help"],
        is_dial=meta.get("is_dial", False),
        label=meta.get("label", ""),
        is_shown=meta.get("is_shown", False),
    )
