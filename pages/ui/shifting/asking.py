"""What is asked about the two sides in view."""

from typing import Any

from models.as_json import to_json
from models.inquiry import Inquiry, Scope
from pages.ui import asking, cache, state
from pages.ui.decision import carried_over, rule_of
from pages.ui.shifting.setting import Setting


def answered(setting: Setting, name: str, asked: Any, doing: str) -> Any | None:
    """Return the worker's answer; None while there is none, and its progress is drawn.

    Parameters
    ----------
    setting : Setting
    name : str
        One of `inquiries.OF_SHIFTS`.
    asked : record
        Its `Asked`.
    doing : str
        What is being done, in words that follow nothing: "Weighing the rows".
    """
    return asking.answered(inquiry_of(setting, name, asked), doing, "shift")


def inquiry_of(setting: Setting, name: str, asked: Any) -> Inquiry:
    """Return what is asked about the two sides in view."""
    view, data = state.view(), setting.data
    other_digest, other_rule = "", rule_of(view, data.task)
    if setting.sides.table:
        other = cache.dataset(setting.sides.table)
        there = carried_over(view, data, other)
        other_digest, other_rule = other.digest, rule_of(there, data.task)
    scope = Scope(
        run=cache.store().find(view.run).id if view.is_trained else "",
        cohort=view.cohort,
        positive=view.positive,
        rule=rule_of(view, data.task),
        other_rule=other_rule,
        sides=setting.sides,
        other_digest=other_digest,
    )
    return Inquiry(name, data.task, data.digest, scope, to_json(asked))
