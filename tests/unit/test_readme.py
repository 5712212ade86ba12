"""What the README names is there: paths, commands, options, keys, menus, markers, numbers."""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path

from tests.few_digits import CONFIG, few_digits
from viewer import cli
from viewer.core.nets.checkpoint import load_checkpoint
from viewer.core.nets.formats.archives import MAX_GROWTH, SMALL_BYTES
from viewer.core.nets.formats.operators import MAX_NUMBERS
from viewer.core.nets.shipped import resolve_model, shipped_models
from viewer.core.nets.trial_run import MEMORY_SHARE, TIME_S
from viewer.core.training.presets import load_preset
from viewer.core.training.session import RunSession
from viewer.services.inference import HANGS_AFTER_S
from viewer.widgets.window.action_row import MENU_BAR, plain_text
from viewer.widgets.window.actions import ACTIONS
from viewer.widgets.window.dialogs import NETWORK_ROWS, PAD_ROWS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROSE = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
CODE = re.findall(r"`([^`\n]+)`", PROSE)
FENCES = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL)
# Places that paths are written from.
PLACES = ("", "viewer", "viewer/core", "viewer/core/nets", "tests/unit/nets")
BUILT_BY_USERS = (".venv",)
OF_OTHERS = {"--nproc-per-node"}  # torchrun's
MADE_BY_A_RUN = re.compile(r"[a-z]+\.(?:json|jsonl|csv|pt|lock|safetensors)|[a-z]+/")
NUMBERS = {11: "eleven", 12: "twelve", 13: "thirteen", 14: "fourteen"}
MODIFIERS = ("Ctrl", "Shift", "Alt")


def section(title: str) -> str:
    """Return what stands under a heading, up to the next of its rank or a higher one."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |\Z)", README, re.M | re.S)
    assert found is not None, title
    return found[2]


# Paths


def tree_lines() -> Iterator[tuple[int, str]]:
    """Yield the depth and the names at the beginning of every line of the README's tree."""
    (tree,) = (text for _, text in FENCES if text.startswith("viewer/\n"))
    for line in tree.splitlines():
        indent = len(line) - len(line.lstrip())
        yield indent // 2, re.split(r"\s{2,}", line.strip())[0]


def tree_paths() -> list[str]:
    """Return every path of the tree, from the root of the repository; some are patterns."""
    found: list[str] = []
    parents: list[str] = []
    for depth, names in tree_lines():
        del parents[depth:]
        found += ["/".join([*parents, name]).rstrip("/") for name in re.split(r",\s*", names)]
        parents.append(names.rstrip("/"))
    return found


def test_the_tree_names_what_is_there_and_all_of_it_once() -> None:
    paths = tree_paths()
    assert len(paths) > 20
    assert [path for path in paths if not list(ROOT.glob(path))] == []
    assert [path for path in paths if paths.count(path) > 1] == []


def test_the_tree_leaves_out_no_part() -> None:
    paths = tree_paths()
    packages = {
        f.parent.relative_to(ROOT).as_posix()
        for top in ("viewer", "viewer/core", "viewer/core/nets")
        for f in (ROOT / top).glob("*/__init__.py")
    }
    assert packages - set(paths) == set()
    (tests,) = (line for _, text in FENCES for line in text.splitlines() if line[:6] == "tests/")
    folders = {f.parent.name for f in (ROOT / "tests").glob("*/__init__.py")}
    assert set(re.findall(r"(\w+)/", tests.removeprefix("tests/"))) == folders


def is_path(text: str) -> bool:
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", text):
        return False
    return text.endswith(".py") or ("/" in text and not text.startswith(BUILT_BY_USERS))


def test_paths_in_the_text_are_there() -> None:
    own = set(MADE_BY_A_RUN.findall(section("Training without the window")))
    named = [text for text in CODE if is_path(text) and text not in own]
    assert "viewer/core/nets/architectures.py" in named
    missing = [
        text
        for text in named
        if not any((ROOT / place / text).exists() for place in PLACES)
        and not any(fnmatch(f.name, text) for f in (ROOT / "viewer").rglob("*.py"))
    ]
    assert missing == []


def test_links_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", README, flags=re.S), re.M)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    links = re.findall(r"\]\(([^)\s]+)\)", PROSE)
    assert "#networks-of-your-own" in links
    for link in links:
        if link.startswith("#"):
            assert link[1:] in anchors
        elif "://" not in link:
            assert (ROOT / link).is_file(), link


def test_names_of_the_code_are_the_code_s() -> None:
    source = "\n".join(f.read_text("utf-8") for f in (ROOT / "viewer").rglob("*.py"))
    words = set(re.findall(r"\w+", source))
    built = re.findall(r"`([A-Za-z_.]+(?:\(\))?)`", section("How it is built"))
    names = [name.removesuffix("()") for name in built if not is_path(name)]
    assert {"ImageDataset", "DatasetEntry", "datasets", "RunSession"} <= set(names)
    for name in names:
        assert set(name.split(".")) <= words | {"torch", "nn", "fx", "Module"}, name


# The command line


