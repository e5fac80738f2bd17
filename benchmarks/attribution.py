"""A change split over the mechanisms of a graph, against expl_perf_drop.

Its own synthetic example: five mechanisms, 15,000 + 15,000 rows to fit the weights and
5,000 + 5,000 to value them, accuracy of a logistic regression. The peer fits on the
first rows and values the second; ours is cross-fitted and uses all 20,000 + 20,000 rows
for both, so it does more. Ours is timed for the parts alone and with 200 replicates,
the peer without any interval, as it has none. A second entry splits eight mechanisms
of 1,000,000 + 1,000,000 rows and of 50,000 + 50,000.

The peer and what it needs are in `benchmarks/requirements.txt`.
"""

import math
import resource
import sys
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from analysis.attribution.attribution import Attribution, attribute_mechanisms
from analysis.causes.graph import parse_graph
from analysis.evaluation import Evaluation, binary_probabilities
from analysis.shifts.domain import Domain
from benchmarks.report import Result, main, seconds

GRAPH = "G->Y,G->X2,G->X3,Y->X1,Y->X2,Y->X3"
FEATURES = ["X1", "X2", "X3"]
SOURCE = {"q": 0.9, "y_noise": 0.25, "mu_add": 3.0, "x1_weight": 1.0}
TARGET = {"q": 0.5, "y_noise": 0.25, "mu_add": 3.0, "x1_weight": 1.0}
"""P(Y|G) alone moves, as in the paper's example of a spurious group."""

FITTING, VALUED = 15_000, 5_000
REPLICATES = 200

LARGE_GRAPH = "a->b,a->c,b->d,c->d,d->e,e->f,f->Y,d->Y,Y->h"
LARGE_REPLICATES = 20

STUBS = ("celebA", "eicu", "cmnist", "camelyon")
"""Data sets of pictures and hospitals, whose loaders need packages of their own."""


def measure() -> Result:
    """Time both on the example, and ours on large tables."""
    peer = peer_modules()
    source, target, score = example(peer.BackdoorSpurious)
    domains = domain_of(source, score), domain_of(target, score)
    graph = parse_graph(GRAPH)

    def ours(replicates: int) -> Attribution:
        return attribute_mechanisms(*domains, "accuracy", graph, bootstrap=replicates)

    def theirs() -> pd.Series:
        return explained(peer, source, target, score)

    ours(0)
    found, expected = ours(REPLICATES), theirs()
    point = seconds(lambda: ours(0), repeat=5)
    intervals = seconds(lambda: ours(REPLICATES), repeat=3)
    peer_seconds = min(seconds(theirs, repeat=3), _on_one_thread(theirs))
    return Result(
        name="attribution",
        peer="expl_perf_drop.explainers.CGExplainerDR (no intervals)",
        ours_seconds=point,
        peer_seconds=peer_seconds,
        detail={
            "rows": f"{FITTING:,} + {FITTING:,} to fit, {VALUED:,} + {VALUED:,} to "
            "value; ours fits and values all of them (cross-fitted)",
            "ours_with_replicates": {
                "replicates": REPLICATES,
                "seconds": intervals,
                "over_peer_point_estimate": intervals / peer_seconds,
            },
            "change": found.change.value,
            "residual": found.residual,
            "parts": {p.component: p.value for p in found.parts},
            "peer_parts": {str(k): float(v) for k, v in expected.items()},
            "patched": "numpy names that numpy 2 dropped (np.math, np.int, np.float); "
            "stand-ins for dowhy, of which three constants and a seed are used (its "
            "sets valued in one process, which is faster here), and for the loaders "
            f"of {', '.join(STUBS)}",
            "large": large(),
        },
    )


