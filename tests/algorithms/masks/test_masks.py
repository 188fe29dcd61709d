"""Water mask, glacier mask, combine masks and apply mask, through Processing."""

import json

import numpy as np
import pytest
import rasterio
from grace_water_toolbox.core.data.grid import Grid
from headless import Headless
from qgis.core import QgsRasterLayer, QgsVectorLayer

GRID = Grid(0, 62, 1, 1, 4, 2)


def read(path):
    with rasterio.open(path) as file:
        return file.read(1)


@pytest.fixture
def raster(tmp_path):
    """``raster(name, values, grid, nodata)``: a Byte raster."""

    def write(name, values, grid=GRID, nodata=None):
        values = np.asarray(values, "uint8")
        values = values.reshape(-1, *values.shape[-2:])
        with rasterio.open(
            tmp_path / name, "w", driver="GTiff", width=grid.nx, height=grid.ny, dtype="uint8",
            count=len(values), crs=grid.crs, nodata=nodata,
            transform=rasterio.Affine.from_gdal(*grid.geotransform),
        ) as file:  # fmt: skip
            file.write(values)
        return str(tmp_path / name)

    return write


@pytest.fixture
def polygons(tmp_path):
    """``polygons(name, rings, crs)``: a GeoJSON of one polygon a ring."""

    def write(name, rings, **more):
        features = [
            {"type": "Feature", "properties": {"id": i},
             "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}}
            for i, ring in enumerate(rings)
        ]  # fmt: skip
        path = tmp_path / name
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **more}))
        return str(path)

    return write


def box(west, south, east, north):
    return [(west, south), (east, south), (east, north), (west, north)]


@pytest.fixture
def reference(raster):
    return raster("reference.tif", np.zeros((2, 4)))


# -- water ---------------------------------------------------------------------------


def test_years_are_united(run, raster, reference, tmp_path, log):
    fine = Grid(0, 62, 0.5, 0.5, 8, 4)
    first, second = np.ones((2, 4, 8))
    first[0:2, 0] = 3  # western half of the first cell
    second[0:2, 1] = 3  # its eastern half, another year
    second[2, 2] = 3  # a quarter of a cell
    given = [raster("1999.tif", first, fine), raster("2000.tif", second, fine)]
    result = run("watermask", log, INPUT=given, REFERENCE=reference, OUTPUT=tmp_path / "m.tif",
                 OUTPUT_FRACTION=tmp_path / "f.tif")  # fmt: skip
    assert read(tmp_path / "m.tif").tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]
    share = read(tmp_path / "f.tif")
    assert share[0, 0] == pytest.approx(1) and 0.24 < share[1, 1] < 0.25
    assert result["EXCLUDED"] == 1
    areas = GRID.cell_areas()
    assert result["EXCLUDED_SHARE"] == pytest.approx(areas[0, 0] / areas.sum())
    assert "1 of 8 cells are excluded" in log.text and "no data" not in log.text
    with rasterio.open(tmp_path / "m.tif") as file:
        assert file.dtypes == ("uint8",) and file.nodata == 255
        history = file.tags()["history"]
    assert "classes 3 of INPUT (1999.tif), INPUT (2000.tif)" in history and "0.5" in history
    # Each year alone is half a cell: the threshold decides.
    for threshold, excluded in ((0.5, 1), (0.51, 0)):
        result = run("watermask", INPUT=given[:1], REFERENCE=reference, THRESHOLD=threshold,
                     OUTPUT=tmp_path / "m.tif")  # fmt: skip
        assert result["EXCLUDED"] == excluded


def test_layers_of_the_map_and_other_classes(run, raster, tmp_path):
    layer = QgsRasterLayer(raster("a.tif", [[0, 1, 2, 3], [3, 2, 1, 0]]), "a")
    run("watermask", INPUT=[layer], CLASSES="2,3", OUTPUT=tmp_path / "m.tif")
    assert read(tmp_path / "m.tif").tolist() == [[0, 0, 1, 1], [1, 1, 0, 0]]


