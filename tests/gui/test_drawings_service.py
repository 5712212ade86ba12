"""The service that keeps drawings: order, bursts, and its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from viewer.core.data.drawings import DrawingStore
from viewer.core.records import Drawing, Stroke
from viewer.services.drawings import DrawingsService, KeptDrawings

WAIT_MS = 20_000


def line(x: float) -> Drawing:
    points = np.array([[x, 20], [x + 9, 80]], np.float32)
    return Drawing((Stroke(points, 6.0),), (100, 100))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "drawings.jsonl"


@pytest.fixture
def service(path: Path) -> Iterator[DrawingsService]:
    service = DrawingsService(path)
    service.start()
    yield service
    assert service.shutdown()


def after(qtbot: QtBot, service: DrawingsService, *labels: str) -> KeptDrawings:
    """Return what is kept once it has these labels."""

    def has_them(kept: KeptDrawings) -> bool:
        return kept.labels == labels

    with qtbot.waitSignal(
        service.drawings_changed, timeout=WAIT_MS, check_params_cb=has_them
    ) as told:
        service.read()
    kept: KeptDrawings = told.args[0]
    return kept


def test_a_burst_is_kept_whole_and_in_order(
    service: DrawingsService, qtbot: QtBot, path: Path
) -> None:
    for number in range(10):
        service.add(line(number), str(number))
    kept = after(qtbot, service, *"0123456789")
    assert np.array_equal(kept.images, DrawingStore(path).images(range(10)))
    assert not kept.can_undo


def test_drawings_are_changed_in_the_order_asked(service: DrawingsService, qtbot: QtBot) -> None:
    for number in (1, 2, 3):
        service.add(line(number), str(number))
    service.delete(1, after(qtbot, service, "1", "2", "3").version)
    service.relabel(1, "7", after(qtbot, service, "1", "3").version)
    assert after(qtbot, service, "1", "7").can_undo
    service.undo_delete()
    assert not after(qtbot, service, "1", "2", "7").can_undo


def test_a_place_in_an_older_list_changes_nothing(service: DrawingsService, qtbot: QtBot) -> None:
    for number in (1, 2, 3):
        service.add(line(number), str(number))
    seen = after(qtbot, service, "1", "2", "3").version
    service.delete(0, seen)  # pressed twice, before the list was shown anew:
    service.delete(0, seen)
    service.relabel(1, "9", seen)
    kept = after(qtbot, service, "2", "3")
    assert kept.version != seen

    service.read()
    assert after(qtbot, service, "2", "3").version == kept.version  # nothing new
    service.relabel(1, "9", kept.version)
    assert after(qtbot, service, "2", "9").version != kept.version


def test_what_fails_stops_nothing_behind_it(service: DrawingsService, qtbot: QtBot) -> None:
    with qtbot.waitSignal(service.failed, timeout=WAIT_MS) as failed:
        service.add(Drawing(), "1")
        service.add(line(1), "2")
    assert "draw something first" in failed.args[0]
    after(qtbot, service, "2")


def test_broken_lines_are_told(service: DrawingsService, qtbot: QtBot, path: Path) -> None:
    path.write_text("broken\n")
    with (
        qtbot.waitSignal(service.told, timeout=WAIT_MS) as told,
        qtbot.assertNotEmitted(service.failed),
    ):
        service.read()
    assert told.args[0].startswith("1 line of drawings.jsonl could not be read")


def test_what_was_asked_for_before_the_end_is_done(path: Path) -> None:
    service = DrawingsService(path)
    service.start()
    for number in range(5):
        service.add(line(number), str(number))
    assert service.shutdown()
    assert len(DrawingStore(path)) == 5
