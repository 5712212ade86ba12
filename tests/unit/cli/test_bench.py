"""``convnet-viewer bench``: statistics, output and the processes that it starts."""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from importlib import util
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.cli.running import run_here, run_process
from viewer.cli import bench
from viewer.cli.benchmarks import (
    bare,
    event_loop_gap,
    live_update,
    machine,
    memory,
    output,
    traced_update,
)
from viewer.cli.benchmarks.matplotlib_baseline import AxesPerMap, Mosaics, Place, mosaic
from viewer.cli.benchmarks.parts import PARTS, Figure, Part, Target
from viewer.cli.benchmarks.pen import three, write_stroke_file
from viewer.cli.benchmarks.sampling import interleaved, median, p99, percentile, seconds_of
from viewer.cli.benchmarks.startup import run_time_s, stamp_s
from viewer.core.errors import UserError

# --- statistics


def test_median_of_an_odd_and_an_even_number() -> None:
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert median([4.0, 1.0, 2.0, 3.0]) == 2.5


@pytest.mark.parametrize(
    ("n", "percent", "expected"),
    # Of the samples 1 … n: the nearest rank is the smallest k with k / n >= percent / 100.
    [(100, 99, 99), (101, 99, 100), (1000, 99, 990), (10, 99, 10), (1, 99, 1), (4, 50, 2)],
)
def test_percentiles_by_hand(n: int, percent: float, expected: int) -> None:
    samples = [float(k) for k in range(n, 0, -1)]
    assert percentile(samples, percent) == expected


def test_percentile_agrees_with_numpy_s_inverted_cdf() -> None:
    samples = np.random.default_rng(0).exponential(size=357).tolist()
    for percent in (1, 10, 50, 90, 99, 99.9, 100):
        expected = np.percentile(samples, percent, method="inverted_cdf")
        assert percentile(samples, percent) == expected


@pytest.mark.parametrize(("samples", "percent"), [([], 99), ([1.0], 0), ([1.0], 101)])
def test_percentile_refuses_nonsense(samples: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="samples"):
        percentile(samples, percent)


def test_p99_of_few_samples_is_the_largest() -> None:
    assert p99([1.0, 9.0, 2.0]) == 9.0


def test_variants_are_sampled_in_turns_and_the_warm_up_is_thrown_away() -> None:
    order: list[str] = []
    ticks = count()

    def sampler(name: str) -> Any:
        def sample() -> float:
            order.append(name)
            return float(next(ticks))

        return sample

    samples = interleaved({"a": (sampler("a"), 2), "b": (sampler("b"), 1)}, rounds=2, warm_up=1)
    assert "".join(order) == "aabaabaab"
    assert samples == {"a": [3.0, 4.0, 6.0, 7.0], "b": [5.0, 8.0]}


def test_seconds_of_measures_the_call() -> None:
    def action() -> None:
        end = time.perf_counter() + 0.02
        while time.perf_counter() < end:
            pass

    assert 0.02 <= seconds_of(action) < 1.0


# --- parts and targets


def test_targets_hold_or_not() -> None:
    assert Target(8).holds(8.0)
    assert not Target(8).holds(8.1)
    assert Target(4, at_most=False).holds(4.0)
    assert not Target(4, at_most=False).holds(3.9)
    assert not Target(8).holds(math.nan)
    assert (str(Target(1.5)), str(Target(30, at_most=False))) == ("≤ 1.5", "≥ 30")


def test_each_part_has_a_module_of_its_own() -> None:
    names = [part.name for part in PARTS]
    assert len(set(names)) == len(names)
    for part in PARTS:
        assert util.find_spec(part.module) is not None


