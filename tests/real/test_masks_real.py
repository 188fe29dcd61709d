"""Masks from real lakes, glaciated areas and glacier inventories beside plain areas."""

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.grid import Grid
from grace_water_toolbox.core.data.importing import import_grace
from grace_water_toolbox.core.data.rasterfile import RasterWriter
from grace_water_toolbox.core.data.stack import MonthlyStack
from headless import Headless
from osgeo import ogr

pytestmark = pytest.mark.real

R = 6371.0
LAKES = "natural_earth/ne_50m_lakes.geojson"
ICE = "natural_earth/ne_50m_glaciated_areas.geojson"
#: Layer, number of invalid outlines, field of the area in km² or None.
LAYERS = {
    LAKES: (0, None),
    ICE: (0, None),
    "glaciers/rgi_oetztal.shp": (3, "Area"),  # RGI 5
    "glaciers/01_rgi60_Columbia.shp": (0, "Area"),  # RGI 6
    "glaciers/RGI6_icecap.shp": (1, "Area"),
    "glaciers/rgi7g_hef_complex.shp": (0, "area_km2"),  # RGI 7
}


def ring_area(points):
    """km² on the sphere inside a ring with edges straight in longitude and latitude.

    ∮ sin φ dλ by Gauss-Legendre points on every edge, so nothing is shared with the mask.
    """
    lam, phi = np.radians(np.array(points)[:, :2]).T
    step_l, step_p = np.roll(lam, -1) - lam, np.roll(phi, -1) - phi
    nodes, weights = np.polynomial.legendre.leggauss(8)
    sines = np.sin(phi[:, None] + (nodes + 1) / 2 * step_p[:, None]) @ weights / 2
    return R**2 * abs(float((step_l * sines).sum()))


def polygons_of(shape):
    if shape.GetGeometryType() in (ogr.wkbPolygon, ogr.wkbPolygon25D):
        return [shape]
    return [
        p for i in range(shape.GetGeometryCount()) for p in polygons_of(shape.GetGeometryRef(i))
    ]


def layer_area(path, field=None):
    """(sum of the polygons' areas, sum of the attribute, number invalid)."""
    source = ogr.Open(str(path))
    area = stated = invalid = 0.0
    for feature in source.GetLayer():
        shape = feature.GetGeometryRef()
        if not shape.IsValid():
            invalid += 1
            shape = shape.MakeValid()
        for polygon in polygons_of(shape):
            rings = [
                polygon.GetGeometryRef(i).GetPoints() for i in range(polygon.GetGeometryCount())
            ]
            area += ring_area(rings[0]) - sum(ring_area(r) for r in rings[1:])
        stated += feature.GetField(field) if field else 0
    return area, stated, invalid


def reference(path, step):
    grid = Grid(-180, 90, step, step, round(360 / step), round(180 / step))
    with RasterWriter(path, grid, ["reference"], dtype="uint8", nodata=255) as file:
        file.write(np.zeros((1, *grid.shape), "uint8"))
    return grid


def read(path):
    with rasterio.open(path) as file:
        return file.read(1).astype(float)


def given(layer, data):
    water = layer == LAKES
    return ("watermask", "WATER") if water else ("glaciermask", "GLACIERS"), str(data / layer)


@pytest.mark.parametrize("layer", LAYERS)
def test_areas_beside_plain_ones(run, data, tmp_path, log, layer):
    invalid, field = LAYERS[layer]
    exact, stated, found = layer_area(data / layer, field)
    assert found == invalid
    (algorithm, name), path = given(layer, data)
    for step in (3.0, 1.0, 0.25):
        grid = reference(tmp_path / "r.tif", step)
        run(algorithm, log, REFERENCE=tmp_path / "r.tif", OUTPUT=tmp_path / "m.tif",
            OUTPUT_FRACTION=tmp_path / "f.tif", **{name: path})  # fmt: skip
        share = read(tmp_path / "f.tif")
        assert share.min() >= 0 and share.max() <= 1
        # Asked for are 0.1 %; overlaps of the outlines are smaller than 1e-5.
        assert (share * grid.cell_areas()).sum() == pytest.approx(exact, rel=1e-5)
        np.testing.assert_array_equal(read(tmp_path / "m.tif"), (share >= 0.5 - 1e-7) & (share > 0))
    assert (f"{invalid} geometries" in log.text) == bool(invalid)
    if field:
        # The inventory's areas are ellipsoidal: up to 0.7 % off the sphere.
        assert exact == pytest.approx(stated, rel=0.008)


