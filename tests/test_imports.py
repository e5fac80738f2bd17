"""The arrows between folders, and what the server must not load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {
    "analysis": {"models", "pages", "cli", "streamlit", "torch"},
    "models": {"pages", "cli", "streamlit", "plotly"},
    "pages": {"cli", "torch"},
}
NOT_IN_A_PAGE = {"numpy", "torch", "plotly", "sklearn", "scipy"}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_imports_point_one_way(folder):
    for path in (ROOT / folder).rglob("*.py"):
        wrong = FORBIDDEN[folder] & set(imported(path))
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_only_charts_import_plotly():
    for path in [*(ROOT / "analysis").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]:
        if "charts" not in path.parts:
            assert "plotly" not in set(imported(path)), path.relative_to(ROOT)


def test_pages_do_no_arithmetic_libraries():
    for path in (ROOT / "pages").glob("*.py"):
        wrong = NOT_IN_A_PAGE & set(imported(path))
        assert not wrong, f"{path.name} imports {wrong}"


def test_only_the_cache_and_the_state_own_their_streamlit_parts():
    for path in (ROOT / "pages").rglob("*.py"):
        text = path.read_text()
        if path.name != "cache.py":
            assert "st.cache_" not in text, path.name
        if path.name not in ("state.py", "widgets.py"):
            assert "st.session_state" not in text, path.name


def test_the_server_loads_no_torch_and_no_scikit_learn():
    code = (
        "import app, pages.ui.cache, pages.ui.state, pages.ui.jobs, sys;"
        "print([m for m in ('torch', 'shap', 'lime', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.strip().splitlines()[-1:] == ["[]"], done.stderr
