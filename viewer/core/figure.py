"""A figure of a mosaic with title, channel numbers and a colour bar, as PNG or SVG.

One layout, made of texts and pictures, and two ways of writing it, so that both files look
the same.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from viewer.core.imaging.color_scale import ColorScale
from viewer.core.resources import resource_path

Colors = NDArray[np.uint32]

MARGIN_PX = 24
TITLE_PX, TEXT_PX = 20, 13  # heights of the letters
LINE_PX = 20
LABEL_GAP_PX = 8
BAR_PX = 12
BAR_MIN_PX, BAR_MAX_PX = 160, 320
WIDTH_PX = 900  # of the mosaic, about, where no scale is given
MAX_ZOOM = 24
FIRST_COLOR = 1  # entry 0 of a table of colours is for what is no number
MAX_SIDE_PX = 16_384  # beyond, common viewers refuse a picture

_REGULAR, _BOLD = "Inter-Regular.otf", "Inter-SemiBold.otf"


@dataclass(frozen=True, slots=True)
class Page:
    """Colours of a figure, as ``#rrggbb``."""

    paper: str
    text: str
    muted: str


LIGHT_PAGE = Page("#ffffff", "#1b1e22", "#5b626b")
DARK_PAGE = Page("#1e2124", "#eceef0", "#a3abb4")


@dataclass(frozen=True, slots=True)
class Figure:
    """What a figure shows.

    Attributes
    ----------
    title, subtitle : str
    pixels : (H, W) uint32, 0xFFRRGGBB
        The mosaic, one pixel a value.
    row_labels : tuple of (y, height, text)
        What to write beside each row of tiles; y and height in pixels of the mosaic.
    scale : ColorScale
        Has coloured the mosaic.
    page : Page
    """

    title: str
    subtitle: str
    pixels: Colors
    row_labels: tuple[tuple[int, int, str], ...]
    scale: ColorScale
    page: Page


@dataclass(frozen=True, slots=True)
class _Text:
    x: float
    y: float  # of the line's middle
    text: str
    size_px: int = TEXT_PX
    bold: bool = False
    muted: bool = False
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class _Picture:
    x: int
    y: int
    width: int
    height: int
    pixels: Colors


@dataclass(frozen=True, slots=True)
class _Layout:
    width: int
    height: int
    texts: tuple[_Text, ...]
    pictures: tuple[_Picture, ...]


def paper_color(page: Page) -> int:
    """Return the paper's colour as 0xFFRRGGBB."""
    return 0xFF000000 | int(page.paper[1:], 16)


