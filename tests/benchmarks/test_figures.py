"""The figures of ``convnet-viewer bench`` on this machine: each must be as it has to be.

Not a part of the test run: a machine that is busy with something else would make it fail.
"""

from __future__ import annotations

from typing import Any

import pytest

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


def _holds(figure: Figure, value: float | None) -> bool:
    return value is not None and figure.target is not None and figure.target.holds(value)


def _text(figure: Figure, value: float | None) -> str:
    return f"{figure.key} is {value}, not {figure.target}"
