"""Entry of the worker process: `python -m models.jobs HOME SHIPPED OWNER`."""

import sys

from models.jobs.worker import main

if __name__ == "__main__":
    main(*sys.argv[1:4])
