"""What reading a program out of a file gives."""

from __future__ import annotations

from dataclasses import dataclass

from torch import fx


@dataclass(frozen=True)
class ForeignProgram:
    """A network that came with its own graph.

    Attributes
    ----------
    module : torch.fx.GraphModule
        In evaluation mode, on the CPU.
    format : str
        ``torch.export``, ``TorchScript``, ``ONNX``.
    input_shape : tuple of int
        With the batch axis.
    output_shape : tuple of int
        With the batch axis; of the first output.
    exact : bool
        Whether the input's shape stands in the file; otherwise it was guessed.
    labels : tuple of str
        Class names, where the file has them.
    """

    module: fx.GraphModule
    format: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    exact: bool
    labels: tuple[str, ...] = ()
