"""One shape for every benchmark's result, and the one way to print it."""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """Seconds of ours and of the peer in one run; `ratio` is peer over ours."""

    name: str
    peer: str
    ours_seconds: float
    peer_seconds: float
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """How many times as fast as the peer."""
        return self.peer_seconds / self.ours_seconds


def seconds(call: Callable[[], Any], repeat: int = 1) -> float:
    """Return the median wall time of `repeat` calls."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def main(measure: Callable[[], Result]) -> None:
    """Measure and print one result: JSON with `--json`, else one line."""
    parser = argparse.ArgumentParser(description=measure.__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    as_json = parser.parse_args().json
    result = measure()
    if as_json:
        print(json.dumps({**asdict(result), "ratio": result.ratio}))
    else:
        print(
            f"{result.name}: {result.ours_seconds:.4g} s against {result.peer} "
            f"{result.peer_seconds:.4g} s, {result.ratio:.1f} times as fast"
        )
