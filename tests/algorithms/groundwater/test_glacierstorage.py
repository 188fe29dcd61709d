"""Glacier storage and physically informed storage through QGIS, on the sample and real outlines."""

import numpy as np
import pytest
from grace_water_toolbox.core.data.grid import Grid
from osgeo import gdal, ogr, osr
from qgis.core import QgsVectorLayer

ogr.UseExceptions()
osr.UseExceptions()

FINE = Grid(-36.0, 48.0, 0.1, 0.1, 30, 30)


@pytest.fixture(scope="module")
def sample(run, tmp_path_factory):
    """The sample's three glaciers: path, and (id, area, true trend in cm of water a year)."""
    folder = tmp_path_factory.mktemp("sample")
    path = folder / "glaciers.gpkg"
    run("sampledata", OUTPUT_GRACE=folder / "g.nc", OUTPUT_GLACIERS=path,
        OUTPUT_SOILMOISTURE=folder / "a.tif", OUTPUT_SNOW=folder / "b.tif",
        OUTPUT_CANOPY=folder / "c.tif", OUTPUT_BASINS=folder / "d.gpkg")  # fmt: skip
    layer = QgsVectorLayer(str(path))
    rows = [(f["RGIId"], f["Area"], f["true_trend"]) for f in layer.getFeatures()]
    assert len(rows) == 3
    return str(path), rows


