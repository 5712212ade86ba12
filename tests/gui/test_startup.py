"""The first window is painted without the heavy libraries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "PIL",
    "dataclasses",
    "numpy",
    "pyqtgraph",
    "qtawesome",
    "qtpy",
    "scipy",
    "torch",
    "typing_extensions",
)
PROGRAM = """
import sys
from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication
from viewer.widgets.window.main_window import MainWindow
from viewer.widgets.style import Appearance

application = QApplication([])
settings = QSettings(sys.argv[1], QSettings.Format.IniFormat)
window = MainWindow(settings, Appearance(application))
window.show()
application.processEvents()
window.grab()
print(*sorted(set(sys.argv[2:]) & set(sys.modules)))
window.close()
del window
"""


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="there, typing itself brings override")
def test_override_is_only_a_mark() -> None:
    from viewer.widgets.overrides import override

    assert override(len) is len


def test_the_first_paint_needs_nothing_heavy(tmp_path: Path) -> None:
    """What each costs is measured by ``convnet-viewer bench``; here only that none is there."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "settings.ini"), *HEAVY],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert result.stdout.split() == []
