"""Jobs: the server's queue, and the warm worker process that carries them out."""

from models.jobs.queue import JobQueue

__all__ = ["JobQueue"]