def mass_table(path, rows, years=range(2004, 2011)):
    """Gt at each New Year: trend (cm of water) × area."""
    lines = ["rgiid,date,mass_gt"]
    for name, area, trend in rows:
        for year in years:
            lines.append(f"{name},{year}-01-01,{trend * area * 1e-5 * (year - 2004)}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_glaciers_of_the_sample(run, sample, tmp_path, make_stack, read_stack, log):
    glaciers, rows = sample
    grid = make_stack(tmp_path / "grid.tif", np.zeros((1, 30, 30)), grid=FINE)
    out, share = tmp_path / "ice.tif", tmp_path / "share.tif"
    table = mass_table(tmp_path / "changes.csv", rows)
    run("glacierstorage", feedback=log, GLACIERS=glaciers, CHANGES=table, QUANTITY="mass",
        REFERENCE=grid, OUTPUT=out)  # fmt: skip
    run("glaciermask", GLACIERS=glaciers, REFERENCE=grid, OUTPUT=tmp_path / "m.tif",
        OUTPUT_FRACTION=share)  # fmt: skip
    values, info = read_stack(out)
    assert info.units == "cm" and info.baseline == ("2004-01", "2009-12")
    assert (str(info.months[0]), str(info.months[-1])) == ("2004-01", "2010-01")
    rate = (values[72] - values[0]) / 6
    # All three lose alike, so the rate of a cell is that rate × its share of ice.
    covered = gdal.Open(str(share)).ReadAsArray()
    trend = {t for _, _, t in rows}
    assert len(trend) == 1
    np.testing.assert_allclose(rate, trend.pop() * covered, atol=2e-3)
    areas = np.broadcast_to(FINE.cell_areas(), FINE.shape)
    total = sum(t * a for _, a, t in rows) * 1e-5
    assert (rate * areas).sum() * 1e-5 == pytest.approx(total, rel=1e-3)
    np.testing.assert_allclose(values[:72].mean(axis=0), 0, atol=1e-4)
    assert f"{6 * total:+.3f} Gt" in log.text


def test_one_series_for_a_region_and_what_is_unlisted(
    run, sample, tmp_path, make_stack, read_stack, log
):
    glaciers, rows = sample
    grid = make_stack(tmp_path / "grid.tif", np.zeros((1, 30, 30)), grid=FINE)
    table, out = tmp_path / "t.csv", tmp_path / "o.tif"
    # One of three is listed: its cells alone have values, the ice of the others is unknown.
    mass_table(table, rows[:1])
    run("glacierstorage", feedback=log, GLACIERS=glaciers, CHANGES=table, QUANTITY="mass",
        REFERENCE=grid, OUTPUT=out)  # fmt: skip
    values, _ = read_stack(out)
    assert np.isnan(values[0]).any() and (values[0] == 0).any()
    assert any("lacks 2 of 3" in text for text in log.warnings)


def write_outlines(path, shapes, epsg=4326):
    """Outlines by id; the file's path."""
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    system = osr.SpatialReference()
    system.ImportFromEPSG(epsg)
    layer = source.CreateLayer("glaciers", system, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("rgi_id", ogr.OFTString))
    for name, wkt in shapes:
        feature = ogr.Feature(layer.GetLayerDefn())
        feature["rgi_id"] = name
        feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(feature)
    source = None
    return str(path)


@pytest.mark.parametrize("epsg", [4326, 3857])
def test_overlapping_outlines_count_once(run, tmp_path, make_stack, read_stack, log, epsg):
    # A and B share half of each; C is drawn twice; D touches C along an edge; E is alone.
    corners = {
        "A": [(-35.9, 47.0, -35.5, 47.4)], "B": [(-35.7, 47.0, -35.3, 47.4)],
        "C": [(-34.8, 46.0, -34.45, 46.33)] * 2, "D": [(-34.45, 46.0, -34.2, 46.33)],
        "E": [(-33.8, 45.2, -33.4, 45.4)],
    }  # fmt: skip
    change = osr.CoordinateTransformation(*(axis_first(code) for code in (4326, epsg)))
    shapes = []
    for name, boxes in corners.items():
        for w, s, e, n in boxes:
            ring = [(w, s), (e, s), (e, n), (w, n), (w, s)]
            text = ", ".join("{} {}".format(*change.TransformPoint(x, y)) for x, y in ring)
            shapes.append((name, f"POLYGON (({text}))"))
    glaciers = write_outlines(tmp_path / "outlines.gpkg", shapes, epsg)
    grid = make_stack(tmp_path / "grid.tif", np.zeros((1, 30, 30)), grid=FINE)
    share, out = tmp_path / "share.tif", tmp_path / "ice.tif"
    run("glaciermask", GLACIERS=glaciers, REFERENCE=grid, OUTPUT=tmp_path / "m.tif",
        OUTPUT_FRACTION=share)  # fmt: skip
    table = tmp_path / "t.csv"
    rows = [f"{name},{year}-01-01,{year - 2004}" for name in corners for year in (2004, 2010)]
    table.write_text("\n".join(["rgiid,date,thickness_m", *rows]), encoding="utf-8")
    run("glacierstorage", feedback=log, GLACIERS=glaciers, CHANGES=table, QUANTITY="thickness",
        REFERENCE=grid, OUTPUT=out)  # fmt: skip
    values, _ = read_stack(out)
    covered = gdal.Open(str(share)).ReadAsArray()
    assert (covered > 0.99).any()
    # A metre of ice a year everywhere: 85 cm of water on the part that the mask says.
    np.testing.assert_allclose((values[72] - values[0]) / 6, 85 * covered, atol=1e-3)
    assert any(text.startswith("4 outlines overlap") for text in log.warnings)


def axis_first(code):
    """The coordinate system with x before y."""
    system = osr.SpatialReference()
    system.ImportFromEPSG(code)
    system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return system


@pytest.fixture
def refuse(refused, sample, tmp_path, make_stack):
    glaciers, rows = sample
    grid = make_stack(tmp_path / "grid.tif", np.zeros((1, 30, 30)), grid=FINE)
    table = str(mass_table(tmp_path / "changes.csv", rows))

    def call(**changes):
        given = {"GLACIERS": glaciers, "CHANGES": table, "REFERENCE": grid, "QUANTITY": "mass"}
        given = {k: v for k, v in {**given, **changes}.items() if v is not None}
        return refused("glacierstorage", tmp_path, **given, OUTPUT=tmp_path / "x.tif")

    return call


def test_refusals(refuse, tmp_path, make_stack):
    assert "CHANGES" in refuse(CHANGES=None)
    assert "REFERENCE" in refuse(REFERENCE=None)
    assert "END" in refuse(START="2005-01", END="2004-01")
    assert "baseline" in refuse(BASELINE_START="1990-01", BASELINE_END="1991-01")
    assert "GLACIER_FIELD" in refuse(GLACIER_FIELD="nome")
    away = make_stack(tmp_path / "away.tif", np.zeros((1, 3, 3)))
    assert "GLACIERS" in refuse(REFERENCE=away)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "field", "count"), [("rgi_oetztal", "RGIId", 20), ("rgi7g_hef_complex", "rgi_id", 23)]
)
def test_real_outlines(run, data, tmp_path, make_stack, read_stack, name, field, count):
    """One metre of ice a year off every glacier of two versions of the inventory."""
    path = data / "glaciers" / f"{name}.shp"
    layer = QgsVectorLayer(str(path))
    ids = [f[field] for f in layer.getFeatures()]
    stated = sum(f["Area" if field == "RGIId" else "area_km2"] for f in layer.getFeatures())
    assert len(ids) == count
    grid = make_stack(
        tmp_path / "grid.tif", np.zeros((1, 20, 20)), grid=Grid(10.0, 47.5, 0.1, 0.1, 20, 20)
    )
    table = tmp_path / "t.csv"
    head = ",".join(f"{year}-01" for year in range(2004, 2011))
    series = ",".join(str(-year) for year in range(7))
    rows = "\n".join(f"{i},{series}" for i in ids)
    table.write_text(f"id,{head}\n{rows}\n", encoding="utf-8")
    run("glacierstorage", GLACIERS=path, CHANGES=table, QUANTITY="thickness", REFERENCE=grid,
        OUTPUT=tmp_path / "o.tif")  # fmt: skip
    values, info = read_stack(tmp_path / "o.tif")
    areas = np.broadcast_to(info.grid.cell_areas(), info.grid.shape)
    gigatonnes = ((values[12] - values[0]) * areas).sum() * 1e-5
    # 0.85 m of water a year over the area that the inventory states.
    assert gigatonnes == pytest.approx(-0.85e-3 * stated, rel=0.01)