@pytest.mark.parametrize("layer", [LAKES, ICE])
def test_coarse_shares_are_means_of_fine_ones(run, data, tmp_path, layer):
    (algorithm, name), path = given(layer, data)
    shares, grids = [], []
    for step in (2.0, 0.25):
        grids.append(reference(tmp_path / "r.tif", step))
        run(algorithm, REFERENCE=tmp_path / "r.tif", OUTPUT=tmp_path / "m.tif",
            OUTPUT_FRACTION=tmp_path / "f.tif", **{name: path})  # fmt: skip
        shares.append(read(tmp_path / "f.tif"))
    areas = grids[1].cell_areas()
    covered = (shares[1] * areas).reshape(90, 8, 180, 8).sum(axis=(1, 3))
    mean = covered / areas.reshape(90, 8, 180, 8).sum(axis=(1, 3))
    np.testing.assert_allclose(shares[0], mean, atol=1e-5)
    assert covered.sum() == pytest.approx((shares[0] * grids[0].cell_areas()).sum(), rel=1e-6)


def test_the_record_without_water_and_ice(csr, data, tmp_path):
    """Outside, through ``qgis_process``: both masks, their union, and the mean that is left."""
    stack = tmp_path / "twsa.tif"
    import_grace(csr, stack)
    with Headless() as qgis:
        water = qgis.run("gracewater:watermask", WATER=data / LAKES, REFERENCE=stack,
                         OUTPUT=tmp_path / "w.tif")  # fmt: skip
        ice = qgis.run("gracewater:glaciermask", GLACIERS=data / ICE, REFERENCE=stack,
                       OUTPUT=tmp_path / "i.tif")  # fmt: skip
        done = qgis.call("--json", "run", "gracewater:combinemasks", f"--INPUTS={water['OUTPUT']}",
                         f"--INPUTS={ice['OUTPUT']}", f"--OUTPUT={tmp_path / 'u.tif'}")  # fmt: skip
        assert done.returncode == 0, done.stderr
        applied = qgis.run("gracewater:applymask", INPUT=stack, MASK=tmp_path / "u.tif",
                           OUTPUT=tmp_path / "o.tif")  # fmt: skip
    taken = (read(water["OUTPUT"]) == 1) | (read(ice["OUTPUT"]) == 1)
    with MonthlyStack(stack) as before, MonthlyStack(tmp_path / "o.tif") as after:
        old, new, grid = before.read(), after.read(), before.grid
        assert after.info.history[:-1] == before.info.history
        np.testing.assert_array_equal(after.months, before.months)
    assert np.isnan(new[:, taken]).all()
    np.testing.assert_array_equal(new[:, ~taken], old[:, ~taken])
    # Means weighted by R² Δλ (sin φ₂ − sin φ₁), row by row and cell by cell.
    north = np.radians(grid.y0 - np.arange(grid.ny) * grid.dy)
    rows = np.sin(north) - np.sin(north - np.radians(grid.dy))
    for month in (10, 100, 250):
        if np.isnan(old[month]).all():
            continue
        total = weight = 0.0
        for i in range(grid.ny):
            for j in range(grid.nx):
                if not taken[i, j] and np.isfinite(old[month, i, j]):
                    total += rows[i] * old[month, i, j]
                    weight += rows[i]
        known = np.isfinite(new[month])
        areas = grid.cell_areas()
        mean = (new[month][known] * areas[known]).sum() / areas[known].sum()
        assert mean == pytest.approx(total / weight, rel=1e-6, abs=1e-9)
    valued = np.isfinite(old).any(axis=0)
    assert applied["CELLS"] == (valued & taken).sum()
    share = grid.cell_areas()[valued & taken].sum() / grid.cell_areas()[valued].sum()
    assert applied["AREA_SHARE"] == pytest.approx(share, rel=1e-9)
    # Antarctica and Greenland are most of what is taken.
    assert 0.02 < share < 0.04
