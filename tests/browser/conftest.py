"""A real server on a free port and a real Chromium in front of it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlparse

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

import chromium  # noqa: E402

SCREENSHOTS = Path(__file__).parent / "screenshots"

READY = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app && app.dataset.testScriptState === 'notRunning'
    && app.dataset.testConnectionState === 'CONNECTED'
    && !document.querySelector('[data-testid="stSkeleton"]')
    && !document.querySelector('[data-stale="true"]');
}"""

KNOWN_NOISE = (
    "Failed to load resource",  # also reported, with its host, by the request check
    "GPU stall due to ReadPixels",  # software rendering
)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("faultline home")


@pytest.fixture(scope="session")
def server(home):
    port = free_port()
    log = (home / "server.log").open("w")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "streamlit", "run", "app.py"),
            *("--server.port", str(port), "--server.headless", "true"),
        ],
        cwd=ROOT,
        env={**os.environ, "FAULTLINE_HOME": str(home)},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def wait_until_ready(url, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server stopped with {process.returncode}.")
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=1)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("The server was not ready within a minute.")


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        opened = p.chromium.launch(
            executable_path=chromium.path(),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield opened
        opened.close()


class Visitor:
    """A reader with a browser: what they do, and what went wrong meanwhile."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        self.problems = []
        host = urlparse(url).netloc
        page.on("pageerror", lambda e: self.problems.append(f"page error: {e}"))
        page.on("console", self._heard)
        page.on(
            "request",
            lambda r: (
                urlparse(r.url).netloc in (host, "")
                or self.problems.append(f"foreign request: {r.url}")
            ),
        )

    def _heard(self, message):
        noise = any(known in message.text for known in KNOWN_NOISE)
        if message.type == "error" and not noise:
            self.problems.append(f"console: {message.text}")

    def open(self, path=""):
        self.page.goto(f"{self.url}/{path}")
        self.settle()

    def settle(self, timeout=60_000):
        self.page.wait_for_function(READY, timeout=timeout)
        self.page.wait_for_timeout(150)

    def click(self, key):
        self.page.locator(f".st-key-{key.replace('.', '-')} button").first.click()

    def go(self, title):
        link = self.page.get_by_test_id("stSidebarNavLink").filter(has_text=title)
        link.first.click()
        self.page.wait_for_timeout(300)
        self.settle()

    def choose(self, label, option):
        box = self.page.get_by_label(label, exact=True).first
        box.click()
        self.page.get_by_role("option", name=option).first.click()
        self.page.wait_for_timeout(300)
        self.settle()

    def text(self):
        return self.page.get_by_test_id("stMain").inner_text()

    def wait_for_text(self, words, timeout=120_000):
        self.page.get_by_text(words).first.wait_for(timeout=timeout)

    def shot(self, name):
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


@pytest.fixture
def visitor(browser, server):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)
    visiting = Visitor(page, server)
    yield visiting
    context.close()
    assert not visiting.problems, visiting.problems
