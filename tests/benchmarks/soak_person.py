"""Somebody who does everything in the window at once, at random: what a soak is made of."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from PyQt6.QtCore import QEvent, QEventLoop, Qt, QTimer
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QAbstractButton, QApplication, QMessageBox, QPushButton

from viewer.app import Application
from viewer.cli.benchmarks.hand import Hand
from viewer.cli.benchmarks.pen import three
from viewer.controllers.training.panel import COMPARISON, EVALUATION
from viewer.core.nets.shipped import shipped_models
from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.core.training.presets import load_preset
from viewer.core.training.progress import RunState
from viewer.widgets.evaluation.view import EvaluationView
from viewer.widgets.training.panel import CURVES, LAYERS, RUNS, SETUP, TrainingPanel
from viewer.widgets.training.run_tree import RunTree

PAGES = (SETUP, CURVES, LAYERS, RUNS, EVALUATION, COMPARISON)
THEMES = ("theme_light", "theme_dark")
MAX_RUNS = 8  # more than that, and old ones are deleted
MAX_OWN_DRAWINGS = 20
BRANCHES = 0.8  # of the branches that are set up; the others are cancelled
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.01, 1.5
STROKE_MS = 8  # between two moves of the pen, as a mouse sends them
ANSWER_MS = 50  # how often it is looked whether a question waits
WINDOW_PX = ((800, 1700), (480, 1000))  # width, height


class Person:
    """Presses what there is to press; what can't be done just now is not done.

    Parameters
    ----------
    application : Application
        With its network loaded.
    rng : random.Random
    images : str
        Name of a small folder of images, for runs of many short epochs.

    Attributes
    ----------
    done : dict of str to int
        How often each action was done.
    """

    def __init__(self, application: Application, rng: random.Random, images: str) -> None:
        assert application.controller is not None
        self._rng = rng
        self._images = images
        self._window = application.window
        self._controller = application.controller
        self._training = application.controller.training
        self._service = application.services.training
        self._hand = Hand(application.window.pad_panel.pad)
        self._training.show()
        assert self._training.panel is not None
        self._panel: TrainingPanel = self._training.panel
        self._own_drawings = 0
        self._answers = QTimer(application.window)
        self._answers.timeout.connect(self._answer)
        self._answers.start(ANSWER_MS)
        self._actions = self._weighted()
        self.done = dict.fromkeys(self._actions, 0)

    def next_action(self) -> str:
        """Return the name of what is to be done next."""
        weights = [weight for weight, _ in self._actions.values()]
        return self._rng.choices(list(self._actions), weights)[0]

    def act(self, name: str) -> None:
        """Do it, and wait for a short while or a longer one."""
        if self._actions[name][1]():
            self.done[name] += 1
        share = self._rng.random() ** 3  # mostly short
        spin(SHORTEST_WAIT_S + share * (LONGEST_WAIT_S - SHORTEST_WAIT_S))

    def train(self) -> bool:
        """Start a run with settings of its own, if none is at work."""
        if self._service.state not in (RunState.IDLE, RunState.FINISHED):
            return False
        self._training.runs.branch_bar.cancel.click()  # a branch keeps its network
        self._training.setup.set_config(self._config())
        return self._trigger("train_toggle")

    def stop(self) -> None:
        """Do nothing any more."""
        self._answers.stop()

    def _weighted(self) -> dict[str, tuple[float, Callable[[], bool]]]:
        return {
            "train": (6, self.train),
            "pause": (4, lambda: self._toggle(RunState.RUNNING)),
            "continue": (8, lambda: self._toggle(RunState.PAUSED)),
            "one batch": (3, lambda: self._if_at_rest("train_batch")),
            "one epoch": (2, lambda: self._if_at_rest("train_epoch")),
            "stop": (1.5, lambda: self._trigger("train_stop")),
            "adjust": (3, self._adjust),
            "go to step": (10, self._go_to_step),
            "drag the slider": (2, self._drag),
            "film": (3, self._film),
            "compare": (3, lambda: _click(self._panel.time.compare)),
            "other reference": (1, self._move_reference),
            "live": (4, lambda: _click(self._panel.time.live)),
            "open run": (3, lambda: self._with_run("open")),
            "resume": (3, lambda: self._with_run("resume")),
            "branch": (3, self._branch),
            "delete": (2, self._delete),
            "rename": (0.5, self._rename),
            "overlay": (2, self._overlay),
            "open network": (2, self._open_network),
            "draw": (12, self._draw),
            "keep drawing": (1, self._keep),
            "clear": (3, lambda: self._trigger("draw")),
            "random image": (2, lambda: self._trigger("random_mnist")),
            "select map": (4, self._select),
            "page": (5, self._turn_page),
            "hide or show": (0.5, lambda: self._trigger("training")),
            "theme": (0.7, lambda: self._trigger(self._rng.choice(THEMES))),
            "evaluate": (2, lambda: self._click_in_evaluation("Evaluate")),
            "cancel evaluation": (1, self._cancel_evaluation),
            "mistake to pad": (1, self._show_mistake),
            "resize": (1, self._resize),
            "zoom": (1, lambda: self._trigger(self._rng.choice(("zoom_in", "zoom_fit")))),
        }

    def _config(self) -> TrainingConfig:
        rng = self._rng
        seed = rng.randrange(1000)
        quick = replace(load_preset("quick"), seed=seed)
        distorted = Augmentation(rotation_deg=8, shift_px=1)
        choices = [
            quick,
            replace(quick, batch_size=256, augmentation=distorted, validation=0.02),
            replace(quick, architecture="mlp", hyper={}, batch_size=128, lr=0.002),
            replace(quick, architecture="lenet5", hyper={}, batch_size=512, optimiser="sgd"),
            replace(quick, architecture="table", hyper={}, batch_size=256, lr=0.003),
            # Twenty epochs of some steps each.
            replace(quick, dataset=self._images, epochs=20, validation=0.1),
            replace(quick, dataset=self._images, epochs=40, architecture="mlp", hyper={}, lr=0.003),
        ]
        if self._own_drawings:
            choices.append(replace(quick, batch_size=256, drawings_share=0.1))
        return rng.choice(choices)

    def _trigger(self, action: str) -> bool:
        self._window.action_set[action].trigger()
        return True

    def _toggle(self, state: RunState) -> bool:
        return self._service.state is state and self._trigger("train_toggle")

    def _if_at_rest(self, action: str) -> bool:
        at_rest = (RunState.IDLE, RunState.PAUSED, RunState.FINISHED)
        return self._service.state in at_rest and self._trigger(action)

    def _adjust(self) -> bool:
        if self._service.state not in (RunState.RUNNING, RunState.PAUSED):
            return False
        changes: dict[str, object] = {"lr": 10 ** self._rng.uniform(-4, -2)}
        if self._rng.random() < 0.3:
            changes = {"augmentation": self._rng.random() < 0.5}
        elif self._rng.random() < 0.3:
            changes = {"weight_decay": self._rng.choice((0.0, 0.01, 0.1))}
        self._panel.transport.adjusted.emit(changes)
        return True

    def _go_to_step(self) -> bool:
        kept = self._training.time.kept
        if kept:
            self._panel.time.track.moved.emit(self._rng.choice(kept))
        return bool(kept)

    def _drag(self) -> bool:
        kept = self._training.time.kept
        for step in kept[:: max(1, len(kept) // 20)]:
            self._panel.time.track.moved.emit(step)
            spin(STROKE_MS / 1000)
        return bool(kept)

    def _film(self) -> bool:
        self._panel.time.speed.setCurrentIndex(self._rng.randrange(3))
        return _click(self._panel.time.play)

    def _move_reference(self) -> bool:
        kept = self._training.time.kept
        if not kept or not self._panel.time.compare.isChecked():
            return False
        self._panel.time.track.reference_moved.emit(self._rng.choice(kept))
        return True

    def _choose_run(self) -> RunTree | None:
        tree = self._panel.runs
        count = tree.tree.topLevelItemCount()
        if not count:
            return None
        item = tree.tree.topLevelItem(self._rng.randrange(count))
        while item is not None and item.childCount() and self._rng.random() < 0.5:
            item = item.child(self._rng.randrange(item.childCount()))
        tree.tree.setCurrentItem(item)
        return tree

    def _with_run(self, action: str) -> bool:
        tree = self._choose_run()
        if tree is None or not tree.actions_of_run[action].isEnabled():
            return False
        tree.actions_of_run[action].trigger()
        return True

    def _branch(self) -> bool:
        time_machine = self._training.time
        summary = None
        if time_machine.path is not None and time_machine.step is not None:
            summary = self._training.runs.summary(time_machine.path)
        if summary is None:
            return False
        self._panel.runs.select(summary.id)
        self._panel.runs.actions_of_run["branch"].trigger()
        bar = self._training.runs.branch_bar
        if bar.isHidden():  # there was no step to begin with
            return True
        config = self._training.setup.config()
        epochs = config.epochs + self._rng.randrange(1, 3)
        self._training.setup.set_config(replace(config, epochs=epochs, lr=0.002))
        (bar.start if self._rng.random() < BRANCHES else bar.cancel).click()
        return True

    def _delete(self) -> bool:
        tree = self._panel.runs.tree
        many = tree.topLevelItemCount() + sum(
            item.childCount()
            for index in range(tree.topLevelItemCount())
            if (item := tree.topLevelItem(index)) is not None
        )
        return many > MAX_RUNS and any(self._with_run("delete") for _ in range(many - MAX_RUNS))

    def _rename(self) -> bool:
        tree = self._choose_run()
        run_id = None if tree is None else tree.selected()
        if tree is None or run_id is None:
            return False
        tree.rename_requested.emit(run_id, f"run {self._rng.randrange(1000)}")
        return True

    def _overlay(self) -> bool:
        tree = self._choose_run()
        item = None if tree is None else tree.tree.currentItem()
        if item is None:
            return False
        ticked = item.checkState(0) is Qt.CheckState.Checked
        item.setCheckState(0, Qt.CheckState.Unchecked if ticked else Qt.CheckState.Checked)
        return True

    def _open_network(self) -> bool:
        self._window.network_chosen.emit(self._rng.choice(shipped_models()))
        return True

    def _draw(self) -> bool:
        rng = self._rng
        dx, dy, size = rng.uniform(-0.2, 0.2), rng.uniform(-0.2, 0.2), rng.uniform(0.5, 1.2)
        path = [
            (0.5 + dx + size * (x - 0.5), 0.5 + dy + size * (y - 0.5))
            for x, y in three(rng.randrange(10, 60))
        ]
        if rng.random() < 0.5:
            path.reverse()
        self._hand.press(path[0])
        for point in path[1:]:
            self._hand.move(point)
            spin(STROKE_MS / 1000)
        self._hand.release(path[-1])
        return True

    def _keep(self) -> bool:
        if self._own_drawings >= MAX_OWN_DRAWINGS:
            return False
        self._trigger("draw")
        self._draw()
        if self._window.pad_panel.pad.is_empty:
            return False  # it began beside the paper, and nothing is to be kept
        digit = str(self._rng.randrange(10))
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            key = QKeyEvent(kind, ord(digit), Qt.KeyboardModifier.NoModifier, digit)
            QApplication.sendEvent(self._window.pad_panel.pad, key)
        self._own_drawings += 1
        return True

    def _select(self) -> bool:
        network = self._controller.views.network
        if network is None:
            return False
        node = self._rng.choice(network.nodes)
        self._controller.select(node.name, self._rng.randrange(node.output_shape[0]))
        return True

    def _turn_page(self) -> bool:
        self._training.show()
        self._panel.show_page(self._rng.choice(PAGES))
        return True

    def _click_in_evaluation(self, text: str) -> bool:
        self._panel.show_page(EVALUATION)
        view = self._panel.findChild(EvaluationView)
        buttons = [] if view is None else view.findChildren(QPushButton)
        return any(_click(b) for b in buttons if b.text() == text and not b.isHidden())

    def _cancel_evaluation(self) -> bool:
        """Cancel the evaluation at work, or one that is begun for it."""
        if self._click_in_evaluation("Evaluate"):
            spin(SHORTEST_WAIT_S + 0.2 * self._rng.random())
        return self._click_in_evaluation("Cancel")

    def _show_mistake(self) -> bool:
        view = self._panel.findChild(EvaluationView)
        report = None if view is None else view.report
        if view is None or report is None or not len(report.mistakes):
            return False
        view.image_chosen.emit(int(self._rng.choice(list(report.mistakes))))
        return True

    def _resize(self) -> bool:
        self._window.resize(*(self._rng.randrange(*limits) for limits in WINDOW_PX))
        return True

    def _answer(self) -> None:
        """Say yes to the question that waits: a run is to be deleted."""
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            yes = box.button(QMessageBox.StandardButton.Yes) or box.defaultButton()
            if yes is not None:
                yes.click()


def _click(button: QAbstractButton) -> bool:
    if not button.isEnabled():
        return False
    button.click()
    return True


def spin(duration_s: float) -> None:
    """Let the window live for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(duration_s * 1000), loop.quit)
    loop.exec()
