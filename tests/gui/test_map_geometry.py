import pytest
from PyQt6.QtCore import QPointF, QSizeF, Qt
from PyQt6.QtWidgets import QApplication

from viewer.widgets.kernel_view import KernelGrid
from viewer.widgets.map_geometry import MapGeometry


def _geometry(
    width: float, height: float, shape: tuple[int, int], ratio: float = 1.0
) -> MapGeometry:
    geometry = MapGeometry()
    geometry.arrange(QSizeF(width, height), ratio, shape)
    return geometry


@pytest.mark.parametrize("shape", [(28, 28), (7, 7), (1, 40), (40, 1), (2, 2)])
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("size", [(276, 220), (276, 400), (700, 300)])
def test_map_and_bar_fit_at_a_whole_zoom(
    qapp: QApplication, size: tuple[int, int], ratio: float, shape: tuple[int, int]
) -> None:
    geometry = _geometry(*size, shape, ratio)
    assert geometry.device_zoom == int(geometry.device_zoom) >= 1
    for rect in (geometry.map_rect(), geometry.bar()):
        assert 0 <= rect.left() <= rect.right() <= size[0]
        assert 0 <= rect.top() <= rect.bottom() <= size[1]
    assert not geometry.map_rect().intersects(geometry.bar())


def test_the_bar_goes_where_it_takes_less(qapp: QApplication) -> None:
    assert _geometry(276, 400, (28, 28)).orientation is Qt.Orientation.Horizontal
    assert _geometry(276, 210, (28, 28)).orientation is Qt.Orientation.Vertical


def test_a_map_larger_than_the_room_is_shown_whole(qapp: QApplication) -> None:
    geometry = _geometry(276, 276, (448, 448))
    assert geometry.device_zoom == 1 / 2
    assert geometry.pixel_at(geometry.map_rect().center()) == (224, 224)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_every_cell_is_found_at_its_place(qapp: QApplication, ratio: float) -> None:
    geometry = _geometry(276, 300, (12, 9), ratio)
    for steps in (0, 3, 2):
        geometry.zoom_by(steps, QPointF(100, 80))
        rows, columns = geometry.visible()
        for y in rows:
            for x in columns:
                cell = geometry.cell_rect((y, x)) & geometry.view()
                assert geometry.pixel_at(cell.center()) == (y, x)


def test_zooming_out_again_fits(qapp: QApplication) -> None:
    geometry = _geometry(276, 300, (28, 28))
    before = geometry.cell_px
    geometry.zoom_by(4, QPointF(50, 50))
    assert geometry.cell_px > before
    geometry.move_to(QPointF(-9999, 9999))  # never past the map's own edges
    assert geometry.map_rect().contains(geometry.view())
    geometry.zoom_by(-20, QPointF(50, 50))
    assert geometry.zoom is None
    assert geometry.cell_px == before


@pytest.mark.parametrize(
    ("count", "shape"), [(1, (5, 5)), (16, (3, 3)), (32, (5, 5)), (64, (7, 7)), (6, (1, 1))]
)
def test_kernels_show_at_once_as_large_as_they_can(count: int, shape: tuple[int, int]) -> None:
    grid = KernelGrid.fit(count, shape, 700, 500)
    assert grid.per_page >= count
    rows = -(-count // grid.columns)
    assert grid.columns * (shape[1] * grid.cell_px + grid.gap_px) - grid.gap_px <= 700
    assert rows * (shape[0] * grid.cell_px + grid.gap_px) - grid.gap_px <= 500


def test_many_kernels_are_paged_and_huge_ones_shown_alone() -> None:
    many = KernelGrid.fit(512, (5, 5), 276, 120)
    assert 0 < many.per_page < 512
    assert many.cell_px >= 4
    assert KernelGrid.fit(3, (200, 200), 276, 120).per_page == 1
