"""Where the Chromium for the browser tests is."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def path() -> str:
    """Return an executable: FAULTLINE_CHROMIUM, one on PATH, or playwright's own.

    Raises
    ------
    FileNotFoundError
        There is none; `sh .ci/chromium` installs one.
    """
    named = os.environ.get("FAULTLINE_CHROMIUM")
    found = [named] if named else [p for name in NAMES if (p := shutil.which(name))]
    if not found:
        found = [_from_playwright()]
    if not Path(found[0]).is_file():
        raise FileNotFoundError("No Chromium found; run: sh .ci/chromium")
    return found[0]


def _from_playwright() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        return p.chromium.executable_path
