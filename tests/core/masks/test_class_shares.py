"""Area shares of class rasters."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.errors import DataError, GridError, ParameterError
from grace_water_toolbox.core.masks.lattice import open_lattices
from grace_water_toolbox.core.masks.masking import make_mask, threshold_mask
from grace_water_toolbox.core.masks.measures import class_measure, ice_measure, parse_classes
from grace_water_toolbox.core.masks.outlines import Outlines
from grace_water_toolbox.core.masks.shares import LatticeShares, check_lattice

WATER = class_measure((3,))


@pytest.fixture
def raster(tmp_path):
    """``raster(name, values, grid, nodata=None)``: write values (y, x) or (band, y, x)."""

    def write(name, values, grid, nodata=None):
        values = np.asarray(values)
        values = values.reshape(-1, *values.shape[-2:])
        with rasterio.open(
            tmp_path / name, "w", driver="GTiff", width=grid.nx, height=grid.ny,
            count=len(values), dtype=values.dtype, crs=grid.crs, nodata=nodata,
            transform=rasterio.Affine.from_gdal(*grid.geotransform),
        ) as file:  # fmt: skip
            file.write(values)
        return str(tmp_path / name)

    return write


def read(path):
    with rasterio.open(path) as file:
        return file.read(1)


def brute_force(water, fine, target):
    """Σ overlap area / cell area, one pair of cells after the other."""
    share = np.zeros(target.shape)

    def sine(lat):
        return np.sin(np.radians(np.clip(lat, -90, 90)))

    for i in range(target.ny):
        north, south = target.y0 - i * target.dy, target.y0 - (i + 1) * target.dy
        for j in range(target.nx):
            west, east = target.x0 + j * target.dx, target.x0 + (j + 1) * target.dx
            for k, m in zip(*np.nonzero(water)):
                top, left = fine.y0 - k * fine.dy, fine.x0 + m * fine.dx
                high = min(north, top), max(south, top - fine.dy)
                wide = min(east, left + fine.dx) - max(west, left)
                if high[0] > high[1] and wide > 0:
                    share[i, j] += wide * (sine(high[0]) - sine(high[1])) * water[k, m]
            share[i, j] /= (east - west) * (sine(north) - sine(south))
    return share


@pytest.mark.parametrize("edge", [5, 7, 1000])
def test_any_alignment_beside_brute_force(raster, edge):
    rng = np.random.default_rng(2)
    fine = Grid(0.13, 63.07, 0.11, 0.09, 40, 37)
    target = Grid(-0.4, 63.2, 0.77, 0.5, 7, 8)
    classes = rng.integers(0, 4, fine.shape).astype("uint8")
    (lattice,) = open_lattices([raster("a.tif", classes, fine)], WATER)
    share, known = np.zeros(target.shape), np.zeros(target.shape)
    LatticeShares(lattice, target, edge).add(0, 0, share, known)
    np.testing.assert_allclose(share, brute_force(classes == 3, fine, target), atol=1e-12)
    np.testing.assert_allclose(known, brute_force(np.ones(fine.shape), fine, target), atol=1e-12)


def test_years_and_bands_are_united_and_no_data_is_no_water(raster, tmp_path):
    grid, target = Grid(0, 2, 1, 1, 2, 2), Grid(0, 2, 2, 2, 1, 1)
    first = raster("y1.tif", np.array([[3, 2], [1, 0]], "uint8"), grid, 0)
    second = raster("y2.tif", np.array([[[1, 1], [3, 1]], [[1, 1], [1, 1]]], "uint8"), grid)
    lattices = open_lattices([first, second], WATER)
    assert len(lattices) == 1 and lattices[0].grid == Grid(0, 2, 1, 1, 2, 2, lattices[0].grid.crs)
    summary = make_mask(target, tmp_path / "m.tif", lattices=lattices,
                        fraction=tmp_path / "f.tif")  # fmt: skip
    # The western half, of both rows: half of the area.
    assert read(tmp_path / "f.tif")[0, 0] == pytest.approx(0.5, abs=1e-7)
    assert read(tmp_path / "m.tif")[0, 0] == 1 and summary.excluded == 1
    # Alone, the first year has one cell of four, in the north, and no data in one.
    summary = make_mask(target, tmp_path / "m.tif", lattices=open_lattices([first], WATER))
    assert summary.excluded == 0 and 0.2499 < summary.covered_area / summary.area < 0.25
    assert 0.25 < summary.no_data / summary.area < 0.2501


def test_unknown_where_nothing_is_known(raster, tmp_path):
    grid, target = Grid(0, 1, 1, 1, 4, 1), Grid(0, 1, 2, 1, 3, 1)
    source = raster("a.tif", np.array([[3, 255, 255, 255]], "uint8"), grid, 255)
    lattices = open_lattices([source], WATER)
    make_mask(target, tmp_path / "kept.tif", lattices=lattices, threshold=0.6)
    assert read(tmp_path / "kept.tif").tolist() == [[0, 0, 0]]
    summary = make_mask(target, tmp_path / "m.tif", lattices=lattices, threshold=0.6,
                        nodata="unknown", fraction=tmp_path / "f.tif")  # fmt: skip
    assert read(tmp_path / "m.tif").tolist() == [[1, 255, 255]] and summary.unknown == 2
    np.testing.assert_array_equal(read(tmp_path / "f.tif"), [[1, np.nan, np.nan]])


def test_tiles_and_blocks(raster, tmp_path):
    rng = np.random.default_rng(3)
    fine = Grid(10, 50, 0.05, 0.05, 200, 160)
    classes = rng.integers(0, 4, fine.shape).astype("uint8")
    whole = open_lattices([raster("whole.tif", classes, fine)], WATER)
    tiles = open_lattices(
        [
            raster(f"t{r}{c}.tif", classes[r : r + 80, c : c + 100], fine.window(r, c, 80, 100))
            for r in (80, 0) for c in (100, 0)
        ], WATER,
    )  # fmt: skip
    assert len(tiles) == 1 and len(tiles[0].tiles) == 4
    target = Grid(9, 51, 0.31, 0.27, 40, 40)
    for name, lattices, memory in (("a", whole, 2**29), ("b", tiles, 80 * 200), ("c", whole, 1)):
        make_mask(target, tmp_path / f"{name}.tif", lattices=lattices, memory=memory,
                  fraction=tmp_path / f"f{name}.tif", threshold=0.25)  # fmt: skip
    for name in "bc":
        np.testing.assert_array_equal(read(tmp_path / f"{name}.tif"), read(tmp_path / "a.tif"))
        np.testing.assert_allclose(
            read(tmp_path / f"f{name}.tif"), read(tmp_path / "fa.tif"), atol=1e-7
        )
    weights = (read(tmp_path / "fa.tif") * target.cell_areas()).sum()
    assert weights == pytest.approx(((classes == 3) * fine.cell_areas()).sum(), rel=1e-6)


def test_longitudes_of_both_kinds_count_once(raster, tmp_path):
    values = np.ones((2, 36), "uint8")
    east = values.copy()
    east[0, 20] = 3  # 200 to 210 E is -160 to -150
    west = values.copy()
    west[0, 2] = west[1, 0] = 3  # -160 to -150, and -180 to -170
    a = raster("a.tif", east, Grid(0, 10, 10, 10, 36, 2))
    b = raster("b.tif", west, Grid(-180, 10, 10, 10, 36, 2))
    target = Grid(-180, 10, 10, 10, 36, 2)
    for sources in ([a, b], [b, a]):
        lattices = open_lattices(sources, WATER)
        assert len(lattices) == 1 and lattices[0].grid.nx == 36
        make_mask(target, tmp_path / "m.tif", lattices=lattices, fraction=tmp_path / "f.tif")
        share = read(tmp_path / "f.tif")
        assert {(r, c) for r, c in zip(*np.nonzero(share))} == {(0, 2), (1, 0)}
        np.testing.assert_allclose(share[[0, 1], [2, 0]], 1, atol=1e-6)


def test_outlines_and_ice_are_united_within_the_fine_cells(raster, tmp_path):
    # Ice in the two western fine cells; an outline over the eastern half of both columns' top.
    fine, target = Grid(0, 2, 1, 1, 2, 2, "EPSG:32645"), Grid(0, 2, 2, 2, 1, 1, "EPSG:32645")
    ice = raster("ice.tif", np.array([[1, 0], [1, 0]], "uint8"), fine)
    ring = np.array([(0.5, 1), (1.5, 1), (1.5, 2), (0.5, 2)])
    outlines = Outlines([(0.5, 1, 1.5, 2)], [4], lambda index: [ring])
    make_mask(target, tmp_path / "m.tif", outlines=outlines, fraction=tmp_path / "f.tif",
              lattices=open_lattices([ice], ice_measure("nonzero"), "ICE"))  # fmt: skip
    assert read(tmp_path / "f.tif")[0, 0] == pytest.approx((2 + 0.5) / 4, abs=1e-6)


def test_ice_as_shares(raster, tmp_path):
    grid = Grid(0, 1, 1, 1, 3, 1)
    good = raster("s.tif", np.array([[0.25, 1, -1]], "float32"), grid, -1)
    make_mask(grid, tmp_path / "m.tif", fraction=tmp_path / "f.tif", threshold=0.25,
              lattices=open_lattices([good], ice_measure("fraction"), "ICE"))  # fmt: skip
    assert read(tmp_path / "f.tif").tolist() == [[0.25, 1, 0]]
    assert read(tmp_path / "m.tif").tolist() == [[1, 1, 0]]
    percent = raster("p.tif", np.array([[25, 100, 0]], "uint8"), grid)
    lattices = open_lattices([percent], ice_measure("fraction"), "ICE")
    with pytest.raises(DataError, match=r"ICE \(p.tif\): shares of ice from 0 to 1.*0 to 100"):
        make_mask(grid, tmp_path / "m2.tif", lattices=lattices)
    assert not (tmp_path / "m2.tif").exists()


def test_threshold_rule():
    share = np.array([0, 1e-6, 0.4999, 0.5 - 1e-12, 0.5, 1, np.nan])
    assert threshold_mask(share, 0.5).tolist() == [0, 0, 0, 1, 1, 1, 255]
    assert threshold_mask(share, 0.0).tolist() == [0, 1, 1, 1, 1, 1, 255]
    assert threshold_mask(share, 1.0).tolist() == [0, 0, 0, 0, 0, 1, 255]


@pytest.mark.parametrize("text", ["", "water", "3;x", "3.5"])
def test_classes_that_are_none(text):
    with pytest.raises(ParameterError, match="CLASSES: class values are expected"):
        parse_classes(text)


def test_classes():
    assert parse_classes(" 3, 2;3 ") == (2, 3) and parse_classes("-1") == (-1,)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, np.nan])
def test_thresholds_that_are_none(tmp_path, threshold):
    outlines = Outlines([(0, 0, 1, 1)], [4], lambda i: [])
    with pytest.raises(ParameterError, match="THRESHOLD: a share from 0 to 1"):
        make_mask(Grid(0, 1, 1, 1, 1, 1), tmp_path / "m.tif", outlines=outlines,
                  threshold=threshold)  # fmt: skip


def test_grids_that_do_not_fit(raster):
    ones = np.ones((4, 4), "uint8")
    first = raster("a.tif", ones, Grid(0, 4, 1, 1, 4, 4))
    shifted = raster("b.tif", ones, Grid(0.5, 4, 1, 1, 4, 4))
    metric = raster("c.tif", ones, Grid(0, 4, 1, 1, 4, 4, "EPSG:32645"))
    beside = raster("d.tif", ones, Grid(4.5, 4, 1, 1, 4, 4))
    with pytest.raises(GridError, match=r"a.tif\) and INPUT \(b.tif\) overlap.*Combine masks"):
        open_lattices([first, shifted], WATER)
    with pytest.raises(GridError, match=r"a.tif\) and INPUT \(c.tif\) must have one coord.*Warp"):
        open_lattices([first, metric], WATER)
    assert len(open_lattices([first, beside], WATER)) == 2
    (lattice,) = open_lattices([metric], WATER)
    with pytest.raises(GridError, match=r"INPUT \(c.tif\) and REFERENCE .*one coord.*Warp"):
        check_lattice(lattice, Grid(0, 4, 1, 1, 4, 4), "REFERENCE (r.tif)")
    (lattice,) = open_lattices([first], WATER)
    with pytest.raises(GridError, match=r"INPUT \(a.tif\) must meet REFERENCE"):
        check_lattice(lattice, Grid(50, 4, 1, 1, 4, 4), "REFERENCE (r.tif)")
