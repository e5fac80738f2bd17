"""What the parts of a change are called, from the conditionals they stand for."""

import re

from analysis.causes.graph import LABEL_NODE

KNOWN = {
    "P(X)": "Who comes, P(X)",
    "P(Y|X)": "What happens to them, P(Y|X)",
    "X: source to shared": "Leaving out people only the source has",
    "Y|X": "What happens to people both sides have",
    "X: shared to target": "Adding people only the target has",
}
"""Plain words for the components that are not a graph's."""

MOST_PARENTS = 2
"""Causes that are named; of more it is said how many."""

_CONDITIONAL = re.compile(r"P\((?P<node>[^|]*)(\|(?P<given>.*))?\)", re.DOTALL)


def words(component: str) -> str:
    """Return a component in plain words, its symbol in brackets where it is short."""
    if component in KNOWN:
        return KNOWN[component]
    match = _CONDITIONAL.fullmatch(component)
    if match is None:
        return component
    node = "The label" if match["node"] == LABEL_NODE else match["node"]
    if not match["given"]:
        return node
    given = ["the label" if g == LABEL_NODE else g for g in match["given"].split(",")]
    if len(given) > MOST_PARENTS:
        return f"{node} given {len(given)} others"
    return f"{node} given {' and '.join(given)}"


def in_sentence(component: str) -> str:
    """Return the words of a component inside a sentence."""
    said = words(component)
    is_ours = component in KNOWN or said.startswith("The label")
    return said[:1].lower() + said[1:] if is_ours else said
