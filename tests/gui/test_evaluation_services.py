"""Evaluation and comparison on threads of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from viewer.core.data.dataset import ImageDataset
from viewer.core.data.mnist import load_mnist
from viewer.core.engine import Engine
from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures
from viewer.core.nets.checkpoint import Metadata
from viewer.core.records import Drawing, InferenceRequest, Picture, Preparation, Stroke
from viewer.core.training.evaluation import build_network, evaluate_in_detail
from viewer.core.training.report import Report, report_of
from viewer.core.training.robustness import shifted
from viewer.services.comparison import (
    SHIPPED_PAIR,
    ComparisonService,
    MovedAnswer,
    MovedRequest,
    RobustnessJob,
    RobustnessService,
    _answer,
)
from viewer.services.evaluation import EvaluationJob, EvaluationService, NetworkSource

WAIT_MS = 20_000
MLP = EvaluationJob(NetworkSource("mlp", "mlp"))
SEVEN = Drawing(
    (Stroke(np.array([[70, 62], [210, 62], [126, 238]], np.float32), 12.0),), (280.0, 280.0)
)


class Data:
    """Gives few test images; can be held, and be broken."""

    def __init__(self) -> None:
        self.images = load_mnist("test").select(np.arange(0, 10_000, 20))
        self.free = threading.Event()
        self.free.set()
        self.asked: list[str] = []

    def load(self, name: str) -> ImageDataset:
        self.asked.append(name)
        assert self.free.wait(WAIT_MS / 1000)
        if name != "mnist":
            raise UserError(f"There is no data set {name!r}: choose mnist.")
        return self.images


@pytest.fixture
def data() -> Data:
    return Data()


@pytest.fixture
def service(data: Data) -> Iterator[EvaluationService]:
    service = EvaluationService(data.load)
    service.start()
    yield service
    data.free.set()
    assert service.shutdown()


def test_a_report_and_its_progress(service: EvaluationService, data: Data, qtbot: QtBot) -> None:
    told: list[tuple[int, int]] = []
    service.progress.connect(lambda *parts: told.append(parts))
    with qtbot.waitSignal(service.report_ready, timeout=WAIT_MS) as ready:
        service.submit(MLP)
    report, title = ready.args
    loaded = MLP.network.load()
    expected = evaluate_in_detail(
        loaded.module, data.images, (loaded.metadata.mean, loaded.metadata.std)
    )
    assert title == "mlp"
    assert np.array_equal(report.confusion, expected.confusion)
    assert report.dataset == "MNIST"
    assert told[-1] == (500, 500)
    with qtbot.waitSignal(service.report_ready, timeout=WAIT_MS):
        service.submit(MLP)
    assert data.asked == ["mnist"]  # the test images are read once


def test_a_snapshot_of_a_training(service: EvaluationService, qtbot: QtBot) -> None:
    metadata = Metadata("mlp", {"units1": 4, "units2": 4}, mean=(0.13,), std=(0.31,))
    weights = architectures().get("mlp").build(metadata.hyper).state_dict()
    job = EvaluationJob(NetworkSource("run, step 3", metadata=metadata, weights=weights), "mnist")
    with qtbot.waitSignal(service.report_ready, timeout=WAIT_MS) as ready:
        service.submit(job)
    assert ready.args[1] == "run, step 3"
    assert ready.args[0].n == 500


def test_cancel(service: EvaluationService, data: Data, qtbot: QtBot) -> None:
    reports: list[Any] = []
    service.report_ready.connect(lambda *found: reports.append(found))
    data.free.clear()
    service.submit(MLP)
    qtbot.waitUntil(lambda: data.asked == ["mnist"], timeout=WAIT_MS)
    with qtbot.waitSignal(service.cancelled, timeout=WAIT_MS):
        service.cancel()
        data.free.set()
    assert not reports
    with qtbot.waitSignal(service.report_ready, timeout=WAIT_MS):
        service.submit(MLP)  # and it is of use again


def test_a_newer_job_replaces_the_one_at_hand(
    service: EvaluationService, data: Data, qtbot: QtBot
) -> None:
    titles: list[str] = []
    service.report_ready.connect(lambda _report, title: titles.append(title))
    service.cancelled.connect(lambda: titles.append("cancelled"))
    data.free.clear()
    service.submit(MLP)
    qtbot.waitUntil(lambda: data.asked == ["mnist"], timeout=WAIT_MS)
    with qtbot.waitSignal(service.report_ready, timeout=WAIT_MS):
        service.submit(EvaluationJob(NetworkSource("second", "mlp")))
        data.free.set()
    assert titles == ["second"]


def test_what_a_job_told_before_a_newer_one_is_dropped(
    service: EvaluationService, data: Data, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    service.report_ready.connect(lambda _report, title: told.append(title))
    service.failed.connect(told.append)
    service.cancelled.connect(lambda: told.append("cancelled"))
    # The job fails although nobody wants it any more.
    data.free.clear()
    service.submit(EvaluationJob(NetworkSource("mlp", "mlp"), "letters"))
    qtbot.waitUntil(lambda: data.asked == ["letters"], timeout=WAIT_MS)
    with qtbot.waitSignal(service.report_ready, timeout=WAIT_MS):
        service.submit(MLP)
        data.free.set()
    assert told == ["mlp"]
    # The job ends, and what it tells waits for the window, when the newer one is submitted.
    first, second = (EvaluationJob(NetworkSource(name, "mlp")) for name in ("first", "second"))
    done, work = threading.Event(), service._work

    def watched(*args: Any) -> None:
        work(*args)
        done.set()

    monkeypatch.setattr(service, "_work", watched)
    service.submit(first)
    assert done.wait(WAIT_MS / 1000)  # the window's thread sees nothing meanwhile
    with qtbot.waitSignal(service.report_ready, timeout=WAIT_MS):
        service.submit(second)
    assert told == ["mlp", "second"]


def test_what_fails_after_it_was_cancelled_is_cancelled(
    service: EvaluationService, data: Data, qtbot: QtBot
) -> None:
    told: list[str] = []
    service.failed.connect(told.append)
    data.free.clear()
    service.submit(EvaluationJob(NetworkSource("mlp", "mlp"), "letters"))
    qtbot.waitUntil(lambda: data.asked == ["letters"], timeout=WAIT_MS)
    with qtbot.waitSignal(service.cancelled, timeout=WAIT_MS):
        service.cancel()
        data.free.set()
    assert not told


def test_what_is_wrong_is_said(service: EvaluationService, qtbot: QtBot) -> None:
    with qtbot.waitSignal(service.failed, timeout=WAIT_MS) as failed:
        service.submit(EvaluationJob(NetworkSource("mlp", "mlp"), "letters"))
    assert failed.args == ["There is no data set 'letters': choose mnist."]
    with qtbot.waitSignal(service.failed, timeout=WAIT_MS) as failed:
        service.submit(EvaluationJob(NetworkSource("gone", "gone.safetensors")))
    assert failed.args[0].startswith("There is no model")


def test_shutdown_in_the_middle_of_a_job(data: Data, qtbot: QtBot) -> None:
    service = EvaluationService(data.load)
    service.start()
    told: list[str] = []
    service.report_ready.connect(lambda *_: told.append("report"))
    service.cancelled.connect(lambda: told.append("cancelled"))
    data.free.clear()
    service.submit(MLP)
    qtbot.waitUntil(lambda: data.asked == ["mnist"], timeout=WAIT_MS)
    threading.Timer(0.05, data.free.set).start()
    assert service.shutdown()
    QApplication.processEvents()  # what the thread may have told is delivered now
    assert not told


def photographs(folder: Path, count: int) -> Report:
    names = ("a", "b")
    for i in range(count):
        pixels = np.full((20, 30, 3), 10 * i, np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    labels = np.arange(count) % 2
    confidences = np.full(count, 0.5, np.float32)
    files = tuple(str(folder / f"{i}.png") for i in range(count))
    return report_of("photos", names, None, labels, labels, confidences, 1.0, files=files)


def test_images_of_a_report_are_read_beside_the_evaluation(
    service: EvaluationService, tmp_path: Path, qtbot: QtBot
) -> None:
    report = photographs(tmp_path, 6)
    (tmp_path / "2.png").unlink()
    found: dict[int, Any] = {}
    service.thumbnail_ready.connect(lambda _report, index, pixels: found.update({index: pixels}))
    service.read_thumbnails(report, (0, 2, 5))
    qtbot.waitUntil(lambda: len(found) == 3, timeout=WAIT_MS)
    assert found[2] is None
    assert found[5].shape == (112, 112, 3) and (found[5] == 50).all()
    with qtbot.waitSignal(service.picture_ready, timeout=WAIT_MS) as ready:
        service.read_picture(report, 3)
    assert ready.args[:2] == [report, 3] and ready.args[2].label == "b"
    with qtbot.waitSignal(service.unreadable, timeout=WAIT_MS) as failed:
        service.read_picture(report, 2)
    assert "2.png does not exist" in failed.args[0]


def test_robustness_of_the_pair(qtbot: QtBot, data: Data) -> None:
    data.images = data.images.select(np.arange(0, 500, 25))
    service = RobustnessService(data.load)
    service.start()
    with qtbot.waitSignal(service.robustness_ready, timeout=WAIT_MS) as ready:
        service.submit(RobustnessJob())
    (found,) = ready.args
    assert service.shutdown()
    assert found.names == ("mlp", "digits")
    assert found.n == 20
    assert found.shift_accuracy.shape == (2, 7)
    assert found.shift_accuracy[1, 3] > found.shift_accuracy[0, 3]  # what it is all about


@pytest.fixture
def comparison() -> Iterator[ComparisonService]:
    service = ComparisonService()
    service.start()
    yield service
    assert service.shutdown()


def answers(
    comparison: ComparisonService, qtbot: QtBot, request: MovedRequest
) -> tuple[MovedAnswer, ...]:
    with qtbot.waitSignal(comparison.answers_ready, timeout=WAIT_MS) as ready:
        comparison.submit(request)
    found: tuple[MovedAnswer, ...] = ready.args[0]
    return found


def test_both_answer_as_the_live_network_does(comparison: ComparisonService, qtbot: QtBot) -> None:
    comparison.set_networks()
    both = answers(comparison, qtbot, MovedRequest(SEVEN))
    assert [answer.title for answer in both] == ["mlp", "digits"]
    for answer in both:
        record = Engine.open(answer.title).run(InferenceRequest(1, SEVEN))
        assert record.probabilities is not None
        assert answer.probabilities == pytest.approx(record.probabilities, abs=1e-6)
        assert np.array_equal(answer.pixels, record.image.pixels)


def test_a_moved_drawing_is_moved_after_its_preparation(
    comparison: ComparisonService, qtbot: QtBot
) -> None:
    import torch

    comparison.set_networks(SHIPPED_PAIR[:1])
    (still,) = answers(comparison, qtbot, MovedRequest(SEVEN))
    (gone,) = answers(comparison, qtbot, MovedRequest(SEVEN, dx=5, dy=-3))
    expected = shifted(torch.from_numpy(still.pixels)[None, None], 5, -3)[0, 0]
    assert np.array_equal(gone.pixels, expected.numpy())
    picture = Picture(expected.numpy(), "moved", prepared=True)
    record = Engine.open("mlp").run(InferenceRequest(1, picture))
    assert gone.probabilities == pytest.approx(record.probabilities, abs=1e-6)


def test_black_comes_in_around_a_photograph_and_paper_around_a_drawing() -> None:
    metadata = Metadata(
        "mlp",
        {"units1": 2, "units2": 2},
        (3, 8, 8),
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
        preparation=Preparation(digit=False),
    )
    network = build_network(
        "net",
        metadata,
        architectures().get("mlp").build(metadata.hyper, (3, 8, 8), 10).state_dict(),
    )
    rgb = np.full((8, 8, 3), (200, 100, 50), np.uint8)
    photo = Picture(np.full((8, 8), 0.5, np.float32), "photo", rgb=rgb)
    pixels = _answer("net", network, MovedRequest(photo, dx=2)).pixels
    assert pixels.shape == (3, 8, 8)  # in its colours
    assert not pixels[:, :, :2].any()
    assert pixels[:, 0, 2] * 255 == pytest.approx([200, 100, 50])
    pixels = _answer("net", network, MovedRequest(SEVEN, dx=2)).pixels
    assert (pixels[:, :, :2] == 1).all()


def test_there_is_no_answer_to_nothing(comparison: ComparisonService, qtbot: QtBot) -> None:
    comparison.set_networks()
    found = answers(comparison, qtbot, MovedRequest(Drawing((), (280.0, 280.0)), dx=2))
    assert [answer.probabilities for answer in found] == [None, None]


def test_networks_that_dont_exist_leave_the_old_ones(
    comparison: ComparisonService, qtbot: QtBot
) -> None:
    comparison.set_networks(SHIPPED_PAIR[:1])
    answers(comparison, qtbot, MovedRequest(SEVEN))
    with qtbot.waitSignal(comparison.failed, timeout=WAIT_MS):
        comparison.set_networks((NetworkSource("gone", "gone.safetensors"),))
    (answer,) = answers(comparison, qtbot, MovedRequest(SEVEN))
    assert answer.title == "mlp"
