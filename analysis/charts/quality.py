"""The data-quality note in print."""

import pandas as pd

from analysis.audits.quality import FLOORS, Quality
from analysis.charts import numbers

KINDS = {
    "missing": "missing feature values",
    "duplicates": "rows with an identical twin",
    "label": "label rate",
}


def words(record: Quality) -> str:
    """Say in one sentence whether any group's data differ; plain text, not escaped."""
    if not record.compared:
        return "No group is large enough for its data to be compared with the rest."
    if not record.notes:
        return (
            f"In none of {record.compared} comparisons do a group's data differ from "
            f"the rest by more than chance and the size that counts: {floors()}."
        )
    return record.notes[0].sentence


def floors() -> str:
    """Return the sizes up to which differences are passed over, in words."""
    said = [f"{100 * FLOORS[k]:g} points in {name}" for k, name in KINDS.items()]
    return f"{', '.join(said[:-1])} and {said[-1]}"


def printed(record: Quality) -> pd.DataFrame:
    """Return the notes as texts, worst first."""
    notes = record.notes
    return pd.DataFrame(
        {
            "Group": [f"{n.attribute} {n.group}" for n in notes],
            "What": [_what(n.kind, n.label) for n in notes],
            "In the group": [numbers.full(n.inside) for n in notes],
            "Among others": [numbers.full(n.outside) for n in notes],
            "Difference": [numbers.value(n.difference, "points") for n in notes],
            "n": [numbers.count(n.inside.n) for n in notes],
        }
    )


def table(record: Quality) -> pd.DataFrame:
    """Return every number of the notes, unrounded."""
    notes = record.notes
    columns: dict[str, object] = {
        "attribute": [n.attribute for n in notes],
        "group": [n.group for n in notes],
        "what": [_what(n.kind, n.label) for n in notes],
    }
    parts = {"in the group": "inside", "among all others": "outside"}
    for name, field in (parts | {"difference": "difference"}).items():
        estimates = [getattr(n, field) for n in notes]
        columns[name] = [e.value for e in estimates]
        columns[f"{name}, low"] = [e.low for e in estimates]
        columns[f"{name}, high"] = [e.high for e in estimates]
        columns[f"{name}, n"] = [e.n for e in estimates]
    columns["q-value"] = [n.q_value for n in notes]
    return pd.DataFrame(columns)


def _what(kind: str, label: str) -> str:
    return f"{KINDS[kind]}: {label}" if label else KINDS[kind]
