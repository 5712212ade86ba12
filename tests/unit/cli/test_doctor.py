"""``convnet-viewer doctor``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.running import Result, run_here, run_process
from viewer.cli import doctor
from viewer.core.errors import UserError

NAMES = [
    "program",
    *doctor.PACKAGES,
    "Qt",
    "display",
    "devices",
    "MNIST",
    "networks",
    "settings",
    "ONNX files",
    "camera",
]


def _findings(result: Result) -> dict[str, tuple[bool, str]]:
    """Return name → (whether it works, what is said of it)."""
    found = {}
    for line in result.out.splitlines():
        mark, name, text = line[:3].strip(), line[5:17].strip(), line[18:]
        assert mark in ("ok", "BAD")
        found[name] = (mark == "ok", text)
    return found


def test_everything_is_looked_at(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    found = _findings(run_here(capsys, "doctor"))
    assert list(found) == NAMES
    assert found["MNIST"] == (
        True,
        "60,000 training and 10,000 test images, checksums right",
    )
    for name in ("digits", "lenet5", "mlp"):
        assert name in found["networks"][1]


def test_where_all_is_well_the_exit_code_is_0(tmp_path: Path) -> None:
    variables = {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path)}
    result = run_process("doctor", variables=variables)
    assert (result.code, result.err) == (0, "")
    assert all(ok for ok, _ in _findings(result).values())


def test_without_a_display_it_says_so_and_goes_on(tmp_path: Path) -> None:
    result = run_process("doctor", variables={"XDG_CONFIG_HOME": str(tmp_path)})
    found = _findings(result)
    assert result.code == 1
    assert [name for name, (ok, _) in found.items() if not ok] == ["display"]
    assert "no display" in found["display"][1]


def test_settings_that_can_t_be_written_are_found() -> None:
    variables = {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": "/dev/null/nowhere"}
    found = _findings(run_process("doctor", variables=variables))
    assert not found["settings"][0]
    assert "forgets its layout" in found["settings"][1]


def test_a_package_that_is_not_installed_is_found(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", ("no-such-package-anywhere",))
    result = run_here(capsys, "doctor")
    assert result.code == 1
    assert "is not installed: run pip install no-such-package-anywhere" in result.out


def test_without_what_is_optional_all_is_well_and_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(doctor, "OPTIONAL", ("onnx", "no-such-package-anywhere"))

    def without(module: str) -> None:
        raise ImportError("libpulse.so.0: cannot open shared object file: No such file")

    monkeypatch.setattr(doctor, "import_module", without)
    result = run_here(capsys, "doctor")
    found = _findings(result)
    assert result.code == 0
    assert found["ONNX files"] == (
        True,
        "can't be opened without the package no-such-package-anywhere: run .venv/bin/python -m "
        "pip install '.[onnx]' in the clone, if you need them",
    )
    assert found["camera"] == (
        True,
        "can't be used without libpulse.so.0: install libpulse0, if you need it",
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [(UserError("It is gone: find it."), "It is gone: find it."), (KeyError("x"), "KeyError: 'x'")],
)
def test_a_check_that_fails_is_a_line_of_the_report(
    error: Exception,
    text: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> str:
        raise error

    monkeypatch.setattr(doctor, "_mnist", fail)
    found = _findings(run_here(capsys, "doctor"))
    assert found["MNIST"] == (False, text)
    assert found["networks"][0]
