import asyncio
import base64
import hashlib
from pathlib import Path

import streamlit
from starlette.responses import HTMLResponse, PlainTextResponse

from app import SecurityHeaders, inline_script_hashes


def headers_of(app):
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(app(scope, receive, send))
    return {k.decode(): v.decode() for k, v in sent[0]["headers"]}


def test_inline_scripts_are_hashed_as_a_browser_does():
    script = "\n  window.x = false\n"
    html = f"<head><script>{script}</script><script src='a.js'></script></head>"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert inline_script_hashes(html) == [f"'sha256-{digest}'"]


def test_every_response_carries_the_policy_beside_its_own_headers():
    headers = headers_of(SecurityHeaders(PlainTextResponse("hello")))
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "sha256-" in policy  # of the script in this Streamlit's own page
    assert "unsafe-eval" not in policy
    assert "http:" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-length"] == "5"


def test_only_pages_ask_for_the_charts_early():
    link = headers_of(SecurityHeaders(HTMLResponse("<p>hello</p>")))["link"]
    name = link.removeprefix("</static/js/").removesuffix(">; rel=modulepreload")
    scripts = Path(streamlit.__file__).parent / "static" / "static" / "js"
    assert (scripts / name).is_file()
    assert "link" not in headers_of(SecurityHeaders(PlainTextResponse("hello")))
