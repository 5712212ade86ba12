"""The mailbox and the worker around it."""

from __future__ import annotations

import threading

import pytest

from viewer.core.mailbox import Mailbox
from viewer.services.worker import Worker


def test_the_latest_item_of_a_topic_wins() -> None:
    box: Mailbox[int] = Mailbox("a")
    box.put("a", 1)
    box.put("a", 2)

    assert box.take() == 2
    assert box.take(timeout_s=0.0) is None


def test_topics_are_taken_in_order() -> None:
    box: Mailbox[str] = Mailbox("network", "request")
    box.put("request", "digit")
    box.put("network", "lenet5")

    assert [box.take(), box.take()] == ["lenet5", "digit"]


def test_an_unknown_topic_is_refused() -> None:
    with pytest.raises(KeyError):
        Mailbox[int]("a").put("b", 1)


def test_close_wakes_the_reader_and_drops_what_waits() -> None:
    box: Mailbox[int] = Mailbox("a")
    box.put("a", 1)
    box.close()

    assert box.take() is None
    assert box.closed


def test_a_thousand_items_during_a_slow_one_cost_one_more_and_the_last_is_delivered() -> None:
    box: Mailbox[int] = Mailbox("a")
    begun, gate, done = threading.Event(), threading.Event(), threading.Event()
    handled: list[int] = []

    def handle(item: int) -> None:
        begun.set()
        gate.wait(10)
        handled.append(item)
        if item == 1000:
            done.set()

    worker = Worker("test", box, handle, lambda error: None)
    worker.start()
    box.put("a", 0)
    assert begun.wait(10)
    for item in range(1, 1001):
        box.put("a", item)
    gate.set()

    assert done.wait(10)
    assert handled == [0, 1000]
    assert worker.shutdown()


def test_a_worker_reports_an_error_and_lives_on() -> None:
    box: Mailbox[int] = Mailbox("a")
    errors: list[Exception] = []
    seen = threading.Event()
    failed = threading.Event()

    def handle(item: int) -> None:
        if item == 1:
            raise ValueError("one")
        seen.set()

    def report(error: Exception) -> None:
        errors.append(error)
        failed.set()

    worker = Worker("test", box, handle, report)
    worker.start()
    box.put("a", 1)
    assert failed.wait(10)
    box.put("a", 2)

    assert seen.wait(10)
    assert [str(e) for e in errors] == ["one"]
    assert worker.shutdown()
    assert not [t for t in threading.enumerate() if t.name == "test"]


def test_what_waits_is_newer_than_what_is_put_back() -> None:
    mailbox: Mailbox[int] = Mailbox("a")
    mailbox.put("a", 2)
    assert not mailbox.put_if_free("a", 1)
    assert mailbox.take(0) == 2
    assert mailbox.put_if_free("a", 1)
    assert mailbox.take(0) == 1
    with pytest.raises(KeyError):
        mailbox.put_if_free("b", 1)
