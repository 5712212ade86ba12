import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load

from viewer.core.errors import UserError
from viewer.core.training.kept_steps import WANTED_CHANGE, KeptSteps
from viewer.core.training.state_file import check_state, read_network, read_state, state_parts


def state(step: int, position: float = 0.0) -> dict[str, Any]:
    """Return a state whose weight lies at `position` on a line, far from 0."""
    return {
        "config": "{}",
        "step": step,
        "epoch_sums": [0.1, 2, 3],
        "network": {"a.weight": torch.full((20, 20), 100.0 + position), "a.count": torch.tensor(7)},
        "optimiser": {
            "state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.arange(4.0)}},
            "param_groups": [{"betas": (0.9, 0.999), "params": [0], "foreach": None}],
        },
        "average": None,
    }


def size() -> int:
    return sum(map(len, state_parts(state(10, 1.0))))


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path)
    assert kept.keep(5, state(5, 0.5))
    found = KeptSteps(tmp_path).state(5)
    wanted = state(5, 0.5)
    assert torch.equal(found["network"].pop("a.weight"), wanted["network"].pop("a.weight"))
    memory, wanted_memory = (s["optimiser"]["state"].pop(0) for s in (found, wanted))
    assert torch.equal(memory["exp_avg"], wanted_memory["exp_avg"])
    assert found == wanted  # types and keys too: tuples, whole numbers, None
    weights = kept.weights(5)
    assert list(weights) == ["a.count", "a.weight"] or list(weights) == ["a.weight", "a.count"]
    assert float(weights["a.weight"][0, 0]) == 100.5


def test_safetensors_reads_what_is_written_and_no_tensor_is_copied() -> None:
    tensors = {
        "half": torch.arange(6, dtype=torch.bfloat16).reshape(2, 3),
        "flag": torch.tensor([True, False, True]),
        "bytes": torch.arange(5, dtype=torch.uint8),
        "count": torch.tensor(7),
        "none": torch.zeros(0, 4),
        "turned": torch.arange(12.0).reshape(3, 4).T,
        "large": torch.randn(64, 64),
    }
    head, *contents = state_parts({"network": tensors})
    found = load(b"".join((head, *contents)))
    assert len(found) == len(tensors)
    for name, tensor in tensors.items():
        assert found[f"network.{name}"].dtype == tensor.dtype
        assert torch.equal(found[f"network.{name}"], tensor)
    places = [np.frombuffer(content, np.uint8).ctypes.data for content in contents if content]
    assert tensors["large"].data_ptr() in places  # a copy would hold up all other threads


def test_dense_at_the_start(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path)
    taken = []
    for step in range(70):  # nothing changes
        if kept.due(step):
            taken.append(step)
            kept.keep(step, state(step))
    assert taken == [0, 1, 2, 4, 8, 16, 32, 64]
    assert kept.steps() == tuple(taken)


def test_denser_where_more_changes(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path)
    position = 0.0
    for step in range(401):
        # 1 % of the way a step at first, a tenth of that later.
        position += 1.0 if step < 200 else 0.1
        if kept.due(step):
            kept.keep(step, state(step, position))
    early = [s for s in kept.steps() if 100 <= s < 200]
    late = [s for s in kept.steps() if 260 <= s <= 400]
    assert 6 <= len(early) <= 15  # the weights grow by half: about 5 % apart
    assert len(late) < len(early) / 2
    assert WANTED_CHANGE == 0.05


def test_the_bound_holds_and_what_changes_least_goes_first(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path, limit_bytes=5 * size() + 100)
    for step, position in enumerate((0.0, 10.0, 20.0, 20.1, 30.0)):
        kept.keep(step, state(step, position))
    assert kept.steps() == (0, 1, 2, 3, 4)
    kept.keep(5, state(5, 40.0))
    # 3 lies 10 from 1's other neighbour and 2 lies 10.1 between its own: one of the pair goes.
    assert kept.steps() in ((0, 1, 3, 4, 5), (0, 1, 2, 4, 5))
    assert kept.bytes_used() <= kept.limit_bytes
    on_disk = sum(p.stat().st_size for p in (tmp_path / "steps").glob("*.safetensors"))
    assert on_disk == kept.bytes_used()


