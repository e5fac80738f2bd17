"""Whether a remedy can be used on a run, and if not, why not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from models.recipe import BOOSTING, Recipe
from models.remedies.base import LAYERS, Layer, Remedy, layer_of
from models.remedies.chain import is_posthoc, remedy_of
from models.remedies.in_loop import SLOT_WORDS
from models.remedies.settings import settings_of


@dataclass(frozen=True)
class Facts:
    """What a run and its table can offer a remedy.

    Parameters
    ----------
    classes : int
        Of the label.
    attributes : tuple of str
        Sensitive attributes with groups.
    numeric_features : int
    tables : int
        Other tables with the same columns.
    architecture : str
    is_finished : bool
        Whether the run has a model.
    slots : mapping of str to str
        What remedies of the run's chain have in their hands, by slot, and whose title.
    fitted_after : str
        Title of what changed the model or its scores after training, the last of them;
        empty for nothing.
    layer : Layer or None
        What that changed.
    """

    classes: int
    attributes: tuple[str, ...]
    numeric_features: int
    tables: int
    architecture: str
    is_finished: bool
    slots: Mapping[str, str] = field(default_factory=dict)
    fitted_after: str = ""
    layer: Layer | None = None


def reason_against(remedy: type[Remedy], facts: Facts) -> str:
    """Say why a remedy cannot be used: found, needed, what to do; empty if it can."""
    found = (check(remedy, facts) for check in _CHECKS)
    return next((reason for reason in found if reason), "")


def slots_of(recipe: Recipe) -> dict[str, str]:
    """Return what a recipe's remedies have in their hands, and the remedies' titles."""
    remedies = [remedy_of(stage) for stage in recipe.stages]
    return {r.slot: r.title for r in remedies if hasattr(r, "slot")}


def fitted_after(recipe: Recipe) -> str:
    """Return the title of what changed a run's scores after training, if anything."""
    return remedy_of(recipe.stages[-1]).title if is_posthoc(recipe) else ""


def fitted_layer(recipe: Recipe) -> Layer | None:
    """Return what the last change after training changed, if there was one."""
    if not is_posthoc(recipe):
        return None
    return layer_of(type(remedy_of(recipe.stages[-1])))


def _finished(remedy: type[Remedy], facts: Facts) -> str:
    if facts.is_finished or "a finished run" not in remedy.needs:
        return ""
    return (
        "This run is not finished, and the remedy starts from its model. Let it "
        "finish, or choose a finished run in the sidebar."
    )


def _order(remedy: type[Remedy], facts: Facts) -> str:
    if remedy.kind == "posthoc" or not facts.fitted_after:
        return ""
    return (
        f"This run's scores were changed after training by {facts.fitted_after}; the "
        "remedy trains a new model, to which that would not fit. Choose in the sidebar "
        "the run it was made from."
    )


def _layer(remedy: type[Remedy], facts: Facts) -> str:
    if remedy.kind == "retraining" or facts.layer is None:
        return ""
    own, last = LAYERS.index(layer_of(remedy)), LAYERS.index(facts.layer)
    is_second = own == last == LAYERS.index("decisions")
    if own >= last and not is_second:
        return ""
    why = "decides already" if is_second else "would then no longer fit"
    return (
        f"{facts.fitted_after}, which this run was mended with, {why}. Choose in the "
        "sidebar the run it was made from, or put both in a chain in the other order."
    )


def _network(remedy: type[Remedy], facts: Facts) -> str:
    if facts.architecture != BOOSTING or "a network" not in remedy.needs:
        return ""
    return (
        "This run is of boosted trees, and the remedy changes how a network learns. "
        "Train a network on the Model page, or choose a remedy by weights or by data."
    )


def _slot(remedy: type[Remedy], facts: Facts) -> str:
    slot = getattr(remedy, "slot", "")
    if slot not in facts.slots:
        return ""
    return (
        f"{facts.slots[slot]}, which this run was trained with, already changes "
        f"{SLOT_WORDS.get(slot, slot)}, and there is room for one. Choose in the "
        "sidebar a run without it."
    )


def _classes(remedy: type[Remedy], facts: Facts) -> str:
    if facts.classes <= 2 or "two classes" not in remedy.needs:
        return ""
    return (
        f"The label has {facts.classes} classes, and the remedy is made for two. "
        "Choose another remedy, or a table whose label has two classes."
    )


def _groups(remedy: type[Remedy], facts: Facts) -> str:
    asks = any(s.kind == "attribute" and s.default is None for s in settings_of(remedy))
    if facts.attributes or not asks:
        return ""
    return (
        "The table has no groups, and the remedy acts on groups. Declare a sensitive "
        "attribute on the Data page."
    )


def _numbers(remedy: type[Remedy], facts: Facts) -> str:
    if facts.numeric_features or "numeric features" not in remedy.needs:
        return ""
    return (
        "The model reads no column of numbers, and the remedy works on numbers. Choose "
        "another remedy, or a table with such columns."
    )


def _tables(remedy: type[Remedy], facts: Facts) -> str:
    asks = any(s.kind == "table" and s.default is None for s in settings_of(remedy))
    if facts.tables or not (asks or "another table" in remedy.needs):
        return ""
    return (
        "There is no other table with the same columns, and the remedy needs one. "
        "Upload it on the Data page."
    )


_CHECKS: tuple[Callable[[type[Remedy], Facts], str], ...] = (
    _finished,
    _order,
    _layer,
    _network,
    _slot,
    _classes,
    _groups,
    _numbers,
    _tables,
)
