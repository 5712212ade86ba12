import base64
import io
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.small_net import SmallNet, drawing, small_net
from viewer.core.errors import UserError
from viewer.core.export import Source, What, export, find_layer, make_figure
from viewer.core.imaging.color_scale import scale_for
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.records import Kind, NetworkRecord, Node

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def net() -> SmallNet:
    return small_net()


@pytest.fixture(scope="module")
def source(net: SmallNet) -> Source:
    return Source(net.network, net.weights, net.record(drawing(1)), "one.png")


def test_npz_of_maps_equals_torch(net: SmallNet, source: Source, tmp_path: Path) -> None:
    path = tmp_path / "maps.npz"
    export(source, "conv2", What.MAPS, path)
    with np.load(path, allow_pickle=False) as file:
        assert set(file) == {"maps", "image", "probabilities", "layer"}
        assert file["layer"] == "conv2"
        assert file["maps"].dtype == np.float32
        np.testing.assert_array_equal(file["maps"], net.output(drawing(1), "conv2"))
        np.testing.assert_array_equal(file["image"], drawing(1))


def test_npz_of_filters_equals_torch(net: SmallNet, source: Source, tmp_path: Path) -> None:
    path = tmp_path / "filters.npz"
    export(Source(net.network, net.weights), "conv2", What.FILTERS, path)
    with np.load(path, allow_pickle=False) as file:
        expected = dict(net.module.get_submodule("conv2").named_parameters())
        np.testing.assert_array_equal(file["weight"], expected["weight"].detach().numpy())
        np.testing.assert_array_equal(file["bias"], expected["bias"].detach().numpy())


def test_png_has_every_value_in_its_colour(net: SmallNet, source: Source, tmp_path: Path) -> None:
    path, zoom = tmp_path / "maps.png", 5
    export(source, "conv1", What.MAPS, path, zoom=zoom)
    figure = make_figure(source, "conv1", What.MAPS, DisplaySettings())
    maps = net.output(drawing(1), "conv1")
    expected = scale_for(maps, signed=True, settings=DisplaySettings()).apply(maps)
    picture = np.asarray(Image.open(path)).astype(np.uint32)
    colors = 0xFF000000 | picture[..., 0] << 16 | picture[..., 1] << 8 | picture[..., 2]
    top, left = _place_of(colors, np.kron(figure.pixels, np.ones((zoom, zoom), np.uint32)))
    for channel, (row, column) in enumerate(np.ndindex(2, 2)):
        y, x = top + row * 29 * zoom, left + column * 29 * zoom
        tile = colors[y : y + 28 * zoom : zoom, x : x + 28 * zoom : zoom]
        np.testing.assert_array_equal(tile, expected[channel])


def _place_of(colors: np.ndarray, part: np.ndarray) -> tuple[int, int]:
    height, width = part.shape
    for y in range(colors.shape[0] - height + 1):
        for x in range(colors.shape[1] - width + 1):
            if colors[y, x] == part[0, 0] and np.array_equal(
                colors[y : y + height, x : x + width], part
            ):
                return y, x
    raise AssertionError("The mosaic isn't in the picture.")


def test_svg_has_texts_and_sharp_pictures(source: Source, tmp_path: Path) -> None:
    path, zoom = tmp_path / "filters.svg", 4
    export(source, "conv2", What.FILTERS, path, zoom=zoom)
    root = ElementTree.fromstring(path.read_text())
    texts = [element.text for element in root.iter(f"{SVG}text")]
    figure = make_figure(source, "conv2", What.FILTERS, DisplaySettings())
    assert texts[0] == "conv2: filters"
    assert [text for _, text in figure.scale.ticks()] == texts[-3:]
    assert "5" in texts  # the last filter's row
    mosaic, bar = root.iter(f"{SVG}image")
    assert "pixelated" in mosaic.attrib["style"]
    data = base64.b64decode(mosaic.attrib["href"].partition(",")[2])
    picture = np.asarray(Image.open(io.BytesIO(data))).astype(np.uint32)[::zoom, ::zoom]
    colors = 0xFF000000 | picture[..., 0] << 16 | picture[..., 1] << 8 | picture[..., 2]
    np.testing.assert_array_equal(colors, figure.pixels)
    assert float(bar.attrib["width"]) > 10 * float(bar.attrib["height"])