def test_places_without_data(run, raster, tmp_path, log):
    source = raster("a.tif", [[3, 255, 1, 255], [3, 3, 3, 3]], nodata=255)
    coarse = raster("r.tif", np.zeros((2, 2)), Grid(0, 62, 2, 1, 2, 2))
    run("watermask", log, INPUT=[source], REFERENCE=coarse, OUTPUT=tmp_path / "m.tif",
        OUTPUT_FRACTION=tmp_path / "f.tif")  # fmt: skip
    np.testing.assert_allclose(read(tmp_path / "f.tif"), [[0.5, 0], [1, 1]], atol=1e-6)
    assert "% of the grid's area has no data" in log.text
    run("watermask", INPUT=[source], REFERENCE=coarse, NODATA="unknown",
        OUTPUT=tmp_path / "m.tif", OUTPUT_FRACTION=tmp_path / "f.tif")  # fmt: skip
    np.testing.assert_allclose(read(tmp_path / "f.tif"), [[1, 0], [1, 1]], atol=1e-6)


def test_overlapping_lakes_count_once(run, polygons, reference, tmp_path):
    # Two lakes with a common strip, one twice, and one within another.
    lakes = [box(0, 60, 0.6, 61), box(0.4, 60, 1, 61), box(1, 61, 1.5, 62), box(1, 61, 1.5, 62),
             box(2, 60, 3, 62), box(2.25, 60, 2.75, 61)]  # fmt: skip
    run("watermask", WATER=polygons("l.geojson", lakes), REFERENCE=reference,
        OUTPUT=tmp_path / "m.tif", OUTPUT_FRACTION=tmp_path / "f.tif", THRESHOLD=0)  # fmt: skip
    np.testing.assert_allclose(read(tmp_path / "f.tif"), [[0, 0.5, 1, 0], [1, 0, 1, 0]], atol=1e-6)
    assert read(tmp_path / "m.tif").tolist() == [[0, 1, 1, 0], [1, 0, 1, 0]]


def test_invalid_lakes_are_repaired_and_counted(run, polygons, reference, tmp_path, log):
    bow = [(0, 60), (1, 61), (1, 60), (0, 61)]  # two triangles, half a cell
    run("watermask", log, WATER=polygons("l.geojson", [bow, box(2, 61, 3, 62)]),
        REFERENCE=reference, OUTPUT=tmp_path / "m.tif",
        OUTPUT_FRACTION=tmp_path / "f.tif")  # fmt: skip
    assert "1 geometries of WATER were invalid and repaired" in log.text
    share = read(tmp_path / "f.tif")
    assert share[1, 0] == pytest.approx(0.5, abs=1e-3) and share[0, 2] == pytest.approx(1)


def test_another_coordinate_system(run, polygons, reference, tmp_path):
    crs = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}}
    radius = 6378137.0

    def y(lat):
        return radius * np.log(np.tan(np.pi / 4 + np.radians(lat) / 2))

    def x(lon):
        return radius * np.radians(lon)

    lake = polygons("l.geojson", [box(x(1), y(60), x(2), y(62))], **crs)
    run("watermask", WATER=lake, REFERENCE=reference, OUTPUT=tmp_path / "m.tif",
        OUTPUT_FRACTION=tmp_path / "f.tif")  # fmt: skip
    np.testing.assert_allclose(read(tmp_path / "f.tif"), [[0, 1, 0, 0]] * 2, atol=1e-6)


def test_selected_lakes_only(run, polygons, reference, tmp_path):
    from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProject

    layer = QgsVectorLayer(polygons("l.geojson", [box(0, 60, 1, 62), box(2, 60, 3, 62)]), "lakes")
    layer.selectByExpression('"id" = 1')
    QgsProject.instance().addMapLayer(layer)
    try:
        run("watermask", WATER=QgsProcessingFeatureSourceDefinition(layer.id(), True),
            REFERENCE=reference, OUTPUT=tmp_path / "m.tif")  # fmt: skip
    finally:
        QgsProject.instance().removeMapLayer(layer.id())
    assert read(tmp_path / "m.tif").tolist() == [[0, 0, 1, 0]] * 2


def test_lakes_elsewhere_are_told(run, polygons, reference, tmp_path, log):
    run("watermask", log, WATER=polygons("l.geojson", [box(50, 0, 51, 1)]), REFERENCE=reference,
        OUTPUT=tmp_path / "m.tif")  # fmt: skip
    assert "Nothing of the grid is covered" in log.text