def default_zoom(width: int, height: int) -> int:
    """Return how many pixels a value gets so that the mosaic is about `WIDTH_PX` wide."""
    return max(1, min(MAX_ZOOM, WIDTH_PX // max(width, height)))


def largest_zoom(width: int, height: int) -> int:
    """Return the largest zoom at which a mosaic stays a picture that can be opened."""
    return max(1, (MAX_SIDE_PX - 16 * MARGIN_PX) // max(width, height))


def as_png(figure: Figure, zoom: int) -> bytes:
    """Return the figure as a PNG file.

    Parameters
    ----------
    figure : Figure
    zoom : int
        Pixels a value.
    """
    layout = _layout(figure, zoom)
    image = Image.new("RGB", (layout.width, layout.height), figure.page.paper)
    for picture in layout.pictures:
        image.paste(_enlarged(picture), (picture.x, picture.y))
    draw = ImageDraw.Draw(image)
    anchors = {"start": "lm", "middle": "mm", "end": "rm"}
    for text in layout.texts:
        draw.text(
            (text.x, text.y),
            text.text,
            font=_font(text.size_px, bold=text.bold),
            fill=figure.page.muted if text.muted else figure.page.text,
            anchor=anchors[text.anchor],
        )
    return _png(image)


def as_svg(figure: Figure, zoom: int) -> bytes:
    """Return the figure as an SVG file: texts as texts, the mosaic pixel for pixel.

    Parameters
    ----------
    figure : Figure
    zoom : int
        Pixels a value.
    """
    layout = _layout(figure, zoom)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{layout.width}" '
        f'height="{layout.height}" viewBox="0 0 {layout.width} {layout.height}">',
        f"<title>{escape(_printable(figure.title))}</title>",
        f'<rect width="{layout.width}" height="{layout.height}" fill="{figure.page.paper}"/>',
        *map(_svg_picture, layout.pictures),
        *(_svg_text(text, figure.page) for text in layout.texts),
        "</svg>",
    ]
    return "\n".join(lines).encode()


def _layout(figure: Figure, zoom: int) -> _Layout:
    labels = [text for _, _, text in figure.row_labels]
    label_px = max((_text_px(text, TEXT_PX) for text in labels), default=0.0)
    left = MARGIN_PX + (int(label_px) + LABEL_GAP_PX if labels else 0)
    top = MARGIN_PX + 2 * LINE_PX + LABEL_GAP_PX
    height, width = (n * zoom for n in figure.pixels.shape)
    heading = (
        _Text(MARGIN_PX, MARGIN_PX + LINE_PX / 2, figure.title, TITLE_PX, bold=True),
        _Text(MARGIN_PX, MARGIN_PX + LINE_PX * 1.6, figure.subtitle, muted=True),
    )
    bar_top = top + height + 2 * LABEL_GAP_PX
    bar_px = max(BAR_MIN_PX, min(BAR_MAX_PX, width))
    heading_px = max(
        _text_px(figure.title, TITLE_PX, bold=True), _text_px(figure.subtitle, TEXT_PX)
    )
    lut = figure.scale.lut[np.newaxis, FIRST_COLOR:]  # (1, 255)
    return _Layout(
        width=int(max(left + max(width, bar_px), MARGIN_PX + heading_px) + MARGIN_PX + 1),
        height=bar_top + BAR_PX + LINE_PX + MARGIN_PX,
        texts=(
            *heading,
            *_row_texts(figure, zoom, left - LABEL_GAP_PX, top),
            *_tick_texts(figure.scale, left, bar_px, bar_top + BAR_PX + LINE_PX / 2),
        ),
        pictures=(
            _Picture(left, top, width, height, figure.pixels),
            _Picture(left, bar_top, bar_px, BAR_PX, lut),
        ),
    )


def _row_texts(figure: Figure, zoom: int, right: int, top: int) -> Iterator[_Text]:
    free_from = 0.0
    for y, height, text in figure.row_labels:
        middle = top + (y + height / 2) * zoom
        if middle - TEXT_PX / 2 >= free_from:  # where rows are low, only every few have one
            free_from = middle + TEXT_PX / 2 + 2
            yield _Text(right, middle, text, muted=True, anchor="end")


def _tick_texts(scale: ColorScale, left: int, bar_px: int, y: float) -> Iterator[_Text]:
    anchors = {0.0: "start", 1.0: "end"}
    for fraction, text in scale.ticks():
        anchor = anchors.get(fraction, "middle")
        yield _Text(left + fraction * bar_px, y, text, muted=True, anchor=anchor)


def _svg_picture(picture: _Picture) -> str:
    # Enlarged already: many programs smooth a small picture, whatever its style says.
    data = base64.b64encode(_png(_enlarged(picture))).decode()
    return (
        f'<image x="{picture.x}" y="{picture.y}" width="{picture.width}" '
        f'height="{picture.height}" preserveAspectRatio="none" '
        f'style="image-rendering: pixelated" href="data:image/png;base64,{data}"/>'
    )


def _svg_text(text: _Text, page: Page) -> str:
    color = page.muted if text.muted else page.text
    weight = "600" if text.bold else "400"
    # Letters hang from their baseline; 0.36 of the size below the middle, as in the PNG.
    baseline = text.y + 0.36 * text.size_px
    return (
        f'<text x="{text.x:g}" y="{baseline:g}" font-family="Inter, Helvetica, Arial, sans-serif" '
        f'font-size="{text.size_px}" font-weight="{weight}" fill="{color}" '
        f'text-anchor="{text.anchor}">{escape(_printable(text.text))}</text>'
    )


def _printable(text: str) -> str:
    """Return `text` without characters that no XML file may hold."""
    return "".join(c for c in text if c.isprintable())


def _text_px(text: str, size_px: int, *, bold: bool = False) -> float:
    return float(_font(size_px, bold=bold).getlength(text))


def _font(size_px: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    path: Path = resource_path("fonts", _BOLD if bold else _REGULAR)
    # Basic layout gives the same picture whether or not libraqm is installed.
    return ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.BASIC)


def _enlarged(picture: _Picture) -> Image.Image:
    size = (picture.width, picture.height)
    return _image(picture.pixels).resize(size, Image.Resampling.NEAREST)


def _image(pixels: Colors) -> Image.Image:
    rgb = np.stack([(pixels >> shift) & 0xFF for shift in (16, 8, 0)], axis=-1)  # (H, W, 3)
    return Image.fromarray(rgb.astype(np.uint8))


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
