"""One thread for many small matrix products."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep matrix products to one thread.

    Those of one block of rows are too small to share, and threads that wait for each
    other while another process trains take up to twenty times as long.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        yield