def parser_of(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    import_module(f"viewer.cli.{command}").configure(parser)
    return parser


def options_of(command: str) -> set[str]:
    known = {option for action in parser_of(command)._actions for option in action.option_strings}
    return known | {"--version"} if command == "window" else known


def commands() -> Iterator[tuple[str, str]]:
    """Yield every command that is written out: its first word, and the text from there on."""
    for text in (*CODE, *(line for _, code in FENCES for line in code.splitlines())):
        found = re.search(r"(?:convnet-viewer|-m viewer) ((\S+).*)", text.split("#")[0])
        if found is not None:
            yield found[2], found[1]


def test_subcommands_and_their_options_exist() -> None:
    seen = set()
    for name, text in commands():
        command = "window" if name.startswith("[") else name
        assert command in ("window", *cli.SUBCOMMANDS), text
        seen.add(command)
        options = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", text))
        assert options <= options_of(command), (command, options - options_of(command))
    assert seen == {"window", *cli.SUBCOMMANDS}


def test_options_in_the_text_exist() -> None:
    known = {option for name in ("window", *cli.SUBCOMMANDS) for option in options_of(name)}
    named = {word for text in CODE for word in re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)}
    assert {"--trust", "--classes", "--input-size", "--raw", "--device"} <= named
    assert named <= known | OF_OTHERS


def test_what_every_command_that_opens_a_network_takes() -> None:
    shared = {"--input-size", "--classes", "--trust"}
    openers = ("window", "predict", "inspect", "export", "evaluate", "screenshot")
    for command in openers:
        assert shared <= options_of(command), command


def test_markers_and_extras_exist() -> None:
    markers = {m.split(":")[0] for m in PROJECT["tool"]["pytest"]["ini_options"]["markers"]}
    commands = re.findall(r"pytest -m (\"[^\"]+\"|\w+)", README)
    assert commands
    for command in commands:
        assert set(re.findall(r"\w+", command)) - {"not", "and", "or"} <= markers
    extras = set(re.findall(r"\.\[([a-z]+)\]", README))
    assert extras == set(PROJECT["project"]["optional-dependencies"])


# The window


def keys_of_the_window() -> set[str]:
    found = {shortcut for row in ACTIONS for shortcut in row.shortcuts}
    words = " ".join(keys for _, keys in (*NETWORK_ROWS, *PAD_ROWS))
    found |= set(re.findall(r"(?:(?:Ctrl|Shift|Alt)\+)*[A-Z][a-z]*", words))
    if "Ctrl and the wheel" in words:
        found.add("Ctrl+wheel")
    return found


def is_key(text: str) -> bool:
    last = text.split("+")[-1] if not text.endswith("++") else "+"
    before = text.removesuffix(last).rstrip("+").split("+") if text != last else []
    if before:
        return all(part in MODIFIERS for part in before)
    return bool(re.fullmatch(r"[A-Z]|F\d+|Esc|Delete|Enter|Return|Space|Tab|[\[\]]", text))


def test_keys_do_something() -> None:
    named = {text for text in CODE if is_key(text)}
    assert {"Ctrl+Z", "Ctrl++", "Esc", "[", "O", "Shift+F1", "Ctrl+wheel"} <= named
    ended_by = {"Ctrl+C"}  # a command in a terminal; in the window it copies
    assert named <= keys_of_the_window() | ended_by


def test_menus_hold_what_the_text_says() -> None:
    entries = {(menu.replace("&", ""), plain_text(row)) for row in ACTIONS for menu in row.menus}
    named = [
        (menu, text.removesuffix("…"))
        for menu, text in re.findall(r"\*(\w+) → ([^*]+)\*", PROSE.replace("\n", " "))
    ]
    assert len(named) >= 6
    assert {menu for menu, _ in named} <= {menu.replace("&", "") for menu in MENU_BAR}
    assert set(named) <= entries


# Numbers


def test_the_networks_in_the_box_are_as_the_table_says() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| ([\d,]+) \| ([\d.]+) % \|$", README, re.M)
    found = {}
    for name in shipped_models():
        loaded = load_checkpoint(resolve_model(name))
        accuracy = loaded.metadata.test_accuracy
        assert accuracy is not None
        parameters = sum(p.numel() for p in loaded.module.parameters())
        found[name] = (f"{parameters:,}", f"{100 * accuracy:.2f}")
    assert {name: (parameters, accuracy) for name, parameters, accuracy in rows} == found


def test_the_bounds_are_those_of_the_code() -> None:
    text = " ".join(README.split())
    assert f"answers no request for {HANGS_AFTER_S:g} seconds can be given up" in text
    assert MEMORY_SHARE == 3 / 4
    assert f"with {TIME_S:g} seconds and three quarters of the free memory" in text
    assert f"grow to {MAX_GROWTH} times the file and {SMALL_BYTES >> 20} MB at most" in text
    assert MAX_NUMBERS == 2**30
    assert "may ask for more than 2³⁰ numbers" in text
    lessons = len(list((ROOT / "resources" / "lessons").glob("*.toml")))
    assert f"opens {NUMBERS[lessons]} lessons" in text


def test_the_preset_of_one_epoch_has_one() -> None:
    assert "One epoch of the preset `quick`" in " ".join(README.split())
    assert load_preset("quick").epochs == 1


def test_a_run_s_folder_holds_what_the_table_says(tmp_path: Path) -> None:
    session = RunSession.start(tmp_path / "run", CONFIG, data=few_digits(), statistics_every=5)
    for _ in session.events():
        pass
    session.close()
    written = {f.name + "/" * f.is_dir() for f in (tmp_path / "run").iterdir()}
    named = set(
        re.findall(
            r"`([^`]+)`",
            "".join(re.findall(r"^\| (`.*?) \|", section("Training without the window"), re.M)),
        )
    )
    assert named - {"file"} == written | {"changes.jsonl"}