@pytest.mark.parametrize("kind", ["both", "neither", "grid", "classes", "crs", "polygons", "file"])
def test_water_refusals(refused, raster, polygons, reference, tmp_path, kind):
    source = raster("a.tif", np.ones((2, 4)))
    metric = raster("metric.tif", np.ones((2, 4)), Grid(0, 62, 1, 1, 4, 2, "EPSG:32645"))
    lakes = polygons("l.geojson", [box(0, 60, 1, 61)])
    given, says = {
        "both": ({"INPUT": [source], "WATER": lakes}, "INPUT, WATER: either.*found both.*Combine"),
        "neither": ({"REFERENCE": reference}, "INPUT, WATER: either.*found neither"),
        "grid": ({"WATER": lakes}, "REFERENCE: a reference grid is expected for polygons"),
        "classes": ({"INPUT": [source], "CLASSES": "x"}, "CLASSES: class values are expected"),
        "crs": (
            {"INPUT": [metric], "REFERENCE": reference},
            r"INPUT \(metric.tif\) and REFERENCE \(reference.tif\) must have one coord.*Warp",
        ),
        "polygons": (
            {"WATER": lakes, "REFERENCE": reference, "NODATA": "unknown"},
            "NODATA: 'kept' is expected for polygons",
        ),
        "file": (
            {"INPUT": [source, str(tmp_path / "no.tif")]},
            "INPUT: a raster that QGIS can open is expected; found .*no.tif",
        ),
    }[kind]
    message = refused("watermask", tmp_path, OUTPUT=tmp_path / "o.tif", **given)
    import re

    assert re.search(says, message), message


def test_outputs_do_not_replace_inputs(refused, raster, polygons, reference, tmp_path):
    a, b = raster("a.tif", np.ones((2, 4))), raster("b.tif", np.ones((2, 4)))
    message = refused("watermask", tmp_path, INPUT=[a, b], OUTPUT=b)
    assert "OUTPUT: a file different from INPUT 2 is expected" in message
    message = refused("combinemasks", tmp_path, INPUTS=[a, b], OUTPUT=a)
    assert "OUTPUT: a file different from INPUTS 1 is expected" in message


# -- glaciers ------------------------------------------------------------------------


def test_outlines_and_ice_rasters(run, raster, polygons, reference, tmp_path):
    outlines = polygons("g.geojson", [box(0, 61, 0.75, 62)])
    ice = raster("ice.tif", np.eye(4, 8), Grid(0, 62, 0.5, 0.5, 8, 4), nodata=0)
    results = {"OUTPUT": tmp_path / "m.tif", "OUTPUT_FRACTION": tmp_path / "f.tif"}
    run("glaciermask", GLACIERS=outlines, ICE=[ice], REFERENCE=reference, **results)
    share = read(tmp_path / "f.tif")
    # The raster's first two cells: one lies on the outline, one half beside it.
    area = np.diff(np.sin(np.radians([61, 61.5, 62])))
    assert share[0, 0] == pytest.approx(0.75 + 0.25 * area[0] / area.sum(), abs=1e-6)
    assert 0.49 < share[1, 1] < 0.51 and share[0, 1] == share[1, 0] == 0
    run("glaciermask", GLACIERS=outlines, REFERENCE=reference, **results)
    np.testing.assert_allclose(read(tmp_path / "f.tif"), [[0.75, 0, 0, 0], [0] * 4], atol=1e-6)
    run("glaciermask", ICE=[ice], **results)
    np.testing.assert_array_equal(read(tmp_path / "m.tif"), np.eye(4, 8))


def test_glacier_refusals(refused, reference, raster, tmp_path):
    message = refused("glaciermask", tmp_path, REFERENCE=reference, OUTPUT=tmp_path / "o.tif")
    assert "GLACIERS, ICE: glacier outlines" in message and "found neither" in message
    percent = raster("p.tif", np.full((2, 4), 50))
    message = refused("glaciermask", tmp_path, ICE=[percent], ICE_VALUES="fraction",
                      OUTPUT=tmp_path / "o.tif")  # fmt: skip
    assert "ICE (p.tif): shares of ice from 0 to 1" in message and "nonzero" in message


# -- combine and apply -----------------------------------------------------------------


