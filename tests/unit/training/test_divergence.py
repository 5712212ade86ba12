import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import nn

from tests.unit.training.bars import CONFIG, bars_data, only
from viewer.core.training.config import TrainingConfig
from viewer.core.training.events import BatchFinished, Diverged, Finished
from viewer.core.training.loop import Trainer, TrainingData, train

SGD = replace(CONFIG, optimiser="sgd", schedule="constant", lr=0.01)
MLP = TrainingConfig(
    architecture="mlp",
    hyper={"units1": 4, "units2": 4},
    batch_size=16,
    epochs=1,
    optimiser="sgd",
    schedule="constant",
    ema=0.5,
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return bars_data()


def parameter(trainer: Trainer, name: str) -> torch.Tensor:
    return trainer.network.get_parameter(name).data


def all_of(trainer: Trainer) -> dict[str, torch.Tensor]:
    """Return copies of all weights, averages and moments, by a name of their own."""
    state = trainer.state()
    found = {f"network {k}": v for k, v in state["network"].items()}
    found |= {f"average {k}": v for k, v in state["average"].items()}
    for number, moments in state["optimiser"]["state"].items():
        found |= {f"{number} {k}": v for k, v in moments.items()}
    return found


def check_undone(trainer: Trainer, wanted: Diverged) -> None:
    """Check that the next step diverges as `wanted`, and that nothing is left of it."""
    before = all_of(trainer)
    assert list(trainer.events()) == [wanted]
    after = all_of(trainer)
    assert after.keys() == before.keys()
    for name, value in before.items():
        assert torch.equal(value.nan_to_num(7), after[name].nan_to_num(7)), name
    assert trainer.step == wanted.step
    assert trainer.snapshot(gradients=True).gradients == {}


def test_too_high_a_rate_ends_with_finite_weights(data: TrainingData) -> None:
    config = replace(SGD, lr=1000.0, hyper={}, epochs=50)
    trainer = Trainer(config, data)
    events = list(trainer.events())
    last = events[-1]
    assert isinstance(last, Diverged)
    assert last.step == trainer.step == only(BatchFinished, events)[-1].step
    assert last.layer in dict(trainer.network.named_children())
    assert last.what == "output"
    assert all(bool(torch.isfinite(p).all()) for p in trainer.network.state_dict().values())
    assert not only(Finished, events)


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_the_first_layer_with_a_number_too_large_is_named(
    optimiser: str, data: TrainingData
) -> None:
    trainer = Trainer(replace(SGD, optimiser=optimiser), data)
    list(itertools.islice(trainer.events(), 4))
    # The normalisation before it gives numbers about 1: this is the first to go beyond float32.
    parameter(trainer, "conv2.weight").fill_(3e38)
    check_undone(trainer, Diverged(4, "conv2", "output"))


def test_a_weight_that_is_no_number_is_told_from_an_output(data: TrainingData) -> None:
    trainer = Trainer(SGD, data)
    list(itertools.islice(trainer.events(), 4))
    parameter(trainer, "norm2.weight")[0] = float("nan")
    check_undone(trainer, Diverged(4, "norm2", "weight"))


def test_a_loss_beyond_float32_of_finite_logits(data: TrainingData) -> None:
    trainer = Trainer(SGD, data)
    next(trainer.events())
    parameter(trainer, "dense.weight").fill_(0)
    parameter(trainer, "dense.bias").copy_(torch.tensor([3e38, -3e38]))
    check_undone(trainer, Diverged(1, "dense", "loss"))


def test_a_gradient_beyond_float32_of_a_finite_loss(data: TrainingData) -> None:
    trainer = Trainer(MLP, data)
    for name in ("dense1.weight", "dense2.bias"):
        parameter(trainer, name).zero_()
    parameter(trainer, "dense1.bias").fill_(1e-24)  # every unit answers, whatever comes in
    parameter(trainer, "dense2.weight").fill_(1e20)
    parameter(trainer, "dense2.bias").fill_(1)
    parameter(trainer, "dense3.weight").fill_(1e25)
    parameter(trainer, "dense3.weight")[0].mul_(1.0001)  # logits differ: softmax decides
    # Finite going forwards; dense1's gradient is 1e25 · 1e20 going backwards.
    check_undone(trainer, Diverged(0, "dense1", "gradient"))


def test_a_weight_that_the_step_itself_makes_infinite(data: TrainingData) -> None:
    # lr · weight_decay = 10,000: each step makes weights 10,000 times as large.
    trainer = Trainer(replace(MLP, lr=1000.0, weight_decay=10.0, momentum=0.5), data)
    for name in ("dense1.weight", "dense3.weight", "dense3.bias"):
        parameter(trainer, name).zero_()
    parameter(trainer, "dense1.bias").fill_(-1)  # no unit of dense1 answers
    parameter(trainer, "dense2.weight").fill_(1e36)
    check_undone(trainer, Diverged(0, "dense2", "weight"))


def test_a_step_that_is_looked_after_is_like_any_other(data: TrainingData) -> None:
    # lr · weight_decay = 1: w - 1 · (gradient + 1 · w) leaves the gradient alone.
    trainer = Trainer(replace(MLP, lr=1.0, weight_decay=1.0, momentum=0.0), data)
    assert isinstance(next(trainer.events()), BatchFinished)
    snapshot = trainer.snapshot(gradients=True)
    assert snapshot.gradients is not None
    for name in ("dense1.weight", "dense2.weight", "dense3.weight"):
        torch.testing.assert_close(snapshot.weights[name], -snapshot.gradients[name])


def test_large_but_finite_numbers_are_no_trouble(data: TrainingData) -> None:
    trainer = Trainer(replace(MLP, lr=1e-9, momentum=0.0), data)
    parameter(trainer, "dense3.weight").mul_(1e12)
    assert isinstance(list(trainer.events())[-1], Finished)


def test_it_goes_on_from_a_good_step_with_a_lower_rate(data: TrainingData) -> None:
    trainer = Trainer(SGD, data)
    list(itertools.islice(trainer.events(), 5))
    good = trainer.state()
    parameter(trainer, "conv1.weight").fill_(float("inf"))
    assert isinstance(list(trainer.events())[-1], Diverged)
    trainer.restore(good)
    trainer.adjust(lr=0.001)
    assert isinstance(list(trainer.events())[-1], Finished)


def test_the_search_repeats_dropout(data: TrainingData) -> None:
    """The unit that is too large is dropped in most batches, and found in the one it is not."""
    config = replace(SGD, hyper={**SGD.hyper, "dropout": 0.9}, epochs=20)
    trainer = Trainer(config, data)
    parameter(trainer, "dense.weight")[:, 0] = 3e38
    last = list(trainer.events())[-1]
    assert isinstance(last, Diverged)
    assert (last.layer, last.what) in {("dense", "output"), ("dense", "loss")}


def test_the_one_call_training_reports_it_too(data: TrainingData) -> None:
    config = replace(SGD, lr=1000.0, hyper={}, epochs=50)
    assert isinstance(list(train(config, data))[-1], Diverged)


def test_hooks_are_gone(data: TrainingData) -> None:
    trainer = Trainer(SGD, data)
    parameter(trainer, "conv1.weight").fill_(float("inf"))
    list(trainer.events())
    modules: list[nn.Module] = list(trainer.network.modules())
    assert not any(module._forward_hooks for module in modules)
