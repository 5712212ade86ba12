"""The programs that ours is compared with, as short as they can be."""

from __future__ import annotations

# Prints the clock once the window and all in it have been painted: the timer of 0 ms comes
# after the painting that Qt does in one go.
BARE_WINDOW = """
import sys, time
from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QApplication, QMainWindow

class Window(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, painted)

def painted():
    print(time.monotonic(), flush=True)
    application.quit()

application = QApplication(sys.argv[:1])
window = Window()
window.resize({width}, {height})
window.show()
application.exec()
"""

IMPORTS = """
import torch
import PyQt6.QtWidgets
"""

# Holds the network, prints its resident memory. With the plotting library that programs of this
# kind are usually made with, which this one isn't; without it the comparison is stricter.
HOLDER = """
import contextlib
import torch
import PyQt6.QtWidgets
with contextlib.suppress(ModuleNotFoundError):
    import pyqtgraph
from viewer.cli.benchmarks.memory import resident_bytes
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.nets.shipped import resolve_model

torch.set_num_threads(1)
network = load_checkpoint(resolve_model({model!r}))
print(resident_bytes(), flush=True)
"""