def test_the_figures_are_those_of_the_contract() -> None:
    keys = {part.name: {figure.key for figure in part.figures} for part in PARTS}
    assert keys["live_update"] == {
        "median_ms",
        "p99_ms",
        "bare_forward_ms",
        "matplotlib_blit_ms",
        "matplotlib_axes_ms",
        "ratio_to_forward",
        "speedup_over_blit",
        "speedup_over_axes",
    }
    assert keys["traced_update"] == {
        "median_ms",
        "p99_ms",
        "bare_forward_ms",
        "trace_ms",
        "arithmetic_ms",
        "ratio_to_forward",
    }
    assert keys["event_loop_gap"] == {"p99_ms", "max_ms"}
    assert keys["startup"] == {"window_ratio", "live_ratio"}
    assert keys["memory"] == {"ratio", "growth_mb"}


def test_live_update_s_figures_follow_from_its_samples() -> None:
    found = live_update.summary(
        {
            "update": [0.002] * 99 + [0.009],
            "forward": [0.0005],
            "blit": [0.010],
            "axes": [0.100],
        }
    )
    assert found["median_ms"] == pytest.approx(2.0)
    assert found["p99_ms"] == pytest.approx(2.0)
    assert found["ratio_to_forward"] == pytest.approx(4.0)
    assert found["speedup_over_blit"] == pytest.approx(5.0)
    assert found["speedup_over_axes"] == pytest.approx(50.0)
    assert "note" not in found


def test_without_matplotlib_its_figures_are_null_and_a_note_says_why() -> None:
    found = live_update.summary({"update": [0.002], "forward": [0.001]})
    assert found["matplotlib_blit_ms"] is found["speedup_over_axes"] is None
    assert "pip install matplotlib" in str(found["note"])
    assert {figure.key for figure in PARTS[1].figures} <= found.keys()


def test_traced_update_s_figures_follow_from_its_samples() -> None:
    samples = {
        "update": [0.004] * 99 + [0.009],
        "forward": [0.0005],
        "trace": [0.055, 0.06, 0.07],
        "arithmetic": [0.003],
    }
    found = traced_update.summary(samples)
    assert found["median_ms"] == pytest.approx(4.0)
    assert found["ratio_to_forward"] == pytest.approx(8.0)
    assert found["trace_ms"] == pytest.approx(60.0)
    assert found["trace_p99_ms"] == pytest.approx(70.0)
    assert found["arithmetic_ms"] == pytest.approx(3.0)
    (part,) = (part for part in PARTS if part.name == "traced_update")
    assert {figure.key for figure in part.figures} <= found.keys()


# --- output

A_PART = Part(
    "part",
    (
        Figure("fast_ms", "something fast", "ms"),
        Figure("good", "a good ratio", "×", Target(8)),
        Figure("bad", "a bad ratio", "×", Target(4, at_most=False)),
        Figure("none", "what could not be had", "×", Target(1)),
    ),
)


def test_the_table_has_targets_and_whether_they_hold() -> None:
    values = {"fast_ms": 1.23456, "good": 2.0, "bad": 3.0, "none": None, "note": "A note."}
    lines = list(output.table({"part": values}, (A_PART,)))
    words = [line.split() for line in lines]
    assert words[0] == ["part"]
    assert words[1] == ["something", "fast", "1.235", "ms"]
    assert words[2][-5:] == ["2", "×", "≤", "8", "holds"]
    assert words[3][-5:] == ["3", "×", "≥", "4", "MISSED"]
    assert words[4][-5:] == ["×", "≤", "1", "not", "measured"]
    assert lines[5].strip() == "A note."


def test_figures_have_four_significant_digits() -> None:
    value = {"a": 0.000123456, "b": {"c": 98765.4321}, "n": 3, "s": "x", "none": None}
    expected = {"a": 0.0001235, "b": {"c": 98770.0}, "n": 3, "s": "x", "none": None}
    assert output.rounded(value) == expected


def test_json_is_one_object_of_the_parts_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "run_part", lambda part: {"of": part.name})
    everything = run_here(capsys, "bench", "--json")
    assert everything.code == 0
    names = [part.name for part in PARTS]
    assert json.loads(everything.out) == {name: {"of": name} for name in names}
    one = run_here(capsys, "bench", "--json", "--only", "memory")
    assert json.loads(one.out) == {"memory": {"of": "memory"}}


