"""Feature maps and filters as files: figures (PNG, SVG) and raw numbers (NPZ)."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.core.errors import UserError
from viewer.core.figure import (
    DARK_PAGE,
    LIGHT_PAGE,
    Figure,
    Page,
    as_png,
    as_svg,
    default_zoom,
    largest_zoom,
    paper_color,
)
from viewer.core.files import replace_file
from viewer.core.imaging.color_scale import ColorScale, network_limits, scale_for
from viewer.core.imaging.display import DisplaySettings, Scope
from viewer.core.imaging.kernels import KernelMatrix, as_kernels, kernel_matrix, kernel_shape
from viewer.core.imaging.layer_scales import display_of
from viewer.core.imaging.mosaic import GAP_PX, Grid, Mosaic
from viewer.core.records import (
    ActivationRecord,
    FloatArray,
    Kind,
    NetworkRecord,
    Node,
    WeightsRecord,
)

CERTAIN = 0.9995  # would be rounded to all of it
SUFFIXES = (".png", ".svg", ".npz")
NAMED_LAYERS = 16  # in a message


class What(StrEnum):
    """What of a layer is exported."""

    MAPS = "maps"
    FILTERS = "filters"


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a network when something is exported.

    Attributes
    ----------
    network : NetworkRecord
    weights : WeightsRecord
    record : ActivationRecord or None
        Needed for feature maps only.
    drawn : str
        What the record answers, for the subtitle: ``seven.png``; empty for nothing to say.
    """

    network: NetworkRecord
    weights: WeightsRecord
    record: ActivationRecord | None = None
    drawn: str = ""


def export(
    source: Source,
    layer: str,
    what: What,
    path: Path,
    *,
    settings: DisplaySettings | None = None,
    zoom: int | None = None,
) -> None:
    """Write the maps or the filters of a layer to a file, all of it or nothing.

    Parameters
    ----------
    source : Source
    layer : str
        Name of a node.
    what : What
    path : pathlib.Path
        Its ending says what is written: a figure (.png, .svg), or the numbers (.npz) as
        float32, as they are in the network: ``maps`` (C, H, W) or (N,), ``image`` (H, W) and
        ``probabilities`` (K,); or ``weight`` and ``bias``. Both have the layer's name as
        ``layer``.
    settings : DisplaySettings, optional
        Colours of a figure.
    zoom : int, optional
        Pixels a value in a figure; by default as many as make it about 900 pixels wide.

    Raises
    ------
    UserError
        If there is no such layer, it has nothing of the kind, the ending isn't known, or
        the file can't be written.
    """
    suffix = check_path(path)
    node = find_layer(source.network, layer)
    if suffix == ".npz":
        data = _npz(_arrays(source, node, what))
    else:
        figure = make_figure(source, layer, what, settings or DisplaySettings())
        height, width = figure.pixels.shape
        wanted = default_zoom(width, height) if zoom is None else zoom
        most = largest_zoom(width, height)
        if not 1 <= wanted <= most:
            raise UserError(
                f"A scale of {wanted} doesn't suit this figure: choose 1 to {most} pixels a value."
            )
        data = (as_svg if suffix == ".svg" else as_png)(figure, wanted)
    replace_file(path, data)