def test_physical_storage(run, tmp_path, make_stack, read_stack, log):
    rng = np.random.default_rng(0)
    model = rng.normal(size=(72, 10, 10))
    ice = np.zeros((72, 10, 10))
    ice[:, 2, 3] = -np.arange(72)
    given = {
        "INPUT": make_stack(tmp_path / "m.tif", model),
        "GLACIERS": make_stack(tmp_path / "i.tif", ice),
    }
    out, marks, rest = (tmp_path / n for n in ("o.tif", "marks.tif", "rest.tif"))
    run("physicalstorage", feedback=log, **given, OUTPUT=out, OUTPUT_OUTLIERS=marks,
        OUTPUT_FILTERED=rest)  # fmt: skip
    values, info = read_stack(out)
    expected = model - model.mean(axis=0) + ice - ice.mean(axis=0)
    np.testing.assert_allclose(values, expected, atol=1e-5)
    # One value of a hundred on either side of each month's map.
    kept, _ = read_stack(rest)
    np.testing.assert_array_equal(np.isnan(kept).sum(axis=(1, 2)), 2)
    assert "2.00 %" in log.text
    assert "re-based" in info.history[-1]


def test_physical_storage_refuses(refused, tmp_path, make_stack):
    one = make_stack(tmp_path / "a.tif", np.zeros((72, 3, 3)))
    other = make_stack(tmp_path / "b.tif", np.zeros((72, 2, 2)))
    given = {"INPUT": one, "OUTPUT": tmp_path / "x.tif"}
    assert "grid" in refused("physicalstorage", tmp_path, **given, GLACIERS=other)
    assert "percentiles" in refused(
        "physicalstorage", tmp_path, **given, GLACIERS=one, LOWER=99, UPPER=1
    )