def test_a_part_that_fails_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(part: Part) -> dict[str, Any]:
        raise UserError(f"The part {part.name} could not be measured (it is tired): rest.")

    monkeypatch.setattr(bench, "run_part", fail)
    run_here(capsys, "bench", "--json").assert_one_sentence("machine", "tired")


@pytest.mark.parametrize(
    ("code", "out", "err", "reason"),
    [
        (1, "", "Traceback\nValueError: broken\n", "ValueError: broken"),
        (3, "", "", "exit code 3"),
        (0, "no json\n", "warned\n", "warned"),
        (0, "", "", "exit code 0"),
        (0, "[1]\n", "", "exit code 0"),
    ],
)
def test_whatever_a_part_s_process_does_the_sentence_says_why(
    code: int, out: str, err: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.CompletedProcess(["python"], code, out, err)
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: done)
    with pytest.raises(UserError, match=f"machine could not be measured.*{reason}"):
        output.run_part(PARTS[0])


def test_a_part_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("python", output.TIMEOUT_S)

    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(UserError, match="took more than 600 s"):
        output.run_part(PARTS[0])


def test_a_part_s_process_is_offscreen_and_has_settings_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    variables = output.environment(tmp_path)
    assert variables["QT_QPA_PLATFORM"] == "offscreen"
    assert variables["XDG_CONFIG_HOME"] == str(tmp_path)
    assert "PYTHONDONTWRITEBYTECODE" not in variables


def test_the_machine_is_described_by_a_real_process(tmp_path: Path) -> None:
    result = run_process("bench", "--json", "--only", "machine", folder=tmp_path)
    assert (result.code, result.err) == (0, "")
    found = json.loads(result.out)["machine"]
    assert found["cores"] == os.cpu_count()
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["cpu"] == machine.cpu_name()


# --- the hand


