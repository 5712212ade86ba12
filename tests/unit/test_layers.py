"""The layers of the code, held by import-linter: a part of the tests, so that none forgets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 120.0

BAD_PACKAGE = {
    "upside_down/__init__.py": "",
    "upside_down/low.py": "import upside_down.high\n",
    "upside_down/high.py": "",
    "pyproject.toml": """
[tool.importlinter]
root_packages = ["upside_down"]

[[tool.importlinter.contracts]]
name = "Imports go one way"
type = "layers"
layers = ["upside_down.high", "upside_down.low"]
""",
}


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    return subprocess.run(
        [*command, "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def test_imports_go_one_way() -> None:
    done = _lint(CHECKOUT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_a_wrong_import_would_be_found(tmp_path: Path) -> None:
    for name, content in BAD_PACKAGE.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    done = _lint(tmp_path)
    assert done.returncode == 1
    assert "upside_down.low is not allowed to import upside_down.high" in done.stdout
