"""Networks of torchvision with the weights that its authors have published (``resnet18:…``)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.core.errors import UserError
from viewer.core.nets.formats.describing import told
from viewer.core.nets.model_names import published_parts
from viewer.core.nets.shipped import existing_path
from viewer.core.nets.torchvision_catalog import checkpoints_folder, weights_file
from viewer.core.nets.torchvision_models import torchvision_metadata

if TYPE_CHECKING:
    from viewer.core.nets.checkpoint import LoadedNetwork
    from viewer.core.nets.profile import Profile


@dataclass(frozen=True, slots=True)
class PublishedNetwork:
    """Weights that are on this computer.

    Attributes
    ----------
    architecture, key : str
        torchvision's names for the network and the weights.
    title : str
    path : pathlib.Path
        Where torch.hub keeps them.
    """

    architecture: str
    key: str
    title: str
    path: Path

    def described(self, loaded: LoadedNetwork, profile: Profile | None) -> LoadedNetwork:
        """Return a network opened out of `path` with what torchvision says about these weights."""
        published = torchvision_metadata(self.architecture, pretrained=True, key=self.key)
        metadata = replace(published, hyper=loaded.metadata.hyper)
        metadata = told(metadata, profile, self.title)
        return replace(loaded, metadata=metadata, source="torchvision", title=self.title, note="")


def published_network(model: str) -> PublishedNetwork | None:
    """Return the published weights that a name stands for; None if it is another name, or a path.

    Raises
    ------
    UserError
        If torchvision has no such weights, or they were not downloaded yet.
    """
    parts = published_parts(model)
    if parts is None or existing_path(model) is not None:
        return None
    architecture, key = parts
    file = weights_file(architecture, key)
    path = checkpoints_folder() / file.name
    if not path.is_file():
        raise UserError(
            f"The weights {key} of {architecture} are not on this computer: choose "
            "Open from torchvision… in the window's File menu to download them."
        )
    return PublishedNetwork(architecture, key, file.title, path)
