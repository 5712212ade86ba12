"""Tracing a network leaves what other threads compute alone."""

from __future__ import annotations

import threading

import torch
from torch import nn

from viewer.core.nets.graph import Graph


def test_a_network_computes_on_while_another_is_traced() -> None:
    first = nn.Linear(4, 4)
    network = nn.Sequential(first, nn.ReLU(), nn.Linear(4, 2))
    x = torch.ones(1, 4)
    expected = network(x)
    answers: list[torch.Tensor | Exception] = []

    class Meanwhile(nn.Module):
        """Lets another thread use its network in the middle of the trace."""

        def __init__(self) -> None:
            super().__init__()
            self.flatten, self.dense = nn.Flatten(), nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            def compute() -> None:
                try:
                    answers.append(network(first.weight[:1] * 0 + 1))
                except Exception as error:  # noqa: BLE001 - it is looked at below
                    answers.append(error)

            thread = threading.Thread(target=compute)
            thread.start()
            thread.join()
            result: torch.Tensor = self.dense(self.flatten(x))
            return result

    Graph(Meanwhile(), (1, 2, 2))

    assert len(answers) == 1
    for answer in answers:
        assert isinstance(answer, torch.Tensor), answer
        torch.testing.assert_close(answer, expected)


def test_traces_at_once_put_back_what_calling_a_module_does() -> None:
    call, getter = nn.Module.__call__, nn.Module.__getattr__

    def trace() -> None:
        for _ in range(20):
            Graph(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)), (1, 2, 2))

    threads = [threading.Thread(target=trace) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert nn.Module.__call__ is call
    assert nn.Module.__getattr__ is getter
