import pytest
import torch
from torch import nn

from viewer.core.nets.architectures import architectures
from viewer.core.nets.folding import fold


def trained_looking(network: nn.Module) -> nn.Module:
    """Give normalisations statistics and gains that are far from their defaults."""
    torch.manual_seed(3)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            nn.init.normal_(layer.weight)
            nn.init.normal_(layer.bias)
            nn.init.normal_(layer.running_mean)
            nn.init.uniform_(layer.running_var, 0.05, 4)
    return network.eval()


@pytest.mark.parametrize("name", ["digits", "mlp"])
def test_folding_does_not_change_the_answers(name: str) -> None:
    architecture = architectures().get(name)
    network = architecture.build({"batch_norm": True, "dropout": 0.5})
    trained_looking(network)
    images = torch.randn(64, 1, 28, 28)
    folded = fold(network)
    with torch.no_grad():
        torch.testing.assert_close(folded(images), network(images), rtol=1e-5, atol=1e-5)
    assert [n for n, _ in folded.named_children()] == [
        n for n, _ in architecture.build().named_children()
    ]
    architecture.build().load_state_dict(folded.state_dict())  # fits the plain architecture


def test_one_channel_by_hand() -> None:
    conv, norm = nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1, eps=0.0)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    conv.weight.data.fill_(3.0)
    assert conv.bias is not None
    conv.bias.data.fill_(1.0)
    norm.weight.data.fill_(10.0)
    norm.bias.data.fill_(0.5)
    norm.running_mean.fill_(2.0)
    norm.running_var.fill_(4.0)
    folded = fold(nn.Sequential(conv, norm))
    # gain 10 / 2 = 5; weight 3 · 5; bias (1 - 2) · 5 + 0.5
    assert folded.get_parameter("0.weight").item() == 15.0
    assert folded.get_parameter("0.bias").item() == -4.5


def test_the_network_itself_is_left_alone() -> None:
    network = trained_looking(architectures().get("digits").build({"batch_norm": True}))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert isinstance(network, nn.Sequential)
    fold(network)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])


def test_a_normalisation_behind_something_else_stays() -> None:
    network = trained_looking(
        nn.Sequential(
            nn.BatchNorm2d(1), nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Dropout(0.5), nn.BatchNorm2d(2)
        )
    )
    assert isinstance(network, nn.Sequential)
    images = torch.randn(8, 1, 6, 6)
    folded = fold(network)
    assert [name for name, _ in folded.named_children()] == ["0", "1", "2", "4"]
    with torch.no_grad():
        assert torch.equal(folded(images), network(images))


def test_dropout_between_weights_and_normalisation_does_not_matter() -> None:
    network = trained_looking(nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5), nn.BatchNorm1d(2)))
    assert isinstance(network, nn.Sequential)
    x = torch.randn(8, 3)
    folded = fold(network)
    assert len(list(folded.children())) == 1
    with torch.no_grad():
        torch.testing.assert_close(folded(x), network(x), rtol=1e-5, atol=1e-5)


def test_a_normalisation_without_statistics_is_refused() -> None:
    norm = nn.BatchNorm2d(1, track_running_stats=False)
    with pytest.raises(TypeError, match="running statistics"):
        fold(nn.Sequential(nn.Conv2d(1, 1, 1), norm))
