"""GSFC's HDF5: one series a mascon, on uneven rectangles, in days since the end of 2001."""

from pathlib import Path

import numpy as np
import pytest
from grace_water_toolbox.core.data.grace import open_grace
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.importing import import_grace
from grace_water_toolbox.core.data.multidim import MultidimFile
from grace_water_toolbox.core.data.products.gsfc import open_gsfc, paint_mascons
from grace_water_toolbox.core.errors import (
    DataError,
    GridError,
    ReadError,
    TimeAxisError,
    UnitsError,
)


def bands(height=10.0):
    """Mascons of about equal area: centres and spans, as GSFC lays them out, longitudes 0…360."""
    rows = []
    for lat in np.arange(-90 + height / 2, 90, height):
        count = max(1, round(360 / height * np.cos(np.radians(lat))))
        span = 360.0 / count
        rows += [(lat, (i + 0.5) * span, height, span) for i in range(count)]
    return np.array(rows).T


def write_gsfc(path, months=6, transposed=False, **change):
    """A file in GSFC's shape; ``change`` replaces an array by its name or drops it (None)."""
    import netCDF4

    lat, lon, dlat, dlon = change.pop("layout", bands())
    first = np.array([np.datetime64("2004-01", "M") + m for m in range(months)])
    first, after = (
        (m.astype("datetime64[D]") - np.datetime64("2001-12-31")).astype(float)
        for m in (first, first + 1)
    )
    mascons = np.arange(lat.size)
    cmwe = mascons[:, None] + 0.001 * np.arange(months)
    arrays = {
        ("mascon", "lat_center"): lat[None],
        ("mascon", "lon_center"): lon[None],
        ("mascon", "lat_span"): dlat[None],
        ("mascon", "lon_span"): dlon[None],
        ("mascon", "area_km2"): np.full((1, lat.size), 12400.0),
        ("mascon", "location"): np.where(lon < 180, 80.0, 90.0)[None],
        ("time", "ref_days_first"): first[None],
        ("time", "ref_days_middle"): ((first + after - 1) / 2)[None],
        ("time", "ref_days_last"): (after - 1)[None],
        ("solution", "cmwe"): cmwe.T if transposed else cmwe,
        ("uncertainty", "noise_2sigma"): np.full((lat.size, months), 3.0),
    }
    with netCDF4.Dataset(path, "w") as file:
        file.title = "GSFC mascons, made for a test"
        for (group, name), values in arrays.items():
            values = change.get(name, values)
            if values is None:
                continue
            place = file.groups.get(group) or file.createGroup(group)
            dims = []
            for size in values.shape:
                dim = f"n{size}"
                if dim not in place.dimensions:
                    place.createDimension(dim, size)
                dims.append(dim)
            place.createVariable(name, "f8", dims)[:] = values
            if name == "cmwe" and change.get("units", "cm"):
                place[name].units = change.get("units", "cm")
    return str(path)


@pytest.fixture
def mascons(tmp_path):
    def build(name="gsfc.glb_.200204_rl06v2.0.h5", **change):
        return write_gsfc(tmp_path / name, **change)

    return build


def owner(lat, lon):
    """By search over all mascons, the one that holds a point."""
    y, x, dy, dx = bands()
    inside = (np.abs(lat - y) < dy / 2) & (np.abs((lon - x + 180) % 360 - 180) < dx / 2)
    (found,) = np.flatnonzero(inside)
    return found


@pytest.mark.parametrize("transposed", [False, True])
def test_each_cell_gets_the_series_of_the_mascon_it_lies_in(mascons, transposed):
    product = open_grace(mascons(transposed=transposed))
    assert product.grid == Grid(-180.0, 90.0, 0.5, 0.5, 720, 360)
    values = product.read(0, 360)
    assert values.shape == (6, 360, 720) and np.isfinite(values).all()
    rng = np.random.default_rng(0)
    for row, col in zip(rng.integers(0, 360, 60), rng.integers(0, 720, 60)):
        expected = owner(product.grid.y[row], product.grid.x[col])
        np.testing.assert_allclose(values[:, row, col], expected + 0.001 * np.arange(6))
    np.testing.assert_array_equal(product.read(100, 7), values[:, 100:107])


def test_day_one_is_the_first_of_january_2002(mascons):
    product = open_grace(mascons())
    assert str(product.start[0]) == "2004-01-01T00:00:00"
    assert str(product.end[0]) == "2004-02-01T00:00:00"
    assert str(product.middle[0]).startswith("2004-01-16")


