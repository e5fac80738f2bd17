"""Uploaded tables: read once, and found again beside a table like them."""

from typing import Any

from analysis.datasets.load import Dataset
from analysis.datasets.upload import ReadTable, Roles, infer_roles, read_table
from pages.ui.cache import shared, store


@shared(2)
def uploaded(file_id: str, _file: Any) -> tuple[ReadTable, Roles]:
    """Read an uploaded file once, and suggest its roles."""
    read = read_table(_file.getvalue(), _file.name)
    return read, infer_roles(read.table)


def tables_like(data: Dataset) -> list[str]:
    """Return other uploaded tables that have every column this one's model reads."""
    return [
        task.name
        for task in store().notes.tasks()
        if task.name != data.task.name
        and task.label == data.task.label
        and task.classes == data.task.classes
        and set(data.task.features) <= set(task.features)
    ]