def test_mask_combine_apply(run, raster, make_stack, read_stack, tmp_path, log):
    water = raster("w.tif", [[1, 0, 0, 255], [0, 0, 0, 0]], nodata=255)
    ice = raster("i.tif", [[1, 1, 0, 0], [0, 0, 0, 0]], nodata=255)
    both = run("combinemasks", log, INPUTS=[water, ice], OUTPUT=tmp_path / "u.tif")
    assert both["EXCLUDED"] == 2 and "2 of 8 cells are excluded" in log.text
    assert read(both["OUTPUT"]).tolist() == [[1, 1, 0, 255], [0, 0, 0, 0]]
    run("combinemasks", INPUTS=[water, ice], METHOD="intersection", OUTPUT=tmp_path / "n.tif")
    assert read(tmp_path / "n.tif").tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]

    values = np.arange(16.0).reshape(2, 2, 4)
    stack = make_stack(tmp_path / "s.tif", values, grid=GRID)
    result = run("applymask", log, INPUT=stack, MASK=both["OUTPUT"], OUTPUT=tmp_path / "o.tif")
    got, info = read_stack(tmp_path / "o.tif")
    values[:, 0, :2] = np.nan
    np.testing.assert_array_equal(got, values)
    assert result["CELLS"] == 2 and "Of the 8 cells with values it takes 2" in log.text
    areas = GRID.cell_areas()
    assert result["AREA_SHARE"] == pytest.approx(areas[0, :2].sum() / areas.sum())
    assert "1 cells have no data in the mask: they are kept" in log.text
    assert "masked by MASK (u.tif)" in info.history[-1]


def test_nothing_left_is_told(run, raster, make_stack, tmp_path, log):
    stack = make_stack(tmp_path / "s.tif", np.ones((2, 2, 4)), grid=GRID)
    run("applymask", log, INPUT=stack, MASK=raster("m.tif", np.zeros((2, 4))), INVERT=True,
        OUTPUT=tmp_path / "o.tif")  # fmt: skip
    assert "No value is left" in log.text


def test_apply_refuses_another_grid(refused, raster, make_stack, tmp_path):
    stack = make_stack(tmp_path / "s.tif", np.ones((2, 2, 3)))
    mask = raster("m.tif", np.zeros((2, 4)))
    message = refused("applymask", tmp_path, INPUT=stack, MASK=mask, OUTPUT=tmp_path / "o.tif")
    assert "INPUT (s.tif) and MASK (m.tif) must share one grid" in message


def test_a_loaded_mask_is_blue_where_it_excludes(raster):
    from grace_water_toolbox.algorithms.masks.common import mask_style

    layer = QgsRasterLayer(raster("m.tif", np.eye(2, 4), nodata=255), "mask")
    mask_style(layer)
    classes = {c.value: c for c in layer.renderer().classes()}
    assert classes[0].color.alpha() == 0 and classes[1].color.name() == "#2166ac"
    assert classes[1].label == "excluded"


@pytest.mark.headless
def test_without_a_window(raster, polygons, make_stack, read_stack, tmp_path):
    reference = make_stack(tmp_path / "s.tif", np.ones((2, 2, 4)), grid=GRID)
    bow = [(0, 61), (1, 62), (1, 61), (0, 62)]
    outlines = polygons("g.geojson", [bow, box(1, 60, 2, 61)])
    years = [raster(f"{y}.tif", np.roll([[1, 1, 1, 3], [1] * 4], -y, 1)) for y in (0, 1)]
    with Headless() as qgis:
        ice = qgis.run("gracewater:glaciermask", GLACIERS=outlines, REFERENCE=reference,
                       THRESHOLD=0.4, OUTPUT=tmp_path / "ice.tif")  # fmt: skip
        done = qgis.call(
            "--json", "run", "gracewater:watermask", *(f"--INPUT={year}" for year in years),
            f"--REFERENCE={reference}", f"--OUTPUT={tmp_path / 'water.tif'}",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        done = qgis.call(
            "--json", "run", "gracewater:combinemasks", f"--INPUTS={tmp_path / 'water.tif'}",
            f"--INPUTS={ice['OUTPUT']}", f"--OUTPUT={tmp_path / 'both.tif'}",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        qgis.run("gracewater:applymask", INPUT=reference, MASK=tmp_path / "both.tif",
                 OUTPUT=tmp_path / "o.tif")  # fmt: skip
    assert read(tmp_path / "ice.tif").tolist() == [[1, 0, 0, 0], [0, 1, 0, 0]]
    assert read(tmp_path / "water.tif").tolist() == [[0, 0, 1, 1], [0, 0, 0, 0]]
    got, _ = read_stack(tmp_path / "o.tif")
    assert np.isnan(got[0]).tolist() == [[True, False, True, True], [False, True, False, False]]
