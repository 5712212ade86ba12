"""The figures of ``convnet-viewer bench`` on this machine: each must be as it has to be.

Not a part of the test run: a machine that is busy with something else would make it fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from viewer.cli.benchmarks import capture, open_vgg16
from viewer.cli.benchmarks.output import run_part
from viewer.cli.benchmarks.parts import PARTS, Figure, Part

pytestmark = pytest.mark.slow

MEASURED = [part for part in PARTS if part.figures]


@pytest.fixture(scope="module", params=MEASURED, ids=lambda part: part.name)
def measured(request: pytest.FixtureRequest) -> tuple[Part, dict[str, Any]]:
    part: Part = request.param
    return part, run_part(part)


def test_all_figures_are_there_and_as_they_have_to_be(
    measured: tuple[Part, dict[str, Any]],
) -> None:
    part, values = measured
    assert {figure.key for figure in part.figures} <= values.keys()
    missed = [
        _text(figure, values[figure.key])
        for figure in part.figures
        if figure.target is not None and not _holds(figure, values[figure.key])
    ]
    assert not missed, f"{part.name}: {', '.join(missed)}"


@pytest.fixture
def own_threads() -> Iterator[None]:
    """Give torch its threads back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("own_threads")
def test_a_short_run_of_capture_has_a_ratio_and_its_times() -> None:
    found = capture.measure(("mobilenet_v3_large",), rounds=1)
    assert set(found) == {
        "mobilenet_v3_large",
        "mobilenet_v3_large_whole",
        "mobilenet_v3_large_capture_ms",
        "mobilenet_v3_large_bare_ms",
    }
    assert all(isinstance(value, float) and value > 0 for value in found.values())


@pytest.mark.usefixtures("own_threads")
def test_a_short_run_of_opening_has_a_ratio_and_its_times() -> None:
    found = open_vgg16.measure(rounds=1)
    assert set(found) == {"ratio", "window_ms", "script_ms"}
    assert all(isinstance(value, float) and value > 0 for value in found.values())


def _holds(figure: Figure, value: float | None) -> bool:
    return value is not None and figure.target is not None and figure.target.holds(value)


def _text(figure: Figure, value: float | None) -> str:
    return f"{figure.key} is {value}, not {figure.target}"