def test_pinned_steps_stay_as_long_as_others_can_go(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path, limit_bytes=4 * size() + 100)
    kept.keep(0, state(0), marks=("start",))
    kept.keep(1, state(1, 0.001), marks=("epoch",))
    for step in range(2, 8):
        kept.keep(step, state(step, 10.0 * step))
    assert {0, 1, 7} <= set(kept.steps())
    for step in range(8, 14):  # only pinned ones are left in the end
        kept.keep(step, state(step, 10.0 * step), marks=("best" if step == 9 else "change",))
    assert len(kept.steps()) == 4
    assert {0, 9, 13} <= set(kept.steps())


def test_the_bound_can_be_changed(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path)
    for step in range(6):
        kept.keep(step, state(step, 10.0 * step))
    kept.set_limit(3 * size() + 100)
    assert len(kept.steps()) == 3
    assert {0, 5} <= set(kept.steps())
    kept.set_limit(0)
    assert kept.steps() == ()
    assert kept.bytes_used() == 0
    assert not kept.keep(7, state(7))
    assert not list((tmp_path / "steps").glob("*.safetensors"))


def test_one_best_and_marks_are_found_again(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path)
    kept.keep(1, state(1), marks=("epoch", "best"))
    kept.keep(2, state(2))
    assert not kept.keep(2, state(2), marks=("epoch", "best"))  # is kept already
    found = KeptSteps(tmp_path)
    assert found.marks() == {1: {"epoch"}, 2: {"epoch", "best"}}
    (tmp_path / "steps" / "index.json").write_text("[no JSON")
    assert KeptSteps(tmp_path).steps() == (1, 2)  # the marks are lost, the steps are not
    assert KeptSteps(tmp_path).marks() == {}


def test_steps_after_a_checkpoint_are_dropped(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path)
    for step in (0, 1, 2, 4, 8):
        kept.keep(step, state(step, step))
    kept.cut(3)
    assert kept.steps() == KeptSteps(tmp_path).steps() == (0, 1, 2)
    assert kept.due(4)
    assert kept.keep(4, state(4, 4))


def test_a_step_that_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Step 7 is not kept"):
        KeptSteps(tmp_path).weights(7)
    with pytest.raises(UserError, match="Step 7 is not kept"):
        KeptSteps(tmp_path).state(7)


@pytest.mark.parametrize("cut", [0, 5, 300, -1])
def test_a_file_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "00000001.safetensors"
    path.write_bytes(b"".join(state_parts(state(1)))[:cut])
    for read in (read_network, read_state):
        with pytest.raises(UserError, match="damaged"):
            read(path)


@pytest.mark.parametrize(
    "plain",
    [
        "",
        "[",
        "3",
        "[" * 10_000,
        '{"mapping": [[[], 1]]}',
        '{"tensor": "gone"}',
        '{"a": 1, "b": 2}',
    ],
)
def test_metadata_of_another_kind_is_refused(tmp_path: Path, plain: str) -> None:
    from safetensors.torch import save

    path = tmp_path / "00000001.safetensors"
    path.write_bytes(save({"network.a": torch.zeros(2)}, {"convnet-viewer-state": plain}))
    with pytest.raises(UserError, match="damaged"):
        read_state(path)
    assert torch.equal(read_network(path)["a"], torch.zeros(2))


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    wrong = state(1)
    wrong["network"]["a.weight"][3, 3] = torch.inf
    path = tmp_path / "00000001.safetensors"
    path.write_bytes(b"".join(state_parts(wrong)))
    for read in (read_network, read_state):
        with pytest.raises(UserError, match="damaged"):
            read(path)


def test_weights_stay_when_their_file_is_written_over(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path)
    kept.keep(1, state(1))
    weights = kept.weights(1)
    path = tmp_path / "steps" / "00000001.safetensors"
    path.write_bytes(b"\0" * path.stat().st_size)
    assert float(weights["a.weight"].sum()) == 40_000


def test_memory_of_another_shape_is_refused() -> None:
    network = torch.nn.Linear(2, 3)
    good = {
        "network": dict(network.state_dict()),
        "average": None,
        "optimiser": {"state": {0: {"exp_avg": torch.zeros(3, 2)}, 1: {"exp_avg": torch.zeros(3)}}},
    }
    check_state(good, network)
    good["optimiser"]["state"][1]["exp_avg"] = torch.zeros(4)  # type: ignore[index]  # it is a dict
    with pytest.raises(UserError, match="damaged"):
        check_state(good, network)


def test_the_index_is_json(tmp_path: Path) -> None:
    KeptSteps(tmp_path).keep(3, state(3), marks=("start",))
    index = json.loads((tmp_path / "steps" / "index.json").read_text())
    assert index == {"3": {"travelled": 0.0, "marks": ["start"]}}
