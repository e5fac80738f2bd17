"""How long a fix takes, from how long the model it starts from took."""

from analysis.charts import numbers
from models.remedies.base import Remedy
from models.remedies.chain import is_posthoc
from models.remedies.strengths import STRENGTHS
from models.run import Run
from pages.ui import cache


def words(run: Run, remedy: type[Remedy]) -> str:
    """Say about how long a remedy takes on a run."""
    if remedy.kind == "posthoc":
        return "Takes about a second: nothing is trained anew."
    took = trained_seconds(run)
    if not took:
        return ""
    about = f"Takes about {rough(took * remedy.slowness)}"
    if remedy.slowness == 1:
        return f"{about}, as training this model did."
    times = "twice" if remedy.slowness == 2 else f"{remedy.slowness:g} times"
    return f"{about}, {times} as long as training this model."


def sweep_words(run: Run, remedy: type[Remedy]) -> str:
    """Say about how long a sweep over strengths takes, one after another."""
    took = STRENGTHS * trained_seconds(run) * remedy.slowness
    return f"about {rough(took)} in all" if took else "one after another"


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
