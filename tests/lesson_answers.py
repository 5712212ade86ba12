"""The right answers of the lessons in the box, by hand or by plain torch: no formula of theirs."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as torch's own examples have it
from safetensors.torch import load_file
from torch import Tensor

from viewer.core.resources import resource_path

Weights = Mapping[str, Tensor]
Layers = dict[str, Tensor]
Answer = str | Callable[[Weights], str]  # as it is typed; from what is on screen where it learns

MEAN, STD = 0.1307, 0.3081  # of MNIST
CORNER_STD = 0.1546
HEADER_BYTES = 16  # of an IDX file of images
SEVEN, TWO = 0, 1  # test images


@cache
def image(index: int) -> Tensor:
    """Return a test image of MNIST, (28, 28) in [0, 1]."""
    path = resource_path("mnist") / "t10k-images-idx3-ubyte.gz"
    pixels = np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8)[HEADER_BYTES:]
    return torch.from_numpy(pixels.reshape(-1, 28, 28)[index] / np.float32(255))


def corner(index: int) -> Tensor:
    """Return it at half its size, rows and columns 12 to 25 of (28, 28)."""
    halves = torch.floor(F.avg_pool2d(image(index)[None] * 255, 2) + 0.5) / 255
    return F.pad(halves, (12, 2, 12, 2))[0]


def moved(pixels: Tensor, down: int, right: int) -> Tensor:
    """Return pixels moved; what comes in is paper."""
    found = torch.zeros_like(pixels)
    for y in range(28):
        for x in range(28):
            if 0 <= y - down < 28 and 0 <= x - right < 28:
                found[y, x] = pixels[y - down, x - right]
    return found


@cache
def shipped(name: str) -> Weights:
    return load_file(resource_path("models") / f"{name}.safetensors")


def convolved(w: Weights, name: str, x: Tensor) -> Tensor:
    weight = w[f"{name}.weight"]
    padding = 0 if name in ("c3", "c5") else weight.shape[-1] // 2
    return F.conv2d(x, weight, w[f"{name}.bias"], padding=padding)


def linear(w: Weights, name: str, x: Tensor) -> Tensor:
    return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])


def digits(w: Weights, pixels: Tensor, mean: float = MEAN, std: float = STD) -> Layers:
    """Return what each layer gives, without the batch: (C, H, W) or (N,)."""
    x = ((pixels - mean) / std)[None, None]
    found: Layers = {}
    for i in (1, 2, 3):
        found[f"conv{i}"] = x = convolved(w, f"conv{i}", x)
        found[f"relu{i}"] = x = x.clamp(min=0)
        if i < 3:
            found[f"pool{i}"] = x = F.max_pool2d(x, 2)
    found["dense"] = linear(w, "dense", x.flatten(1))
    return {name: value[0] for name, value in found.items()}


def mlp(w: Weights, pixels: Tensor, mean: float = MEAN, std: float = STD) -> Tensor:
    """Return the logits, (10,)."""
    x = ((pixels - mean) / std).flatten()
    for i in (1, 2):
        x = linear(w, f"dense{i}", x).clamp(min=0)
    return linear(w, "dense3", x)


def pooled(w: Weights, pixels: Tensor) -> Tensor:
    """Return the logits (10,) of the network with a last pooling over all places."""
    x = (pixels / CORNER_STD)[None, None]
    x = F.max_pool2d(convolved(w, "conv1", x).clamp(min=0), 2)
    x = convolved(w, "conv2", x).clamp(min=0).amax(dim=(2, 3))
    return linear(w, "output", x)[0]


def typed(value: Tensor | float) -> str:
    return f"{float(value):.6g}"


def is_seven(logits: Tensor) -> str:
    return "yes" if int(logits.argmax()) == 7 else "no"


def brightest_column(map_: Tensor) -> int:
    return int(map_.argmax()) % map_.shape[1]


def top_edge_row() -> int:
    kernel = torch.tensor([[[[-1.0, -1, -1], [1, 1, 1], [0, 0, 0]]]])
    found = F.conv2d(image(SEVEN)[None, None], kernel)[0, 0]
    return int(found.argmax()) // found.shape[1]


def first_mean_of_lenet() -> Tensor:
    x = ((image(SEVEN) - MEAN) / STD)[None, None]
    return torch.tanh(convolved(shipped("lenet5"), "c1", x))[0, 0, 12:14, 12:14].mean()


def answers() -> Mapping[str, tuple[Answer, ...]]:
    """Return the answers of each lesson in the order of its questions."""
    seven, two = (digits(shipped("digits"), image(i)) for i in (SEVEN, TWO))
    right = digits(shipped("digits"), moved(image(SEVEN), 0, 3))
    left = moved(image(SEVEN), 0, -8)
    on_screen = digits(shipped("digits"), left)["dense"]
    sevens_map, twos_map = seven["relu3"][3].max(), two["relu3"][3].max()
    there = moved(corner(SEVEN), -10, -10)
    return {
        "image": ("784", "less than a third", typed((0 - MEAN) / STD), "1 28 28"),
        # Face and counting detector: no ink below a one, then a single cell.
        "filter": ("0", "1", "5", "3", "16"),
        # 28 + 4 - 4; 14 - 4; (7 + 2 - 2 - 1) // 2 + 1; columns 0 to 6 of 8 are covered.
        "sliding": ("784", "2", "10", "4", "1"),
        "edges": ("0", "3", "a negative number", str(top_edge_row()), "3", "falling"),
        "channels": ("416", "400", "12832", "1", "32 7 7"),
        "relu-and-pooling": (
            "0",
            typed(seven["conv1"][0].max()),
            typed(seven["pool1"][0].max()),
            "25 %",
            typed(first_mean_of_lenet()),
        ),
        "stages": ("3", "1568", str(int(seven["dense"].argmax())), "1", "no"),
        "depth": (
            "6",
            "14",
            "32",
            "the 7" if sevens_map > twos_map else "the 2",
            typed(two["relu2"][3].max()),
        ),
        "translation": (
            str(brightest_column(seven["relu1"][2]) + 3),
            typed(right["relu1"][2].max()),
            "784",
            is_seven(mlp(shipped("mlp"), left)),
            is_seven(on_screen),
        ),
        "learning": (
            "10",
            "nearly all",
            lambda w: str(int(digits(w, image(SEVEN))["dense"].argmax())),
        ),
        "one-dimension": ("0 0 1 1 0 0", "0 0 1 0 -1 0 0", "3 2 1", "1 2 3"),
        "dense-or-convolutional": (
            "100480",
            typed(100480 / 416),
            "38",  # of the accuracy in the README, 99.62 %
            "0",
            lambda w: is_seven(mlp(w, there, 0, CORNER_STD)),
            typed(109386 / (16 * (25 + 1) + 32 * (16 * 9 + 1) + 10 * (32 + 1))),
            lambda w: is_seven(pooled(w, there)),
            "everywhere",
        ),
    }
