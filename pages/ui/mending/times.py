"""How long a fix takes, from how long the model it starts from took."""

from analysis.charts import numbers
from models.remedies.base import Remedy
from models.remedies.chain import is_posthoc
from models.remedies.strengths import STRENGTHS
from models.run import Run
from pages.ui import cache

SECONDS_PER_ROW = 2.0 / 25_000
"""What a run costs besides training: it loads the table, scores it and stores that."""

FITTED_PER_ROW = 0.5 / 25_000
"""What a change of scores costs: it is fitted, and the table scored and stored."""

BUSY = 2.5
"""How many times as long the same work takes on a machine that does more at once."""

SHARES = {0.2: "a fifth of", 0.7: "about two thirds of", 1.0: "as long as"}
"""How a remedy's training compares with a plain one, where a word says it best."""


def words(run: Run, remedy: type[Remedy], rows: int) -> str:
    """Say about how long a remedy takes on a run of a table with so many rows."""
    if remedy.kind == "posthoc":
        return f"Takes {span(FITTED_PER_ROW * rows)}: nothing is trained anew."
    took = trained_seconds(run)
    if not took:
        return ""
    said = span(took * remedy.slowness + besides(rows))
    return f"Takes {said}; the training itself {_times(remedy.slowness)} this model’s."


def sweep_words(run: Run, remedy: type[Remedy], rows: int) -> str:
    """Say about how long a sweep over strengths takes, one after another."""
    took = trained_seconds(run) * remedy.slowness
    if not took:
        return ""
    return f"Several strengths take {span(STRENGTHS * (took + besides(rows)))} in all."


def besides(rows: int) -> float:
    """Return the seconds that every run on a table costs besides training."""
    return rows * SECONDS_PER_ROW


def span(seconds: float) -> str:
    """Return a guess as a range: on a machine at rest to one that is busy."""
    low, high = seconds, BUSY * seconds
    if high < 1.5:
        return "about a second"
    if high < 60:
        return f"{max(1, round(low))} to {round(high)} s"
    if low >= 60 and high < 3600:
        return f"{low / 60:.0f} to {high / 60:.0f} min"
    return f"{rough(low)} to {rough(high)}"


def rough(seconds: float) -> str:
    """Return a length of time that is only guessed: in whole seconds or minutes."""
    if seconds < 1:
        return "a second"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 60 else numbers.duration(seconds)


def trained_seconds(run: Run) -> float:
    """Return how long the network or the trees of a run took to train."""
    while is_posthoc(run.recipe) and run.base:
        run = cache.store().run(run.base)
    return run.seconds


def _times(slowness: float) -> str:
    if slowness in SHARES:
        return SHARES[slowness]
    times = "twice" if slowness == 2 else f"{slowness:g} times"
    return f"{times} as long as"
