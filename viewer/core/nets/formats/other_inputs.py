"""Networks whose input is no image: told by the first layer that gets one and can't take it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from viewer.core.errors import UserError

_IMAGE_DIMS = 4  # (N, C, H, W)
_SEQUENCES = frozenset(
    {"conv1d", "conv_transpose1d", "lstm", "gru", "rnn_tanh", "rnn_relu", "attention"}
)
_VOLUMES = frozenset({"conv3d", "conv_transpose3d"})
_LAYERS: tuple[tuple[type[nn.Module], str], ...] = (
    (nn.Embedding, "embedding"),
    (nn.EmbeddingBag, "embedding"),
    (nn.LSTM, "lstm"),
    (nn.GRU, "gru"),
    (nn.RNN, "rnn_tanh"),
    (nn.MultiheadAttention, "attention"),
    (nn.TransformerEncoderLayer, "attention"),
    (nn.Conv1d, "conv1d"),
    (nn.ConvTranspose1d, "conv1d"),
    (nn.Conv3d, "conv3d"),
    (nn.ConvTranspose3d, "conv3d"),
)


def operator_of_class(name: str) -> str:
    """Return the operator of a class of torch.nn that takes no image; empty of any other.

    Parameters
    ----------
    name : str
        ``torch.nn.modules.rnn.LSTM``.
    """
    if not name.startswith("torch.nn.modules."):
        return ""
    own = name.rpartition(".")[2]
    return next((operator for kind, operator in _LAYERS if kind.__name__ == own), "")


def check_layer(operator: str, value: object, what: str) -> None:
    """Raise UserError if a layer gets an image that only other values can be given to.

    Parameters
    ----------
    operator : str
        ``conv3d``, ``embedding``, ``lstm``; any other takes an image.
    value : object
        What it gets. A tensor (N, C, H, W), or floats in place of whole numbers, are an image.
    what : str
        The network, for the message.
    """
    if not isinstance(value, Tensor):
        return
    wanted = ""
    if operator == "embedding":
        wanted = "whole numbers, such as words" if value.is_floating_point() else ""
    elif value.dim() == _IMAGE_DIMS and operator in _SEQUENCES:
        wanted = "sequences"
    elif value.dim() == _IMAGE_DIMS and operator in _VOLUMES:
        wanted = "volumes (channels, depth, height, width)"
    if wanted:
        raise UserError(
            f"{what} takes {wanted}, and only networks of one image can be shown: choose one that "
            "takes an image."
        )


@contextmanager
def layers_checked(module: nn.Module, what: str) -> Iterator[None]:
    """Check what each layer gets, by `check_layer`, as long as the context lasts."""

    def check(operator: str) -> Any:
        def before(_: nn.Module, arguments: tuple[Any, ...]) -> None:
            check_layer(operator, next(iter(arguments), None), what)

        return before

    handles = [
        part.register_forward_pre_hook(check(operator))
        for part in module.modules()
        for kind, operator in _LAYERS
        if isinstance(part, kind)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