def test_a_3_is_one_line_within_the_paper_that_the_program_reads_as_3(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = three(40)
    assert all(0.1 < x < 0.9 and 0.1 < y < 0.9 for x, y in path)
    steps = [math.dist(a, b) for a, b in pairwise(path)]
    assert max(steps) < 0.06
    file = tmp_path / "three.jsonl"
    write_stroke_file(file, path)
    result = run_here(capsys, "predict", "--json", file)
    assert result.code == 0, result.err
    assert json.loads(result.out.splitlines()[0])["prediction"] == "3"


# --- what is compared with

OUTPUTS = {
    "maps": np.arange(3 * 2 * 2, dtype=np.float32).reshape(3, 2, 2),
    "units": np.array([0.0, 1.0, 2.0, 3.0], np.float32),
}
PLACES = {"maps": Place((10, 20, 50, 50), 2), "units": Place((80, 10, 20, 20), 2)}


def test_a_mosaic_by_hand() -> None:
    nan = np.nan
    expected = [
        [0, 1, nan, 4, 5],
        [2, 3, nan, 6, 7],
        [nan, nan, nan, nan, nan],
        [8, 9, nan, nan, nan],
        [10, 11, nan, nan, nan],
    ]
    np.testing.assert_array_equal(mosaic(OUTPUTS["maps"], 2), expected)
    np.testing.assert_array_equal(mosaic(OUTPUTS["units"], 2), [[0, 1], [2, 3]])


@pytest.mark.parametrize("kind", [Mosaics, AxesPerMap])
def test_matplotlib_really_draws_the_maps_where_they_belong(
    kind: type[Mosaics | AxesPerMap],
) -> None:
    picture = kind(OUTPUTS, PLACES, (120, 90))
    picture.update(OUTPUTS)
    before = picture.pixels()
    assert before.shape == (90, 120, 4)
    drawn = (before[..., :3] != 255).any(axis=-1)
    assert drawn[21:39, 11:29].all()  # the first map: upper left of its mosaic
    assert drawn[11:29, 81:99].all()  # the units
    assert not drawn[:9].any()
    assert not drawn[:, 105:].any()
    turned = {name: values[::-1].copy() for name, values in OUTPUTS.items()}
    picture.update(turned)
    after = picture.pixels()
    assert (before[10:30, 80:100] != after[10:30, 80:100]).any()
    picture.update(OUTPUTS)
    np.testing.assert_array_equal(picture.pixels(), before)


def test_the_clock_of_a_process_is_this_one_s() -> None:
    script = "import time; print(time.monotonic())"
    assert 0.0 < stamp_s([sys.executable, "-S", "-c", script]) < 10.0


def test_a_bare_window_is_painted_and_stamped() -> None:
    command = [sys.executable, "-c", bare.BARE_WINDOW.format(width=320, height=200)]
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert float(done.stdout) <= time.monotonic()


@pytest.mark.parametrize("measure", [stamp_s, run_time_s])
def test_a_script_that_fails_is_no_measurement(measure: Any) -> None:
    with pytest.raises(UserError, match="boom"):
        measure([sys.executable, "-S", "-c", "raise SystemExit('boom')"])


def test_resident_memory_is_what_psutil_says() -> None:
    psutil = pytest.importorskip("psutil")
    assert memory.resident_bytes() == pytest.approx(psutil.Process().memory_info().rss, rel=0.05)


def test_busy_processes_run_and_are_gone_afterwards() -> None:
    with event_loop_gap.busy_processes(2) as processes:
        assert [process.poll() for process in processes] == [None, None]
    assert all(process.returncode is not None for process in processes)


def test_busy_processes_are_gone_after_a_failure() -> None:
    with pytest.raises(RuntimeError), event_loop_gap.busy_processes(1) as processes:
        raise RuntimeError
    assert processes[0].returncode is not None


def test_gaps_are_between_neighbouring_beats() -> None:
    heart = event_loop_gap.Heart()
    heart.beats = [1.0, 1.001, 1.051]
    assert heart.gaps_ms() == pytest.approx([1.0, 50.0])


def test_arguments_name_the_parts() -> None:
    parser = argparse.ArgumentParser()
    bench.configure(parser)
    assert parser.parse_args(["--only", "startup"]).only == "startup"


# --- the program under measurement, in a process of its own

SESSION = """
import json
from viewer.cli.benchmarks.event_loop_gap import gaps_while_drawing
from viewer.cli.benchmarks.session import POINTS, running

with running("mlp") as session:
    generations, winners = [], set()
    times = []
    for _ in range(POINTS):  # more than one digit
        times.append(session.update_s())
        record = session.controller.views.record
        generations.append(record.generation)
        assert record.generation == session.controller.inputs.generation
        winners.add(session.application.window.prediction.winner)
    gaps_ms, points_per_s = gaps_while_drawing(session, 1.0)
print(json.dumps([times, generations, sorted(winners), gaps_ms, points_per_s]))
"""


@pytest.mark.slow
def test_each_movement_is_timed_until_its_own_answer_is_painted() -> None:
    variables = {"QT_QPA_PLATFORM": "offscreen"}
    result = run_process(program=("-c", SESSION), variables=variables)
    assert (result.code, result.err) == (0, "")
    times, generations, winners, gaps_ms, points_per_s = json.loads(result.out)
    assert len(times) == len(generations) == 120
    assert all(0 < seconds < 10 for seconds in times)
    assert generations == sorted(set(generations)), "a movement was answered by an older record"
    assert "3" in winners
    assert len(gaps_ms) > 20
    assert sum(gaps_ms) == pytest.approx(1000, rel=0.3)
    assert points_per_s == pytest.approx(1000, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["window", "live"])
def test_the_probe_stamps_the_window_and_the_first_prediction(what: str, tmp_path: Path) -> None:
    drawing = tmp_path / "three.jsonl"
    write_stroke_file(drawing, three(40))
    variables = output.environment(tmp_path)
    result = run_process(
        what,
        drawing,
        program=("-m", "viewer.cli.benchmarks.startup_probe"),
        variables={name: variables[name] for name in ("QT_QPA_PLATFORM", "XDG_CONFIG_HOME")},
    )
    assert (result.code, result.err) == (0, "")
    assert float(result.out) <= time.monotonic()
