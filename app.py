"""The ASGI entry: `streamlit run app.py` serves the pages behind these defences."""

import asyncio
import base64
import gc
import hashlib
import importlib
import logging
import re
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ROOT = Path(__file__).resolve().parent
if str(ROOT) not in sys.path:  # the pages import from here, wherever it was started
    sys.path.insert(0, str(ROOT))

from analysis.errors import AuditError  # noqa: E402 (the path must be set first)
from pages.ui.messages import show  # noqa: E402

WARM = ("pandas", "pyarrow.parquet", "plotly.graph_objects", "pages.ui.cache")
WORKER_DELAY = 4.0
"""Seconds: on two cores the import of torch would slow the first page down."""

log = logging.getLogger("faultline")


def inline_script_hashes(html: str) -> list[str]:
    """Return the CSP source of every script written into a page's HTML."""
    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    return [f"'sha256-{base64.b64encode(d).decode()}'" for d in digests]


def content_security_policy() -> str:
    """Return a policy that allows what this Streamlit serves and nothing foreign."""
    index = Path(st.__file__).parent / "static" / "index.html"
    scripts = " ".join(inline_script_hashes(index.read_text(encoding="utf-8")))
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' blob: {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' ws: wss:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def preloads() -> str:
    """Return a Link header for the code that draws charts, as every page has one.

    A browser then fetches its 5 MB while the page is being made rather than after.
    """
    scripts = Path(st.__file__).parent / "static" / "static" / "js"
    found = sorted(path.name for path in scripts.glob("PlotlyChart.*.js"))
    return ", ".join(f"</static/js/{name}>; rel=modulepreload" for name in found)


class SecurityHeaders:
    """Add the headers that keep a page from loading or being loaded by strangers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        headers = {
            "content-security-policy": content_security_policy(),
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
        }
        self.preload = (b"link", preloads().encode())
        self.headers = [(k.encode(), v.encode()) for k, v in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the head of its response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", []))
                extra = [self.preload] if self.preload[1] and _is_page(own) else []
                message["headers"] = [*own, *self.headers, *extra]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _is_page(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(k == b"content-type" and v.startswith(b"text/html") for k, v in headers)


def warm_up() -> None:
    """Import what the first page needs, then keep it out of every collection."""
    for module in WARM:
        importlib.import_module(module)
    importlib.import_module("pages.ui.cache").first_view()
    gc.collect()
    gc.freeze()  # Streamlit collects after each run: 160 ms down to 12 ms


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
    """Warm up before the first visitor, and stop the worker after the last."""
    await asyncio.to_thread(warm_up)
    worker = asyncio.create_task(start_worker())
    yield {}
    worker.cancel()
    jobs = importlib.import_module("pages.ui.jobs")
    await asyncio.to_thread(jobs.close)


async def start_worker() -> None:
    """Start the worker once the first page has been drawn: it imports torch."""
    await asyncio.sleep(WORKER_DELAY)
    jobs = importlib.import_module("pages.ui.jobs")
    with suppress(AuditError, OSError):  # the page says what is wrong with the store
        await asyncio.to_thread(lambda: jobs.queue().warm())


async def first_page(request: Request) -> RedirectResponse:
    """Lead to the first page, which Streamlit serves at the root only."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/{query}")


async def ready(_: Request) -> JSONResponse:
    """Answer once the server has warmed up."""
    return JSONResponse({"ready": True})


def on_script_error(error: Exception) -> bool:
    """Log a fault of ours and show only a reference to it.

    What is the reader's to mend and was met outside a page's `audit_errors`, such as
    a full disk in the sidebar, is shown in its own words.
    """
    if isinstance(error, AuditError):
        show(error)
        return True
    reference = uuid.uuid4().hex[:8]
    log.error("page error %s", reference, exc_info=error)
    st.error(
        f"Something failed that should not have (reference {reference}). Your data and "
        "runs are untouched. Go back one step or reload the page; the reference finds "
        "the details in the server's log."
    )
    return True


app = st.App(
    ROOT / "pages" / "ui" / "frame.py",
    lifespan=lifespan,
    middleware=[Middleware(SecurityHeaders)],
    routes=[
        Route("/readyz", ready),
        Route("/subgroups", first_page),
        Mount("/assets/fonts", StaticFiles(directory=ROOT / "assets" / "fonts")),
        Mount("/assets/icons", StaticFiles(directory=ROOT / "assets" / "icons")),
    ],
    on_script_error=on_script_error,
)
