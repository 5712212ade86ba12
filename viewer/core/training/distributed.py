"""One training on several processes, devices or machines, by torch's own data parallelism.

Started by ``torchrun`` every process runs the same loop. All draw the same order and the same
distortions for the whole batch, and each works on its own share of it; gradients are averaged
by ``DistributedDataParallel``, so the weights are those of one process on the same batch, up to
rounding. Batch normalisation is the exception: each process normalises by its own share, and
the statistics that are stored are the first process's. Dropout draws its own numbers in each.

Lightning Fabric would do the same by the same class of torch's, and be one more dependency:
what it would save is less than what is in this file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from viewer.core.errors import UserError

# The others wait while the first process tests, writes, or is paused.
TIMEOUT = timedelta(hours=12)


class Team:
    """The processes of a training: here, one alone.

    Attributes
    ----------
    rank, size : int
        Which process this is, from 0, and how many there are.
    """

    rank = 0
    size = 1

    @property
    def leads(self) -> bool:
        """Whether this process reports, writes and decides when to stop."""
        return self.rank == 0

    def device(self, name: str) -> str:
        """Return the device of this process, where `name` is asked for."""
        return name

    def share(self, batch: int) -> slice:
        """Return this process's part of a batch of so many images.

        Raises
        ------
        UserError
            If there are fewer images than processes.
        """
        if batch < self.size:
            raise UserError(
                f"A batch of {batch} can't be shared by {self.size} processes: use larger batches."
            )
        return slice(self.rank * batch // self.size, (self.rank + 1) * batch // self.size)

    def joined(self, network: nn.Module) -> Callable[[Tensor], Tensor]:
        """Return the forward pass whose gradients are those of all processes."""
        return network

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean of `values` over the processes."""
        return values

    def goes_on(self) -> bool:
        """Return whether the next step is to be done; all processes answer the same."""
        return True

    def leave(self) -> None:
        """Stop all before their next step; only the leading process may."""


class ProcessTeam(Team):
    """The processes that ``torchrun`` started.

    Parameters
    ----------
    local_rank : int
        Which of this machine's processes this is, from 0.
    """

    def __init__(self, local_rank: int) -> None:
        self.rank = dist.get_rank()
        self.size = dist.get_world_size()
        self._local_rank = local_rank
        self._flag_device = "cuda" if dist.get_backend() == "nccl" else "cpu"

    def device(self, name: str) -> str:
        """Return the device of this process: ``cuda`` is a graphics card of its own."""
        return f"cuda:{self._local_rank}" if name == "cuda" else name

    def joined(self, network: nn.Module) -> Callable[[Tensor], Tensor]:
        """Return the forward pass whose gradients are those of all processes."""
        return DistributedDataParallel(network, broadcast_buffers=False)

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean of `values` over the processes."""
        dist.all_reduce(values)
        return values / self.size

    def goes_on(self) -> bool:
        """Return whether the next step is to be done; all processes answer the same."""
        return self._agree(1)

    def leave(self) -> None:
        """Stop all before their next step; only the leading process may."""
        self._agree(0)

    def _agree(self, vote: int) -> bool:
        flag = torch.tensor(vote, device=self._flag_device)
        dist.all_reduce(flag, dist.ReduceOp.MIN)
        return bool(flag.item())


@contextmanager
def team_of_processes(device: str = "cpu") -> Iterator[Team]:
    """Join the processes that ``torchrun`` started, for as long as the context lasts.

    Parameters
    ----------
    device : str
        Where the training runs: decides what the processes talk by, gloo or NCCL.

    Yields
    ------
    Team
        One alone where ``torchrun`` did not start this process.

    Raises
    ------
    UserError
        If the others can't be reached.
    """
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        yield Team()
        return
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    on_card = device.startswith("cuda") and torch.cuda.is_available()
    if on_card:
        torch.cuda.set_device(local_rank)
    try:
        dist.init_process_group("nccl" if on_card else "gloo", timeout=TIMEOUT)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"The other processes can't be reached ({reason}): start them with torchrun."
        ) from None
    try:
        yield ProcessTeam(local_rank)
    finally:
        dist.destroy_process_group()
