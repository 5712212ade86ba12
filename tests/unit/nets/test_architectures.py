import pytest
import torch
from torch import fx, nn

from viewer.core.errors import UserError
from viewer.core.nets.architectures import architectures

SHIPPED = ("digits", "lenet5", "mlp")


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def names(network: nn.Module) -> list[str]:
    return [name for name, _ in network.named_children()]


def test_the_known_architectures() -> None:
    assert architectures().names() == (*SHIPPED, "table")


@pytest.mark.parametrize("name", SHIPPED)
def test_gives_one_logit_a_class_and_can_be_traced(name: str) -> None:
    network = architectures().get(name).build(classes=7)
    images = torch.rand(3, 1, 28, 28)
    assert network(images).shape == (3, 7)
    traced = [n.target for n in fx.symbolic_trace(network).graph.nodes if n.op == "call_module"]
    assert traced == names(network)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("shape", [(1, 32, 32), (3, 28, 36), (1, 28, 29)])
def test_other_input_sizes_fit(name: str, shape: tuple[int, int, int]) -> None:
    assert architectures().get(name).build(input_shape=shape)(torch.rand(2, *shape)).shape == (
        2,
        10,
    )


def test_digits_is_small_enough_to_be_read() -> None:
    network = architectures().get("digits").build()
    assert parameters(network) <= 300_000
    assert len(names(network)) <= 10  # with input and softmax: 12 cards
    assert max(m.out_channels for m in network.children() if isinstance(m, nn.Conv2d)) <= 32
    assert not any(isinstance(m, nn.BatchNorm2d | nn.Dropout) for m in network.children())


def test_digits_by_hand() -> None:
    hyper = {"maps1": 2, "maps2": 3, "maps3": 4, "kernel1": 3, "kernel2": 1, "kernel3": 5}
    network = architectures().get("digits").build(hyper)
    # 2·9 + 2,  3·2 + 3,  4·3·25 + 4,  10·4·7·7 + 10
    assert parameters(network) == 20 + 9 + 304 + 1970


def test_lenet5_has_the_layer_sizes_of_the_paper() -> None:
    network = architectures().get("lenet5").build()
    shapes, x = {}, torch.rand(1, 1, 28, 28)
    for name, layer in network.named_children():
        x = layer(x)
        shapes[name] = tuple(x.shape[1:])
    assert shapes["c1"] == (6, 28, 28)
    assert shapes["s2"] == (6, 14, 14)
    assert shapes["c3"] == (16, 10, 10)
    assert shapes["s4"] == (16, 5, 5)
    assert shapes["c5"] == (120, 1, 1)
    assert shapes["f6"] == (84,)
    assert shapes["output"] == (10,)
    # The paper's counts of C1, C5, F6; C3 has 2,416 as each map sees all six.
    counts = {n: parameters(m) for n, m in network.named_children()}
    assert [counts[n] for n in ("c1", "c3", "c5", "f6")] == [156, 2416, 48_120, 10_164]


def test_training_layers_are_there_when_asked_for() -> None:
    network = architectures().get("digits").build({"batch_norm": True, "dropout": 0.25})
    assert names(network)[:3] == ["conv1", "norm1", "relu1"]
    assert names(network)[-2:] == ["dropout", "dense"]
    mlp = architectures().get("mlp").build({"batch_norm": True, "dropout": 0.25})
    assert names(mlp)[1:5] == ["dense1", "norm1", "relu1", "dropout1"]


@pytest.mark.parametrize(
    ("hyper", "message"),
    [
        ({"maps9": 3}, "no hyper-parameter 'maps9'"),
        ({"maps1": 0}, "maps1 of digits must be 1 to 1024, not 0"),
        ({"maps1": 10**9}, "must be 1 to 1024"),
        ({"maps1": 10**400}, "not that many"),
        ({"maps1": 3.0}, "must be a whole number"),
        ({"maps1": "3"}, "must be a whole number"),
        ({"maps1": True}, "must be a whole number"),
        ({"batch_norm": 1}, "must be true or false"),
        ({"dropout": 1.0}, "must be 0 to 0.9"),
        ({"dropout": float("nan")}, "must be 0 to 0.9"),
        ({"dropout": None}, "must be a number"),
    ],
)
def test_impossible_hyper_parameters_are_refused(hyper: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        architectures().get("digits").build(hyper)


@pytest.mark.parametrize(
    ("shape", "classes", "message"),
    [
        ((0, 28, 28), 10, "1 to 4 channels"),
        ((1, 10**6, 28), 10, "28 to 256 pixels"),
        ((1, 27, 28), 10, "28 to 256 pixels"),
        ((1, 28, 28), 1, "2 to 1000 classes"),
    ],
)
def test_impossible_ends_are_refused(
    shape: tuple[int, int, int], classes: int, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        architectures().get("lenet5").build(None, shape, classes)
