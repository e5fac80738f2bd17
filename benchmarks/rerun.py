"""The Subgroups page after the threshold moved: 1,000,000 rows against 10,000.

Both pages are run as a browser's session would run them, from stored tables with a
score; the first visit is not counted. The peer is the small table, and the ratio below
1: its inverse says how many times the large one costs.
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

from analysis.datasets.upload import infer_roles, save_table, task_from_roles
from benchmarks.report import Result, main, seconds
from models.store import open_store

FRAME = Path(__file__).resolve().parents[1] / "pages" / "ui" / "frame.py"
SMALL, LARGE = 10_000, 1_000_000
MOVES = 5


def measure() -> Result:
    """Time the rerun at both sizes."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["FAULTLINE_HOME"] = home
        small, large = (_rerun(rows) for rows in (SMALL, LARGE))
    return Result(
        name="rerun",
        peer=f"the same page at {SMALL:,} rows",
        ours_seconds=large,
        peer_seconds=small,
        detail={"rows": LARGE, "times_the_small_page": large / small, "moves": MOVES},
    )


def _rerun(rows: int) -> float:
    name = f"rows {rows}"
    store = open_store()
    table = _table(rows)
    task = task_from_roles(infer_roles(table), table, name, "")
    task = replace(task, table=save_table(table, store.tables))
    store.notes.save_task(task)
    page = AppTest.from_file(str(FRAME), default_timeout=300)
    page.query_params["data"] = name
    page.run()
    thresholds = iter(np.linspace(0.30, 0.42, 100))

    def move() -> None:
        box = page.number_input(key="sidebar.threshold")
        box.set_value(float(next(thresholds))).run()
        if page.exception:
            raise RuntimeError(str(page.exception[0].value))

    move()  # the first move fills what the next ones share
    return seconds(move, repeat=MOVES)


def _table(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, rows)
    score = np.clip(rng.beta(2, 2, rows) * 0.7 + 0.3 * label, 0, 1)
    region = pd.Categorical.from_codes(rng.integers(0, 8, rows), list("ABCDEFGH"))
    sex = pd.Categorical.from_codes(rng.integers(0, 2, rows), ["Female", "Male"])
    columns = {"sex": sex, "region": region, "label": label, "score": score}
    return pd.DataFrame(columns)


if __name__ == "__main__":
    main(measure)