def peer_modules() -> types.SimpleNamespace:
    """Import the real package, with names patched that today's numpy lacks.

    Raises
    ------
    SystemExit
        It is not installed.
    """
    for name, value in (("math", math), ("int", int), ("float", float)):
        if not hasattr(np, name):
            setattr(np, name, value)
    _stand_in_for_dowhy()
    for name in STUBS:
        sys.modules[f"expl_perf_drop.data.{name}"] = types.ModuleType(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from expl_perf_drop.data.synthetic import BackdoorSpurious
            from expl_perf_drop.explainers import CGExplainerDR
            from expl_perf_drop.metrics import accuracy
            from expl_perf_drop.models import select
    except ImportError as error:
        raise SystemExit(
            f"The peer cannot be imported ({error}). Install it, best into an "
            "environment of its own: pip install -r benchmarks/requirements.txt"
        ) from error
    return types.SimpleNamespace(
        BackdoorSpurious=BackdoorSpurious,
        CGExplainerDR=CGExplainerDR,
        accuracy=accuracy,
        select=select,
    )


def example(generator: Any) -> tuple[pd.DataFrame, pd.DataFrame, Any]:
    """Return rows of source and target and a scorer fitted to other source rows."""
    from sklearn.linear_model import LogisticRegression

    n = FITTING + VALUED
    made = generator({"data_seed": 0, "n": n, "test_pct": 0.25})
    tables = [
        made.generate(n, np.random.RandomState(seed), *settings.values())
        for seed, settings in ((1, SOURCE), (2, TARGET), (3, SOURCE))
    ]
    scorer = LogisticRegression().fit(tables[2][FEATURES], tables[2]["Y"])
    return tables[0], tables[1], scorer


def explained(
    peer: types.SimpleNamespace, source: pd.DataFrame, target: pd.DataFrame, score: Any
) -> pd.Series:
    """Return the peer's parts with its defaults and self-normalised weights."""
    spurious = peer.BackdoorSpurious
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explainer = peer.CGExplainerDR(
            spurious.GRAPH,
            source[:FITTING],
            source[FITTING:],
            target[:FITTING],
            target[FITTING:],
            spurious.TRAIN_FEATURES,
            spurious.VAR_CATEGORIES,
            spurious.TARGET_NAME,
            peer.select("xgb", "classification"),
        )
        return explainer.explain(score, peer.accuracy)


def _on_one_thread(call: Callable[[], Any]) -> float:
    """Return the seconds of a call whose threads do not wait for each other.

    On machines that do something else besides, xgboost is faster so, on tables of this
    size; the peer is given the better of both.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return seconds(call, repeat=3)


def domain_of(table: pd.DataFrame, score: Any) -> Domain:
    """Return a table of the example under the scorer."""
    columns = table[["G", *FEATURES]].assign(G=table["G"].astype(str))
    evaluation = Evaluation(
        "logistic regression",
        table["Y"].to_numpy(),
        binary_probabilities(score.predict_proba(table[FEATURES])[:, 1]),
        ("0", "1"),
        {},
        np.ones(len(table)),
        np.arange(len(table)),
    )
    return Domain(evaluation, columns)


def large() -> dict[str, Any]:
    """Split eight mechanisms of large and of smaller tables, with progress."""
    told: list[float] = []
    times = {}
    for n in (50_000, 1_000_000):
        rng = np.random.default_rng(0)
        domains = _large(rng, n, 0.0), _large(rng, n, 0.3)
        repeat = 3 if n < 100_000 else 1
        times[n] = seconds(lambda domains=domains: _split(domains, told), repeat)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "mechanisms": 8,
        "replicates": LARGE_REPLICATES,
        "seconds": {f"{n:,} + {n:,}": t for n, t in times.items()},
        "times_as_long": times[1_000_000] / times[50_000],
        "progress_told": len(told),
        "peak_memory_gib": memory,
    }


def _split(domains: tuple[Domain, Domain], told: list[float]) -> Attribution:
    return attribute_mechanisms(
        *domains,
        "accuracy",
        parse_graph(LARGE_GRAPH),
        bootstrap=LARGE_REPLICATES,
        tick=lambda share, doing: told.append(share),
    )


def _large(rng: np.random.Generator, n: int, moved: float) -> Domain:
    """Return a chain of causes in which the first one and the label move."""
    a = rng.normal(moved, 1, n)
    b, c = a + rng.normal(0, 1, n), (a + rng.normal(0, 1, n) > 0).astype(int)
    d = 0.5 * b + c + rng.normal(0, 1, n)
    e = 0.5 * d + rng.normal(0, 1, n)
    f = np.digitize(e + rng.normal(0, 1, n), [-1, 0, 1])
    z = 0.8 * (f - 1.5) + d / 2
    y = rng.random(n) < expit(z - moved)
    h = y + rng.normal(0, 1, n)
    columns = {"a": a, "b": b, "c": c.astype(str), "d": d, "e": e, "f": f.astype(str)}
    evaluation = Evaluation(
        "logit",
        y.astype(np.int64),
        binary_probabilities(expit(z)),
        ("no", "yes"),
        {},
        np.ones(n),
        np.arange(n),
    )
    return Domain(evaluation, pd.DataFrame({**columns, "h": h}))


def _stand_in_for_dowhy() -> None:
    """Give the peer the few names of dowhy that it imports, with dowhy's values.

    But one: sets are valued in this process instead of in new ones, whose start alone
    takes longer than the 32 sets.
    """

    def set_random_seed(seed: int) -> None:
        np.random.seed(seed)  # noqa: NPY002 - as dowhy does

    names: dict[str, dict[str, Any]] = {
        "dowhy": {},
        "dowhy.gcm": {},
        "dowhy.gcm.config": {"default_n_jobs": 1, "show_progress_bars": False},
        "dowhy.gcm.constant": {"EPS": np.finfo(np.float64).eps},
        "dowhy.gcm.distribution_change": {"mechanism_change_test": None},
        "dowhy.gcm.util": {},
        "dowhy.gcm.util.general": {"set_random_seed": set_random_seed},
    }
    for name, content in names.items():
        module = types.ModuleType(name)
        module.__dict__.update(content)
        sys.modules[name] = module
        parent, _, own = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], own, module)


if __name__ == "__main__":
    main(measure)
