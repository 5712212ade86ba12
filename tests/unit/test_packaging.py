"""From a wheel, an editable install and a checkout the program works, without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 300.0

pytestmark = pytest.mark.slow


def _run(command: Sequence[str | Path], folder: Path, **variables: str) -> str:
    """Run a command away from the checkout, with no trace of it in the environment."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV_CORE"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=inherited | {"OMP_NUM_THREADS": "1", "PIP_NO_INDEX": "1"} | variables,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _is_this_program(entry: Path) -> bool:
    """Return whether an entry of site-packages is an installation of what is tested here."""
    name = entry.name.lower().lstrip("_")
    return name == "viewer" or name.startswith(("convnet_viewer", "editable_impl_convnet_viewer"))


@dataclass(frozen=True)
class Environment:
    """A virtual environment that sees the libraries of this one, but not what is linked here."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> Environment:
        venv.EnvBuilder(with_pip=False, system_site_packages=False).create(folder)
        made = cls(folder)
        libraries = folder / "libraries"
        libraries.mkdir()
        for source in dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib")):
            for entry in Path(source).iterdir():
                if not _is_this_program(entry):
                    libraries.joinpath(entry.name).symlink_to(entry)
        # A path listed in a .pth file is searched, but the .pth files in it are not run.
        made.packages.joinpath("libraries.pth").write_text(str(libraries), encoding="utf-8")
        return made

    @property
    def packages(self) -> Path:
        paths = {"base": str(self.folder), "platbase": str(self.folder)}
        return Path(sysconfig.get_path("purelib", "venv", vars=paths))

    def program(self, name: str) -> Path:
        paths = {"base": str(self.folder), "platbase": str(self.folder)}
        suffix = ".exe" if sys.platform == "win32" else ""
        return Path(sysconfig.get_path("scripts", "venv", vars=paths), name + suffix)

    def install(self, *what: str | Path) -> None:
        pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", self.program("python")]
        options = ["--no-deps", "--no-index", "--no-build-isolation", "--quiet"]
        _run([*pip, "install", *options, *what], self.folder)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build: list[str | Path] = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        folder,
    ]
    _run([*build, CHECKOUT], folder)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = Environment.create(tmp_path_factory.mktemp("installed"))
    environment.install(wheel)
    return environment


@pytest.fixture(scope="module")
def editable(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = Environment.create(tmp_path_factory.mktemp("editable"))
    environment.install("--editable", CHECKOUT)
    return environment


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment.create(tmp_path_factory.mktemp("bare"))


SEVEN = {"canvas": [280, 280], "strokes": [[[80, 60], [200, 60], [130, 230]]], "label": "7"}

WHERE = """
import json, viewer
from viewer.core.resources import resource_path
print(json.dumps([viewer.__file__, str(resource_path())]))
"""


def _check_commands(command: Sequence[str | Path], folder: Path, **variables: str) -> None:
    network = json.loads(_run([*command, "inspect", "--json"], folder, **variables))
    assert network["source"] == "in the box"
    assert network["layers"][0]["output_shape"] == [1, 28, 28]
    strokes = folder / "seven.jsonl"
    strokes.write_text(json.dumps(SEVEN) + "\n", encoding="utf-8")
    lines = _run([*command, "predict", "--json", strokes], folder, **variables).splitlines()
    answer, summary = map(json.loads, lines)
    assert answer["prediction"] == "7"
    assert summary == {"n": 1, "correct": 1, "accuracy": 1.0}


def test_a_wheel_holds_the_package_and_the_box_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(n for n in names if n.endswith("/METADATA"))).decode()
    packed = {name.removeprefix("viewer/resources/") for name in names}
    box = CHECKOUT / "resources"
    wanted = {p.relative_to(box).as_posix() for p in box.rglob("*") if p.is_file()}
    assert wanted, "no resources in the checkout?"
    assert wanted <= packed
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"viewer"}
    assert not [name for name in names if "__pycache__" in name]
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert "Name: convnet-viewer\n" in metadata


def test_an_installed_wheel_works_with_the_checkout_out_of_sight(
    installed: Environment, tmp_path: Path
) -> None:
    out = _run([installed.program("python"), "-c", WHERE], tmp_path)
    code, resources = (Path(text) for text in json.loads(out))
    assert code.is_relative_to(installed.folder)
    assert resources == code.parent / "resources"
    path = json.loads(
        _run(
            [installed.program("python"), "-c", "import json, sys; print(json.dumps(sys.path))"],
            tmp_path,
        )
    )
    assert not [p for p in path if p and Path(p).resolve() == CHECKOUT]
    _check_commands([installed.program("convnet-viewer")], tmp_path)


def test_python_dash_m_viewer_works_from_a_wheel(installed: Environment, tmp_path: Path) -> None:
    out = _run([installed.program("python"), "-m", "viewer", "--version"], tmp_path)
    assert out.startswith("convnet-viewer ")


def test_the_window_can_be_drawn_from_a_wheel(installed: Environment, tmp_path: Path) -> None:
    picture = tmp_path / "window.png"
    _run([installed.program("convnet-viewer"), "screenshot", "-o", picture], tmp_path)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_gui_entry_point_is_installed(installed: Environment) -> None:
    assert installed.program("convnet-viewer-gui").exists()


def test_an_editable_install_works(editable: Environment, tmp_path: Path) -> None:
    out = _run([editable.program("python"), "-c", WHERE], tmp_path)
    code, resources = (Path(text) for text in json.loads(out))
    assert code == CHECKOUT / "viewer" / "__init__.py"
    assert resources == CHECKOUT / "resources"
    _check_commands([editable.program("convnet-viewer")], tmp_path)


def test_a_checkout_works_without_being_installed(bare: Environment, tmp_path: Path) -> None:
    command: list[str | Path] = [bare.program("python"), "-m", "viewer"]
    _check_commands(command, tmp_path, PYTHONPATH=str(CHECKOUT))


def test_without_the_checkout_and_without_the_wheel_there_is_no_program(
    bare: Environment, tmp_path: Path
) -> None:
    """The environments of these tests really don't see the checkout by themselves."""
    script = "import importlib.util; print(importlib.util.find_spec('viewer') is None)"
    assert _run([bare.program("python"), "-c", script], tmp_path).strip() == "True"