def check_path(path: Path) -> str:
    """Return the ending of `path` in small letters.

    Raises
    ------
    UserError
        If nothing is written with this ending, or there is no such folder.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(
            f"{path.name or path} has an ending that isn't known: choose .png or .svg for a "
            "figure, .npz for the numbers."
        )
    if not path.absolute().parent.is_dir():
        raise UserError(f"There is no folder {path.parent}: make it, or choose another.")
    if path.is_dir():
        raise UserError(f"{path} is a folder: choose the name of a file.")
    return suffix


def find_layer(network: NetworkRecord, layer: str) -> Node:
    """Return the node called `layer`.

    Raises
    ------
    UserError
        If there is none; it names those that there are, of very many the nearest ones.
    """
    try:
        return network.node(layer)
    except KeyError:
        names = [node.name for node in network.nodes]
        named, more = names, ""
        if len(names) > NAMED_LAYERS:
            inside = [name for name in names if layer and name.startswith(f"{layer}.")]
            nearest = inside or get_close_matches(layer, names, NAMED_LAYERS, cutoff=0.0)
            named, more = nearest[:NAMED_LAYERS], f" (of {len(names):,})"
        raise UserError(
            f"{network.title} has no layer called {layer!r}: choose one of {', '.join(named)}"
            f"{more}."
        ) from None


def make_figure(source: Source, layer: str, what: What, settings: DisplaySettings) -> Figure:
    """Return the figure of a layer's maps or filters.

    Raises
    ------
    UserError
        As `export`.
    """
    node = find_layer(source.network, layer)
    if what is What.MAPS:
        return _maps_figure(source, node, settings)
    return _filters_figure(source, node, settings)


def _npz(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    buffer = io.BytesIO()
    save: Callable[..., None] = np.savez_compressed
    save(buffer, **arrays)
    return buffer.getvalue()


def _arrays(source: Source, node: Node, what: What) -> dict[str, NDArray[np.generic]]:
    arrays: dict[str, NDArray[np.generic]] = {"layer": np.array(node.name)}
    if what is What.MAPS:
        record = _record(source)
        arrays |= {"maps": _output(record, node), "image": record.image.pixels}
        if record.probabilities is not None:
            arrays["probabilities"] = record.probabilities
        return arrays
    arrays["weight"] = _weight(source, node)
    bias = source.weights.biases.get(node.name)
    return arrays if bias is None else arrays | {"bias": bias}


def _record(source: Source) -> ActivationRecord:
    if source.record is None:
        raise UserError("Feature maps need something to look at: name a picture or a stroke file.")
    return source.record


def _output(record: ActivationRecord, node: Node) -> FloatArray:
    output = record.outputs.get(node.name)
    if output is None:
        raise UserError(f"Nothing is drawn, so {node.name} has no values: draw something first.")
    return output


def _weight(source: Source, node: Node) -> FloatArray:
    weight = source.weights.weights.get(node.name)
    if weight is None or node.kind not in (Kind.CONVOLUTION, Kind.DENSE):
        names = ", ".join(
            other.name
            for other in source.network.nodes
            if other.kind in (Kind.CONVOLUTION, Kind.DENSE)
        )
        raise UserError(f"{node.name} has no filters: choose one of {names}.")
    return weight


def _maps_figure(source: Source, node: Node, settings: DisplaySettings) -> Figure:
    record = _record(source)
    output = _output(record, node)
    page = _page(settings)
    settings, limits = display_of(source.network, record, node, settings)
    scale = scale_for(output, signed=node.signed, settings=settings, limits=limits)
    units = output.ndim == 1
    maps = output.reshape(-1, 1, 1) if units else output
    # Tokens are one map, (1, L, D).
    tiles = scale.apply(maps[np.newaxis] if maps.ndim == 2 else maps)  # (C, H, W)
    count, height, width = tiles.shape
    grid = Grid(count, height, width, _columns(count), 0 if units else GAP_PX)
    mosaic = Mosaic(grid, paper_color(page), paper_color(page))
    mosaic.fill(tiles)
    noun = {1: "units", 2: "tokens"}.get(output.ndim, "feature maps")
    answer = _answer(source, record)
    subtitle = " · ".join(part for part in (_shape(node), source.drawn, answer) if part)
    return Figure(f"{node.name}: {noun}", subtitle, mosaic.pixels, _row_labels(grid), scale, page)


def _filters_figure(source: Source, node: Node, settings: DisplaySettings) -> Figure:
    weight = _weight(source, node)
    nodes = {other.name: other for other in source.network.nodes}
    matrix = kernel_matrix(node, nodes)
    if matrix is None:
        raise UserError(
            f"{node.name} has {weight.size:,} weights, too many to look at: "
            "write them to an .npz file."
        )
    if matrix.inputs == 1:
        columns = _columns(matrix.outputs)
        matrix = KernelMatrix(matrix.outputs, 1, matrix.height, matrix.width, columns)
    kernels = as_kernels(weight, matrix)  # (out, in, kH, kW)
    filters = kernels.reshape(len(kernels), -1, kernels.shape[3])  # (out, in · kH, kW)
    scale = _filters_scale(source, filters, settings)
    page = _page(settings)
    colors = scale.apply(filters).reshape(kernel_shape(matrix))
    mosaic = matrix.mosaic(colors, paper_color(page), paper_color(page))
    return Figure(
        f"{node.name}: {'weights' if node.kind is Kind.DENSE else 'filters'}",
        f"{_filters_shape(node, matrix)} · {source.network.title}, step {source.weights.step:,}",
        mosaic.pixels,
        _row_labels(matrix.grid),
        scale,
        page,
    )


def _filters_scale(source: Source, filters: FloatArray, settings: DisplaySettings) -> ColorScale:
    limits = None
    if settings.scope is Scope.NETWORK:
        kinds = {node.name: node.kind for node in source.network.nodes}
        layers = (
            weight
            for name, weight in source.weights.weights.items()
            if kinds.get(name) in (Kind.CONVOLUTION, Kind.DENSE)
        )
        limits = network_limits(layers, signed=True)
    return scale_for(filters, signed=True, settings=settings, limits=limits)


def _filters_shape(node: Node, matrix: KernelMatrix) -> str:
    size = f"{matrix.height} × {matrix.width}"
    noun = "units" if node.kind is Kind.DENSE else "filters"
    if matrix.inputs == 1:
        return f"{matrix.outputs} {noun} of {size}"
    inputs = "inputs" if (matrix.height, matrix.width) == (1, 1) else f"kernels of {size}"
    return f"{matrix.outputs} {noun} (rows) × {matrix.inputs} {inputs} (columns)"


def _answer(source: Source, record: ActivationRecord) -> str:
    if record.probabilities is None:
        return "nothing drawn"
    best = int(np.argmax(record.probabilities))
    share = float(record.probabilities[best])
    text = "> 99.9 %" if share >= CERTAIN else f"{share * 100:.1f} %"
    return f"read as {source.network.class_names[best]} ({text})"


def _shape(node: Node) -> str:
    return f"{node.type_name}, {' × '.join(map(str, node.output_shape))}"


def _page(settings: DisplaySettings) -> Page:
    return DARK_PAGE if settings.dark else LIGHT_PAGE


def _columns(count: int) -> int:
    """Return how many tiles a row has: about square, wider than high, full rows if it can."""
    root = math.ceil(math.sqrt(count))
    full = (n for n in range(root, 2 * root + 1) if count % n == 0)
    return min(next(full, root), count)


def _row_labels(grid: Grid) -> tuple[tuple[int, int, str], ...]:
    """Return the numbers of the channels in each row of tiles."""
    labels = []
    for row in range(grid.rows):
        first = row * grid.columns
        last = min(first + grid.columns, grid.count) - 1
        text = f"{first}" if first == last else f"{first}–{last}"
        labels.append((grid.origin(first)[0], grid.height, text))
    return tuple(labels)
