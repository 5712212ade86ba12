"""Settings as words of the command line, and the command that repeats a training."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import Field, fields
from typing import Any

from viewer.core.training.config import Augmentation, TrainingConfig, load_recipe, recipe_names

_SHORTER = {"architecture": "--arch"}


def option(name: str) -> str:
    """Return the option that a setting has on the command line."""
    return _SHORTER.get(name, "--" + name.replace("_", "-"))


def plain_fields(owner: type[TrainingConfig | Augmentation]) -> Iterator[Field[Any]]:
    """Return the settings that have an option of their own."""
    return (f for f in fields(owner) if "help" in f.metadata)


def training_command(config: TrainingConfig) -> str:
    """Return the command that trains with a configuration: by its recipe if it has one."""
    for name in recipe_names():
        if load_recipe(name) == config:
            return f"convnet-viewer train --recipe {name} -o RUN"
    words = ["convnet-viewer", "train", "--dataset", config.dataset, "--arch", config.architecture]
    words += ["--epochs", str(config.epochs), "--seed", str(config.seed)]
    for name, value in config.hyper.items():
        text = value if isinstance(value, str) else json.dumps(value)
        words += ["--hyper", f"{name}={text}"]
    if config.frozen:
        words += ["--frozen", *config.frozen]
    stated = {"dataset", "architecture", "epochs", "seed"}
    for owner in (config, config.augmentation):
        for item in plain_fields(type(owner)):
            value = getattr(owner, item.name)
            if item.name not in stated and value != item.default:
                words += _option_words(item.name, value)
    return shlex.join([*words, "-o", "RUN"])


def _option_words(name: str, value: object) -> list[str]:
    if isinstance(value, bool):
        return [option(name) if value else "--no-" + name.replace("_", "-")]
    return [option(name), str(value)]