@pytest.mark.parametrize("layer", ["input", "conv1", "relu2", "flatten", "fc1", "fc2", "softmax"])
@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("dark", [False, True])
def test_every_layer_and_scope_gives_a_figure(
    source: Source, tmp_path: Path, layer: str, scope: Scope, dark: bool
) -> None:
    path = tmp_path / "figure.png"
    settings = DisplaySettings(scope=scope, dark=dark)
    export(source, layer, What.MAPS, path, settings=settings)
    with Image.open(path) as picture:
        assert min(picture.size) > 100
        corner = picture.getpixel((0, 0))
    assert corner == ((0x1E, 0x21, 0x24) if dark else (255, 255, 255))


@pytest.mark.parametrize("layer", ["conv1", "conv2", "fc1", "fc2"])
@pytest.mark.parametrize("scope", list(Scope))
def test_filters_of_every_kind(source: Source, tmp_path: Path, layer: str, scope: Scope) -> None:
    path = tmp_path / "figure.svg"
    export(source, layer, What.FILTERS, path, settings=DisplaySettings(scope=scope))
    ElementTree.fromstring(path.read_text())


def test_channel_scope_gives_each_filter_its_own_limits(source: Source) -> None:
    figure = make_figure(source, "conv2", What.FILTERS, DisplaySettings(scope=Scope.CHANNEL))
    weight = source.weights.weights["conv2"]
    assert figure.scale.channels is not None
    np.testing.assert_allclose(
        figure.scale.channels[:, 1], np.abs(weight).reshape(6, -1).max(axis=1)
    )


def test_a_name_cannot_break_the_svg(net: SmallNet, tmp_path: Path) -> None:
    odd = Source(net.network, net.weights, net.record(drawing(1)), '<a> & "b"\x01')
    export(odd, "conv1", What.MAPS, tmp_path / "odd.svg")
    texts = ElementTree.fromstring((tmp_path / "odd.svg").read_text()).iter(f"{SVG}text")
    assert '<a> & "b"' in [text.text or "" for text in texts][1]


def test_a_blank_canvas(net: SmallNet, tmp_path: Path) -> None:
    blank = Source(net.network, net.weights, net.record(np.zeros((28, 28), np.float32)))
    assert "nothing drawn" in make_figure(blank, "conv1", What.MAPS, DisplaySettings()).subtitle
    with pytest.raises(UserError, match="Nothing is drawn"):
        export(blank, "softmax", What.MAPS, tmp_path / "a.png")


@pytest.mark.parametrize(
    ("layer", "what", "name", "zoom", "words"),
    [
        ("nope", What.MAPS, "a.png", None, "no layer called 'nope'.*conv1, relu1.*softmax"),
        ("relu1", What.FILTERS, "a.png", None, "relu1 has no filters.*conv1, conv2, fc1, fc2"),
        ("relu1", What.FILTERS, "a.npz", None, "relu1 has no filters"),
        ("conv1", What.MAPS, "a.gif", None, "a.gif has an ending that isn't known"),
        ("conv1", What.MAPS, "no_ending", None, "ending that isn't known"),
        ("conv1", What.MAPS, "nowhere/a.png", None, "no folder"),
        ("conv1", What.MAPS, "a.png", 0, "scale of 0"),
        ("conv1", What.MAPS, "a.png", 10**9, "choose 1 to"),
    ],
)
def test_bad_wishes_are_refused_in_one_sentence(
    source: Source,
    tmp_path: Path,
    layer: str,
    what: What,
    name: str,
    zoom: int | None,
    words: str,
) -> None:
    with pytest.raises(UserError, match=words) as caught:
        export(source, layer, what, tmp_path / name, zoom=zoom)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_maps_need_a_drawing(net: SmallNet, tmp_path: Path) -> None:
    for name in ("a.png", "a.npz"):
        with pytest.raises(UserError, match="need something to look at"):
            export(Source(net.network, net.weights), "conv1", What.MAPS, tmp_path / name)


def test_a_folder_is_no_file(source: Source, tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        export(source, "conv1", What.MAPS, tmp_path / "a.png")


def test_a_failed_write_leaves_the_old_file(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(UserError, match="No space left on device"):
        export(source, "conv1", What.MAPS, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_of_very_many_layers_the_nearest_are_named() -> None:
    nodes = tuple(
        Node(f"block{i}.conv", Kind.CONVOLUTION, "Conv2d", (), (1, 2, 2), 0, True)
        for i in range(100)
    )
    network = NetworkRecord(
        "large", "", nodes, "", (1, 2, 2), (0.0,), (1.0,), (), 0, None, None, "here"
    )
    for wanted, first in (("block7", "block7.conv"), ("block12.cnv", "block12.conv")):
        with pytest.raises(UserError) as error:
            find_layer(network, wanted)
        sentence = str(error.value)
        assert f"choose one of {first}" in sentence and sentence.endswith(" (of 100).")
        assert len(sentence) < 400
