"""What torchvision offers: its classification architectures, and the weights published for them.

Importing torchvision takes a second: the functions do it, this module doesn't.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from viewer.core.data.downloads import Cancel, Progress, RemoteFile, fetch
from viewer.core.errors import UserError
from viewer.core.nets.catalog_entries import CatalogEntry, PublishedWeights

MEGABYTE = 1 << 20  # torchvision states sizes in these
SIZE_MARGIN = 1.05  # its sizes are rounded
_METRIC = "acc@1"
# torch.hub's own rule: the name ends in the first digits of the file's SHA-256.
_SUM = re.compile(r"-([a-f0-9]{6,64})\.")


def catalog() -> tuple[CatalogEntry, ...]:
    """Return every classification architecture of the torchvision that is installed."""
    from torchvision import models  # type: ignore[import-untyped]  # no stubs

    names = models.list_models(module=models)
    return tuple(_entry(name, models.get_model_weights(name)) for name in names)


def weights_file(name: str, key: str) -> RemoteFile:
    """Return the file of published weights.

    Raises
    ------
    UserError
        If torchvision has no such architecture or weights.
    """
    from torchvision import models

    try:
        chosen = models.get_model_weights(name)[key]
    except (KeyError, ValueError):
        raise UserError(
            f"torchvision has no weights {key} for {name}: choose others, or open it untrained."
        ) from None
    found = _SUM.search(_file_name(chosen.url))
    return RemoteFile(
        title=f"{name} ({_weights(chosen).title})",
        name=_file_name(chosen.url),
        urls=(chosen.url,),
        md5="",
        max_bytes=int(_size(chosen) * SIZE_MARGIN) + MEGABYTE,
        sha256=found[1] if found else "",
    )


def download_weights(key: str, root: Path, *, progress: Progress, cancel: Cancel) -> None:
    """Fetch published weights to where torchvision looks for them, unless they are there.

    Parameters
    ----------
    key : str
        ``resnet18:IMAGENET1K_V1``.
    root : pathlib.Path
        Of torch.hub's checkpoints.
    progress, cancel
        As of `viewer.core.data.downloads.fetch`.

    Raises
    ------
    UserError
        If there are no such weights, or they can't be had; a cancelled download is one, too.
    """
    name, _, weights = key.partition(":")
    file = weights_file(name, weights)
    if not (root / file.name).is_file():
        fetch(file, root, progress=progress, cancel=cancel)


def checkpoints_folder() -> Path:
    """Return the folder that torch.hub keeps downloaded weights in."""
    from torch import hub

    return Path(hub.get_dir()) / "checkpoints"


def _entry(name: str, weights: Any) -> CatalogEntry:
    members = sorted(weights, key=lambda w: w is not weights.DEFAULT)
    parameters = next((int(w.meta.get("num_params", 0)) for w in members), 0)
    return CatalogEntry(name, parameters, tuple(map(_weights, members)))


def _weights(chosen: Any) -> PublishedWeights:
    measured: dict[str, dict[str, float]] = chosen.meta.get("_metrics", {})
    dataset = next(iter(measured), "")
    accuracy = measured.get(dataset, {}).get(_METRIC)
    return PublishedWeights(
        key=chosen.name,
        url=chosen.url,
        accuracy=None if accuracy is None else accuracy / 100,
        dataset=dataset,
        size_bytes=int(_size(chosen)),
        is_here=(checkpoints_folder() / _file_name(chosen.url)).is_file(),
    )


def _size(chosen: Any) -> float:
    return float(chosen.meta.get("_file_size", 0)) * MEGABYTE


def _file_name(url: str) -> str:
    return Path(urlparse(url).path).name
