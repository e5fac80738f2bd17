"""Whom a run decides by lot or hands to a person, on the rows in view."""

from analysis.arrays import Bools
from analysis.charts import marks as charts
from analysis.evaluation import Evaluation
from analysis.marks import Marked, everyone_marked, marked
from models.run import Run
from models.scorer import stored_scorer
from pages.ui import cache, controls, state, tables
from pages.ui.messages import note


def draw(shown: Evaluation, run: Run, by: tuple[str, ...], snippet: str) -> None:
    """Draw the share of each group that a run marks, for each of its marks.

    While small groups are hidden the share over everyone stands alone.

    Parameters
    ----------
    shown : Evaluation
        Of the run.
    run : Run
    by : tuple of str
    snippet : str
        What gives the numbers elsewhere.
    """
    for name, mark in _marks(shown, run.id, str(cache.store().home)).items():
        if name not in charts.TITLES or not mark.any():
            continue
        found, k = marked(shown, mark, by), state.view().k
        told: Marked | None = everyone_marked(found, k) if k > 1 else found
        note(charts.words(told, name))
        if told is None or not told.names:
            continue
        key = f"compare.{name}"
        figure = charts.chart(told, name, state.ink())
        controls.chart(figure, key, charts.alt(told, name))
        tables.numbers(charts.table(told, name), key, snippet)


@cache.shared(16)
def _marks(shown: Evaluation, run: str, home: str) -> dict[str, Bools]:
    scorer = stored_scorer(cache.store(), cache.store().run(run))
    return scorer.marks_of(shown.row_ids)
