"""The chain of remedies in a recipe: check it, complete it, cut it into runs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from analysis.cohorts import parse
from analysis.errors import SettingError
from models.cohort_sets import rules_of, text_of
from models.names import is_text, joined, parts, split
from models.recipe import BOOSTING, Recipe, Stage
from models.remedies import REMEDIES
from models.remedies.base import LAYERS, Remedy, layer_of
from models.remedies.in_loop import SLOT_WORDS
from models.remedies.settings import Setting, settings_of


def stage(remedy: str, /, **settings: Any) -> Stage:
    """Return a stage with all its settings, checked.

    Raises
    ------
    SettingError
        The remedy or a setting does not exist, a value is out of range, or two
        contradict each other.
    """
    kind = _remedy_class(remedy)
    known = {s.name: s for s in settings_of(kind)}
    for name in settings:
        if name not in known:
            raise SettingError(
                f"{kind.title} has no setting '{name}'; it has {', '.join(known)}."
            )
    values = {
        name: _checked(kind.title, s, settings.get(name, s.default))
        for name, s in known.items()
    }
    kind(**values)  # refuses what does not go together
    return Stage(remedy, values)


def remedy_of(stage: Stage) -> Remedy:
    """Return the remedy of a stage with its settings."""
    return _remedy_class(stage.remedy)(**stage.settings)


def completed(recipe: Recipe) -> Recipe:
    """Return a recipe with every setting of every stage, its order checked.

    Two recipes that mean the same become equal, and so have the same run.

    Raises
    ------
    SettingError
        A retraining remedy stands after a post-hoc one, or a setting is wrong.
    """
    stages = tuple(stage(s.remedy, **s.settings) for s in recipe.stages)
    for given in stages:
        remedy_of(given)  # refuses settings that do not go together
    kinds = [_remedy_class(s.remedy) for s in stages]
    if recipe.layers == "last" and not recipe.warm_start:
        raise SettingError(
            "Training the last layer alone needs a model whose other layers are "
            "trained. Choose a run to start from, or train all layers."
        )
    _refuse_clashes(kinds, recipe)
    _refuse_ignored(kinds, recipe)
    _refuse_after_finished(kinds)
    for before, after in pairwise(kinds):
        if before.kind == "posthoc" and after.kind == "retraining":
            raise SettingError(
                f"'{after.title}' trains a new model, so what '{before.title}' fitted "
                f"to the old one would be lost. Put '{after.title}' first."
            )
    _refuse_layers(kinds)
    fitted = sum(kind.kind == "posthoc" for kind in kinds)
    # A step of a chain keeps the parts of the whole: what it fits, others do not see.
    cut = max(recipe.calibration_parts, fitted)
    return replace(recipe, stages=stages, calibration_parts=cut)


LAYER_WORDS = {
    "model": "changes the model itself",
    "scores": "changes its scores",
    "decisions": "decides by these scores",
    "guardrail": "holds back some of the decisions",
}
"""What a post-hoc remedy does, by its layer."""


def _refuse_layers(kinds: Sequence[type[Remedy]]) -> None:
    """Refuse a change beneath what was fitted on top of it, and two ways to decide."""
    after = [k for k in kinds if k.kind == "posthoc"]
    for before, then in pairwise(after):
        first, second = LAYERS.index(layer_of(before)), LAYERS.index(layer_of(then))
        if first > second:
            raise SettingError(
                f"'{then.title}' {LAYER_WORDS[LAYERS[second]]}, and '{before.title}' "
                f"{LAYER_WORDS[LAYERS[first]]}, which would then no longer fit. Put "
                f"'{then.title}' first."
            )
        if first == second == LAYERS.index("decisions"):
            raise SettingError(
                f"'{then.title}' would decide anew what '{before.title}' has decided: "
                "only one of them has a say. Keep one."
            )


def _refuse_clashes(kinds: Sequence[type[Remedy]], recipe: Recipe) -> None:
    """Refuse two remedies for one place in the loop, and what trees cannot do."""
    taken = dict[str, str]()
    for kind in kinds:
        slot = getattr(kind, "slot", "")
        if slot and slot in taken:
            raise SettingError(
                f"'{kind.title}' and '{taken[slot]}' both change {SLOT_WORDS[slot]}. "
                "Keep one of them."
            )
        if "a network" in kind.needs and recipe.architecture == BOOSTING:
            raise SettingError(
                f"'{kind.title}' changes {_of_network(kind)}, and boosted trees are "
                "not one. Choose a remedy by weights, by data or by thresholds, or a "
                "network."
            )
        taken |= {slot: kind.title} if slot else {}


def _of_network(kind: type[Remedy]) -> str:
    trains = kind.kind == "retraining"
    return "how a network learns" if trains else "the weights of a network"


IGNORED = {
    "prune": "leaving out well-learnt rows",
    "stop_by": "stopping by the worst group",
    "find_rate": "finding the learning rate",
    "warm_start": "a warm start",
}
"""Settings of the loop that mean nothing to a remedy that trains many models."""


def _refuse_ignored(kinds: Sequence[type[Remedy]], recipe: Recipe) -> None:
    """Refuse what would silently have no say beside other remedies."""
    loops = [k for k in kinds if getattr(k, "slot", "")]
    whole = [k for k in loops if getattr(k, "slot", "") == "whole"]
    if not whole:
        return
    other = next((k.title for k in loops if k is not whole[0]), "")
    other = other or next((w for n, w in IGNORED.items() if getattr(recipe, n)), "")
    if other:
        raise SettingError(
            f"'{whole[0].title}' trains many models in its own way, in which '{other}' "
            "would have no say. Leave out one of the two."
        )


def _refuse_after_finished(kinds: Sequence[type[Remedy]]) -> None:
    """Refuse to train anew what starts from a finished model."""
    for before, after in pairwise(kinds):
        if "a finished run" in before.needs and after.kind == "retraining":
            raise SettingError(
                f"'{before.title}' goes on from a finished model, and '{after.title}' "
                f"trains one. Put '{after.title}' first."
            )


def retraining(recipe: Recipe) -> tuple[Stage, ...]:
    """Return the stages that training itself carries out."""
    return tuple(
        s for s in recipe.stages if _remedy_class(s.remedy).kind == "retraining"
    )


def runs_of(recipe: Recipe) -> tuple[Recipe, ...]:
    """Return the recipes to carry out in order, the recipe itself last.

    Every post-hoc stage is a run of its own on top of the one before, so that a
    finished model is used again and not trained again; so is the run that a remedy
    needs finished before it starts.
    """
    first = len(retraining(recipe))
    ends = {
        i
        for i, stage in enumerate(recipe.stages[:first])
        if "a finished run" in _remedy_class(stage.remedy).needs
    }
    ends |= set(range(first, len(recipe.stages) + 1))
    return tuple(_up_to(recipe, end, first) for end in sorted(ends))


def without_last(recipe: Recipe) -> Recipe:
    """Return a complete recipe without its last stage."""
    return _up_to(recipe, len(recipe.stages) - 1, len(retraining(recipe)))


def _up_to(recipe: Recipe, end: int, first: int) -> Recipe:
    """Return a recipe with some of its stages; nothing fitted, nothing cut in parts."""
    parts = recipe.calibration_parts if end > first else 1
    return replace(recipe, stages=recipe.stages[:end], calibration_parts=parts)


def _remedy_class(name: str) -> type[Remedy]:
    if name not in REMEDIES:
        raise SettingError(
            f"There is no remedy '{name}'; choose one of {', '.join(REMEDIES)}."
        )
    return REMEDIES[name]


def _checked(title: str, known: Setting, value: Any) -> Any:
    if known.kind in ("number", "integer"):
        return _checked_number(title, known, value)
    text = value.strip() if isinstance(value, str) else None
    if text is not None and not is_text(text):
        raise SettingError(
            f"{title}: '{known.name}' holds characters that are no text. Give it in "
            "UTF-8."
        )
    if known.kind == "choice" and text not in known.options:
        raise SettingError(
            f"{title}: '{known.name}' is {value}; choose one of "
            f"{', '.join(known.options)}."
        )
    is_empty = text is not None and (known.kind in LISTS and not split(text))
    if text is None or ((is_empty or not text) and known.default is None):
        raise SettingError(f"{title} needs '{known.name}': {_WANTED[known.kind]}.")
    read = _READ.get(known.kind)
    return text if read is None else read(text)


_WANTED = {
    "choice": "choose one",
    "attribute": "name a sensitive attribute of the task, or several joined by commas",
    "class": "name a class of the label",
    "classes": "name classes of the label, joined by commas",
    "cohort": "give a rule such as sex = Female & age >= 40",
    "cohorts": "give rules with semicolons between",
    "feature": "name a feature of the task, or several joined by commas",
    "table": "name another table with the same columns",
    "run": "name another run of this table by its id",
    "runs": "name other runs of this table by their ids, joined by commas",
}


def _checked_number(title: str, known: Setting, value: Any) -> float | int:
    number = _number(value)
    fits = number is not None and known.low <= number <= known.high
    if known.kind == "integer" and number is not None:
        fits = fits and number == int(number)
    if number is None or not fits:
        raise SettingError(
            f"{title}: '{known.name}' is {value}; give "
            f"{'a whole number' if known.kind == 'integer' else 'a number'} from "
            f"{known.low:g} to {known.high:g}."
        )
    return int(number) if known.kind == "integer" else number


def _without_repeats(attribute: str) -> str:
    """Return an attribute without names given twice, as 'sex,sex' means 'sex'."""
    once = split(attribute)
    # Otherwise as it was typed: the recipe, and so its run's id, stays what it was.
    return attribute.strip() if parts(attribute) == len(once) else joined(once)


LISTS = ("attribute", "classes", "feature", "runs")
"""Kinds of settings that hold names joined by commas."""

_READ: dict[str, Callable[[str], str]] = {
    "cohort": lambda text: str(parse(text)),
    "cohorts": lambda text: text_of(rules_of(text)),
    "attribute": _without_repeats,
    "classes": _without_repeats,
    "feature": _without_repeats,
    "runs": _without_repeats,
}
"""How settings that name something are read, so that equal ones are written alike."""


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def is_inner(recipe: Recipe) -> bool:
    """Whether a run is only a step on the way to a longer chain."""
    return recipe.calibration_parts > max(posthoc_stages(recipe), 1)


def decides(recipe: Recipe) -> bool:
    """Whether a stage moved scores so that one half is where they decide."""
    kinds = [_remedy_class(s.remedy) for s in recipe.stages]
    return any(k.kind == "posthoc" and layer_of(k) == "decisions" for k in kinds)


def posthoc_stages(recipe: Recipe) -> int:
    """Return how many stages change a finished model rather than train."""
    return len(recipe.stages) - len(retraining(recipe))


def is_posthoc(recipe: Recipe) -> bool:
    """Whether the last stage changes a finished model rather than train."""
    return posthoc_stages(recipe) > 0
