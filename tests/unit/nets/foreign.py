"""Networks of somebody else, saved in every format that one may come in."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from viewer.core.nets.checkpoint import Metadata, save_checkpoint


class Block(nn.Module):
    """Two convolutions around which the input is added."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(maps, maps, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(maps)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(maps, maps, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.conv2(y) + x)


class Residual(nn.Module):
    """A small residual network with functional operations between its modules."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2)
        self.layer1 = nn.Sequential(Block(8), Block(8))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.stem(x)), 2)
        x = self.pool(self.layer1(x))
        x = x.view(x.size(0), -1)
        scores: Tensor = self.fc(self.drop(torch.flatten(x, 1)))
        return scores


RESIDUAL_SHAPE = (3, 32, 32)


def residual() -> Residual:
    """Return the network with weights, and statistics that are not those of a fresh one."""
    torch.manual_seed(3)
    network = Residual()
    with torch.no_grad():
        for _ in range(3):
            network(torch.rand(8, *RESIDUAL_SHAPE))
    return network.eval()


Save = Callable[[nn.Module, tuple[int, int, int], Path], object]


def _quietly(save: Save) -> Save:
    """Return `save` without torch's announcements of what is to replace it."""

    def quiet(network: nn.Module, shape: tuple[int, int, int], path: Path) -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return save(network, shape, path)

    return quiet


def _example(shape: tuple[int, int, int], batch: int = 1) -> tuple[Tensor]:
    return (torch.rand(batch, *shape),)


def _export(network: nn.Module, shape: tuple[int, int, int], path: Path) -> None:
    torch.export.save(torch.export.export(network, _example(shape)), path)


def _export_any_batch(network: nn.Module, shape: tuple[int, int, int], path: Path) -> None:
    sizes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(network, _example(shape, 2), dynamic_shapes=sizes)
    torch.export.save(program, path)


def _lower(network: nn.Module, shape: tuple[int, int, int], path: Path) -> None:
    program = torch.export.export(network, _example(shape)).run_decompositions()
    torch.export.save(program, path)


def _trace(network: nn.Module, shape: tuple[int, int, int], path: Path) -> None:
    trace: Any = torch.jit.trace  # it has no types
    trace(network, _example(shape)).save(str(path))


def _script(network: nn.Module, shape: tuple[int, int, int], path: Path) -> None:
    script: Any = torch.jit.script
    script(network).save(str(path))


def _onnx(network: nn.Module, shape: tuple[int, int, int], path: Path) -> None:
    torch.onnx.export(network, _example(shape), str(path), dynamo=False)


PROGRAMS: Mapping[str, Save] = {
    "exported": _quietly(_export),
    "exported for any batch": _quietly(_export_any_batch),
    "exported and decomposed": _quietly(_lower),
    "traced": _quietly(_trace),
    "scripted": _quietly(_script),
    "ONNX": _quietly(_onnx),
}


def _wrapped(network: nn.Module, prefix: str) -> dict[str, Tensor]:
    return {f"{prefix}{name}": value for name, value in network.state_dict().items()}


WEIGHTS: Mapping[str, Save] = {
    "state dict": lambda n, s, p: torch.save(n.state_dict(), p),
    "state dict in a checkpoint": lambda n, s, p: torch.save(
        {"epoch": 3, "optimizer": {"state": {}}, "model_state_dict": n.state_dict()}, p
    ),
    "state dict of DataParallel": lambda n, s, p: torch.save(
        {"state_dict": _wrapped(n, "module.")}, p
    ),
    "state dict of torch.compile": lambda n, s, p: torch.save(_wrapped(n, "_orig_mod."), p),
    "state dict of Lightning": lambda n, s, p: torch.save({"state_dict": _wrapped(n, "model.")}, p),
    "state dict before 1.6": lambda n, s, p: torch.save(
        n.state_dict(), p, _use_new_zipfile_serialization=False
    ),
    "bare safetensors": lambda n, s, p: save_file(n.state_dict(), p),
}


def save_ours(network: nn.Module, metadata: Metadata, path: Path) -> None:
    """Save a checkpoint of ours."""
    save_checkpoint(path, network, metadata)