def test_land_and_one_sigma(mascons):
    product = open_grace(mascons())
    land = product.land(180, 1)[0]
    assert land[400] and not land[100]  # east and west of Greenwich
    np.testing.assert_allclose(product.read_uncertainty(5, 1), 1.5)
    bare = open_grace(mascons("bare.h5", location=None, noise_2sigma=None))
    assert bare.land(0, 1) is None and bare.uncertainty is None


def test_it_imports_as_any_product(mascons, tmp_path, read_stack):
    path = mascons(months=24)
    target = str(tmp_path / "twsa.tif")
    summary = import_grace(
        path, target, baseline=("2004-01", "2004-12"), extent=(60, 10, 90, 40),
        uncertainty_output=str(tmp_path / "sigma.tif"),
    )  # fmt: skip
    values, info = read_stack(target)
    assert values.shape == (24, 60, 60) and info.months.size == 24
    np.testing.assert_allclose(values[:, 3, 3], 0.001 * (np.arange(24) - 5.5), atol=1e-4)
    assert summary.missing.size == 0 and summary.noise_assessed and summary.has_uncertainty
    assert "GSFC" in summary.title


def test_other_cell_sizes(mascons):
    file = MultidimFile(mascons())
    assert open_gsfc(file, spacing=2.5).grid.shape == (72, 144)
    for spacing in (0.7, 0, -1, 0.01, float("nan")):
        with pytest.raises(GridError, match="cell size"):
            open_gsfc(file, spacing=spacing)


def test_areas_of_painted_mascons_are_those_of_their_rectangles():
    lat, lon, dlat, dlon = bands(1.0)
    grid = Grid(-180.0, 90.0, 0.5, 0.5, 720, 360)
    cells = paint_mascons(grid, lat, lon, dlat, dlon)
    assert (cells >= 0).all() and np.unique(cells).size == lat.size > 40_000
    painted = np.bincount(cells.ravel(), grid.cell_areas().ravel(), lat.size)
    mid = np.abs(lat) < 60
    # A mascon is about 2 × 2 cells: single ones are off by a column, all together are not.
    assert painted[mid].mean() == pytest.approx(12_364, rel=0.01)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"cmwe": None}, ReadError, "solution"),
        ({"lon_span": None}, ReadError, "/mascon/lon_span"),
        ({"ref_days_last": None}, ReadError, "/time/ref_days_last"),
        ({"cmwe": np.zeros((7, 6))}, ReadError, "mascons × 6 solutions is expected; found 7 × 6"),
        ({"lat_span": np.ones((1, 5))}, GridError, "centre and a span"),
        ({"ref_days_middle": np.ones((1, 5))}, TimeAxisError, "each solution"),
        ({"ref_days_last": np.zeros((1, 6))}, TimeAxisError, "start before they end"),
        ({"ref_days_first": np.full((1, 6), 1e9)}, TimeAxisError, "end of 2001"),
        ({"lon_center": np.full((1, 414), np.nan)}, ReadError, "finite"),
        ({"units": "K"}, UnitsError, "cmwe"),
    ],
)
def test_files_that_are_not_whole(mascons, change, error, match):
    if "lon_center" in change:
        change = {"lon_center": np.full((1, bands().shape[1]), np.nan)}
    with pytest.raises(error, match=match):
        open_grace(mascons(**change))


def test_overlapping_and_tiny_mascons_are_refused(mascons):
    lat, lon, dlat, dlon = bands()
    with pytest.raises(DataError, match="cells in two"):
        open_grace(mascons(layout=(lat, lon, dlat * np.where(lat > 0, 1.6, 1), dlon)))
    with pytest.raises(DataError, match="without a cell"):
        open_grace(mascons(layout=(lat, lon, dlat, dlon * 1e-3)))


def test_huge_and_truncated_files(tmp_path, mascons):
    import netCDF4

    path = tmp_path / "huge.h5"
    with netCDF4.Dataset(path, "w") as file:
        for group in ("mascon", "solution", "time"):
            file.createGroup(group).createDimension("n", 3_000_000_000)
        for name in ("lat_center", "lon_center", "lat_span", "lon_span"):
            file["mascon"].createVariable(name, "f8", ("n",), chunksizes=(1000,), zlib=True)
        file["solution"].createVariable("cmwe", "f8", ("n",), chunksizes=(1000,), zlib=True)
    with pytest.raises(ReadError, match=r"1 and 500000 numbers.*3000000000"):
        open_grace(path)
    cut = Path(mascons())
    cut.write_bytes(cut.read_bytes()[:-100])
    with pytest.raises(ReadError, match="truncated"):
        open_grace(cut)
