"""How long the output of a convolution or of pooling is along one axis, and the formula."""

from __future__ import annotations

from dataclasses import dataclass

from viewer.core.imaging.numbers import MINUS

# n: input, p: padding on each side, d: dilation, k: kernel, s: stride.
FORMULA = f"floor((n + 2p {MINUS} d(k {MINUS} 1) {MINUS} 1) / s) + 1"


@dataclass(frozen=True, slots=True)
class AxisSetting:
    """What a window that slides along an axis is like.

    Attributes
    ----------
    length : int
        Of the input, without padding.
    kernel : int
        Taps of the kernel, or the pooling window's size.
    stride, dilation : int
    padding : (before, after)
        Cells added at each end; they differ only for an even kernel with "same".
    """

    length: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    padding: tuple[int, int] = (0, 0)

    @property
    def padded(self) -> int:
        """Length of the input with its padding."""
        return self.length + sum(self.padding)

    @property
    def reach(self) -> int:
        """Cells from the first to the last that the dilated kernel covers: d(k − 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def size(self) -> int:
        """Length of the output; below 1 where the kernel does not fit."""
        return (self.padded - self.reach) // self.stride + 1

    @property
    def formula(self) -> str:
        """The formula with the numbers filled in, and what comes of it."""
        before, after = self.padding
        padding = f"2·{before}" if before == after else f"({before} + {after})"
        span = f"{self.dilation}·({self.kernel} {MINUS} 1)"
        numerator = f"{self.length} + {padding} {MINUS} {span} {MINUS} 1"
        return f"floor(({numerator}) / {self.stride}) + 1 = {self._result}"

    @property
    def pooling_formula(self) -> str:
        """The same for pooling, which has neither padding nor dilation here."""
        numerator = f"{self.length} {MINUS} {self.kernel}"
        return f"floor(({numerator}) / {self.stride}) + 1 = {self._result}"

    @property
    def _result(self) -> str:
        return str(self.size).replace("-", MINUS)


def same_padding(kernel: int, dilation: int) -> tuple[int, int]:
    """Return (before, after) that keep the length at stride 1, as torch's "same" does.

    An even kernel needs an odd number of cells: the one more goes to the end.
    """
    total = dilation * (kernel - 1)
    return total // 2, total - total // 2
