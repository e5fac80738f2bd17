"""The frame of every page: page list, page configuration, sidebar."""

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # AppTest starts here rather than at app.py
    sys.path.insert(0, str(ROOT))

from pages.ui import sidebar, state  # noqa: E402 (the path must be set first)
from pages.ui.messages import note  # noqa: E402

ICON = str(ROOT / "assets" / "icons" / "faultline.png")

st.set_page_config(page_title="Faultline", page_icon=ICON, layout="wide")
st.logo(ICON, size="large")
st.html(ROOT / "assets" / "theme" / "faultline.css")
if state.is_dark():
    st.html(ROOT / "assets" / "theme" / "dark.css")
pages = {
    name: st.Page(
        ROOT / "pages" / f"{name}.py",
        title=name.capitalize(),
        default=name == state.FIRST_PAGE,
    )
    for name in state.PAGES
}
page = st.navigation(list(pages.values()))
state.remember_pages(pages)
state.notice_page(page.url_path)
with st.sidebar:
    sidebar.draw()
note(state.unknown())
page.run()
